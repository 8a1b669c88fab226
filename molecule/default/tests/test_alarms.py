"""ALM-1..8, and the alarm of the dead-letter queue (MON-8), read with boto3."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Aws = Callable[[str], Any]
Described = dict[str, Any]
Read = Callable[[str], Described]

REGION = "ap-northeast-2"


@pytest.fixture(scope="session")
def account(aws: Aws) -> str:
    return str(aws("sts").get_caller_identity()["Account"])


@pytest.fixture(scope="session")
def topic(stack: str, account: str) -> str:
    return f"arn:aws:sns:{REGION}:{account}:{stack}-alarms"


@pytest.fixture(scope="session")
def load_balancer(aws: Aws, stack: str) -> str:
    arn = aws("elbv2").describe_load_balancers(Names=[stack])["LoadBalancers"][0]["LoadBalancerArn"]
    return str(arn.split(":loadbalancer/")[1])


@pytest.fixture
def alarm(aws: Aws, stack: str) -> Read:
    """The alarm of that name, which is on, with its dimensions by name."""

    def read(name: str) -> Described:
        (found,) = aws("cloudwatch").describe_alarms(AlarmNames=[f"{stack}-{name}"])["MetricAlarms"]
        assert found["ActionsEnabled"] is True
        return {**found, "Dimensions": {item["Name"]: item["Value"] for item in found["Dimensions"]}}

    return read


def metric(found: Described) -> tuple[Any, ...]:
    return found["Namespace"], found["MetricName"], found.get("Statistic") or found["ExtendedStatistic"]


def condition(found: Described) -> tuple[Any, ...]:
    return found["ComparisonOperator"], found["Threshold"]


def lasting(found: Described) -> tuple[int, int, int]:
    """Seconds of a period, periods that are looked at, and those of them that must be over."""
    return found["Period"], found["EvaluationPeriods"], found["DatapointsToAlarm"]


def assert_told(found: Described, severity: str, row: str, *topics: str) -> None:
    """Its description begins as the Slack function expects it, and both its beginning and its end are told."""
    assert found["AlarmDescription"].startswith(f"{severity}: {row}: ")
    assert sorted(found["AlarmActions"]) == sorted(found["OKActions"]) == sorted(topics)


def test_rds_cpu_high(alarm: Read, stack: str, topic: str) -> None:
    """ALM-1: more than 80 % for 5 minutes in a row, Slack and SMS. Without data it stays as it is."""
    found = alarm("rds-cpu-high")
    assert metric(found) == ("AWS/RDS", "CPUUtilization", "Average")
    assert found["Dimensions"] == {"DBInstanceIdentifier": f"{stack}-db"}
    assert condition(found) == ("GreaterThanThreshold", 80.0)
    assert lasting(found) == (60, 5, 5)
    assert found["TreatMissingData"] == "ignore"
    assert_told(found, "critical", "ALM-1", topic, f"{topic}-sms")


def test_rds_storage_low(alarm: Read, stack: str, topic: str) -> None:
    """ALM-2: less than 10 GiB in bytes for a minute, Slack and SMS."""
    found = alarm("rds-storage-low")
    assert metric(found) == ("AWS/RDS", "FreeStorageSpace", "Minimum")
    assert found["Dimensions"] == {"DBInstanceIdentifier": f"{stack}-db"}
    assert condition(found) == ("LessThanThreshold", 10_737_418_240.0)
    assert lasting(found) == (60, 1, 1)
    assert found["TreatMissingData"] == "ignore"
    assert_told(found, "critical", "ALM-2", topic, f"{topic}-sms")


def test_ecs_memory_high(alarm: Read, stack: str, topic: str) -> None:
    """ALM-3: more than 90 % for 3 minutes in a row, Slack."""
    found = alarm("ecs-backend-memory-high")
    assert metric(found) == ("AWS/ECS", "MemoryUtilization", "Average")
    assert found["Dimensions"] == {"ClusterName": stack, "ServiceName": "backend"}
    assert condition(found) == ("GreaterThanThreshold", 90.0)
    assert lasting(found) == (60, 3, 3)
    assert found["TreatMissingData"] == "notBreaching"
    assert_told(found, "critical", "ALM-3", topic)


def test_alb_5xx(alarm: Read, load_balancer: str, topic: str) -> None:
    """ALM-4: more than 5 % of a minute's requests, by target or load balancer, Slack and SMS."""
    found = alarm("alb-5xx")
    (expression,) = [query for query in found["Metrics"] if "Expression" in query]
    assert expression["ReturnData"] is True
    assert expression["Expression"] == (
        "100 * (FILL(target_5xx, 0) + FILL(balancer_5xx, 0)) / (FILL(requests, 0) + FILL(rejected, 0))"
    )
    counted = {query["Id"]: query["MetricStat"] for query in found["Metrics"] if "MetricStat" in query}
    assert {identifier: stat["Metric"]["MetricName"] for identifier, stat in counted.items()} == {
        "target_5xx": "HTTPCode_Target_5XX_Count",
        "balancer_5xx": "HTTPCode_ELB_5XX_Count",
        "requests": "RequestCount",
        "rejected": "HTTPCode_ELB_503_Count",
    }
    for stat in counted.values():
        assert stat["Metric"]["Namespace"] == "AWS/ApplicationELB"
        assert stat["Metric"]["Dimensions"] == [{"Name": "LoadBalancer", "Value": load_balancer}]
        assert (stat["Period"], stat["Stat"]) == (60, "Sum")
    assert condition(found) == ("GreaterThanThreshold", 5.0)
    assert (found["EvaluationPeriods"], found["DatapointsToAlarm"]) == (1, 1)
    assert found["TreatMissingData"] == "notBreaching"
    assert_told(found, "critical", "ALM-4", topic, f"{topic}-sms")


def test_rds_connections_high(alarm: Read, stack: str, topic: str) -> None:
    """ALM-5: more than 80 of the 100 connections for 5 minutes, Slack."""
    found = alarm("rds-connections-high")
    assert metric(found) == ("AWS/RDS", "DatabaseConnections", "Average")
    assert found["Dimensions"] == {"DBInstanceIdentifier": f"{stack}-db"}
    assert condition(found) == ("GreaterThanThreshold", 80.0)
    assert lasting(found) == (60, 5, 5)
    assert found["TreatMissingData"] == "ignore"
    assert_told(found, "critical", "ALM-5", topic)


def test_rds_cpu_medium(alarm: Read, stack: str, topic: str) -> None:
    """ALM-6: more than 60 % for 10 minutes in a row, Slack."""
    found = alarm("rds-cpu-medium")
    assert metric(found) == ("AWS/RDS", "CPUUtilization", "Average")
    assert found["Dimensions"] == {"DBInstanceIdentifier": f"{stack}-db"}
    assert condition(found) == ("GreaterThanThreshold", 60.0)
    assert lasting(found) == (60, 10, 10)
    assert found["TreatMissingData"] == "ignore"
    assert_told(found, "warning", "ALM-6", topic)


def test_task_stopped(aws: Aws, stack: str, account: str, topic: str) -> None:
    """ALM-7: tasks of this stack's services that end without anybody's wish, told at once."""
    events, name = aws("events"), f"{stack}-task-stopped"
    rule = events.describe_rule(Name=name)
    assert rule["State"] == "ENABLED"
    assert json.loads(rule["EventPattern"]) == {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Task State Change"],
        "detail": {
            "clusterArn": [f"arn:aws:ecs:{REGION}:{account}:cluster/{stack}"],
            "lastStatus": ["STOPPED"],
            "group": [{"prefix": "service:"}],
            "$or": [
                {"stopCode": ["EssentialContainerExited", "TaskFailedToStart", "InfrastructureHealth"]},
                {"stoppedReason": [{"prefix": "Task failed "}]},
            ],
        },
    }
    (target,) = events.list_targets_by_rule(Rule=name)["Targets"]
    assert target == {"Id": "topic-alarms", "Arn": topic}


def test_alb_latency_high(alarm: Read, load_balancer: str, topic: str) -> None:
    """ALM-8: the 95th percentile of 5 minutes above 2 s, Slack."""
    found = alarm("alb-latency-high")
    assert metric(found) == ("AWS/ApplicationELB", "TargetResponseTime", "p95")
    assert found["Dimensions"] == {"LoadBalancer": load_balancer}
    assert condition(found) == ("GreaterThanThreshold", 2.0)
    assert lasting(found) == (300, 1, 1)
    assert found["TreatMissingData"] == "notBreaching"
    assert_told(found, "warning", "ALM-8", topic)


def test_dead_letters(alarm: Read, stack: str, topic: str) -> None:
    """MON-8: any message that did not reach Slack. Told by SMS, too, since Slack may be what fails."""
    found = alarm("slack-dead-letters")
    assert metric(found) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum")
    assert found["Dimensions"] == {"QueueName": f"{stack}-slack-dead-letters"}
    assert condition(found) == ("GreaterThanThreshold", 0.0)
    assert lasting(found) == (60, 1, 1)
    assert found["TreatMissingData"] == "notBreaching"
    assert_told(found, "critical", "MON-8", topic, f"{topic}-sms")


def test_what_alarms_name_is_there(aws: Aws, stack: str, topic: str) -> None:
    """MON-8: CloudWatch does not check its actions, and SQS would count the messages of any name."""
    sns = aws("sns")
    for arn in (topic, f"{topic}-sms"):
        assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["TopicArn"] == arn
    assert aws("sqs").get_queue_url(QueueName=f"{stack}-slack-dead-letters")["QueueUrl"]


def test_alarms_carry_the_stacks_tags(aws: Aws, stack: str) -> None:
    """ALM-1..8: the parts that destroy.yml takes down, and nothing else of that name."""
    cloudwatch, parts = aws("cloudwatch"), set()
    for found in cloudwatch.describe_alarms(AlarmNamePrefix=f"{stack}-")["MetricAlarms"]:
        tags = {
            tag["Key"]: tag["Value"] for tag in cloudwatch.list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"]
        }
        assert tags["triflow:stack"] == stack
        parts.add(tags["triflow:component"])
    assert {part for part in parts if "-scale-" not in part} == {
        "alarm-rds-cpu-high",
        "alarm-rds-storage-low",
        "alarm-ecs-backend-memory-high",
        "alarm-alb-5xx",
        "alarm-rds-connections-high",
        "alarm-rds-cpu-medium",
        "alarm-alb-latency-high",
        "alarm-slack-dead-letters",
    }
