"""The plan of the subnets and its problems (NET-1..3)."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.cidrs import network_problems, subnet_plan
from hypothesis import given
from hypothesis import strategies as st

GOOD: dict[str, Any] = {
    "region": "ap-northeast-2",
    "vpc": "10.0.0.0/16",
    "zones": ["ap-northeast-2a", "ap-northeast-2c"],
    "public": ["10.0.1.0/24", "10.0.2.0/24"],
    "private": ["10.0.11.0/24", "10.0.12.0/24"],
}


def test_plan_of_the_record() -> None:
    plan = subnet_plan(GOOD["zones"], GOOD["public"], GOOD["private"])
    assert [(s["component"], s["availability_zone"], s["cidr_block"], s["public"]) for s in plan] == [
        ("subnet-public-a", "ap-northeast-2a", "10.0.1.0/24", True),
        ("subnet-public-c", "ap-northeast-2c", "10.0.2.0/24", True),
        ("subnet-private-a", "ap-northeast-2a", "10.0.11.0/24", False),
        ("subnet-private-c", "ap-northeast-2c", "10.0.12.0/24", False),
    ]


@pytest.mark.parametrize(("public", "private"), [(1, 2), (2, 1), (3, 2), (0, 2)])
def test_plan_needs_one_cidr_per_zone(public: int, private: int) -> None:
    cidrs = ["10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"]
    with pytest.raises(ValueError, match="2 availability zones"):
        subnet_plan(GOOD["zones"], cidrs[:public], cidrs[:private])


def test_the_record_has_no_problem() -> None:
    assert network_problems(**GOOD) == []


@pytest.mark.parametrize(
    ("change", "variable", "value", "reason"),
    [
        ({"vpc": "10.0.0.0"}, "vpc_cidr", "10.0.0.0", "not written in CIDR notation"),
        ({"vpc": "10.0.0.0/255.255.0.0"}, "vpc_cidr", "10.0.0.0/255.255.0.0", "not written in CIDR notation"),
        ({"vpc": "10.0.0.300/16"}, "vpc_cidr", "10.0.0.300/16", "300"),
        ({"vpc": "10.0.0.0/33"}, "vpc_cidr", "10.0.0.0/33", "33"),
        ({"vpc": "10.0.0.0/8"}, "vpc_cidr", "10.0.0.0/8", "cannot be a /8"),
        ({"vpc": "10.0.5.0/16"}, "vpc_cidr", "10.0.5.0/16", "host bits"),
        ({"public": ["10.0.1.5/24", "10.0.2.0/24"]}, "vpc_public_subnet_cidrs", "10.0.1.5/24", "host bits"),
        ({"public": ["10.0.1.0/29", "10.0.2.0/24"]}, "vpc_public_subnet_cidrs", "10.0.1.0/29", "cannot be a /29"),
        ({"public": ["10.1.1.0/24", "10.0.2.0/24"]}, "vpc_public_subnet_cidrs", "10.1.1.0/24", "outside the VPC"),
        (
            {"private": ["10.0.2.0/25", "10.0.12.0/24"]},
            "vpc_private_subnet_cidrs",
            "10.0.2.0/25",
            "overlaps 10.0.2.0/24 of vpc_public_subnet_cidrs",
        ),
        ({"public": ["10.0.1.0/24"]}, "vpc_public_subnet_cidrs", ["10.0.1.0/24"], "1 CIDRs for 2 availability zones"),
        (
            {"zones": ["ap-northeast-2a"], "public": ["10.0.1.0/24"], "private": ["10.0.11.0/24"]},
            "vpc_availability_zones",
            ["ap-northeast-2a"],
            "two zones",
        ),
        (
            {"zones": ["ap-northeast-2a", "us-east-1c"]},
            "vpc_availability_zones",
            "us-east-1c",
            "no availability zone of the region ap-northeast-2",
        ),
        (
            {"zones": ["ap-northeast-2", "ap-northeast-2a"]},
            "vpc_availability_zones",
            "ap-northeast-2",
            "no availability zone",
        ),
    ],
)
def test_one_problem(change: dict[str, Any], variable: str, value: Any, reason: str) -> None:
    (found,) = network_problems(**{**GOOD, **change})
    assert (found["variable"], found["value"]) == (variable, value)
    assert reason in found["reason"]
    assert found["accepted"]


def test_a_zone_named_twice_is_no_second_zone() -> None:
    found = network_problems(**{**GOOD, "zones": ["ap-northeast-2a", "ap-northeast-2a"]})
    assert [item["reason"] for item in found] == [
        "the load balancer and the database need subnets in two zones",
        "the zone is named twice",
    ]


@given(st.lists(st.tuples(st.integers(0, 2**16 - 1), st.integers(16, 28)), min_size=4, max_size=4))
def test_overlaps_are_found_in_both_tiers(places: list[tuple[int, int]]) -> None:
    cidrs = [IPv4Network((f"10.0.{place >> 8}.{place & 255}", size), strict=False) for place, size in places]
    texts = [str(cidr) for cidr in cidrs]
    found = network_problems(**{**GOOD, "public": texts[:2], "private": texts[2:]})
    pairs = [(i, j) for j in range(4) for i in range(j) if set_of(cidrs[i]) & set_of(cidrs[j])]
    assert len([item for item in found if "overlaps" in item["reason"]]) == len(pairs)


def set_of(network: IPv4Network) -> set[int]:
    """The network's /28 blocks."""
    return set(range(int(network[0]) >> 4, (int(network[-1]) >> 4) + 1))
