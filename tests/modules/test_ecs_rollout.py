"""ecs_rollout: what it says while it waits, and why a rollout failed. It runs on the controller."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.triflow.platform.plugins.action import ecs_rollout

from tests.conftest import Lab
from tests.modules.compute import Compute


@pytest.fixture
def compute(lab: Lab, stack: str, monkeypatch: pytest.MonkeyPatch) -> Compute:
    for name, value in lab.environment.items():
        monkeypatch.setenv(name, value)
    return Compute(lab, stack)


def wait(
    compute: Compute, lines: list[str] | None = None, check: bool = False, timeout: int = 30, **entry: Any
) -> dict[str, Any]:
    given = {"stack": compute.stack, "region": "ap-northeast-2", "cluster": compute.stack, "timeout": timeout}
    task = SimpleNamespace(args={**given, "services": [{"name": "backend", **entry}]}, check_mode=check, async_val=0)
    shell = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
    action = ecs_rollout.ActionModule(task, shell, None, None, None, None)
    action._display = SimpleNamespace(display=(lines if lines is not None else []).append)
    result: dict[str, Any] = action.run()
    return result


def failure(compute: Compute, **arguments: Any) -> tuple[str, list[str]]:
    with pytest.raises(AnsibleActionFail) as caught:
        wait(compute, **arguments)
    reasons: list[str] = caught.value.result["reasons"]
    assert caught.value.result["service"] == "backend"
    return str(caught.value), reasons


def test_a_good_rollout(compute: Compute) -> None:
    definition = compute.register()
    compute.create_service(definition)
    result = wait(compute, task_definition=definition)
    assert (result["changed"], list(result["waited"])) == (False, ["backend"])
    assert wait(compute)["waited"] == {"backend": 0}


def test_a_plan_waits_for_nothing(compute: Compute, lab: Lab) -> None:
    before = len(lab.calls())
    assert wait(compute, check=True)["waited"] == {}
    assert lab.calls()[before:] == []


def test_it_says_how_far_it_is_and_ends_in_time(compute: Compute, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody really sleeps: the clock goes on instead."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(f"{ecs_rollout.__name__}.time.monotonic", lambda: clock.now)
    monkeypatch.setattr(
        f"{ecs_rollout.__name__}.time.sleep", lambda seconds: setattr(clock, "now", clock.now + seconds)
    )
    compute.create_service(compute.register("example/backend:starts-after-600s"))
    lines: list[str] = []
    message, _reasons = failure(compute, lines=lines, timeout=12)
    sentence = f"0 of 2 tasks of {compute.stack}:1 run"
    assert lines == [f"  {compute.stack}: backend: {sentence} ({second} s of at most 12 s)" for second in (0, 5)]
    assert f"did not roll out: after 12 s {sentence}" in message
    assert clock.now == 10


def test_a_failing_container(compute: Compute) -> None:
    definition = compute.register("example/backend:fails-exit-3")
    compute.create_service(definition, breaker=True)
    message, reasons = failure(compute, task_definition=definition)
    assert "has failed: ECS deployment circuit breaker: tasks failed to start." in message
    stopped = [reason for reason in reasons if reason.startswith("task ")]
    assert len(stopped) == 3
    assert all("Essential container in task exited (backend exit code 3)" in reason for reason in stopped)
    assert any("deployment failed: tasks failed to start" in reason for reason in reasons)
    assert reasons[-1].endswith("lab: exit code 3")


def test_a_rollback_is_no_success(compute: Compute) -> None:
    compute.create_service(compute.register(), breaker=True)
    wait(compute)
    second = compute.register("example/backend:cannot-pull")
    compute.ecs.update_service(cluster=compute.stack, service="backend", taskDefinition=second)
    assert "has failed" in failure(compute, task_definition=second)[0]
    message, reasons = failure(compute, task_definition=second)  # the old one runs again
    assert f"{compute.stack}:2 was given up, it runs {compute.stack}:1" in message
    assert any("CannotPullContainerError" in reason for reason in reasons)


def test_a_missing_service_names_the_playbook(compute: Compute) -> None:
    with pytest.raises(AnsibleActionFail, match=r"Service backend .* is not there: run playbooks/compute\.yml"):
        wait(compute)


def test_what_aws_refuses_is_told(compute: Compute) -> None:
    compute.ecs.delete_cluster(cluster=compute.stack)
    compute.stack = "no-such-cluster"
    with pytest.raises(AnsibleActionFail, match="Cannot follow the rollout in stack no-such-cluster"):
        wait(compute)
