"""MON-1..3, read with boto3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Aws = Callable[[str], Any]
Described = dict[str, Any]


def group(aws: Aws, name: str) -> Described:
    found = aws("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return next(dict(item) for item in found if item["logGroupName"] == name)


def test_logs_of_the_services_stay_two_weeks(aws: Aws, stack: str) -> None:
    """MON-1: 14 days, since CloudWatch does not take 15."""
    assert group(aws, f"/aws/ecs/{stack}-backend")["retentionInDays"] == 14


def test_log_of_the_database_stays_a_week(aws: Aws, stack: str, instance: Described) -> None:
    """MON-2: the group was there before the database, so no line was ever kept for longer."""
    found = group(aws, f"/aws/rds/instance/{stack}-db/postgresql")
    assert found["retentionInDays"] == 7
    assert found["creationTime"] < instance["InstanceCreateTime"].timestamp() * 1000
    assert instance["EnabledCloudwatchLogsExports"] == ["postgresql"]
