"""The filter component_id: the ID of what another role makes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.filter.component_id import FilterModule
from ansible_collections.triflow.platform.plugins.module_utils import placeholders

component_id = FilterModule().filters()["component_id"]
LIVE = [
    {"component": "subnet-private-c", "id": "subnet-0aaaaaaaaaaaaaaaa", "stack": "triflow-nonprod"},
    {"component": "subnet-private-a", "id": "subnet-0bbbbbbbbbbbbbbbb", "stack": "triflow-nonprod"},
    {"component": "subnet-private-c", "id": "subnet-0cccccccccccccccc", "stack": "triflow-dev"},
    {"component": "vpc", "id": "vpc-0a1b2c3d4e5f60718", "stack": "triflow-nonprod"},
]


def stack_info(check_mode: bool) -> dict[str, Any]:
    return {"live": LIVE, "check_mode": check_mode, "stack": "triflow-dev"}


@pytest.mark.parametrize("check_mode", [True, False])
def test_live_component(check_mode: bool) -> None:
    assert component_id("subnet-private-c", stack_info(check_mode)) == "subnet-0cccccccccccccccc"


@pytest.mark.parametrize("check_mode", [True, False])
def test_live_component_of_the_stack_whose_vpc_it_is(check_mode: bool) -> None:
    """ENV-1"""
    assert component_id("vpc", stack_info(check_mode), "triflow-nonprod") == "vpc-0a1b2c3d4e5f60718"
    assert component_id("subnet-private-c", stack_info(check_mode), "triflow-nonprod") == "subnet-0aaaaaaaaaaaaaaaa"


def test_missing_component_of_another_stack_names_the_stack_too() -> None:
    says = r"nat-gateway-a of triflow-nonprod is not there: run .*network\.yml with the inventory of triflow-nonprod"
    with pytest.raises(AnsibleFilterError, match=says):
        component_id("nat-gateway-a", stack_info(check_mode=False), "triflow-nonprod")


def test_missing_component_of_a_plan_gets_a_placeholder() -> None:
    identifier = component_id("subnet-private-a", stack_info(check_mode=True))
    assert identifier.startswith("subnet-")
    assert placeholders.within(identifier)


def test_missing_component_of_a_run_names_the_playbook_that_makes_it() -> None:
    with pytest.raises(AnsibleFilterError, match=r"subnet-private-a is not there: run playbooks/network\.yml first"):
        component_id("subnet-private-a", stack_info(check_mode=False))


@pytest.mark.parametrize("check_mode", [True, False])
def test_of_two_the_one_in_use_is_meant_and_two_in_use_are_refused(check_mode: bool) -> None:
    second = {"component": "vpc", "id": "vpc-0b", "stack": "triflow-nonprod", "holds": []}
    live = [second, *LIVE[:-1], {**LIVE[-1], "holds": ["4 subnets"]}]
    info = {**stack_info(check_mode), "live": live}
    assert component_id("vpc", info, "triflow-nonprod") == "vpc-0a1b2c3d4e5f60718"
    used = {**info, "live": [{**second, "holds": ["1 subnet"]}, *live[1:]]}
    with pytest.raises(AnsibleFilterError, match="vpc of stack triflow-nonprod is there twice"):
        component_id("vpc", used, "triflow-nonprod")
    assert component_id("vpc", {**used, "read_only": True}, "triflow-nonprod") in ("vpc-0a1b2c3d4e5f60718", "vpc-0b")
