"""The stack's name, place and tags."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.test_checks import assert_one_problem, problems


@pytest.mark.parametrize(
    ("variable", "value", "reason", "accepted"),
    [
        ("stack_name", "ab", "no name for a stack", "3 to 40"),
        ("stack_name", "a" * 41, "no name for a stack", "3 to 40"),
        ("stack_name", "triflow_prod", "no name for a stack", "3 to 40"),
        ("stack_name", "triflow--prod", "no name for a stack", "3 to 40"),
        ("stack_name", "2triflow", "no name for a stack", "3 to 40"),
        ("stack_account_id", "12345678901", "no AWS account ID", "12 digits"),
        ("stack_time_zone", "Asia/Soul", "not a known time zone", "did you mean Asia/Seoul"),
        ("stack_tags", {"triflow:stack": "x"}, "reserved", "not starting with aws: or triflow:"),
        ("stack_tags", {"AWS:x": "x"}, "reserved", "not starting with aws: or triflow:"),
        ("stack_tags", {"": "x"}, "of that length", "1 to 128"),
        ("stack_tags", {"owner": "x" * 257}, "of that length", "up to 256"),
        ("stack_tags", {str(n): "x" for n in range(41)}, "more than a resource holds", "up to 40"),
    ],
)
def test_one_wrong_value_is_one_problem(variable: str, value: Any, reason: str, accepted: str) -> None:
    assert_one_problem(variable, value, reason, accepted)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("stack_name", "a" * 40),
        ("stack_region", "us-gov-west-1"),
    ],
)
def test_what_aws_takes_is_accepted(variable: str, value: Any) -> None:
    # The zones are those of the record's region.
    assert [found for found in problems(**{variable: value}) if found["variable"] != "vpc_availability_zones"] == []


def test_region_that_is_none() -> None:
    found = problems(stack_region="seoul")
    assert [item["variable"] for item in found] == ["stack_region", *["vpc_availability_zones"] * 2]
    assert "a region such as ap-northeast-2" in found[0]["accepted"]
