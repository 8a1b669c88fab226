"""The network's address ranges and ports."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.test_checks import assert_one_problem, problems


@pytest.mark.parametrize(
    ("variable", "value", "reason", "accepted"),
    [
        ("vpc_cidr", "10.0.0.0/8", "cannot be a /8", "/16 to /28"),
        ("vpc_wait_timeout", 0, "waited for", "1 to 86400 seconds"),
        ("security_groups_container_port", 0, "no TCP port", "1 to 65535"),
        ("security_groups_load_balancer_ports", [80, 65536], "no TCP port", "1 to 65535"),
    ],
)
def test_one_wrong_value_is_one_problem(variable: str, value: Any, reason: str, accepted: str) -> None:
    assert_one_problem(variable, value, reason, accepted)


@pytest.mark.parametrize(
    ("endpoints", "missing"),
    [
        ({}, "ecr.api, ecr.dkr, logs"),
        ({"vpc_interface_endpoints": True, "vpc_interface_endpoint_services": ["ecr.api", "logs"]}, "ecr.dkr"),
        (
            {
                "vpc_interface_endpoints": True,
                "vpc_interface_endpoint_services": ["ecr.api", "ecr.dkr", "logs"],
                "ecs_secrets": {"KEY": "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:key-AbCdEf"},
            },
            "secretsmanager",
        ),
    ],
)
def test_tasks_without_a_way_to_their_image(endpoints: dict[str, Any], missing: str) -> None:
    (found,) = problems(vpc_nat_gateways="none", **endpoints)
    assert (found["variable"], found["value"]) == ("vpc_nat_gateways", "none")
    assert missing in found["reason"]


ENDPOINTS = {"vpc_interface_endpoints": True, "vpc_interface_endpoint_services": ["ecr.api", "ecr.dkr", "logs"]}


def test_an_image_from_elsewhere_needs_a_nat_gateway() -> None:
    assert problems(vpc_nat_gateways="none", **ENDPOINTS) == []
    (found,) = problems(vpc_nat_gateways="none", ecs_image="ghcr.io/triflow/backend:1", **ENDPOINTS)
    assert (found["variable"], found["value"]) == ("vpc_nat_gateways", "none")
    assert "ghcr.io/triflow/backend:1" in found["reason"]


def test_endpoints_in_another_stack_s_vpc_are_that_stack_s() -> None:
    assert problems(vpc_nat_gateways="none", vpc_owner="triflow-nonprod") == []


@pytest.mark.parametrize("name", ["s3://reports", "arn:aws:s3:::reports", "Reports", "*", "triflow-*", "a", ""])
def test_further_buckets_are_named_by_their_names(name: str) -> None:
    assert_one_problem("vpc_s3_endpoint_buckets", ["triflow-reports", name], "no bucket's name", "without s3://")


def test_further_buckets_that_are_taken() -> None:
    assert problems(vpc_s3_endpoint_buckets=["triflow-reports", "old.dotted.name"]) == []


@pytest.mark.parametrize(
    ("variable", "value", "reason", "accepted"),
    [
        (
            "vpc_interface_endpoint_services",
            ["com.amazonaws.ap-northeast-2.ecr.api"],
            "no short name",
            "did you mean ecr.api?",
        ),
        ("vpc_interface_endpoint_services", ["logs", "logs"], "there twice", "once"),
        ("security_groups_load_balancer_ports", [443, 443], "there twice", "once"),
    ],
)
def test_lists_that_aws_refuses(variable: str, value: Any, reason: str, accepted: str) -> None:
    assert_one_problem(variable, value, reason, accepted)


@pytest.mark.parametrize("start", ["127.0", "169.254", "224.0", "0.0"])
def test_a_range_that_no_vpc_has(start: str) -> None:
    found = problems(
        vpc_cidr=f"{start}.0.0/16",
        vpc_public_subnet_cidrs=[f"{start}.1.0/24", f"{start}.2.0/24"],
        vpc_private_subnet_cidrs=[f"{start}.11.0/24", f"{start}.12.0/24"],
    )
    assert {"vpc_cidr", "vpc_public_subnet_cidrs"} <= {item["variable"] for item in found}
    assert "AWS takes no such range" in found[0]["reason"]
