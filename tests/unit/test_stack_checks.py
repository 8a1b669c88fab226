"""The stack's name, place and tags."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.checks import variable_problems

from tests.unit.test_checks import RECORD, assert_one_problem, problems


@pytest.mark.parametrize(
    ("variable", "value", "reason", "accepted"),
    [
        ("stack_name", "ab", "no name for a stack", "3 to 40"),
        ("stack_name", "a" * 41, "no name for a stack", "3 to 40"),
        ("stack_name", "triflow_prod", "no name for a stack", "3 to 40"),
        ("stack_name", "triflow--prod", "no name for a stack", "3 to 40"),
        ("stack_name", "2triflow", "no name for a stack", "3 to 40"),
        ("stack_account_id", "12345678901", "no AWS account ID", "12 digits"),
        ("stack_retry_seconds", 0, "no call can be repeated for that long", "1 to 3600 seconds"),
        ("stack_retry_seconds", -1, "no call can be repeated for that long", "1 to 3600 seconds"),
        ("stack_retry_seconds", 3601, "no call can be repeated for that long", "1 to 3600 seconds"),
        ("stack_time_zone", "Asia/Soul", "not a known time zone", "did you mean Asia/Seoul"),
        ("stack_tags", {"triflow:stack": "x"}, "reserved", "not beginning with aws:, rds: or triflow:"),
        ("stack_tags", {"AWS:x": "x"}, "AWS takes nothing that begins with aws:", "not beginning with aws:"),
        ("stack_tags", {"": "x"}, "keys of 1 to", "keys of 1 to 127"),
        ("stack_tags", {"owner": "x" * 257}, "values of 0 to 256", "values of 1 to 256"),
        ("stack_tags", {str(n): "x" for n in range(41)}, "takes 10 tags", "up to 7"),
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


@pytest.mark.parametrize(
    ("value", "service", "derived"),
    [
        ("sg-prod", "Amazon EC2", "sg-prod-alb"),
        ("internal-tools", "Elastic Load Balancing", "internal-tools"),
        ("default", "Amazon RDS", "default"),
    ],
)
def test_a_stack_s_name_that_a_service_refuses_in_a_name_made_of_it(value: str, service: str, derived: str) -> None:
    found = problems(stack_name=value)
    assert {item["variable"] for item in found} == {"stack_name"}
    assert any(service in item["reason"] and derived in item["reason"] for item in found)


@pytest.mark.parametrize(
    ("tags", "refused", "reason"),
    [
        ({"Owner": "R&D, team #2"}, "Owner", "Amazon RDS"),
        ({"R&D": "x"}, "R&D", "Amazon RDS"),
        ({"Owner": "a;b"}, "Owner", "AWS Identity and Access Management"),
        ({"Owner": "line\nbreak"}, "Owner", "Amazon RDS"),
        ({"Owner": ""}, "Owner", "Amazon EventBridge Scheduler"),
        ({"Owner": "aws:x"}, "Owner", "begins with aws:"),
        ({"rds:owner": "x"}, "rds:owner", "begins with rds:"),
        ({"Owner": " x"}, "Owner", "space"),
        ({"k" * 128: "x"}, "k" * 128, "Amazon EC2"),
        ({"Owner": "a", "owner": "b"}, "owner", "differ in case"),
        ({"name": "x"}, "name", "Name"),
        ({str(n): "x" for n in range(8)}, "8 tags", "Amazon Route 53"),
    ],
)
def test_a_tag_that_one_of_the_services_refuses(tags: dict[str, str], refused: str, reason: str) -> None:
    (found,) = problems(stack_tags=tags)
    assert (found["variable"], found["value"]) == ("stack_tags", refused)
    assert reason in found["reason"]


def test_a_zone_where_the_region_should_be_is_told() -> None:
    (found,) = problems(stack_region="ap-northeast-2a")
    assert found["variable"] == "stack_region"
    assert "did you mean ap-northeast-2?" in found["accepted"]


@pytest.mark.parametrize(
    ("groups", "said", "accepted"),
    [
        ([], "in none of the groups", "prod, staging, dev, nonprod or lab"),
        (["ungrouped"], "in none of the groups", "prod, staging, dev, nonprod or lab"),
        (["production"], "in none of the groups", "did you mean prod?"),
        (["stage"], "in none of the groups", "did you mean staging?"),
        (["development", "seoul"], "in none of the groups", "did you mean dev?"),
        (["prdo"], "in none of the groups", "did you mean prod?"),
    ],
)
def test_a_host_of_no_kind_is_refused(groups: list[str], said: str, accepted: str) -> None:
    (found,) = variable_problems({**RECORD, "vpc_owner": "triflow-prod", "s3_owner": "triflow-prod"}, groups, {})
    assert found["variable"] == "stack_kind"
    assert said in found["reason"]
    assert accepted in found["accepted"]


def test_stack_kind_says_what_no_group_says() -> None:
    own = {**RECORD, "vpc_owner": "triflow-prod", "s3_owner": "triflow-prod", "stack_kind": "prod"}
    assert variable_problems(own, ["customers"], {}) == []
    (found,) = variable_problems({**own, "nights_enabled": True}, ["customers"], {})
    assert found["variable"] == "nights_enabled"
    (found,) = variable_problems({**own, "stack_kind": "dev"}, ["prod"], {})
    assert found["variable"] == "stack_kind"
    assert "prod" in found["accepted"]


def test_region_that_is_none() -> None:
    (found,) = problems(stack_region="seoul")
    assert found["variable"] == "stack_region"
    assert "a region such as ap-northeast-2" in found["accepted"]


def test_three_keys_that_only_differ_in_case_are_two_problems() -> None:
    assert [item["value"] for item in problems(stack_tags={"Owner": "a", "owner": "b", "OWNER": "c"})] == [
        "owner",
        "OWNER",
    ]
