# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Scaling policies of services, and the alarms of those that scale in steps: pure functions.

The ``settings`` are the variables of the role ``autoscaling`` without their prefix.
"""

from __future__ import annotations

from typing import Any

Settings = dict[str, Any]

STEPS = ("out", "in")


def resource_id(service: str, cluster: str) -> str:
    """What Application Auto Scaling calls the service."""
    return f"service/{cluster}/{service}"


def targets(services: list[str], settings: Settings) -> list[dict[str, Any]]:
    """The option ``targets`` of the module ``scalable_targets`` (CMP-3, CMP-4)."""
    return [
        {
            "component": f"scalable-target-{service}",
            "resource_id": resource_id(service, settings["cluster"]),
            "min_capacity": settings["min_capacity"],
            "max_capacity": settings["max_capacity"],
        }
        for service in services
    ]


def _policy(service: str, name: str, kind: str, configuration: dict[str, Any], settings: Settings) -> dict[str, Any]:
    return {
        "component": f"scaling-policy-{service}-{name}",
        "resource_id": resource_id(service, settings["cluster"]),
        "name": f"{settings['stack']}-{service}-{name}",
        "policy_type": kind,
        "configuration": configuration,
    }


def policies(services: list[str], settings: Settings) -> list[dict[str, Any]]:
    """The option ``policies`` of the module ``scaling_policies``: by steps or by target tracking (CMP-5, CMP-6)."""
    found = []
    for service in services:
        if settings["policy"] == "target_tracking":
            configuration = {
                "TargetValue": settings["target_cpu"],
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
                "ScaleOutCooldown": settings["scale_out_cooldown"],
                "ScaleInCooldown": settings["scale_in_cooldown"],
            }
            found.append(_policy(service, "cpu", "TargetTrackingScaling", configuration, settings))
            continue
        for step in STEPS:
            adjustment = (
                {"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}
                if step == "out"
                else {"MetricIntervalUpperBound": 0, "ScalingAdjustment": -1}
            )
            configuration = {
                "AdjustmentType": "ChangeInCapacity",
                "MetricAggregationType": "Average",
                "Cooldown": settings[f"scale_{step}_cooldown"],
                "StepAdjustments": [adjustment],
            }
            found.append(_policy(service, step, "StepScaling", configuration, settings))
    return found


def alarms(services: list[str], settings: Settings, made: dict[str, Any]) -> list[dict[str, Any]]:
    """The option ``alarms`` of the module ``metric_alarms``; ``made`` are the policies by component, with their ids."""
    return [
        {
            "component": f"alarm-{service}-scale-{step}",
            "alarm_name": f"{settings['stack']}-{service}-scale-{step}",
            "alarm_description": f"Scales {service} {step} (CMP-{5 if step == 'out' else 6}). Nothing to do.",
            "namespace": "AWS/ECS",
            "metric_name": "CPUUtilization",
            "dimensions": {"ClusterName": settings["cluster"], "ServiceName": service},
            "statistic": "Average",
            "period": 60,
            "evaluation_periods": settings[f"scale_{step}_minutes"],
            "threshold": settings[f"scale_{step}_cpu"],
            "comparison_operator": "GreaterThanThreshold" if step == "out" else "LessThanThreshold",
            "alarm_actions": [
                policy["id"] for name, policy in made.items() if name == f"scaling-policy-{service}-{step}"
            ],
        }
        for service in services
        for step in STEPS
    ]
