"""ecs_rollout: what it says while it waits, and why a rollout failed. It runs on the controller."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.triflow.platform.plugins.module_utils import rollout
from botocore.exceptions import ConnectionClosedError

from tests.conftest import Lab
from tests.modules.compute import Compute
from tests.modules.conftest import Refuse
from tests.modules.controller import Clock, RunAction, clock, run_action

__all__ = ["clock", "run_action"]


class Rollout(Compute):
    """A cluster, and the action that waits for its service."""

    def __init__(self, lab: Lab, stack: str, run_action: RunAction) -> None:
        super().__init__(lab, stack)
        self.run_action = run_action

    def wait(self, lines: list[str] | None = None, check: bool = False, **options: Any) -> dict[str, Any]:
        entry = {"name": "backend", "task_definition": options.pop("task_definition", None)}
        given = {"stack": self.stack, "cluster": self.stack, "timeout": 30, **options}
        return self.run_action("ecs_rollout", lines, check, services=[entry], **given)


@pytest.fixture
def compute(lab: Lab, stack: str, run_action: RunAction) -> Rollout:
    return Rollout(lab, stack, run_action)


def failure(compute: Rollout, **arguments: Any) -> tuple[str, list[str]]:
    with pytest.raises(AnsibleActionFail) as caught:
        compute.wait(**arguments)
    reasons: list[str] = caught.value.result["reasons"]
    assert caught.value.result["service"] == "backend"
    return str(caught.value), reasons


def test_a_good_rollout(compute: Rollout) -> None:
    definition = compute.register()
    compute.create_service(definition)
    result = compute.wait(task_definition=definition)
    assert (result["changed"], list(result["waited"])) == (False, ["backend"])
    assert compute.wait()["waited"] == {"backend": 0}


def test_a_plan_waits_for_nothing(compute: Rollout, lab: Lab) -> None:
    before = len(lab.calls())
    assert compute.wait(check=True)["waited"] == {}
    assert lab.calls()[before:] == []


def test_it_says_how_far_it_is_and_ends_in_time(compute: Rollout, clock: Clock) -> None:
    compute.create_service(compute.register("example/backend:starts-after-600s"))
    lines: list[str] = []
    message, _reasons = failure(compute, lines=lines, timeout=12)
    sentence = f"0 of 2 tasks of {compute.stack}:1 run"
    asked = (0, 1, 3, 7, 12)
    assert lines == [f"  {compute.stack}: backend: {sentence} ({second} s of at most 12 s)" for second in asked]
    assert f"did not roll out: after 12 s {sentence}" in message
    assert clock.now == 12


def test_a_failing_container(compute: Rollout) -> None:
    definition = compute.register("example/backend:fails-exit-3")
    compute.create_service(definition, breaker=True)
    message, reasons = failure(compute, task_definition=definition)
    assert "has failed: ECS deployment circuit breaker: tasks failed to start." in message
    stopped = [reason for reason in reasons if reason.startswith("task ")]
    assert len(stopped) == 3
    assert all("Essential container in task exited (backend exit code 3)" in reason for reason in stopped)
    assert any("deployment failed: tasks failed to start" in reason for reason in reasons)
    assert reasons[-1].endswith("lab: exit code 3")


def test_a_rollback_is_no_success(compute: Rollout) -> None:
    compute.create_service(compute.register(), breaker=True)
    compute.wait()
    second = compute.register("example/backend:cannot-pull")
    compute.ecs.update_service(cluster=compute.stack, service="backend", taskDefinition=second)
    assert "has failed" in failure(compute, task_definition=second)[0]
    message, reasons = failure(compute, task_definition=second)  # the old one runs again
    assert f"{compute.stack}:2 was given up, it runs {compute.stack}:1" in message
    assert any("CannotPullContainerError" in reason for reason in reasons)


def test_a_missing_service_names_the_playbook(compute: Rollout) -> None:
    with pytest.raises(AnsibleActionFail, match=r"Service backend .* is not there: run playbooks/compute\.yml"):
        compute.wait()


def test_what_aws_refuses_is_told(compute: Rollout) -> None:
    compute.ecs.delete_cluster(cluster=compute.stack)
    compute.stack = "no-such-cluster"
    with pytest.raises(
        AnsibleActionFail, match="Cannot follow the rollout: ecs DescribeServices failed on stack no-such-cluster"
    ) as caught:
        compute.wait()
    assert caught.value.result["unseen"] is True


def test_cut_connections_say_nothing_of_a_healthy_rollout(compute: Rollout, clock: Clock, refuse: Refuse) -> None:
    compute.create_service(compute.register())
    refuse("DescribeServices", ConnectionClosedError)
    clock.at(7, lambda: refuse("DescribeServices", None))
    lines: list[str] = []
    assert "backend" in compute.wait(lines=lines)["waited"]
    assert clock.now >= 7
    assert "ecs DescribeServices: the connection was cut, repeated in" in lines[0]
    assert "of at most 30 s)" in lines[0]


def test_a_rollout_that_nobody_can_see_is_no_failed_one(compute: Rollout, clock: Clock, refuse: Refuse) -> None:
    """AWS is asked to the rollout's own limit, however short the policy's."""
    compute.create_service(compute.register("example/backend:starts-after-600s"))
    clock.at(3, lambda: refuse("DescribeServices", "ThrottlingException"))
    with pytest.raises(AnsibleActionFail) as caught:
        compute.wait(timeout=60, retry_seconds=5)
    message = str(caught.value)
    assert message.startswith(
        f"The rollout of backend of stack {compute.stack} was not seen to its end: AWS could not be asked for 57 s. "
        f"Last it was: backend: 0 of 2 tasks of {compute.stack}:1 run. ecs DescribeServices failed: words of "
        "ThrottlingException. "
    )
    assert message.endswith(" Look at the deployments of backend in ECS.")
    assert message.count("words of ThrottlingException") == 1
    assert caught.value.result["unseen"] is True
    assert clock.now == 60


def test_reasons_that_cannot_be_read_hide_no_failure(compute: Rollout, refuse: Refuse) -> None:
    definition = compute.register("example/backend:fails-exit-3")
    compute.create_service(definition, breaker=True)
    refuse("ListTasks", "AccessDeniedException")
    message, reasons = failure(compute, task_definition=definition)
    assert "has failed: ECS deployment circuit breaker" in message
    assert reasons[0].startswith("the reasons could not be read: ecs ListTasks failed: words of AccessDenied")


def test_a_target_group_that_is_gone_hides_no_other_reason(compute: Rollout, lab: Lab) -> None:
    compute.create_service(compute.register())
    (service,) = lab.aws("ecs").describe_services(cluster=compute.stack, services=["backend"])["services"]
    gone = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/gone/0123456789abcdef"
    failed = {**service, "events": [{"message": "one"}], "loadBalancers": [{"targetGroupArn": gone}]}
    assert rollout.reasons(lab.aws, compute.stack, failed, None) == ["event: one"]
