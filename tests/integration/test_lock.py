"""Two runs on one stack do not meet: the second is refused, and a lock that a killed run left can be broken."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.conftest import PROJECT, Lab
from tests.integration.playbook import ANSIBLE_PLAYBOOK, environment, play

STACK = "triflow-prod"
LOCK = f"/triflow/{STACK}/lock"
INVENTORY = ("-i", "inventories/prod")
PREFLIGHT = ("playbooks/preflight.yml", *INVENTORY)
SECONDS = 60
# It says by a file that it waits, and goes on when the other is there: a run that is as long as the test wants.
LONG = f"""
- import_playbook: {PROJECT}/playbooks/preflight.yml
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.shell: >-
        touch waits; for second in $(seq {SECONDS}); do if [ -e go ]; then exit 0; fi; sleep 1; done; exit 1
      args:
        chdir: "{{{{ playbook_dir }}}}"
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
START_AT_TASK = ("--start-at-task", "Read the network")
# Ways in which a command leaves preflight out. Extra variables win over what preflight registers.
STEPPED_OVER = {
    "start-at-task": START_AT_TASK,
    "skip-tags": ("--skip-tags", "always"),
    "checked-already": ("-e", '{"preflight_account": {"identity": {"account": "999999999999"}}}'),
}
FAILING = f"""
- import_playbook: {PROJECT}/playbooks/preflight.yml
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.fail:
        msg: on purpose
"""


def held(lab: Lab) -> dict[str, str] | None:
    ssm = lab.aws("ssm")
    try:
        entry: dict[str, str] = json.loads(ssm.get_parameter(Name=LOCK)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        return None
    return entry


class LongRun:
    """A run that holds the lock, and waits for `go`."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab, self.directory = lab, directory
        (directory / "long.yml").write_text(LONG)
        self.log = directory / "long.log"
        with self.log.open("wb") as log:
            self.process: Any = psutil.Popen(
                [ANSIBLE_PLAYBOOK, str(directory / "long.yml"), *INVENTORY],
                cwd=PROJECT,
                env=environment(lab, directory) | {"ANSIBLE_STDOUT_CALLBACK": "default"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def until_it_waits(self) -> dict[str, str]:
        """Return the lock that it has taken."""
        deadline = time.monotonic() + SECONDS
        while not (self.directory / "waits").exists():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        entry = held(self.lab)
        assert entry
        return entry

    def end(self, number: signal.Signals | None = None) -> int:
        """Let it go on, or send it a signal. Return its exit code."""
        if number is None:
            (self.directory / "go").touch()
        else:
            self.process.send_signal(number)
        return int(self.process.wait(SECONDS))

    def kill(self) -> None:
        for victim in (self.process, *self.process.children(recursive=True)):
            victim.kill()
        self.process.wait(SECONDS)


@contextmanager
def long_run(lab: Lab, directory: Path) -> Iterator[LongRun]:
    run = LongRun(lab, directory)
    try:
        yield run
    finally:
        if run.process.is_running():
            run.kill()


@pytest.fixture
def directory(tmp_path: Path, empty_lab: Lab) -> Path:
    """Of playbooks of a test's own, which find the project's variables."""
    (tmp_path / "group_vars").symlink_to(PROJECT / "group_vars")
    assert held(empty_lab) is None
    return tmp_path


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
    with long_run(lab, directory) as first:
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
    with long_run(lab, directory) as first:
        entry = first.until_it_waits()
        first.kill()
    assert held(lab) == entry
    assert f"-e stack_break_lock={entry['run']}" in refused(lab, directory)
    assert "Nothing was broken" in refused(lab, directory, "-e", "stack_break_lock=00000000")
    assert held(lab) == entry
    run = play(lab, directory, *PREFLIGHT, "-e", f"stack_break_lock={entry['run']}")
    assert run.exit_code == 0, run.output
    assert held(lab) is None


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 99), (signal.SIGTERM, -15)])
def test_an_interrupted_run_frees_it(lab: Lab, directory: Path, number: signal.Signals, exit_code: int) -> None:
    with long_run(lab, directory) as run:
        run.until_it_waits()
        assert run.end(number) == exit_code
        assert held(lab) is None, run.log.read_text()
        assert "is not freed" not in run.log.read_text()


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
    ssm = lab.aws("ssm")
    other = {"run": "0b0b0b0b", "holder": "ann@host", "playbook": "site.yml", "since": "2026-01-20T03:00:00+00:00"}
    ssm.put_parameter(Name=LOCK, Value=json.dumps(other), Type="String")
    run = play(lab, directory, "playbooks/network.yml", *INVENTORY, *arguments)
    ssm.delete_parameter(Name=LOCK)
    assert run.exit_code == 2, run.output
    assert run.writes == []
    (failed,) = run.summary["stacks"][STACK]["failed"]
    assert f"this run does not hold the lock of the stack {STACK}" in failed["msg"]
    assert "-e stack_lock=false" in failed["msg"]


def test_the_account_is_pinned_without_preflight_and_without_a_lock(lab: Lab, directory: Path) -> None:
    given = ("playbooks/network.yml", *INVENTORY, *START_AT_TASK, *WRONG_ACCOUNT, "-e", "stack_lock=false")
    run = play(lab, directory, *given)
    assert run.exit_code == 2, run.output
    assert run.writes == []
    (failed,) = run.summary["stacks"][STACK]["failed"]
    assert "stack_account_id is 999999999999" in failed["msg"]
    plan = play(lab, directory, *given, "--check")
    assert plan.exit_code == 0, plan.output


def test_without_a_lock_on_purpose_and_with_modules_alone_nothing_is_asked_for(lab: Lab, directory: Path) -> None:
    run = play(lab, directory, "playbooks/network.yml", *INVENTORY, *START_AT_TASK, "-e", "stack_lock=false")
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
