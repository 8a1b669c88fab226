"""MON-4..7 and the thresholds of ALM-1..8, as the dashboard shows them, read with boto3."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Aws = Callable[[str], Any]
Described = dict[str, Any]


@pytest.fixture
def dashboard(aws: Aws, stack: str) -> Described:
    return dict(aws("cloudwatch").get_dashboard(DashboardName=stack))


@pytest.fixture
def widgets(dashboard: Described) -> list[Described]:
    return list(json.loads(dashboard["DashboardBody"])["widgets"])


@pytest.fixture
def graphs(widgets: list[Described]) -> dict[str, Described]:
    """Properties of the graphs by their titles."""
    return {widget["properties"]["title"]: widget["properties"] for widget in widgets if widget["type"] == "metric"}


@pytest.fixture
def alarms(aws: Aws, stack: str) -> dict[str, Described]:
    """The stack's alarms by name; those by which services scale are no news for anybody."""
    found = aws("cloudwatch").describe_alarms(AlarmNamePrefix=f"{stack}-")["MetricAlarms"]
    return {alarm["AlarmName"]: alarm for alarm in found if "-scale-" not in alarm["AlarmName"]}


def dimensions(line: list[Any]) -> dict[str, str]:
    texts = [item for item in line if isinstance(item, str)][2:]
    return dict(zip(texts[::2], texts[1::2], strict=True))


@pytest.mark.parametrize(
    ("namespace", "metric"),
    [
        ("AWS/ECS", "CPUUtilization"),
        ("AWS/ECS", "MemoryUtilization"),
        ("ECS/ContainerInsights", "RunningTaskCount"),
    ],
)
def test_metrics_of_the_services(graphs: dict[str, Described], stack: str, namespace: str, metric: str) -> None:
    """MON-4"""
    (line,) = graphs[f"ECS {metric}"]["metrics"]
    assert line[:2] == [namespace, metric]
    assert dimensions(line) == {"ClusterName": stack, "ServiceName": "backend"}


@pytest.mark.parametrize(
    "metric", ["CPUUtilization", "DatabaseConnections", "FreeStorageSpace", "ReadLatency", "WriteLatency"]
)
def test_metrics_of_the_database(graphs: dict[str, Described], instance: Described, metric: str) -> None:
    """MON-5"""
    (line,) = graphs[f"RDS {metric}"]["metrics"]
    assert line[:2] == ["AWS/RDS", metric]
    assert dimensions(line) == {"DBInstanceIdentifier": instance["DBInstanceIdentifier"]}


def test_metrics_of_the_load_balancer(aws: Aws, graphs: dict[str, Described], stack: str) -> None:
    """MON-6: with the dimensions of what is there."""
    elbv2 = aws("elbv2")
    (balancer,) = elbv2.describe_load_balancers(Names=[stack])["LoadBalancers"]
    (group,) = elbv2.describe_target_groups(Names=[f"{stack}-backend"])["TargetGroups"]
    of_balancer = {"LoadBalancer": balancer["LoadBalancerArn"].partition("loadbalancer/")[2]}
    of_group = {**of_balancer, "TargetGroup": group["TargetGroupArn"].rpartition(":")[2]}
    assert of_group["TargetGroup"].startswith("targetgroup/")
    found = {
        title: [(line[:2], dimensions(line), line[-1]["stat"]) for line in graphs[f"ALB {title}"]["metrics"]]
        for title in ("RequestCount", "TargetResponseTime", "HTTPCode_Target_5XX_Count", "HealthyHostCount")
    }
    namespace = "AWS/ApplicationELB"
    assert found == {
        "RequestCount": [([namespace, "RequestCount"], of_balancer, "Sum")],
        "TargetResponseTime": [
            ([namespace, "TargetResponseTime"], of_balancer, stat) for stat in ("p50", "p95", "p99")
        ],
        "HTTPCode_Target_5XX_Count": [([namespace, "HTTPCode_Target_5XX_Count"], of_balancer, "Sum")],
        "HealthyHostCount": [([namespace, "HealthyHostCount"], of_group, "Minimum")],
    }


def test_custom_metrics_are_off(aws: Aws, widgets: list[Described], stack: str) -> None:
    """MON-7: neither shown, nor may the application put any."""
    assert "triflow." not in json.dumps([widget["properties"].get("metrics") for widget in widgets])
    policy = aws("iam").get_role_policy(RoleName=f"{stack}-task", PolicyName="use-the-stack")["PolicyDocument"]
    assert "PutMetricData" not in json.dumps(policy)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        pytest.param("rds-cpu-high", "RDS CPUUtilization", id="ALM-1"),
        pytest.param("rds-storage-low", "RDS FreeStorageSpace", id="ALM-2"),
        pytest.param("ecs-backend-memory-high", "ECS MemoryUtilization", id="ALM-3"),
        pytest.param("alb-5xx", "Share of 5xx", id="ALM-4"),
        pytest.param("rds-connections-high", "RDS DatabaseConnections", id="ALM-5"),
        pytest.param("rds-cpu-medium", "RDS CPUUtilization", id="ALM-6"),
        pytest.param("alb-latency-high", "ALB TargetResponseTime", id="ALM-8"),
    ],
)
def test_threshold_is_drawn(
    graphs: dict[str, Described], alarms: dict[str, Described], stack: str, name: str, title: str
) -> None:
    """ALM-1..6, ALM-8: the line is where the alarm goes off."""
    lines = {line["label"]: line["value"] for line in graphs[title]["annotations"]["horizontal"]}
    assert lines[name] == alarms[f"{stack}-{name}"]["Threshold"]


def test_states_of_all_alarms(widgets: list[Described], alarms: dict[str, Described]) -> None:
    """ALM-1..8"""
    (status,) = [widget for widget in widgets if widget["type"] == "alarm"]
    assert sorted(status["properties"]["alarms"]) == sorted(alarm["AlarmArn"] for alarm in alarms.values())


def test_times_are_korean(graphs: dict[str, Described]) -> None:
    """MON-4..6"""
    assert {graph["timezone"] for graph in graphs.values()} == {"+0900"}


def test_dashboard_carries_the_stacks_tags(aws: Aws, dashboard: Described, stack: str) -> None:
    """MON-4..7"""
    found = aws("cloudwatch").list_tags_for_resource(ResourceARN=dashboard["DashboardArn"])["Tags"]
    tags = {tag["Key"]: tag["Value"] for tag in found}
    assert tags["triflow:stack"] == stack
    assert tags["triflow:component"] == "dashboard"
