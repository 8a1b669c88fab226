"""scalable_targets (CMP-3, CMP-4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Lab
from tests.modules.compute import Compute
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags

MODULE = "scalable_targets"
COMPONENT = "scalable-target-backend"


@pytest.fixture
def service(lab: Lab, stack: str) -> None:
    """The service backend on a cluster of the test's own."""
    compute = Compute(lab, stack)
    compute.create_service(compute.register())


def target(stack: str, least: int | None = 2, most: int | None = 5) -> dict[str, Any]:
    resource = f"service/{stack}/backend"
    return {"component": COMPONENT, "resource_id": resource, "min_capacity": least, "max_capacity": most}


@pytest.mark.usefixtures("service")
def test_grammar(lab: Lab, stack: str, run_module: RunModule) -> None:
    scaling = lab.aws("application-autoscaling")

    def read() -> Any:
        found = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[f"service/{stack}/backend"])[
            "ScalableTargets"
        ]
        for item in found:
            tags = scaling.list_tags_for_resource(ResourceARN=item["ScalableTargetARN"])["Tags"]
            assert tags == expected_tags(stack, COMPONENT)
            assert item["ScalableDimension"] == "ecs:service:DesiredCount"
            return item["MinCapacity"], item["MaxCapacity"]
        return None

    case = Case(
        module=MODULE,
        options={"targets": [target(stack)]},
        update={"targets": [target(stack, 1, 8)]},
        read=read,
        created=(2, 5),
        updated=(1, 8),
        deleted=None,
        creates=[COMPONENT],
        updates={COMPONENT: ["min_capacity", "max_capacity"]},
        deletes=[COMPONENT],
        refused=[
            ({"targets": None}, "missing required arguments: targets"),
            ({"targets": [target(stack, 6, 5)]}, "min_capacity 6 and max_capacity 5"),
            ({"targets": [target(stack, None, 5)]}, "min_capacity None and max_capacity 5"),
        ],
    )
    walk(case, lab, run_module)


@pytest.mark.usefixtures("service")
def test_scaling_that_somebody_suspended_goes_on(lab: Lab, stack: str, run_module: RunModule) -> None:
    run_module(MODULE, targets=[target(stack)])
    scaling = lab.aws("application-autoscaling")
    scaling.register_scalable_target(
        ServiceNamespace="ecs",
        ScalableDimension="ecs:service:DesiredCount",
        ResourceId=f"service/{stack}/backend",
        SuspendedState={"DynamicScalingOutSuspended": True},
    )
    assert run_module(MODULE, targets=[target(stack)])["changes"][0]["fields"] == ["suspended_state"]
    assert run_module(MODULE, targets=[target(stack)])["changed"] is False


@pytest.mark.usefixtures("service")
def test_a_target_that_sleeps_is_left_asleep(lab: Lab, stack: str, run_module: RunModule) -> None:
    scaling = lab.aws("application-autoscaling")
    service = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
    resource = f"service/{stack}/backend"

    def capacity() -> tuple[int, int]:
        (found,) = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[resource])["ScalableTargets"]
        return found["MinCapacity"], found["MaxCapacity"]

    run_module(MODULE, targets=[target(stack)], keep_asleep=True)
    assert run_module(MODULE, targets=[target(stack, 1, 3)], keep_asleep=True)["changed"] is True
    assert capacity() == (1, 3)
    scaling.register_scalable_target(**service, ResourceId=resource, MinCapacity=0, MaxCapacity=0)
    assert run_module(MODULE, targets=[target(stack)], keep_asleep=True)["changed"] is False
    scaling.register_scalable_target(
        **service, ResourceId=resource, SuspendedState={"DynamicScalingOutSuspended": True}
    )
    assert run_module(MODULE, targets=[target(stack)], keep_asleep=True)["changes"][0]["fields"] == ["suspended_state"]
    assert capacity() == (0, 0)
    assert run_module(MODULE, targets=[target(stack)])["changed"] is True
    assert capacity() == (2, 5)


def test_a_missing_service_is_named(run_module: RunModule, stack: str) -> None:
    result = run_module(MODULE, targets=[target(stack)])
    assert result["failed"]
    assert COMPONENT in result["msg"]


@pytest.mark.usefixtures("service")
def test_tags_that_somebody_took_away_come_back(lab: Lab, stack: str, run_module: RunModule) -> None:
    arn = run_module(MODULE, targets=[target(stack)])["resources"][COMPONENT]["id"]
    scaling = lab.aws("application-autoscaling")
    scaling.untag_resource(ResourceARN=arn, TagKeys=["Name"])
    assert run_module(MODULE, targets=[target(stack)])["changes"][0]["fields"] == ["tags"]
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == expected_tags(stack, COMPONENT)
