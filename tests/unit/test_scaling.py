"""Scalable targets, policies and alarms of services."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.scaling import alarms, policies, targets

SETTINGS: dict[str, Any] = {
    "stack": "triflow-prod",
    "cluster": "triflow-prod",
    "min_capacity": 2,
    "max_capacity": 5,
    "policy": "step",
    "target_cpu": 50,
    "scale_out_cpu": 70,
    "scale_in_cpu": 30,
    "scale_out_minutes": 3,
    "scale_in_minutes": 15,
    "scale_out_cooldown": 60,
    "scale_in_cooldown": 300,
}
MADE = {"scaling-policy-backend-out": {"id": "arn:out"}, "scaling-policy-backend-in": {"id": "arn:in"}}


def test_targets() -> None:
    """CMP-3, CMP-4"""
    assert targets(["backend"], SETTINGS) == [
        {
            "component": "scalable-target-backend",
            "resource_id": "service/triflow-prod/backend",
            "min_capacity": 2,
            "max_capacity": 5,
        }
    ]


def test_steps() -> None:
    """CMP-5, CMP-6: a single policy of the other kind would hold a single value."""
    out, back = policies(["backend"], SETTINGS)
    assert (out["component"], out["name"]) == ("scaling-policy-backend-out", "triflow-prod-backend-out")
    assert out["configuration"]["StepAdjustments"] == [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}]
    assert back["configuration"]["StepAdjustments"] == [{"MetricIntervalUpperBound": 0, "ScalingAdjustment": -1}]
    assert (out["configuration"]["Cooldown"], back["configuration"]["Cooldown"]) == (60, 300)


def test_target_tracking() -> None:
    (policy,) = policies(["backend"], {**SETTINGS, "policy": "target_tracking"})
    assert policy["policy_type"] == "TargetTrackingScaling"
    assert policy["configuration"]["TargetValue"] == 50


@pytest.mark.parametrize(
    ("number", "threshold", "comparison", "minutes", "action"),
    [(0, 70, "GreaterThanThreshold", 3, "arn:out"), (1, 30, "LessThanThreshold", 15, "arn:in")],
)
def test_alarms(number: int, threshold: int, comparison: str, minutes: int, action: str) -> None:
    """CMP-5, CMP-6"""
    alarm = alarms(["backend"], SETTINGS, MADE)[number]
    assert (alarm["threshold"], alarm["comparison_operator"]) == (threshold, comparison)
    assert (alarm["period"], alarm["evaluation_periods"]) == (60, minutes)
    assert alarm["alarm_actions"] == [action]
    assert alarm["dimensions"] == {"ClusterName": "triflow-prod", "ServiceName": "backend"}


def test_two_services_do_not_mix() -> None:
    made = {**MADE, "scaling-policy-worker-out": {"id": "arn:worker"}, "scaling-policy-worker-in": {"id": "arn:less"}}
    found = {alarm["component"]: alarm["alarm_actions"] for alarm in alarms(["backend", "worker"], SETTINGS, made)}
    assert found == {
        "alarm-backend-scale-out": ["arn:out"],
        "alarm-backend-scale-in": ["arn:in"],
        "alarm-worker-scale-out": ["arn:worker"],
        "alarm-worker-scale-in": ["arn:less"],
    }
