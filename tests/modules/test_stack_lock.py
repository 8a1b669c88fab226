"""stack_lock: who may take the lock of a stack, and that the run's end frees it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.collections import ImmutableDict
from ansible_collections.triflow.platform.plugins.callback import stack_lock
from ansible_collections.triflow.platform.plugins.plugin_utils import lock

from tests.conftest import Lab
from tests.modules.controller import Clock, RunAction, clock, run_action

__all__ = ["clock", "run_action"]

OURS, OTHER = "0a0a0a0a", "0b0b0b0b"


class Stack:
    """The lock of a stack, and the action and the callback of a run."""

    def __init__(self, lab: Lab, stack: str, run_action: RunAction) -> None:
        self.lab, self.name, self.run_action = lab, f"/triflow/{stack}/lock", run_action
        self.ssm = lab.aws("ssm")

    def take(self, lines: list[str] | None = None, check: bool = False, **options: Any) -> dict[str, Any]:
        return self.run_action("stack_lock", lines=lines, check=check, **options)

    def refusal(self, **options: Any) -> str:
        with pytest.raises(AnsibleActionFail) as caught:
            self.take(**options)
        return str(caught.value)

    @property
    def entry(self) -> dict[str, str] | None:
        try:
            entry: dict[str, str] = json.loads(self.ssm.get_parameter(Name=self.name)["Parameter"]["Value"])
        except self.ssm.exceptions.ParameterNotFound:
            return None
        return entry

    def held_by(self, run: str) -> None:
        entry = {"run": run, "holder": "ann@host", "playbook": "site.yml", "since": "2026-01-20T03:00:00+00:00"}
        self.ssm.put_parameter(Name=self.name, Value=json.dumps(entry), Type="String")


@pytest.fixture
def locked(lab: Lab, stack: str, run_action: RunAction, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.setattr(lock, "run", OURS)
    monkeypatch.setattr(lock, "held", set())
    monkeypatch.setattr("ansible.context.CLIARGS", ImmutableDict(args=("playbooks/data.yml",)))
    return Stack(lab, stack, run_action)


def test_a_free_lock_is_taken_and_says_by_whom(locked: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ann")
    monkeypatch.setattr("socket.gethostname", lambda: "workstation")
    result = locked.take(awx_job="42")
    entry = locked.entry
    assert entry
    assert entry == result["lock"]
    assert (entry["run"], entry["holder"], entry["playbook"]) == (
        OURS,
        "ann@workstation (AWX job 42)",
        "playbooks/data.yml",
    )
    assert entry["since"].endswith("+00:00")
    assert result["changed"] is False
    (described,) = locked.ssm.describe_parameters(
        ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [locked.name]}]
    )["Parameters"]
    assert described["Type"] == "String"
    assert locked.ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=locked.name)["TagList"] == []


def test_the_same_run_goes_on(locked: Stack) -> None:
    locked.take()
    entry = locked.entry
    assert locked.take()["parameter"] == locked.name
    assert locked.entry == entry


def test_another_host_of_the_same_run_is_refused(locked: Stack, clock: Clock) -> None:
    locked.take(host="one")
    entry = locked.entry
    message = locked.refusal(host="two")
    assert "the host one of this run has it already" in message
    assert "stack_break_lock" not in message
    assert locked.entry == entry
    assert clock.now == 0


@pytest.mark.parametrize("given", [None, "0c0c0c0c"])
def test_another_run_is_refused_and_told_how_to_break_it(locked: Stack, clock: Clock, given: str | None) -> None:
    locked.held_by(OTHER)
    message = locked.refusal(break_run=given)
    assert f"site.yml of ann@host, since 2026-01-20T03:00:00+00:00, run {OTHER}" in message
    assert f"-e stack_break_lock={OTHER}" in message
    assert ("stack_break_lock=0c0c0c0c is another run's" in message) == (given is not None)
    assert locked.entry
    assert locked.entry["run"] == OTHER
    assert clock.now == 0


def test_the_named_run_s_lock_is_broken(locked: Stack, clock: Clock) -> None:
    locked.held_by(OTHER)
    lines: list[str] = []
    locked.take(lines, break_run=OTHER)
    assert locked.entry
    assert locked.entry["run"] == OURS
    assert clock.now == 1  # between deletion and creation
    assert [
        line
        for line in lines
        if f"broke the lock of site.yml of ann@host, since 2026-01-20T03:00:00+00:00, run {OTHER}" in line
    ]


def test_of_two_that_break_one_lock_the_later_is_refused(locked: Stack, clock: Clock) -> None:
    locked.held_by(OTHER)
    clock.at(1, lambda: locked.held_by("0c0c0c0c"))
    assert "run 0c0c0c0c" in locked.refusal(break_run=OTHER)
    assert locked.entry
    assert locked.entry["run"] == "0c0c0c0c"


def test_a_name_that_aws_does_not_give_yet_is_asked_for_again(
    locked: Stack, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DeleteParameter: the name can be created again after 30 seconds."""
    create = lock.take
    monkeypatch.setattr(lock, "take", lambda *given: clock.now >= 20 and create(*given))
    locked.take()
    assert locked.entry
    assert locked.entry["run"] == OURS
    monkeypatch.setattr(lock, "take", lambda *_given: False)
    locked.ssm.delete_parameter(Name=locked.name)
    assert "does not create it anew within 30 seconds" in locked.refusal()


def test_check_mode_takes_none_and_warns_of_one(locked: Stack) -> None:
    assert locked.take(check=True) == {"changed": False, "lock": None, "warnings": []}
    assert locked.entry is None
    locked.held_by(OTHER)
    (warning,) = locked.take(check=True)["warnings"]
    assert f"site.yml of ann@host, since 2026-01-20T03:00:00+00:00, run {OTHER}" in warning


def test_without_the_callback_nothing_is_locked(locked: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "run", None)
    assert "callbacks_enabled = triflow.platform.stack_lock" in locked.refusal()
    assert locked.entry is None


@pytest.fixture
def callback(monkeypatch: pytest.MonkeyPatch, warnings: list[str]) -> stack_lock.CallbackModule:
    """The callback, of a process that has two playbooks to run."""
    monkeypatch.setattr("ansible.context.CLIARGS", ImmutableDict(args=("one.yml", "two.yml")))
    monkeypatch.setattr("signal.signal", lambda *_unused: None)
    monkeypatch.setattr("atexit.register", lambda *_unused: None)
    made = stack_lock.CallbackModule()
    made._display = SimpleNamespace(warning=warnings.append)
    return made


@pytest.fixture
def warnings() -> list[str]:
    return []


def hand(callback: stack_lock.CallbackModule, result: dict[str, Any]) -> None:
    task = SimpleNamespace(action="triflow.platform.stack_lock")
    callback.v2_runner_on_ok(SimpleNamespace(task=task, result=result))


def test_the_last_playbook_s_end_frees_it(
    locked: Stack, callback: stack_lock.CallbackModule, warnings: list[str]
) -> None:
    hand(callback, locked.take())
    callback.v2_playbook_on_stats(None)
    assert locked.entry
    callback.v2_playbook_on_stats(None)
    assert locked.entry is None
    assert warnings == []


def test_what_another_run_holds_is_not_freed(
    locked: Stack, callback: stack_lock.CallbackModule, warnings: list[str]
) -> None:
    hand(callback, locked.take())
    locked.ssm.delete_parameter(Name=locked.name)
    locked.held_by(OTHER)
    callback._free()
    assert locked.entry
    assert locked.entry["run"] == OTHER
    (warning,) = warnings
    assert f"broke the lock {locked.name} of this run" in warning
    assert f"run {OTHER}" in warning


def test_a_lock_that_cannot_be_freed_is_named(
    locked: Stack, callback: stack_lock.CallbackModule, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hand(callback, locked.take())
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    callback._free()
    (warning,) = warnings
    assert warning.startswith(f"The lock {locked.name} is not freed: Could not connect")
    assert warning.endswith(f"-e stack_break_lock={lock.run}")


def test_a_forked_process_frees_nothing(locked: Stack, callback: stack_lock.CallbackModule) -> None:
    hand(callback, locked.take())
    callback.process += 1
    callback._free()
    assert locked.entry
