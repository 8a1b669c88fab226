"""scheduled_actions (ENV-6)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Lab
from tests.modules.compute import Compute
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk

MODULE = "scheduled_actions"
SERVICE = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
START, END = "2099-12-24T15:00:00+00:00", "2099-12-30T15:00:00+00:00"


@pytest.fixture
def resource(lab: Lab, stack: str) -> str:
    """A service that scales."""
    compute = Compute(lab, stack)
    compute.create_service(compute.register())
    identifier = f"service/{stack}/backend"
    lab.aws("application-autoscaling").register_scalable_target(
        **SERVICE, ResourceId=identifier, MinCapacity=1, MaxCapacity=2
    )
    return identifier


def action(stack: str, resource: str, name: str, least: int = 0, most: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "component": f"scheduled-action-backend-{name}",
        "resource_id": resource,
        "name": f"{stack}-backend-{name}",
        "schedule": "cron(0 20 * * ? *)",
        "timezone": "Asia/Seoul",
        "min_capacity": least,
        "max_capacity": most,
        "start": "",
        **more,
    }


def described(lab: Lab, resource: str) -> list[dict[str, Any]]:
    scaling = lab.aws("application-autoscaling")
    found: list[dict[str, Any]] = scaling.describe_scheduled_actions(**SERVICE, ResourceId=resource)["ScheduledActions"]
    return found


def test_grammar(lab: Lab, stack: str, resource: str, run_module: RunModule) -> None:
    def read() -> Any:
        return {
            item["ScheduledActionName"].removeprefix(f"{stack}-backend-"): (
                item["Schedule"],
                item["Timezone"],
                *item["ScalableTargetAction"].values(),
                item["StartTime"].isoformat() if "StartTime" in item else None,
                item["EndTime"].isoformat() if "EndTime" in item else None,
            )
            for item in described(lab, resource)
        }

    day = action(stack, resource, "start", 1, 2, start=START, end=END, schedule="cron(0 8 ? * MON-FRI *)")
    night = action(stack, resource, "stop")
    later = {**day, "schedule": "cron(0 9 ? * MON-FRI *)", "start": END, "end": "", "max_capacity": 3}
    stop = ("cron(0 20 * * ? *)", "Asia/Seoul", 0, 0, None, None)
    walk(
        Case(
            module=MODULE,
            options={"resource_ids": [resource], "actions": [day, night]},
            update={"actions": [later, night]},
            read=read,
            created={"start": ("cron(0 8 ? * MON-FRI *)", "Asia/Seoul", 1, 2, START, END), "stop": stop},
            updated={"start": ("cron(0 9 ? * MON-FRI *)", "Asia/Seoul", 1, 3, END, None), "stop": stop},
            deleted={},
            creates=["scheduled-action-backend-start", "scheduled-action-backend-stop"],
            updates={"scheduled-action-backend-start": ["schedule", "max_capacity", "start", "end"]},
            refused=[
                ({"actions": None}, "missing required arguments: actions"),
                ({"resource_ids": ["service/other/one"]}, "it must be one of resource_ids, service/other/one"),
                (
                    {"actions": [{**night, "name": "night"}]},
                    f"name of {night['component']} is night: it must begin with",
                ),
                ({"actions": [{**night, "min_capacity": 1}]}, "min_capacity 1 and max_capacity 0"),
            ],
        ),
        lab,
        run_module,
    )
    only = run_module(MODULE, resource_ids=[resource], actions=[night])
    assert [change["action"] for change in only["changes"]] == ["delete", "none"]
    assert list(read()) == ["stop"]


def test_an_action_that_is_not_the_stacks_stays(lab: Lab, resource: str, run_module: RunModule) -> None:
    lab.aws("application-autoscaling").put_scheduled_action(
        **SERVICE,
        ResourceId=resource,
        ScheduledActionName="launch-day",
        Schedule="at(2099-01-01T00:00:00)",
        ScalableTargetAction={"MinCapacity": 9, "MaxCapacity": 9},
    )
    assert run_module(MODULE, resource_ids=[resource], actions=[])["changed"] is False
    assert [item["ScheduledActionName"] for item in described(lab, resource)] == ["launch-day"]


def test_a_start_that_is_over_is_not_compared(lab: Lab, stack: str, resource: str, run_module: RunModule) -> None:
    begun = action(stack, resource, "start-20991225", 1, 2, start=START)
    run_module(MODULE, resource_ids=[resource], actions=[begun])
    again = run_module(MODULE, resource_ids=[resource], actions=[{**begun, "start": None}])
    assert again["changed"] is False
    assert run_module(MODULE, resource_ids=[resource], actions=[{**begun, "start": ""}])["changed"] is True
    assert "StartTime" not in described(lab, resource)[0]
