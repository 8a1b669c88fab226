"""Subnets in a VPC that other stacks use too (ENV-1)."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.shared_vpc import (
    fixed_problems,
    missing_problems,
    range_problems,
)

DEV, NONPROD = "triflow-dev", "triflow-nonprod"
VPCS = [{"VpcId": "vpc-1", "CidrBlockAssociationSet": [{"CidrBlock": "10.2.0.0/16"}]}]


def subnet(identifier: str, cidr: str, stack: str | None) -> dict[str, Any]:
    tags = [{"Key": "triflow:stack", "Value": stack}] if stack else []
    return {"SubnetId": identifier, "VpcId": "vpc-1", "CidrBlock": cidr, "Tags": tags}


SUBNETS = [
    subnet("subnet-1", "10.2.1.0/24", NONPROD),
    subnet("subnet-2", "10.2.101.0/24", DEV),
    subnet("subnet-3", "10.2.150.0/24", None),
    subnet("subnet-4", "10.2.200.0/24", "triflow-test"),
]


def problems(cidr: str, stack: str = DEV, vpc: str = "10.2.0.0/16") -> list[Any]:
    return range_problems(stack, NONPROD, vpc, {"vpc_public_subnet_cidrs": [cidr]}, VPCS, SUBNETS)


@pytest.mark.parametrize("cidr", ["10.2.101.0/24", "10.2.102.0/24", "10.2.101.0/25", "10.2.150.0/24"])
def test_free_ranges_and_the_stack_s_own(cidr: str) -> None:
    assert problems(cidr) == []


@pytest.mark.parametrize(
    ("cidr", "stack", "other", "whose"),
    [
        ("10.2.1.0/24", DEV, "10.2.1.0/24 of subnet-1", "the stack triflow-nonprod's"),
        ("10.2.1.128/25", DEV, "10.2.1.0/24 of subnet-1", "the stack triflow-nonprod's"),
        ("10.2.192.0/20", DEV, "10.2.200.0/24 of subnet-4", "the stack triflow-test's"),
        ("10.2.150.0/25", DEV, "10.2.150.0/24 of subnet-3", "nobody's"),
        ("10.2.101.0/24", NONPROD, "10.2.101.0/24 of subnet-2", "the stack triflow-dev's"),
    ],
)
def test_range_that_another_subnet_has(cidr: str, stack: str, other: str, whose: str) -> None:
    (found,) = problems(cidr, stack)
    assert (found["variable"], found["value"]) == ("vpc_public_subnet_cidrs", cidr)
    assert other in found["reason"]
    assert whose in found["reason"]
    assert "vpc-1" in found["accepted"]


def test_vpc_of_another_range() -> None:
    (found,) = problems("10.3.1.0/24", vpc="10.3.0.0/16")
    assert (found["variable"], found["value"], found["accepted"]) == ("vpc_cidr", "10.3.0.0/16", "10.2.0.0/16")
    # Its own VPC's range is the role's to compare.
    assert problems("10.3.1.0/24", stack=NONPROD, vpc="10.3.0.0/16") == []


def test_missing_vpc() -> None:
    assert missing_problems(DEV, NONPROD, VPCS) == []
    assert missing_problems(NONPROD, NONPROD, []) == []
    (found,) = missing_problems(DEV, NONPROD, [])
    assert (found["variable"], found["value"]) == ("vpc_owner", NONPROD)
    assert "inventory of triflow-nonprod" in found["accepted"]


ZONES = ["ap-northeast-2a", "ap-northeast-2c"]
STANDING = [
    {**subnet("subnet-1", "10.2.1.0/24", DEV), "AvailabilityZone": ZONES[0]},
    {**subnet("subnet-2", "10.2.2.0/24", DEV), "AvailabilityZone": ZONES[1]},
    {**subnet("subnet-3", "10.2.150.0/24", None), "AvailabilityZone": ZONES[0]},
]
for number, zone in enumerate("ac"):
    STANDING[number]["Tags"].append({"Key": "triflow:component", "Value": f"subnet-public-{zone}"})


@pytest.mark.parametrize(
    ("zones", "ranges", "refused"),
    [
        (ZONES, ["10.2.1.0/24", "10.2.2.0/24"], []),
        (ZONES, ["10.2.1.0/24", "10.2.3.0/24"], ["10.2.3.0/24"]),
        (ZONES, ["10.2.1.0/24", "10.2.150.0/24"], ["10.2.150.0/24"] * 2),  # another range, and in another zone
        ([*ZONES, "ap-northeast-2b"], ["10.2.1.0/24", "10.2.2.0/24", "10.2.3.0/24"], []),
        ([ZONES[0], "ap-northeast-2b"], ["10.2.1.0/24", "10.2.2.0/24"], ["10.2.2.0/24"]),
        (ZONES[::-1], ["10.2.2.0/24", "10.2.1.0/24"], []),
    ],
)
def test_what_aws_does_not_change_of_a_subnet(zones: list[str], ranges: list[str], refused: list[str]) -> None:
    wanted = {"vpc_public_subnet_cidrs": ranges}
    found = fixed_problems(DEV, "10.2.0.0/16", zones, wanted, VPCS, STANDING)
    assert [problem["value"] for problem in found] == refused
    assert {problem["variable"] for problem in found} <= {"vpc_public_subnet_cidrs"}


@pytest.mark.parametrize(
    ("owner", "cidr", "refused"), [(DEV, "10.2.0.0/16", 0), (DEV, "10.9.0.0/16", 1), (NONPROD, "10.9.0.0/16", 0)]
)
def test_the_range_of_the_stack_s_own_vpc(owner: str, cidr: str, refused: int) -> None:
    vpcs = [{**VPCS[0], "CidrBlock": "10.2.0.0/16", "Tags": [{"Key": "triflow:stack", "Value": owner}]}]
    found = fixed_problems(DEV, cidr, [], {}, vpcs, [])
    assert [problem["accepted"] for problem in found] == ["10.2.0.0/16"] * refused
