"""watch_alarms: when it ends, and what ends it earlier. It runs on the controller."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from botocore.exceptions import ConnectionClosedError

from tests.conftest import Lab
from tests.modules.compute import Compute
from tests.modules.conftest import Refuse
from tests.modules.controller import Clock, RunAction, clock, run_action

__all__ = ["clock", "run_action"]


class Watch:
    """Two alarms of a stack, and the action that watches them."""

    def __init__(self, lab: Lab, stack: str, run_action: RunAction) -> None:
        self.cloudwatch: Any = lab.aws("cloudwatch")
        self.lab, self.stack, self.run_action = lab, stack, run_action
        self.names = [f"{stack}-alb-5xx", f"{stack}-rds-cpu-high"]
        for name in self.names:
            self.cloudwatch.put_metric_alarm(
                AlarmName=name,
                Namespace="AWS/RDS",
                MetricName="CPUUtilization",
                Statistic="Average",
                Period=60,
                EvaluationPeriods=1,
                Threshold=80,
                ComparisonOperator="GreaterThanThreshold",
            )
        self.set("OK", self.names[0])

    def set(self, state: str, name: str, reason: str = "Threshold Crossed") -> None:
        self.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason=reason)

    def run(self, lines: list[str] | None = None, check: bool = False, **options: Any) -> dict[str, Any]:
        return self.run_action("watch_alarms", lines, check, **{"alarms": self.names, "seconds": 25, **options})

    def failure(self, **options: Any) -> str:
        with pytest.raises(AnsibleActionFail) as caught:
            self.run(**options)
        assert caught.value.result.get("reasons", []) == [line.strip() for line in str(caught.value).split("\n")[1:]]
        return str(caught.value)


@pytest.fixture
def watch(lab: Lab, stack: str, run_action: RunAction) -> Watch:
    return Watch(lab, stack, run_action)


def test_quiet_alarms_are_watched_to_the_end(watch: Watch, clock: Clock) -> None:
    """INSUFFICIENT_DATA is no failure."""
    lines: list[str] = []
    assert watch.run(lines) == {"changed": False, "waited": {"alarms": 25}}
    assert lines == [
        f"  {watch.stack}: 1 alarms INSUFFICIENT_DATA, 1 alarms OK ({second} of 25 s)"
        for second in (0, 1, 3, 7, 15, 25)
    ]
    assert clock.now == 25


def test_looks_that_fail_say_nothing_of_the_alarms(watch: Watch, clock: Clock, refuse: Refuse) -> None:
    clock.at(3, lambda: refuse("DescribeAlarms", ConnectionClosedError))
    clock.at(20, lambda: refuse("DescribeAlarms", None))
    lines: list[str] = []
    assert watch.run(lines)["changed"] is False
    assert clock.now >= 25
    assert lines[-1].startswith(f"  {watch.stack}: 1 alarms INSUFFICIENT_DATA, 1 alarms OK (")
    assert any("cloudwatch DescribeAlarms: the connection was cut, repeated in" in line for line in lines)


def test_the_last_look_has_its_time_and_decides(watch: Watch, clock: Clock, refuse: Refuse) -> None:
    """AWS cannot be asked as the watch ends: it is asked until it answers, and an alarm that is on then counts."""
    clock.at(3, lambda: refuse("DescribeAlarms", "Throttling"))
    clock.at(10, lambda: watch.set("ALARM", watch.names[0], "too much"))
    clock.at(60, lambda: refuse("DescribeAlarms", None))
    assert "too much" in watch.failure()
    assert clock.now >= 60


def test_alarms_that_nobody_could_see_are_neither_quiet_nor_on(watch: Watch, clock: Clock, refuse: Refuse) -> None:
    clock.at(3, lambda: refuse("DescribeAlarms", "Throttling"))
    with pytest.raises(AnsibleActionFail) as caught:
        watch.run(retry_seconds=40)
    assert caught.value.result["unseen"] is True
    assert "Last it was: 1 alarms INSUFFICIENT_DATA, 1 alarms OK" in str(caught.value)
    assert clock.now == 25 + 40


@pytest.mark.parametrize(("second", "seen"), [(4, 7), (21, 25)])
def test_an_alarm_that_goes_off_ends_it_at_once(watch: Watch, clock: Clock, second: int, seen: int) -> None:
    clock.at(second, lambda: watch.set("ALARM", watch.names[1], "1 datapoint [97.0] was over the threshold"))
    message = watch.failure()
    assert f"Alarms of stack {watch.stack} are in ALARM:" in message
    assert f"alarm {watch.names[1]} went off at 20" in message
    assert message.endswith(" UTC: 1 datapoint [97.0] was over the threshold")
    assert watch.names[0] not in message
    assert clock.now == seen


@pytest.mark.parametrize("check", [True, False])
def test_an_alarm_from_before_is_a_failure_that_says_so(watch: Watch, clock: Clock, check: bool) -> None:
    watch.set("ALARM", watch.names[0])
    assert f"alarm {watch.names[0]} was in ALARM before the watch began, since 20" in watch.failure(check=check)
    assert clock.now == 0


@pytest.mark.parametrize("check", [True, False])
def test_a_missing_alarm_is_refused_with_those_that_are_there(watch: Watch, clock: Clock, check: bool) -> None:
    message = watch.failure(alarms=[watch.names[0], "no-such-alarm"], check=check)
    assert message == (
        f"Stack {watch.stack} has no alarm no-such-alarm: name some of {watch.names[0]}, {watch.names[1]}"
    )
    assert clock.now == 0


def test_a_stack_without_alarms_names_the_playbook(watch: Watch) -> None:
    message = watch.failure(alarms=["no-such-alarm"], stack="another")
    assert message == "Stack another has no alarm no-such-alarm: it has none at all, run playbooks/compute.yml first"


def test_a_plan_looks_once(watch: Watch, clock: Clock) -> None:
    before = len(watch.lab.calls())
    services = [{"cluster": "to-come", "name": "canary"}]
    assert watch.run(check=True, services=services) == {"changed": False, "waited": {}}
    assert [call["operation"] for call in watch.lab.calls()[before:]] == ["DescribeAlarms"]
    assert clock.now == 0


class Canary(Compute):
    """A service that has rolled out."""

    def __init__(self, lab: Lab, stack: str) -> None:
        super().__init__(lab, stack)
        self.logs: Any = lab.aws("logs")
        self.create_service(self.register())
        service = self.service()
        assert service
        assert service["runningCount"] == 2

    def stop_a_task(self) -> None:
        arn = self.ecs.list_tasks(cluster=self.stack, serviceName="backend")["taskArns"][0]
        self.ecs.stop_task(cluster=self.stack, task=arn, reason="out of memory")

    def lose_a_task(self) -> None:
        """One stops, and no other one can start."""
        self.logs.delete_log_group(logGroupName=self.stack)
        self.stop_a_task()


@pytest.fixture
def canary(lab: Lab, stack: str) -> Canary:
    return Canary(lab, stack)


def test_a_service_that_loses_a_task_ends_it(watch: Watch, canary: Canary, clock: Clock) -> None:
    canary.stop_a_task()  # before it begins: of no interest
    lines: list[str] = []
    clock.at(10, canary.lose_a_task)
    message = watch.failure(alarms=[], lines=lines, services=[{"cluster": canary.stack, "name": "backend"}])
    assert lines[0] == f"  {canary.stack}: 2 of 2 tasks of backend run (0 of 25 s)"
    assert f"Service backend of stack {canary.stack} does not keep its tasks: 1 of 2 tasks of backend run" in message
    assert "stopped: ResourceInitializationError" in message
    assert clock.now == 15


def test_a_service_that_keeps_its_tasks_is_none(watch: Watch, canary: Canary, clock: Clock) -> None:
    """A replaced task, or a smaller desired count, leaves none missing."""
    clock.at(1, canary.stop_a_task)
    clock.at(11, lambda: canary.ecs.update_service(cluster=canary.stack, service="backend", desiredCount=1))
    lines: list[str] = []
    watch.run(lines, services=[{"cluster": canary.stack, "name": "backend"}])
    assert "1 alarms OK, 1 of 1 tasks of backend run (25 of 25 s)" in lines[-1]


@pytest.mark.usefixtures("clock")
def test_tasks_that_are_on_their_way_are_none(watch: Watch, canary: Canary) -> None:
    """Some run below the desired count, and what has stopped did so before it began."""
    canary.stop_a_task()
    slow = canary.register("example/backend:starts-after-600s")
    canary.ecs.update_service(cluster=canary.stack, service="backend", taskDefinition=slow, desiredCount=4)
    lines: list[str] = []
    watch.run(lines, alarms=[], services=[{"cluster": canary.stack, "name": "backend"}])
    assert lines[-1] == f"  {canary.stack}: 1 of 4 tasks of backend run (25 of 25 s)"


def test_a_service_that_is_gone_ends_it(watch: Watch, canary: Canary, clock: Clock) -> None:
    clock.at(2, lambda: canary.ecs.delete_service(cluster=canary.stack, service="backend", force=True))
    message = watch.failure(alarms=[], services=[{"cluster": canary.stack, "name": "backend"}])
    assert message == f"Service backend of stack {canary.stack} is not there (any more)"
    assert clock.now == 3
