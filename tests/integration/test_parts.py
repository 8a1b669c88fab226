"""A part that lacks something is refused before the first change, and what a failed task has done is counted."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import PROJECT, Lab
from tests.integration.playbook import play

STACK = "triflow-prod"
INVENTORY = ("-i", "inventories/prod")
# ECR makes the third repository, and does not take its policy. The log group is made, and the last policy has no role.
FAILING = f"""
- import_playbook: {PROJECT}/playbooks/preflight.yml
- hosts: all
  gather_facts: false
  module_defaults:
    group/triflow.platform.aws: "{{{{ stack_defaults }}}}"
  tasks:
    - block:
        - triflow.platform.ecr_repositories:
            repositories:
              - {{component: repository-a, name: parts/a}}
              - {{component: repository-b, name: parts/b}}
              - {{component: repository-c, name: parts/c, lifecycle_policy: {{rules: []}}}}
              - {{component: repository-d, name: parts/d}}
      rescue:
        - ansible.builtin.debug:
    - triflow.platform.stock:
        module: "{{{{ item.module }}}}"
        component: "{{{{ item.component }}}}"
        live: []
        options: "{{{{ item.options }}}}"
      loop:
        - module: amazon.aws.cloudwatchlogs_log_group
          component: log-group-parts
          options: {{log_group_name: /parts/a, retention: 30}}
        - module: amazon.aws.iam_policy
          component: role-policy-parts
          options: {{iam_type: role, iam_name: nobody, policy_name: nothing, policy_json: {{}}}}
      ignore_errors: true
"""


def test_a_part_that_lacks_something_writes_nothing(empty_lab: Lab, tmp_path: Path) -> None:
    """The lock is not taken either."""
    run = play(empty_lab, tmp_path, "site.yml", *INVENTORY, "--tags", "s3,logs,rds")
    assert run.exit_code == 2, run.output
    assert [call["operation"] for call in run.calls if call["write"]] == []
    (failed,) = run.summary["stacks"][STACK]["failed"]
    assert "subnet-private-a, subnet-private-c, security-group-rds are not there" in failed["msg"]
    assert "playbooks/network.yml (--tags vpc,security_groups)" in failed["msg"]


def test_what_a_failed_task_has_done_is_counted(empty_lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "group_vars").symlink_to(PROJECT / "group_vars")
    (tmp_path / "failing.yml").write_text(FAILING)
    run = play(empty_lab, tmp_path, str(tmp_path / "failing.yml"), *INVENTORY)
    assert run.components(STACK) == {
        "repository-a": "create",
        "repository-b": "create",
        "repository-c": "create",
        "log-group-parts": "create",
    }, run.output
    counts = run.summary["stacks"][STACK]["counts"]
    assert (counts["created"], counts["unknown"]) == (4, 0)
    assert counts["failed"] >= 1
    made = empty_lab.aws("ecr").describe_repositories()["repositories"]
    assert {item["repositoryName"] for item in made} == {"parts/a", "parts/b", "parts/c"}
