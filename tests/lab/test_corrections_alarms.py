"""CloudWatch alarms that AWS refuses, PutMetricAlarm of the Amazon CloudWatch API reference."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.conftest import Lab
from tests.lab.conftest import refused

SHARE = {"Id": "share", "Expression": "100 * requests", "ReturnData": True}


def alarm(**options: Any) -> dict[str, Any]:
    wanted = {
        "AlarmName": f"test-{uuid.uuid4().hex[:8]}",
        "Namespace": "AWS/RDS",
        "MetricName": "CPUUtilization",
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 5,
        "Threshold": 80.0,
        "ComparisonOperator": "GreaterThanThreshold",
    } | options
    return {name: value for name, value in wanted.items() if value is not None}


def by_metric_math(period: int) -> dict[str, Any]:
    metric = {"Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount"}
    stat = {"Id": "requests", "ReturnData": False, "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum"}}
    return {"Namespace": None, "MetricName": None, "Statistic": None, "Period": None, "Metrics": [SHARE, stat]}


@pytest.mark.parametrize(
    "options",
    [
        {"TreatMissingData": "normal"},
        {"Period": 45},
        {"Period": 5},
        by_metric_math(45),
        {"Statistic": "Median"},
        {"ComparisonOperator": "Above"},
        {"Unit": "Furlongs"},
        {"AlarmName": "a" * 256},
        {"DatapointsToAlarm": 6},
        {"Period": 3600, "EvaluationPeriods": 169},  # more than seven days
        {"Period": 60, "EvaluationPeriods": 1441},  # more than a day, with periods under an hour
    ],
)
def test_an_alarm_that_cloudwatch_does_not_take(lab: Lab, options: dict[str, Any]) -> None:
    with refused("ValidationError"):
        lab.aws("cloudwatch").put_metric_alarm(**alarm(**options))


@pytest.mark.parametrize(
    "options",
    [
        *({"TreatMissingData": word} for word in ("breaching", "notBreaching", "ignore", "missing")),
        *({"Period": seconds, "EvaluationPeriods": 1} for seconds in (10, 20, 30, 120, 86400)),
        by_metric_math(300),
        {"Period": 3600, "EvaluationPeriods": 168},
        {"Statistic": None, "ExtendedStatistic": "p95", "DatapointsToAlarm": 5},
    ],
)
def test_an_alarm_that_cloudwatch_takes(lab: Lab, options: dict[str, Any]) -> None:
    wanted = alarm(**options)
    cloudwatch = lab.aws("cloudwatch")
    cloudwatch.put_metric_alarm(**wanted)
    assert cloudwatch.describe_alarms(AlarmNames=[wanted["AlarmName"]])["MetricAlarms"]
