"""scaling_policies (CMP-5, CMP-6)."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import placeholders

from tests.conftest import Lab
from tests.modules.compute import Compute
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk

MODULE = "scaling_policies"
SERVICE = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}


@pytest.fixture
def target(lab: Lab, stack: str) -> dict[str, str]:
    """The service as a scalable target of the test's own."""
    compute = Compute(lab, stack)
    compute.create_service(compute.register())
    resource = {**SERVICE, "ResourceId": f"service/{stack}/backend"}
    lab.aws("application-autoscaling").register_scalable_target(**resource, MinCapacity=2, MaxCapacity=5)
    return resource


def step(stack: str, name: str, adjustment: int, cooldown: int = 60) -> dict[str, Any]:
    bound = "MetricIntervalLowerBound" if adjustment > 0 else "MetricIntervalUpperBound"
    return {
        "component": f"scaling-policy-backend-{name}",
        "resource_id": f"service/{stack}/backend",
        "name": f"{stack}-{name}",
        "policy_type": "StepScaling",
        "configuration": {
            "AdjustmentType": "ChangeInCapacity",
            "Cooldown": cooldown,
            "StepAdjustments": [{bound: 0, "ScalingAdjustment": adjustment}],
        },
    }


def tracking(stack: str, name: str = "cpu") -> dict[str, Any]:
    return {
        **step(stack, name, 1),
        "policy_type": "TargetTrackingScaling",
        "configuration": {
            "TargetValue": 60,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        },
    }


def both(stack: str, cooldown: int = 60) -> list[dict[str, Any]]:
    return [step(stack, "out", 1, cooldown), step(stack, "in", -1)]


def policies(lab: Lab, resource: dict[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = lab.aws("application-autoscaling").describe_scaling_policies(**resource)[
        "ScalingPolicies"
    ]
    return found


def test_grammar(lab: Lab, target: dict[str, str], stack: str, run_module: RunModule) -> None:
    def read() -> Any:
        return {
            item["PolicyName"].removeprefix(f"{stack}-"): (
                item["StepScalingPolicyConfiguration"]["Cooldown"],
                item["StepScalingPolicyConfiguration"]["StepAdjustments"][0]["ScalingAdjustment"],
            )
            for item in policies(lab, target)
        }

    case = Case(
        module=MODULE,
        options={"resource_ids": [target["ResourceId"]], "policies": both(stack)},
        update={"policies": both(stack, 90)},
        read=read,
        created={"out": (60, 1), "in": (60, -1)},
        updated={"out": (90, 1), "in": (60, -1)},
        deleted={},
        creates=["scaling-policy-backend-out", "scaling-policy-backend-in"],
        updates={"scaling-policy-backend-out": ["configuration"]},
        refused=[
            ({"resource_ids": None}, "missing required arguments: resource_ids"),
            ({"resource_ids": ["service/other/backend"]}, "it must be one of resource_ids, service/other/backend"),
            ({"policies": [{**step(stack, "out", 1), "policy_type": "Simple"}]}, "value of policy_type must be one of"),
        ],
    )
    walk(case, lab, run_module)


def test_what_is_not_listed_goes(lab: Lab, target: dict[str, str], stack: str, run_module: RunModule) -> None:
    """So the two kinds of scaling take each other's place."""
    resource_ids = [target["ResourceId"]]
    run_module(MODULE, resource_ids=resource_ids, policies=both(stack))
    result = run_module(MODULE, resource_ids=resource_ids, policies=[tracking(stack)])
    assert {change["component"]: change["action"] for change in result["changes"]} == {
        f"scaling-policy {stack}-out": "delete",
        f"scaling-policy {stack}-in": "delete",
        "scaling-policy-backend-cpu": "create",
    }
    assert [item["PolicyName"] for item in policies(lab, target)] == [f"{stack}-cpu"]
    assert run_module(MODULE, resource_ids=resource_ids, policies=[tracking(stack)])["changed"] is False
    run_module(MODULE, resource_ids=resource_ids, policies=[])
    assert policies(lab, target) == []


def test_another_type_under_the_same_name(lab: Lab, target: dict[str, str], stack: str, run_module: RunModule) -> None:
    resource_ids = [target["ResourceId"]]
    run_module(MODULE, resource_ids=resource_ids, policies=[step(stack, "cpu", 1)])
    result = run_module(MODULE, resource_ids=resource_ids, policies=[tracking(stack)])
    assert sorted(result["changes"][0]["fields"]) == ["configuration", "policy_type"]
    assert policies(lab, target)[0]["PolicyType"] == "TargetTrackingScaling"


def test_the_plan_without_a_scalable_target(stack: str, run_module: RunModule) -> None:
    result = run_module(MODULE, check=True, resource_ids=[f"service/{stack}/backend"], policies=[step(stack, "out", 1)])
    assert placeholders.within(result["resources"]["scaling-policy-backend-out"]["id"])
