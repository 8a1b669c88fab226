"""What is wrong with a stack that shares a VPC or a bucket (ENV-1, ENV-4)."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.sharing_checks import sharing_problems

ALONE: dict[str, Any] = {
    "stack_name": "triflow-prod",
    "stack_foundation": False,
    "vpc_owner": "triflow-prod",
    "vpc_nat_gateways": "single",
    "vpc_interface_endpoints": True,
    "vpc_flow_logs": True,
    "s3_owner": "triflow-prod",
    "s3_prefix": "",
    "s3_shares": {},
    "s3_prefix_rules": [{"prefix": "logs-archive/"}],
    "iam_write_prefixes": ["tenants/"],
    "iam_read_prefixes": ["shared/"],
}
DEV: dict[str, Any] = {
    "stack_name": "triflow-dev",
    "stack_foundation": False,
    "vpc_owner": "triflow-nonprod",
    "vpc_nat_gateways": "shared",
    "vpc_interface_endpoints": False,
    "vpc_flow_logs": False,
    "s3_owner": "triflow-nonprod",
    "s3_prefix": "dev/",
    "s3_shares": {},
    "s3_prefix_rules": [{"prefix": "logs-archive/"}],
    "iam_write_prefixes": ["dev/tenants/"],
    "iam_read_prefixes": ["dev/shared/"],
    "logs_archive_prefix": "dev/logs-archive/",
    "logs_archive_error_prefix": "dev/logs-archive-errors/",
    "alb_access_logs_prefix": "dev/load-balancer-logs",
}
FOUNDATION: dict[str, Any] = {
    **ALONE,
    "stack_name": "triflow-nonprod",
    "stack_foundation": True,
    "vpc_owner": "triflow-nonprod",
    "s3_owner": "triflow-nonprod",
    "s3_shares": {"triflow-dev": "dev/", "triflow-staging": "staging/"},
}


@pytest.mark.parametrize("variables", [ALONE, DEV, FOUNDATION, {}, {"stack_name": "triflow-prod"}])
def test_what_fits_together(variables: dict[str, Any]) -> None:
    assert sharing_problems(variables) == []


@pytest.mark.parametrize("nat", ["none", "single", "per_zone", "shared"])
def test_nat_gateways_of_a_stack_in_anothers_vpc(nat: str) -> None:
    assert sharing_problems({**DEV, "vpc_nat_gateways": nat}) == []


@pytest.mark.parametrize(
    ("base", "change", "variable", "value", "reason", "accepted"),
    [
        (ALONE, {"vpc_nat_gateways": "shared"}, "vpc_nat_gateways", "shared", "a VPC of its own", "none, single"),
        (DEV, {"vpc_flow_logs": True}, "vpc_flow_logs", True, "of triflow-nonprod", "variables of triflow-nonprod"),
        (DEV, {"vpc_interface_endpoints": True}, "vpc_interface_endpoints", True, "one for a VPC", "false here"),
        (ALONE, {"s3_prefix": "prod/", "iam_write_prefixes": [], "iam_read_prefixes": []}, "s3_prefix", "prod/",
         "the stack's own", '""'),
        (DEV, {"s3_prefix": ""}, "s3_prefix", "", "bucket of triflow-nonprod", "ends with a slash"),
        (DEV, {"s3_shares": {"triflow-x": "x/"}}, "s3_shares", {"triflow-x": "x/"}, "that of triflow-nonprod",
         "nothing here"),
        (DEV, {"iam_write_prefixes": ["dev/tenants/", "tenants/"]}, "iam_write_prefixes", "tenants/",
         "outside s3_prefix, dev/", "begins with dev/"),
        (DEV, {"iam_read_prefixes": ["staging/shared/"]}, "iam_read_prefixes", "staging/shared/", "outside", "dev/"),
        (DEV, {"logs_archive_prefix": "logs-archive/"}, "logs_archive_prefix", "logs-archive/", "outside", "dev/"),
        (DEV, {"logs_archive_error_prefix": "x/"}, "logs_archive_error_prefix", "x/", "outside", "dev/"),
        (DEV, {"alb_access_logs_prefix": "alb"}, "alb_access_logs_prefix", "alb", "outside", "dev/"),
        (FOUNDATION, {"s3_shares": {"triflow-nonprod": "x/"}}, "s3_shares", "triflow-nonprod", "owner", "other stacks"),
        (FOUNDATION, {"s3_shares": {"triflow-dev": "dev"}}, "s3_shares", "dev", "share of triflow-dev", "a slash"),
        (FOUNDATION, {"s3_shares": {"triflow-dev": "tenants/"}}, "s3_shares", "tenants/", "cannot begin", "tenants/"),
        (FOUNDATION, {"s3_shares": {"triflow-dev": "logs-archive/"}}, "s3_shares", "logs-archive/", "owner itself",
         "nothing else"),
        (FOUNDATION, {"s3_shares": {"triflow-a": "x/", "triflow-b": "x/"}}, "s3_shares", "x/",
         "share of triflow-a and of triflow-b", "of its own"),
        (FOUNDATION, {"s3_owner": "triflow-prod", "s3_prefix": "x/", "s3_shares": {}, "iam_write_prefixes": [],
         "iam_read_prefixes": []}, "s3_owner", "triflow-prod", "foundation", "triflow-nonprod"),
    ],
)  # fmt: skip
def test_what_does_not(
    base: dict[str, Any], change: dict[str, Any], variable: str, value: Any, reason: str, accepted: str
) -> None:
    (found,) = sharing_problems({**base, **change})
    assert (found["variable"], found["value"]) == (variable, value)
    assert reason in found["reason"]
    assert accepted in found["accepted"]


def lender(shares: int, **change: Any) -> dict[str, Any]:
    wanted = {f"triflow-customer{number}": f"customer{number}/" for number in range(shares)}
    categories = [{"name": name} for name in ("workflows", "exports", "uploads", "logs")]
    given = {"s3_bucket_name": "triflow-ai-nonprod", "s3_object_categories": categories, "s3_category_tag": "category"}
    return {**ALONE, **given, "alb_access_logs_prefix": "load-balancer-logs", "s3_shares": wanted, **change}


def test_more_shares_than_a_policy_has_room_for() -> None:
    """Amazon S3 user guide, "Bucket policies": 20 KB."""
    assert sharing_problems(lender(8)) == []
    (found,) = sharing_problems(lender(30))
    assert (found["variable"], found["value"]) == ("s3_shares", "30 shares")
    assert "20480 bytes" in found["reason"]
    assert "fewer shares" in found["accepted"]


@pytest.mark.parametrize("variable", ["logs_archive_prefix", "logs_archive_error_prefix", "alb_access_logs_prefix"])
def test_the_owner_itself_writes_in_no_share(variable: str) -> None:
    (found,) = sharing_problems(lender(1, **{variable: "customer0/own"}))
    assert (found["variable"], found["value"]) == ("s3_shares", "customer0/")
    assert "the owner itself uses it" in found["reason"]
