"""Two runs on one stack do not meet: the second is refused, and a lock that a killed run left can be broken."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.conftest import PROJECT, Lab
from tests.integration.long_run import INVENTORY, LOCK, STACK, WAIT, held, long_run
from tests.integration.playbook import play

PREFLIGHT = ("playbooks/preflight.yml", *INVENTORY)
LONG = f"""
- import_playbook: {PROJECT}/playbooks/preflight.yml
- hosts: all
  gather_facts: false
  tasks:{WAIT}
- import_playbook: {PROJECT}/playbooks/network.yml
"""
# A playbook of somebody else's, with modules of this collection and nothing else of it.
DIRECT = """
- hosts: all
  gather_facts: false
  module_defaults:
    group/triflow.platform.aws: {region: "{{ stack_region }}", stack: "{{ stack_name }}"}
  tasks:
    - triflow.platform.ecs_cluster: {name: direct}
"""
WRONG_ACCOUNT = ("-e", "stack_account_id=999999999999")
# A playbook of somebody else's, with a role of this collection and without its preflight. --step can do the same.
ROLE_ALONE = """
- hosts: all
  gather_facts: false
  module_defaults:
    group/triflow.platform.aws: "{{ stack_defaults }}"
  tasks:
    - ansible.builtin.import_role:
        name: triflow.platform.vpc
        rolespec_validate: false
"""
# Ways in which a run leaves preflight out. Extra variables win over what preflight registers.
STEPPED_OVER = {
    "role-alone": ("role_alone.yml",),
    "checked-already": (
        f"{PROJECT}/playbooks/network.yml",
        *("-e", '{"preflight_account": {"identity": {"account": "999999999999"}}}'),
    ),
}
FAILING = f"""
- import_playbook: {PROJECT}/playbooks/preflight.yml
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.fail:
        msg: on purpose
"""


def refused(lab: Lab, directory: Path, *arguments: str) -> str:
    """What a run says that is refused at once, before it changes anything."""
    second = directory / "second"
    second.mkdir(exist_ok=True)
    begun = time.monotonic()
    run = play(lab, second, "playbooks/network.yml", *INVENTORY, *arguments)
    assert time.monotonic() - begun < 30
    assert run.exit_code == 2, run.output
    assert run.writes == []
    # it neither waits nor asks twice
    assert [call["operation"] for call in run.calls if call["service"] == "ssm"] == ["PutParameter", "GetParameter"]
    (failed,) = run.summary["stacks"][STACK]["failed"]
    return str(failed["msg"])


def test_a_second_run_is_refused_and_the_first_unharmed(lab: Lab, directory: Path) -> None:
    with long_run(lab, directory, LONG) as first:
        entry = first.until_it_waits()
        message = refused(lab, directory)
        assert f"Stack {STACK} is locked: {directory}/long.yml of " in message
        assert f"since {entry['since']}, run {entry['run']}" in message
        assert held(lab) == entry
        plan = play(lab, directory, *PREFLIGHT, "--check")
        assert plan.exit_code == 0, plan.output
        assert f"is locked: {directory}/long.yml of " in plan.output
        assert held(lab) == entry
        assert first.end() == 0, first.log.read_text()
    assert held(lab) is None
    assert len(lab.aws("ec2").describe_nat_gateways()["NatGateways"]) == 1


def test_the_lock_of_a_killed_run_is_broken_by_its_id(lab: Lab, directory: Path) -> None:
    with long_run(lab, directory, LONG) as first:
        entry = first.until_it_waits()
        first.kill()
    assert held(lab) == entry
    assert f"-e stack_break_lock={entry['run']}" in refused(lab, directory)
    assert "Nothing was broken" in refused(lab, directory, "-e", "stack_break_lock=00000000")
    assert held(lab) == entry
    run = play(lab, directory, *PREFLIGHT, "-e", f"stack_break_lock={entry['run']}")
    assert run.exit_code == 0, run.output
    assert held(lab) is None


def test_a_failing_run_frees_it(lab: Lab, directory: Path) -> None:
    (directory / "failing.yml").write_text(FAILING)
    run = play(lab, directory, str(directory / "failing.yml"), *INVENTORY)
    assert run.exit_code == 2, run.output
    assert [call["operation"] for call in run.calls if call["service"] == "ssm"] == [
        "PutParameter",
        "GetParameter",
        "DeleteParameter",
    ]
    assert held(lab) is None


def test_check_mode_and_what_only_reads_take_none(lab: Lab, directory: Path) -> None:
    for arguments in ((*PREFLIGHT, "--check"), ("playbooks/logs.yml", *INVENTORY)):
        run = play(lab, directory, *arguments)
        assert "PutParameter" not in {call["operation"] for call in run.calls}


@pytest.mark.parametrize("arguments", STEPPED_OVER.values(), ids=STEPPED_OVER)
def test_what_steps_over_preflight_changes_nothing_in_a_locked_stack(
    lab: Lab, directory: Path, arguments: tuple[str, ...]
) -> None:
    (directory / "role_alone.yml").write_text(ROLE_ALONE)
    ssm = lab.aws("ssm")
    other = {"run": "0b0b0b0b", "holder": "ann@host", "playbook": "site.yml", "since": "2026-01-20T03:00:00+00:00"}
    ssm.put_parameter(Name=LOCK, Value=json.dumps(other), Type="String")
    run = play(lab, directory, str(directory / arguments[0]), *INVENTORY, *arguments[1:])
    ssm.delete_parameter(Name=LOCK)
    assert run.exit_code == 2, run.output
    assert run.writes == []
    (failed,) = run.summary["stacks"][STACK]["failed"]
    assert f"this run does not hold the lock of the stack {STACK}" in failed["msg"]
    assert "-e stack_lock=false" in failed["msg"]


def test_the_account_is_pinned_without_preflight_and_without_a_lock(lab: Lab, directory: Path) -> None:
    (directory / "role_alone.yml").write_text(ROLE_ALONE)
    given = (str(directory / "role_alone.yml"), *INVENTORY, *WRONG_ACCOUNT, "-e", "stack_lock=false")
    run = play(lab, directory, *given)
    assert run.exit_code == 2, run.output
    assert run.writes == []
    (failed,) = run.summary["stacks"][STACK]["failed"]
    assert "stack_account_id is 999999999999" in failed["msg"]
    plan = play(lab, directory, *given, "--check")
    assert plan.exit_code == 0, plan.output


def test_without_a_lock_on_purpose_and_with_modules_alone_nothing_is_asked_for(lab: Lab, directory: Path) -> None:
    (directory / "role_alone.yml").write_text(ROLE_ALONE)
    run = play(lab, directory, str(directory / "role_alone.yml"), *INVENTORY, "-e", "stack_lock=false")
    assert run.exit_code == 0, run.output
    assert held(lab) is None
    (directory / "direct.yml").write_text(DIRECT)
    run = play(lab, directory, str(directory / "direct.yml"), *INVENTORY)
    assert run.exit_code == 0, run.output
    assert run.writes == ["CreateCluster"]


def test_of_two_hosts_with_one_stack_one_is_refused(lab: Lab, directory: Path) -> None:
    own = {"stack_name": STACK, "s3_bucket_name": "twin", "dns_zone_name": "twin.com"}
    (directory / "twin.yml").write_text(json.dumps({"prod": {"hosts": {"triflow-twin": own}}}))
    run = play(lab, directory, *PREFLIGHT, "-i", str(directory / "twin.yml"))
    assert run.exit_code == 2, run.output
    assert any(stack["failed"] for stack in run.summary["stacks"].values())
    assert held(lab) is None
