"""Ids of what a plan only announces."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.placeholders import component_id, make, within
from hypothesis import given
from hypothesis import strategies as st

SUBNET = make("subnet-", "subnet-public-a")


@pytest.mark.parametrize(
    ("prefix", "pattern"),
    [
        ("subnet-", r"subnet-0{8}[0-9a-f]{9}"),
        ("subnet", r"subnet-0{8}[0-9a-f]{9}"),
        ("arn:aws:iam::123456789012:role/", r"arn:aws:iam::123456789012:role/0{8}[0-9a-f]{9}"),
        ("", r"0{8}[0-9a-f]{9}"),
    ],
)
def test_placeholder_is_well_formed_and_recognized(prefix: str, pattern: str) -> None:
    placeholder = make(prefix, "some-component")
    assert re.fullmatch(pattern, placeholder)
    assert within(placeholder)


@given(st.text(), st.text())
def test_a_component_has_one_placeholder_of_its_own(one: str, other: str) -> None:
    assert (make("subnet-", one) == make("subnet-", other)) == (one == other)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (SUBNET, True),
        ([{"routes": ["x", ("y", SUBNET)]}], True),
        ({"subnet": SUBNET}, True),
        ("subnet-0a1b2c3d4e5f60718", False),
        (f"{SUBNET}0", False),  # longer than an id
        (f"x{SUBNET[7:]}", False),  # no prefix before the zeros
        ({SUBNET: "a key names nothing"}, False),
        (["", 0, None, True, {}], False),
    ],
)
def test_within(value: Any, found: bool) -> None:
    assert within(value) is found


@given(st.text(alphabet="0123456789abcdef", min_size=17, max_size=17).filter(lambda digits: digits[:8] != "0" * 8))
def test_no_id_of_aws_is_taken_for_a_placeholder(digits: str) -> None:
    assert not within(f"subnet-{digits}")


LIVE = [{"component": "subnet-public-a", "id": "subnet-0a1b2c3d4e5f60718", "stack": "triflow-prod"}]


@pytest.mark.parametrize(
    ("component", "check_mode", "identifier"),
    [
        ("subnet-public-a", False, "subnet-0a1b2c3d4e5f60718"),
        ("subnet-public-a", True, "subnet-0a1b2c3d4e5f60718"),
        ("subnet-public-c", True, make("subnet-", "subnet-public-c")),
        ("vpc", True, make("vpc-", "vpc")),
        ("nat-gateway-a", True, make("nat-", "nat-gateway-a")),
    ],
)
def test_component_id(component: str, check_mode: bool, identifier: str) -> None:
    assert component_id(component, {"live": LIVE, "check_mode": check_mode, "stack": "triflow-prod"}) == identifier


def test_missing_component_names_the_playbook_that_makes_it() -> None:
    with pytest.raises(LookupError, match=r"^subnet-public-c is not there: run playbooks/network.yml first$"):
        component_id("subnet-public-c", {"live": LIVE, "check_mode": False, "stack": "triflow-prod"})
