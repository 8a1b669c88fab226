"""How long logs are kept, and where their archive is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.test_checks import assert_one_problem, problems


@pytest.mark.parametrize(
    ("variable", "value", "reason", "accepted"),
    [
        ("vpc_flow_logs_retention_days", 15, "CloudWatch Logs", "1, 3, 5, 7, 14, 30,"),
        ("logs_database_retention_days", 8, "CloudWatch Logs", "1, 3, 5, 7, 14, 30,"),
        ("logs_archive_prefix", "logs", "begin the keys", "ends with a slash"),
        ("logs_archive_prefix", "logs-archives/", "ever deletes", "s3_prefix_rules"),
        ("logs_archive_buffering_interval", 901, "Firehose", "0 to 900 seconds"),
        ("logs_archive_buffering_size", 0, "Firehose", "1 to 128 MiB"),
    ],
)
def test_one_wrong_value_is_one_problem(variable: str, value: Any, reason: str, accepted: str) -> None:
    assert_one_problem(variable, value, reason, accepted)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("vpc_flow_logs_retention_days", 3653),
    ],
)
def test_what_aws_takes_is_accepted(variable: str, value: Any) -> None:
    assert problems(**{variable: value}) == []


@pytest.mark.parametrize("value", ["/aws/ecs/tri flow-", "aws/ecs/triflow-", "/aws/ecs/triflow:", "x" * 510])
def test_a_log_group_s_beginning_that_cloudwatch_refuses(value: str) -> None:
    (found,) = problems(logs_group_prefix=value)
    assert found["variable"] == "logs_group_prefix"
    assert "CloudWatch Logs" in found["reason"]
