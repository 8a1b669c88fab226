"""A command that names what is not there ends at once with another code than 0, and says what was meant."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.integration.playbook import ANSIBLE_PLAYBOOK

PROD = ("-i", "inventories/prod")
# The arguments, and what has to be said.
SLIPS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "inventory": (("site.yml", "-i", "inventories/prdo"), ("inventories/prdo", "did you mean inventories/prod?")),
    "inventory-beside-another": (
        ("site.yml", *PROD, "-i", "inventories/stagin"),
        ("inventories/stagin", "did you mean inventories/staging?"),
    ),
    "directory-of-inventories": (
        ("site.yml", "-i", "inventory/prod"),
        ("inventory/prod", "did you mean inventories/prod?"),
    ),
    "no-inventory": (("site.yml",), ("no host", "-i inventories/")),
    "empty-inventory": (("site.yml", "-i", "/dev/null"), ("no host", "/dev/null")),
    "tag": (("site.yml", *PROD, "--tags", "rsd"), ("--tags rsd", "did you mean rds?")),
    "tag-beside-another": (("site.yml", *PROD, "-t", "rds,alrams"), ("--tags alrams", "did you mean alarms?")),
    "tag-of-another-playbook": (("playbooks/network.yml", *PROD, "-t", "rds"), ("--tags rds", "vpc")),
    "skipped-tag": (("playbooks/data.yml", *PROD, "--skip-tags", "rsd"), ("--skip-tags rsd", "did you mean rds?")),
    "task": (
        ("playbooks/network.yml", *PROD, "--start-at-task", "Read the netwrok"),
        ("--start-at-task Read the netwrok", "did you mean Read the network"),
    ),
    "task-after-preflight": (
        ("playbooks/data.yml", *PROD, "--start-at-task", "Parameter group (DB-9, DB-14, DB-15)"),
        ("it leaves out preflight", "give --tags rds"),
    ),
    "skipped-preflight": (("site.yml", *PROD, "--skip-tags", "always"), ("it leaves out preflight", "Leave it away")),
    "limit-beside-another": (
        ("site.yml", *PROD, "--limit", "triflow-prod,triflow-prdo"),
        ("--limit triflow-prdo", "did you mean triflow-prod?"),
    ),
    "excluded": (
        ("site.yml", *PROD, "-i", "inventories/staging", "--limit", "all:!triflow-stagin"),
        ("--limit !triflow-stagin", "did you mean triflow-staging"),
    ),
}
LOCAL = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
      tags: [always]
    - ansible.builtin.include_tasks: inner.yml
      tags: [always]
- hosts: of_no_inventory
  gather_facts: false
  tasks: []
"""
INNER = "- ansible.builtin.debug:\n  tags: [within]\n"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": f"{Path(ANSIBLE_PLAYBOOK).parent}:/usr/bin:/bin",
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"),
    }
    return subprocess.run(
        [ANSIBLE_PLAYBOOK, *arguments],
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_ends_the_run_before_anything_is_done(name: str) -> None:
    arguments, said = SLIPS[name]
    done = run(*arguments)
    assert done.returncode not in (0, 2), done.stdout + done.stderr
    message = " ".join(done.stderr.split())
    for part in said:
        assert part in message
    assert "TASK" not in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--tags", "within"),
        ("--tags", "all,tagged"),
        ("--skip-tags", "molecule-notest,notest,within"),
        ("playbooks/cost.yml", *PROD, "--tags", "within,cost"),
    ],
    ids=str,
)
def test_what_is_no_slip_runs(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """A play on this machine needs no inventory; a tag may be a later playbook's, Ansible's or Molecule's."""
    (tmp_path / "local.yml").write_text(LOCAL)
    (tmp_path / "inner.yml").write_text(INNER)
    done = run(str(tmp_path / "local.yml"), *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok=" in done.stdout
    assert "Callback dispatch" not in done.stderr


BEATEN_INVENTORY = """
all:
  vars: {stack_time_zone: Asia/Tokyo}
prod:
  vars:
    rds_instance_class: db.r6g.large
    notifications_phone_numbers: ["+821012345678"]
    ecs_environment: {DB_PASSWORD: swordfish}
    s3_abort_multipart_days: 3
    stack_region: ap-northeast-2
    own_variable: 1
  hosts:
    triflow-a: {s3_abort_multipart_days: 5}
    triflow-b: {s3_abort_multipart_days: 5}
"""


def test_values_of_an_inventory_that_are_beaten_are_named(tmp_path: Path) -> None:
    (tmp_path / "group_vars").symlink_to(PROJECT / "group_vars")
    (tmp_path / "play.yml").write_text("- hosts: all\n  gather_facts: false\n  tasks: []\n")
    (tmp_path / "inventory/group_vars").mkdir(parents=True)
    (tmp_path / "inventory/hosts.yml").write_text(BEATEN_INVENTORY)
    (tmp_path / "inventory/group_vars/all.yml").write_text("rds_allocated_storage: 500\nrds_iops: 4000\n")
    # These stand above the project's group_vars/all, and below its group_vars/prod.
    (tmp_path / "inventory/group_vars/prod.yml").write_text("rds_iops: 5000\nalb_deletion_protection: false\n")
    done = run(str(tmp_path / "play.yml"), "-i", str(tmp_path / "inventory"), "-e", "stack_time_zone=Asia/Seoul")
    assert done.returncode == 0, done.stdout + done.stderr
    said = " ".join(done.stderr.split())
    for variable, group, value, wins in (
        ("rds_instance_class", "prod", "'db.r6g.large'", "'db.t4g.medium'"),
        ("rds_allocated_storage", "all", "500", "100"),
        ("alb_deletion_protection", "prod", "False", "True"),
        ("notifications_phone_numbers", "prod", "(hidden)", "(hidden)"),
        ("ecs_environment", "prod", "{'DB_PASSWORD': '(hidden)'}", "{}"),
    ):
        assert (
            f"{variable} of the inventory's group {group} is not used for triflow-a, triflow-b: {value} there" in said
        )
        assert f"gives {wins}" in said
    for quiet in (
        "s3_abort_multipart_days",
        "stack_region",
        "own_variable",
        "stack_time_zone",
        "rds_iops",
        "swordfish",
    ):
        assert quiet not in said
