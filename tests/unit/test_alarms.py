"""The record's alarms (ALM-1..6, ALM-8): what they are, and on series of numbers when they go off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.triflow.platform.plugins.module_utils.alarm_checks import alarm_problems
from ansible_collections.triflow.platform.plugins.module_utils.alarms import alarms, names

from tests.unit.cloudwatch_evaluator import datapoints, states

ROOT = Path(__file__).resolve().parents[2]
ROWS = yaml.safe_load((ROOT / "group_vars/all/observability.yml").read_text())["alarms_definitions"]
TOPIC = "arn:aws:sns:ap-northeast-2:123456789012:triflow-alarms-prod"
BALANCER = "app/triflow-prod/50dc6c495c0c9188"
FACTS: dict[str, Any] = {
    "stack": "triflow-prod",
    "cluster": "triflow-prod",
    "services": ["backend"],
    "database": "triflow-prod-db",
    "load_balancer": f"arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/{BALANCER}",
    "queue": "triflow-prod-slack-dead-letters",
    "topic": TOPIC,
    "sms_topic": f"{TOPIC}-sms",
    "max_connections": 100,
    "allocated_storage": 100,
    "thresholds": {},
}
GIB = 1024**3
RDS, ECS, ALB, SQS = "AWS/RDS", "AWS/ECS", "AWS/ApplicationELB", "AWS/SQS"

Minutes = list[list[float]]


def made(**facts: Any) -> dict[str, dict[str, Any]]:
    return {alarm["component"].removeprefix("alarm-"): alarm for alarm in alarms(ROWS, {**FACTS, **facts})}


PRODUCTION = made()


@pytest.mark.parametrize(
    ("name", "metric", "dimensions", "statistic", "comparison", "threshold", "period", "periods"),
    [
        ("rds-cpu-high", (RDS, "CPUUtilization"), "database", "Average", "Greater", 80, 60, 5),
        ("rds-storage-low", (RDS, "FreeStorageSpace"), "database", "Minimum", "Less", 10 * GIB, 60, 1),
        ("ecs-backend-memory-high", (ECS, "MemoryUtilization"), "service", "Average", "Greater", 90, 60, 3),
        ("rds-connections-high", (RDS, "DatabaseConnections"), "database", "Average", "Greater", 80, 60, 5),
        ("rds-cpu-medium", (RDS, "CPUUtilization"), "database", "Average", "Greater", 60, 60, 10),
        ("alb-latency-high", (ALB, "TargetResponseTime"), "balancer", "p95", "Greater", 2, 300, 1),
        ("slack-dead-letters", (SQS, "ApproximateNumberOfMessagesVisible"), "queue", "Maximum", "Greater", 0, 60, 1),
    ],
)
def test_alarm_on_a_metric(
    name: str,
    metric: tuple[str, str],
    dimensions: str,
    statistic: str,
    comparison: str,
    threshold: float,
    period: int,
    periods: int,
) -> None:
    """ALM-1..3, ALM-5, ALM-6, ALM-8 in production."""
    alarm = PRODUCTION[name]
    assert (alarm["namespace"], alarm["metric_name"]) == metric
    assert (
        alarm["dimensions"]
        == {
            "database": {"DBInstanceIdentifier": "triflow-prod-db"},
            "service": {"ClusterName": "triflow-prod", "ServiceName": "backend"},
            "balancer": {"LoadBalancer": BALANCER},
            "queue": {"QueueName": "triflow-prod-slack-dead-letters"},
        }[dimensions]
    )
    assert alarm["extended_statistic" if statistic.startswith("p") else "statistic"] == statistic
    assert alarm["comparison_operator"] == f"{comparison}ThanThreshold"
    assert alarm["threshold"] == threshold
    assert (alarm["period"], alarm["evaluation_periods"], alarm["datapoints_to_alarm"]) == (period, periods, periods)


def test_alarm_on_a_share() -> None:
    """ALM-4: of all requests, whoever answered them with a 5xx, over one minute."""
    alarm = PRODUCTION["alb-5xx"]
    watched, *metrics = alarm["metrics"]
    assert watched["ReturnData"] is True
    assert {query["Id"]: query["MetricStat"]["Metric"]["MetricName"] for query in metrics} == {
        "target_5xx": "HTTPCode_Target_5XX_Count",
        "balancer_5xx": "HTTPCode_ELB_5XX_Count",
        "requests": "RequestCount",
        "rejected": "HTTPCode_ELB_503_Count",
    }
    for query in metrics:
        assert query["MetricStat"]["Metric"]["Dimensions"] == [{"Name": "LoadBalancer", "Value": BALANCER}]
        assert (query["MetricStat"]["Period"], query["MetricStat"]["Stat"]) == (60, "Sum")
        assert query["ReturnData"] is False
    assert (alarm["threshold"], alarm["evaluation_periods"]) == (5, 1)
    assert "metric_name" not in alarm


@pytest.mark.parametrize(
    ("name", "row", "severity", "sms"),
    [
        ("rds-cpu-high", "ALM-1", "critical", True),
        ("rds-storage-low", "ALM-2", "critical", True),
        ("ecs-backend-memory-high", "ALM-3", "critical", False),
        ("alb-5xx", "ALM-4", "critical", True),
        ("rds-connections-high", "ALM-5", "critical", False),
        ("rds-cpu-medium", "ALM-6", "warning", False),
        ("alb-latency-high", "ALM-8", "warning", False),
        ("slack-dead-letters", "MON-8", "critical", True),
    ],
)
def test_severity_and_channels(name: str, row: str, severity: str, sms: bool) -> None:
    """MON-8: all to the topic of Slack and e-mail, some by SMS, and the end of it the same way."""
    alarm = PRODUCTION[name]
    assert alarm["alarm_name"] == f"triflow-prod-{name}"
    assert alarm["alarm_description"].startswith(f"{severity}: {row}: ")
    assert "<" not in alarm["alarm_description"]
    assert alarm["alarm_actions"] == ([TOPIC, f"{TOPIC}-sms"] if sms else [TOPIC])
    assert alarm["ok_actions"] == alarm["alarm_actions"]


def test_there_are_no_others() -> None:
    assert list(PRODUCTION) == names(ROWS, ["backend"])
    assert len(PRODUCTION) == 8


def test_every_service_has_its_memory() -> None:
    """ALM-3, with or without a load balancer."""
    found = made(services=["backend", "worker"])
    assert found["ecs-worker-memory-high"]["dimensions"]["ServiceName"] == "worker"
    assert "worker" in found["ecs-worker-memory-high"]["alarm_description"]
    assert set(found) == {*PRODUCTION, "ecs-worker-memory-high"}


@pytest.mark.parametrize(
    ("missing", "gone"),
    [
        ({"services": []}, {"ecs-backend-memory-high"}),
        ({"load_balancer": ""}, {"alb-5xx", "alb-latency-high"}),
        ({"queue": ""}, {"slack-dead-letters"}),
        ({"database": ""}, {"rds-cpu-high", "rds-storage-low", "rds-connections-high", "rds-cpu-medium"}),
    ],
)
def test_no_alarm_on_what_is_not_there(missing: dict[str, Any], gone: set[str]) -> None:
    assert set(PRODUCTION) - set(made(**missing)) == gone


@pytest.mark.parametrize(
    ("name", "facts", "threshold", "text"),
    [
        ("rds-connections-high", {"max_connections": 100}, 80, "More than 80 connections"),
        ("rds-connections-high", {"max_connections": "60"}, 48, "More than 48 connections"),
        ("rds-storage-low", {"allocated_storage": 100}, 10 * GIB, "below 10 GiB"),
        ("rds-storage-low", {"allocated_storage": 400}, 10 * GIB, "below 10 GiB"),
        ("rds-storage-low", {"allocated_storage": 20}, 2 * GIB, "below 2 GiB"),
        ("rds-storage-low", {"thresholds": {"rds-storage-low": 5 * GIB}}, 5 * GIB, "below 5 GiB"),
        ("rds-cpu-high", {"thresholds": {"rds-cpu-high": 85.5}}, 85.5, "above 85.5 %"),
        ("ecs-backend-memory-high", {"thresholds": {"ecs-backend-memory-high": 95}}, 95, "above 95 %"),
        ("alb-latency-high", {}, 2, "more than 2 s"),
    ],
)
def test_threshold_of_the_environment(name: str, facts: dict[str, Any], threshold: float, text: str) -> None:
    """ALM-2, ALM-5: by what the instance has, or as somebody says."""
    alarm = made(**facts)[name]
    assert alarm["threshold"] == threshold
    assert text in alarm["alarm_description"]


# name, where its number is, a number on the threshold, one just over it, minutes
LASTING = [
    pytest.param("rds-cpu-high", (RDS, "CPUUtilization"), 80.0, 80.1, 5, id="ALM-1"),
    pytest.param("rds-storage-low", (RDS, "FreeStorageSpace"), 10.0 * GIB, 10.0 * GIB - 1, 1, id="ALM-2"),
    pytest.param("ecs-backend-memory-high", (ECS, "MemoryUtilization"), 90.0, 90.1, 3, id="ALM-3"),
    pytest.param("rds-connections-high", (RDS, "DatabaseConnections"), 80.0, 81.0, 5, id="ALM-5"),
    pytest.param("rds-cpu-medium", (RDS, "CPUUtilization"), 60.0, 60.1, 10, id="ALM-6"),
    pytest.param("slack-dead-letters", (SQS, "ApproximateNumberOfMessagesVisible"), 0.0, 1.0, 1, id="MON-8"),
]
EXTRA = [0, 1, 2, 5]  # how far CloudWatch looks back beyond the periods makes no difference


@pytest.mark.parametrize("extra", EXTRA)
@pytest.mark.parametrize(("name", "metric", "on", "over", "minutes"), LASTING)
def test_goes_off_after_exactly_its_minutes(
    name: str, metric: tuple[str, str], on: float, over: float, minutes: int, extra: int
) -> None:
    series: Minutes = [[on]] * 20 + [[over]] * 30 + [[on]] * 20
    found = states(PRODUCTION[name], {metric: series}, 70, extra)
    assert found[:20] == ["OK"] * 20
    assert found[20:50] == ["OK"] * (minutes - 1) + ["ALARM"] * (31 - minutes)
    assert found[50:] == ["OK"] * 20


@pytest.mark.parametrize(("name", "metric", "on", "over", "minutes"), LASTING)
def test_one_good_minute_starts_it_anew(
    name: str, metric: tuple[str, str], on: float, over: float, minutes: int
) -> None:
    interrupted: Minutes = [[on]] + ([[over]] * (minutes - 1) + [[on]]) * 5
    assert set(states(PRODUCTION[name], {metric: interrupted}, len(interrupted))) == {"OK"}


@pytest.mark.parametrize("extra", EXTRA)
@pytest.mark.parametrize(("name", "metric", "on", "over", "minutes"), [case for case in LASTING if case.values[4] != 1])
def test_silence_after_one_bad_minute_does_not_count_as_bad(
    name: str, metric: tuple[str, str], on: float, over: float, minutes: int, extra: int
) -> None:
    """A gap never makes up for minutes that were not measured."""
    assert minutes > 1
    series: Minutes = [[on]] * 20 + [[over]] + [[]] * 30
    assert set(states(PRODUCTION[name], {metric: series}, len(series), extra)) == {"OK"}
    fresh: Minutes = [[over]] + [[]] * 30
    assert "ALARM" not in states(PRODUCTION[name], {metric: fresh}, len(fresh), extra)


@pytest.mark.parametrize("extra", EXTRA)
@pytest.mark.parametrize(
    ("name", "metric", "over", "state"),
    [
        pytest.param("rds-cpu-high", (RDS, "CPUUtilization"), 99.0, "ALARM", id="ALM-1"),
        pytest.param("rds-storage-low", (RDS, "FreeStorageSpace"), 0.0, "ALARM", id="ALM-2"),
        pytest.param("ecs-backend-memory-high", (ECS, "MemoryUtilization"), 99.0, "OK", id="ALM-3"),
        pytest.param("rds-connections-high", (RDS, "DatabaseConnections"), 99.0, "ALARM", id="ALM-5"),
        pytest.param("rds-cpu-medium", (RDS, "CPUUtilization"), 99.0, "ALARM", id="ALM-6"),
        pytest.param("slack-dead-letters", (SQS, "ApproximateNumberOfMessagesVisible"), 9.0, "OK", id="MON-8"),
    ],
)
def test_a_database_that_falls_silent_is_not_well(
    name: str, metric: tuple[str, str], over: float, state: str, extra: int
) -> None:
    """No news of a database is no good news; a service without tasks uses no memory, an idle queue has no messages."""
    series: Minutes = [[over]] * 20 + [[]] * 30
    found = states(PRODUCTION[name], {metric: series}, 50, extra)
    assert found[19] == "ALARM"
    assert found[-1] == state


def answers(
    requests: float | None, target: float | None = None, balancer: float | None = None, rejected: float | None = None
) -> list[float | None]:
    return [requests, target, balancer, rejected]


def share_of_errors(minutes: list[list[float | None]], extra: int = 2) -> list[str]:
    """States of ALM-4. None: CloudWatch has no data point, as Elastic Load Balancing reports no zero."""
    metrics = ("RequestCount", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "HTTPCode_ELB_503_Count")
    data = {
        (ALB, metric): [[] if minute[number] is None else [float(minute[number] or 0)] for minute in minutes]
        for number, metric in enumerate(metrics)
    }
    return states(PRODUCTION["alb-5xx"], data, len(minutes), extra)


QUIET, GOOD = answers(None), answers(1000)


@pytest.mark.parametrize("extra", EXTRA)
@pytest.mark.parametrize(
    ("minute", "state"),
    [
        (answers(1000, target=50), "OK"),
        (answers(1000, target=51), "ALARM"),
        (answers(1000, balancer=50), "OK"),
        (answers(1000, balancer=51), "ALARM"),
        (answers(1000, target=25, balancer=25), "OK"),
        (answers(1000, target=26, balancer=25), "ALARM"),
        (answers(1, target=1), "ALARM"),
        (answers(1000, target=0, balancer=0, rejected=0), "OK"),
        # no task at all: no request finds a target, so none is counted but as a 503
        (answers(None, balancer=30, rejected=30), "ALARM"),
        (answers(0, balancer=30, rejected=30), "ALARM"),
        (answers(950, balancer=50, rejected=50), "OK"),
        (answers(940, balancer=60, rejected=60), "ALARM"),
    ],
)
def test_share_of_errors_in_one_minute(minute: list[float | None], state: str, extra: int) -> None:
    """ALM-4: more than 5 % of the requests, over one minute, and over with the first good one."""
    found = share_of_errors([GOOD] * 5 + [minute] * 3 + [GOOD] * 5, extra)
    assert found == ["OK"] * 5 + [state] * 3 + ["OK"] * 5


@pytest.mark.parametrize("extra", EXTRA)
@pytest.mark.parametrize("quiet", [QUIET, answers(0), answers(0, target=0, balancer=0, rejected=0)])
def test_share_of_errors_without_requests(quiet: list[float | None], extra: int) -> None:
    """ALM-4 is quiet, from the start and between requests; and what went off is over when nobody asks any more."""
    assert set(share_of_errors([quiet] * 30, extra)) == {"OK"}
    assert set(share_of_errors([GOOD, quiet, quiet] * 10, extra)) == {"OK"}
    stopped = share_of_errors([GOOD] * 5 + [answers(100, target=90)] + [quiet] * 20, extra)
    assert stopped[5] == "ALARM"
    assert stopped[5 + extra + 1 :] == ["OK"] * (20 - extra)


def test_share_of_errors_without_requests_is_no_number() -> None:
    data = {(ALB, "RequestCount"): [[0.0]] * 3}
    assert datapoints(PRODUCTION["alb-5xx"], data, 3, 3) == [None] * 3
    assert datapoints(PRODUCTION["alb-5xx"], {}, 3, 3) == [None] * 3


def minute_of_requests(slow: int, seconds: float = 2.1, of: int = 100) -> list[float]:
    return [seconds] * slow + [0.1] * (of - slow)


@pytest.mark.parametrize("extra", EXTRA)
@pytest.mark.parametrize(
    ("minute", "first"),
    [
        (minute_of_requests(5), None),  # 5 % are the slowest 5 %: the 95th percentile is not among them
        (minute_of_requests(6), 5),  # needs all five minutes
        (minute_of_requests(100, seconds=2.0), None),
        (minute_of_requests(20), 2),  # 8 % of five minutes
        (minute_of_requests(100), 1),  # 20 % of five minutes
    ],
)
def test_latency(minute: list[float], first: int | None, extra: int) -> None:
    """ALM-8: the 95th percentile of the requests of five minutes, not of any shorter time."""
    good = minute_of_requests(0)
    found = states(
        PRODUCTION["alb-latency-high"],
        {(ALB, "TargetResponseTime"): [good] * 10 + [minute] * 10 + [good] * 10},
        30,
        extra,
    )
    assert found[:10] == ["OK"] * 10
    if first is None:
        assert set(found) == {"OK"}
    else:
        assert found[10:20] == ["OK"] * (first - 1) + ["ALARM"] * (11 - first)
        assert found[25:] == ["OK"] * 5


@pytest.mark.parametrize("extra", EXTRA)
def test_latency_without_requests(extra: int) -> None:
    """ALM-8: quiet without requests, and over some time after the last."""
    name, metric = "alb-latency-high", (ALB, "TargetResponseTime")
    assert set(states(PRODUCTION[name], {}, 20, extra)) == {"OK"}
    found = states(PRODUCTION[name], {metric: [minute_of_requests(50)] * 10}, 60, extra)
    assert found[9] == "ALARM"
    assert found[-1] == "OK"


def row(**changed: Any) -> dict[str, Any]:
    return {**ROWS[0], **changed}


def test_the_records_table_is_right() -> None:
    assert alarm_problems({"alarms_definitions": ROWS, "ecs_services": [{"name": "backend"}]}) == []
    assert alarm_problems({}) == []


@pytest.mark.parametrize(
    ("rows", "value", "accepted"),
    [
        ([row(name="rds-<service>")], "rds-<service>", "or neither"),
        ([row(of="service")], "rds-cpu-high", "of: service with"),
        ([row(expression="a / b")], "rds-cpu-high", "both, or neither"),
        ([row(statistic="p101")], "p101", "a percentile such as p95"),
        ([row(statistic="Mean")], "Mean", "Average"),
        ([row(period=90)], 90, "n * 60 seconds"),
        ([row(periods=1441)], 1441, "1 to 1440 periods"),
        ([row(periods=0)], 0, "1 to 1440 periods"),
        ([row(period=3600, periods=169)], 169, "1 to 168 periods"),
        ([row(), row()], "rds-cpu-high", "each name once"),
    ],
)
def test_a_wrong_row_is_refused(rows: list[dict[str, Any]], value: Any, accepted: str) -> None:
    (problem,) = alarm_problems({"alarms_definitions": rows, "ecs_services": [{"name": "backend"}]})
    assert (problem["variable"], problem["value"]) == ("alarms_definitions", value)
    assert accepted in problem["accepted"]


@pytest.mark.parametrize(
    ("thresholds", "value", "accepted"),
    [
        ({"rds-cpu-hihg": 85}, "rds-cpu-hihg", "rds-cpu-high"),
        ({"nothing": 85}, "nothing", "one of rds-cpu-high"),
        ({"rds-cpu-high": "85 %"}, "85 %", "a number"),
        ({"rds-cpu-high": True}, True, "a number"),
    ],
)
def test_a_wrong_threshold_is_refused(thresholds: dict[str, Any], value: Any, accepted: str) -> None:
    variables = {"alarms_definitions": ROWS, "ecs_services": [{"name": "backend"}], "alarms_thresholds": thresholds}
    (problem,) = alarm_problems(variables)
    assert (problem["variable"], problem["value"]) == ("alarms_thresholds", value)
    assert accepted in problem["accepted"]
