"""Rules of security groups in their flat form, from the API and to it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import security_group_rules as rules

COMPONENTS = {"sg-1": "security-group-alb"}
IDS = {"security-group-alb": "sg-1"}
ALB = {"proto": "tcp", "from_port": 80, "to_port": 80, "group": "security-group-alb", "description": "Clients"}
ANYWHERE = {"proto": "tcp", "from_port": 443, "to_port": 443, "cidr_ip": "0.0.0.0/0", "description": ""}
ALB_PERMISSION = {
    "IpProtocol": "tcp",
    "FromPort": 80,
    "ToPort": 80,
    "UserIdGroupPairs": [{"GroupId": "sg-1", "Description": "Clients"}],
}
ANYWHERE_PERMISSION = {
    "IpProtocol": "tcp",
    "FromPort": 443,
    "ToPort": 443,
    "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
}
NOT_GIVEN: dict[str, Any] = {
    "proto": "tcp",
    **dict.fromkeys(("port", "from_port", "to_port", "cidr_ip", "group", "group_id")),
    "description": "",
}


def test_permissions_are_parted_into_one_peer_each() -> None:
    """AWS puts all peers of a protocol and its ports together."""
    together = {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "IpRanges": [{"CidrIp": "10.0.0.0/16"}, {"CidrIp": "10.1.0.0/16", "Description": "peer"}],
        "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
        "PrefixListIds": [{"PrefixListId": "pl-1"}],
        "UserIdGroupPairs": [{"GroupId": "sg-1", "UserId": "123456789012"}],
    }
    parted = rules.single([together])
    assert [set(item) for item in parted] == [
        {"IpProtocol", "FromPort", "ToPort", kind}
        for kind in ("IpRanges", "IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
    ]
    ports = {"proto": "tcp", "from_port": 443, "to_port": 443}
    assert [rules.flat(item, {}) for item in parted] == [
        {**ports, "cidr_ip": "10.0.0.0/16", "description": ""},
        {**ports, "cidr_ip": "10.1.0.0/16", "description": "peer"},
        {**ports, "cidr_ipv6": "::/0", "description": ""},
        {**ports, "prefix_list_id": "pl-1", "description": ""},
        {**ports, "group_id": "sg-1", "description": ""},
    ]


@pytest.mark.parametrize(
    ("permission", "flat"),
    [
        (ALB_PERMISSION, ALB),
        (ANYWHERE_PERMISSION, ANYWHERE),
        (
            {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
            {"proto": "all", "from_port": None, "to_port": None, "cidr_ip": "0.0.0.0/0", "description": ""},
        ),
    ],
)
def test_flat_rule_of_a_permission(permission: rules.Permission, flat: rules.Rule) -> None:
    assert rules.flat(permission, COMPONENTS) == flat


@pytest.mark.parametrize(("rule", "permission"), [(ALB, ALB_PERMISSION), (ANYWHERE, ANYWHERE_PERMISSION)])
def test_permission_of_a_flat_rule(rule: rules.Rule, permission: rules.Permission) -> None:
    assert rules.permission(rule, IDS) == permission


@pytest.mark.parametrize(
    ("given", "flat"),
    [
        ({"port": 80, "group": "security-group-alb", "description": "Clients"}, ALB),
        ({"port": 80, "group_id": "sg-1", "description": "Clients"}, ALB),
        ({"from_port": 443, "to_port": 443, "cidr_ip": "0.0.0.0/0"}, ANYWHERE),
        (
            {"from_port": 0, "to_port": 9, "group_id": "sg-2"},
            {"proto": "tcp", "from_port": 0, "to_port": 9, "group_id": "sg-2", "description": ""},
        ),
    ],
)
def test_flat_rule_of_the_options(given: dict[str, Any], flat: rules.Rule) -> None:
    assert rules.wanted({**NOT_GIVEN, **given}, COMPONENTS) == flat


def test_steps_touch_only_what_differs() -> None:
    foreign = {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    reworded = {**ALB, "description": "Browsers"}
    assert rules.steps([ALB_PERMISSION, foreign], [reworded, ANYWHERE], IDS) == rules.Steps(
        authorize=[ANYWHERE_PERMISSION],
        describe=[{**ALB_PERMISSION, "UserIdGroupPairs": [{"GroupId": "sg-1", "Description": "Browsers"}]}],
        revoke=[foreign],
    )
    assert rules.steps([ALB_PERMISSION], [ALB], IDS) == rules.Steps([], [], [])


def test_description_is_taken_away_by_leaving_it_out() -> None:
    """EC2 API reference, UpdateSecurityGroupRuleDescriptionsIngress."""
    (permission,) = rules.steps([ALB_PERMISSION], [{**ALB, "description": ""}], IDS).describe
    assert permission["UserIdGroupPairs"] == [{"GroupId": "sg-1"}]
