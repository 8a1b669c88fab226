"""The body of the dashboard: what the record wants to see, where it stands, and what CloudWatch takes (MON-4..7)."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.triflow.platform.plugins.module_utils import alarms as tables
from ansible_collections.triflow.platform.plugins.module_utils.dashboard import body, dimension, parts

from lab.corrections.cloudwatch_dashboards import problems

ROOT = Path(__file__).resolve().parents[2]
ROWS = yaml.safe_load((ROOT / "group_vars/all/observability.yml").read_text())["alarms_definitions"]
ACCOUNT = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012"
BALANCER, GROUP = "app/triflow-prod/0a1b2c3d4e5f6071", "targetgroup/triflow-prod-backend/1a2b3c4d5e6f7081"
FACTS: dict[str, Any] = {
    "stack": "triflow-prod",
    "region": "ap-northeast-2",
    "account_id": "123456789012",
    "time_zone": "Asia/Seoul",
    "cluster": "triflow-prod",
    "services": ["backend", "worker"],
    "container_insights": True,
    "database": "triflow-prod-db",
    "load_balancer": f"{ACCOUNT}:loadbalancer/{BALANCER}",
    "target_groups": {"backend": f"{ACCOUNT}:{GROUP}"},
    "custom_metrics": True,
    "custom_namespace": "TriFlow/triflow-prod",
    # what only the alarms follow from
    "queue": "triflow-prod-slack-dead-letters",
    "topic": "",
    "sms_topic": "",
    "max_connections": 100,
    "allocated_storage": 100,
    "thresholds": {},
}
ALARMS = tables.alarms(ROWS, FACTS)
STACKS = {
    "whole": FACTS,
    "without Container Insights": {**FACTS, "container_insights": False},
    "without custom metrics": {**FACTS, "custom_metrics": False},
    "worker only": {**FACTS, "services": ["worker"], "target_groups": {}},
    "west of Greenwich": {**FACTS, "time_zone": "America/St_Johns"},
}


def graphs(facts: dict[str, Any] | None = None) -> dict[str, Any]:
    """Properties of the graphs by their titles."""
    widgets = [widget for widget in body(facts or FACTS, ALARMS)["widgets"] if widget["type"] == "metric"]
    found = {widget["properties"]["title"]: widget["properties"] for widget in widgets}
    assert len(found) == len(widgets)
    return found


def thresholds(graph: dict[str, Any]) -> dict[str, float]:
    return {line["label"]: line["value"] for line in graph.get("annotations", {}).get("horizontal", [])}


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize("alarms", [ALARMS, []], ids=["alarms", "no alarms"])
def test_cloudwatch_takes_the_body(name: str, alarms: list[dict[str, Any]]) -> None:
    assert problems(body(STACKS[name], alarms)) == []


@pytest.mark.parametrize("name", STACKS)
def test_widgets_fill_the_grid_without_overlap(name: str) -> None:
    widgets = body(STACKS[name], ALARMS)["widgets"]
    cells = [
        set(
            itertools.product(
                range(widget["x"], widget["x"] + widget["width"]), range(widget["y"], widget["y"] + widget["height"])
            )
        )
        for widget in widgets
    ]
    taken = set().union(*cells)
    assert len(taken) == sum(map(len, cells))
    assert taken == set(itertools.product(range(24), range(max(y for _unused, y in taken) + 1)))


@pytest.mark.parametrize(
    ("namespace", "metric"),
    [
        ("AWS/ECS", "CPUUtilization"),
        ("AWS/ECS", "MemoryUtilization"),
        ("ECS/ContainerInsights", "RunningTaskCount"),
    ],
)
def test_a_line_for_each_service(namespace: str, metric: str) -> None:
    """MON-4"""
    assert graphs()[f"ECS {metric}"]["metrics"] == [
        [namespace, metric, "ClusterName", "triflow-prod", "ServiceName", name, {"label": name}]
        for name in ("backend", "worker")
    ]


def test_no_running_tasks_without_container_insights() -> None:
    """MON-4: CloudWatch has no such metric then."""
    assert set(graphs()) - set(graphs(STACKS["without Container Insights"])) == {"ECS RunningTaskCount"}


@pytest.mark.parametrize(
    "metric", ["CPUUtilization", "DatabaseConnections", "FreeStorageSpace", "ReadLatency", "WriteLatency"]
)
def test_database(metric: str) -> None:
    """MON-5"""
    assert graphs()[f"RDS {metric}"]["metrics"] == [
        ["AWS/RDS", metric, "DBInstanceIdentifier", "triflow-prod-db", {"label": metric}]
    ]


def test_load_balancer() -> None:
    """MON-6"""
    found = {
        title: [(line[1], dict(itertools.batched(line[2:-1], 2)), line[-1]["stat"]) for line in graph["metrics"]]
        for title, graph in graphs().items()
        if title.startswith("ALB")
    }
    balancer = {"LoadBalancer": BALANCER}
    assert found == {
        "ALB RequestCount": [("RequestCount", balancer, "Sum")],
        "ALB HTTPCode_Target_5XX_Count": [("HTTPCode_Target_5XX_Count", balancer, "Sum")],
        "ALB TargetResponseTime": [("TargetResponseTime", balancer, stat) for stat in ("p50", "p95", "p99")],
        "ALB HealthyHostCount": [("HealthyHostCount", {"TargetGroup": GROUP, **balancer}, "Minimum")],
    }


def test_every_threshold_of_the_record_is_drawn_where_it_counts() -> None:
    """ALM-1..6, ALM-8"""
    assert {title: drawn for title, graph in graphs().items() if (drawn := thresholds(graph))} == {
        "ECS MemoryUtilization": {"ecs-backend-memory-high": 90, "ecs-worker-memory-high": 90},
        "RDS CPUUtilization": {"rds-cpu-high": 80, "rds-cpu-medium": 60},
        "RDS DatabaseConnections": {"rds-connections-high": 80},
        "RDS FreeStorageSpace": {"rds-storage-low": 10 * 1024**3},
        "Share of 5xx": {"alb-5xx": 5},
        "ALB TargetResponseTime": {"alb-latency-high": 2},
    }


def test_thresholds_follow_the_alarms() -> None:
    other = tables.alarms(ROWS, {**FACTS, "thresholds": {"rds-cpu-high": 85}})
    (widget,) = [
        widget for widget in body(FACTS, other)["widgets"] if widget["properties"].get("title") == "RDS CPUUtilization"
    ]
    assert thresholds(widget["properties"])["rds-cpu-high"] == 85


def test_how_a_threshold_looks() -> None:
    """Shaded on the side on which the alarm goes off; critical ones are red."""
    lines = {
        line["label"]: (line["fill"], line["color"])
        for graph in graphs().values()
        for line in graph.get("annotations", {}).get("horizontal", [])
    }
    assert lines["rds-cpu-high"] == ("above", "#d62728")
    assert lines["rds-cpu-medium"] == ("above", "#ff7f0e")
    assert lines["rds-storage-low"] == ("below", "#d62728")


def test_what_an_alarm_computes_is_drawn_as_it_computes_it() -> None:
    """ALM-4: the expression is seen, the counts that it reads are not."""
    (row,) = [row for row in ROWS if row["name"] == "alb-5xx"]
    lines = graphs()["Share of 5xx"]["metrics"]
    (drawn,) = [line for line in lines if line[-1]["visible"]]
    assert drawn[-1]["expression"] == row["expression"]
    hidden = {line[-1]["id"]: line[1] for line in lines if not line[-1]["visible"]}
    assert hidden == row["metrics"]
    for line in lines:
        if line is not drawn:
            assert (line[0], line[2:4], line[-1]["stat"]) == ("AWS/ApplicationELB", ["LoadBalancer", BALANCER], "Sum")


def test_alarm_status() -> None:
    """Every alarm, by its ARN."""
    (widget,) = [widget for widget in body(FACTS, ALARMS)["widgets"] if widget["type"] == "alarm"]
    prefix = "arn:aws:cloudwatch:ap-northeast-2:123456789012:alarm:triflow-prod-"
    assert widget["properties"]["alarms"] == [f"{prefix}{name}" for name in tables.names(ROWS, FACTS["services"])]


@pytest.mark.parametrize(("name", "offset"), [("whole", "+0900"), ("west of Greenwich", "-0330")])
def test_time_zone(name: str, offset: str) -> None:
    assert {graph["timezone"] for graph in graphs(STACKS[name]).values()} == {offset}
    assert offset in body(STACKS[name], [])["widgets"][0]["properties"]["markdown"]


def test_custom_metrics_are_behind_a_switch() -> None:
    """MON-7"""
    found = {title: graphs()[title] for title in set(graphs()) - set(graphs(STACKS["without custom metrics"]))}
    assert set(found) == {
        "triflow.api.latency",
        "triflow.workflow.execution_time",
        "triflow.judgment.llm_tokens",
        "triflow.trust.level_distribution",
    }
    for metric, graph in found.items():
        ((line,),) = graph["metrics"]
        assert f'Namespace="TriFlow/triflow-prod" MetricName="{metric}"' in line["expression"]


@pytest.mark.parametrize(
    ("arn", "expected"),
    [(FACTS["load_balancer"], BALANCER), (FACTS["target_groups"]["backend"], GROUP)],
)
def test_dimension(arn: str, expected: str) -> None:
    assert dimension(arn) == expected


def test_the_same_arguments_make_the_same_parts() -> None:
    whole = body(FACTS, ALARMS)
    assert parts(whole) == parts({"widgets": whole["widgets"][::-1]})
    assert len(parts(whole)) == len(whole["widgets"])
