"""Application Auto Scaling and CloudWatch alarms in the lab."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.conftest import Lab
from tests.lab.conftest import refused

DIMENSION = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
STEP = {
    "PolicyType": "StepScaling",
    "StepScalingPolicyConfiguration": {
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
        "Cooldown": 60,
    },
}
TRACKING = {
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingScalingPolicyConfiguration": {
        "TargetValue": 60.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
    },
}
ALARM: dict[str, Any] = {
    "Namespace": "AWS/ECS",
    "MetricName": "CPUUtilization",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": 70.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


class Scaling:
    """An ECS service of two tasks on a cluster of its own."""

    def __init__(self, lab: Lab) -> None:
        self.client: Any = lab.aws("application-autoscaling")
        self.cloudwatch: Any = lab.aws("cloudwatch")
        self.ecs: Any = lab.aws("ecs")
        self.name = f"test-{uuid.uuid4().hex[:8]}"
        self.resource = {**DIMENSION, "ResourceId": f"service/{self.name}/backend"}
        self.ecs.create_cluster(clusterName=self.name)
        self.ecs.register_task_definition(
            family=self.name, containerDefinitions=[{"name": "backend", "image": "example/backend:1", "memory": 512}]
        )
        self.ecs.create_service(
            cluster=self.name, serviceName="backend", taskDefinition=self.name, desiredCount=2, launchType="EC2"
        )

    def register(self, **options: Any) -> str:
        arn: str = self.client.register_scalable_target(**self.resource, **options)["ScalableTargetARN"]
        return arn

    def policies(self, **options: Any) -> list[str]:
        found = self.client.describe_scaling_policies(ServiceNamespace="ecs", **options)["ScalingPolicies"]
        return [item["PolicyName"] for item in found]

    def alarms(self, prefix: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.cloudwatch.describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"]
        return found


@pytest.fixture
def scaling(lab: Lab) -> Scaling:
    return Scaling(lab)


def test_scalable_target_has_its_tags(scaling: Scaling) -> None:
    """RegisterScalableTarget, ListTagsForResource, TagResource, UntagResource."""
    arn = scaling.register(MinCapacity=2, MaxCapacity=5, Tags={"a": "1"})
    assert scaling.client.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"a": "1"}
    scaling.client.tag_resource(ResourceARN=arn, Tags={"b": "2"})
    scaling.client.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert scaling.register(MaxCapacity=6) == arn
    assert scaling.client.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"b": "2"}
    with refused("ResourceNotFoundException"):
        scaling.client.list_tags_for_resource(ResourceARN=f"{arn}x")


def test_scalable_target_that_is_refused(scaling: Scaling) -> None:
    with refused("ValidationException", "must be specified"):
        scaling.register(MinCapacity=2)
    with refused("ValidationException", "less than minimum"):
        scaling.register(MinCapacity=6, MaxCapacity=5)


def test_service_is_brought_between_the_capacities(scaling: Scaling) -> None:
    """RegisterScalableTarget, MinCapacity and MaxCapacity: at once."""
    scaling.register(MinCapacity=3, MaxCapacity=5)
    (target,) = scaling.client.describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[scaling.resource["ResourceId"]]
    )["ScalableTargets"]
    assert set(target["SuspendedState"].values()) == {False}
    (service,) = scaling.ecs.describe_services(cluster=scaling.name, services=["backend"])["services"]
    assert service["desiredCount"] == 3


def test_policies_by_name_and_with_their_target(scaling: Scaling) -> None:
    """PutScalingPolicy without a target, with the ARN that stays; DescribeScalingPolicies, PolicyNames."""
    with refused("ObjectNotFoundException", "No scalable target registered"):
        scaling.client.put_scaling_policy(PolicyName="out", **scaling.resource, **STEP)
    scaling.register(MinCapacity=2, MaxCapacity=5)
    first = scaling.client.put_scaling_policy(PolicyName="out", **scaling.resource, **STEP)["PolicyARN"]
    scaling.client.put_scaling_policy(PolicyName="in", **scaling.resource, **STEP)
    assert scaling.client.put_scaling_policy(PolicyName="out", **scaling.resource, **STEP)["PolicyARN"] == first
    assert scaling.policies(ResourceId=scaling.resource["ResourceId"], PolicyNames=["in"]) == ["in"]
    scaling.client.deregister_scalable_target(**scaling.resource)
    assert scaling.policies(ResourceId=scaling.resource["ResourceId"]) == []
    with refused("ObjectNotFoundException", "No scalable target registered"):
        scaling.client.deregister_scalable_target(**scaling.resource)


def test_target_tracking_keeps_two_alarms_when_it_is_updated(scaling: Scaling) -> None:
    scaling.register(MinCapacity=2, MaxCapacity=5)
    for _unused in range(2):
        scaling.client.put_scaling_policy(PolicyName="cpu", **scaling.resource, **TRACKING)
    assert len(scaling.alarms(f"TargetTracking-{scaling.resource['ResourceId']}")) == 2
    scaling.client.deregister_scalable_target(**scaling.resource)
    assert scaling.alarms(f"TargetTracking-{scaling.resource['ResourceId']}") == []


def test_alarm_keeps_state_and_tags_when_it_is_put_again(scaling: Scaling) -> None:
    """PutMetricAlarm: INSUFFICIENT_DATA at first; Tags of an update are ignored; DeleteAlarms takes the tags along."""
    alarm = {"AlarmName": scaling.name, **ALARM}
    scaling.cloudwatch.put_metric_alarm(**alarm, Tags=[{"Key": "a", "Value": "1"}])
    (found,) = scaling.alarms(scaling.name)
    assert found["StateValue"] == "INSUFFICIENT_DATA"
    scaling.cloudwatch.set_alarm_state(AlarmName=scaling.name, StateValue="ALARM", StateReason="a test")
    scaling.cloudwatch.put_metric_alarm(**{**alarm, "Threshold": 80.0}, Tags=[{"Key": "a", "Value": "2"}])
    (found,) = scaling.alarms(scaling.name)
    assert (found["StateValue"], found["Threshold"]) == ("ALARM", 80.0)
    tags = scaling.cloudwatch.list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"]
    assert tags == [{"Key": "a", "Value": "1"}]
    scaling.cloudwatch.delete_alarms(AlarmNames=[scaling.name])
    scaling.cloudwatch.put_metric_alarm(**alarm)
    assert scaling.cloudwatch.list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"] == []


def test_alarm_has_its_state_since_it_became_another_one(scaling: Scaling) -> None:
    """MetricAlarm: StateTransitionedTimestamp and StateUpdatedTimestamp."""
    scaling.cloudwatch.put_metric_alarm(AlarmName=scaling.name, **ALARM)
    seen = []
    for reason in ("one", "two"):
        scaling.cloudwatch.set_alarm_state(AlarmName=scaling.name, StateValue="ALARM", StateReason=reason)
        (found,) = scaling.alarms(scaling.name)
        assert found["StateReason"] == reason
        seen.append(found)
    assert seen[1]["StateUpdatedTimestamp"] > seen[0]["StateUpdatedTimestamp"]
    assert seen[1]["StateTransitionedTimestamp"] == seen[0]["StateTransitionedTimestamp"]
    assert seen[0]["StateTransitionedTimestamp"] == seen[0]["StateUpdatedTimestamp"]
