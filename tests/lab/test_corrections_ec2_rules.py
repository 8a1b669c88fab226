"""Rules of security groups as the lab's corrections restore them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.conftest import Account, refused

DIRECTIONS = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}


def group(account: Account, vpc: str, name: str = "one") -> str:
    identifier: str = account.ec2.create_security_group(VpcId=vpc, GroupName=name, Description=name)["GroupId"]
    return identifier


def permission(peer: dict[str, Any]) -> dict[str, Any]:
    kind = "IpRanges" if "CidrIp" in peer else "UserIdGroupPairs"
    return {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, kind: [peer]}


def call(account: Account, operation: str, direction: str, identifier: str, peer: dict[str, Any]) -> None:
    """An operation such as authorize_security_group on one rule."""
    change = getattr(account.ec2, f"{operation}_{direction}")
    change(GroupId=identifier, IpPermissions=[permission(peer)])


def descriptions(account: Account, direction: str, identifier: str) -> list[str | None]:
    described = account.ec2.describe_security_groups(GroupIds=[identifier])["SecurityGroups"][0]
    return [
        peer.get("Description")
        for item in described[DIRECTIONS[direction]]
        if item["IpProtocol"] == "tcp"
        for peer in [*item["IpRanges"], *item["UserIdGroupPairs"]]
    ]


def test_a_group_in_a_vpc_that_is_not_there_is_refused(account: Account) -> None:
    with refused("InvalidVpcID.NotFound"):
        account.ec2.create_security_group(GroupName="one", Description="one", VpcId="vpc-0a1b2c3d4e5f60718")


def test_default_group_lets_in_what_comes_from_itself(account: Account) -> None:
    """Amazon VPC user guide, Default security groups."""
    inside = [{"Name": "vpc-id", "Values": [account.vpc()]}]
    (default,) = account.ec2.describe_security_groups(Filters=inside)["SecurityGroups"]
    (rule,) = default["IpPermissions"]
    assert rule["IpProtocol"] == "-1"
    assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [default["GroupId"]]
    assert rule["IpRanges"] == []


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("kind", ["CidrIp", "GroupId"])
def test_description_is_no_part_of_a_rule(account: Account, direction: str, kind: str) -> None:
    """EC2 API reference, RevokeSecurityGroupIngress and UpdateSecurityGroupRuleDescriptionsIngress."""
    vpc = account.vpc()
    identifier = group(account, vpc)
    peer = {kind: "10.0.0.0/16" if kind == "CidrIp" else group(account, vpc, "two")}
    call(account, "authorize_security_group", direction, identifier, {**peer, "Description": "before"})
    with refused("InvalidPermission.Duplicate"):
        call(account, "authorize_security_group", direction, identifier, {**peer, "Description": "second"})
    update = "update_security_group_rule_descriptions"
    call(account, update, direction, identifier, {**peer, "Description": "after"})
    assert descriptions(account, direction, identifier) == ["after"]
    call(account, update, direction, identifier, peer)
    assert descriptions(account, direction, identifier) == [None]
    call(account, update, direction, identifier, {**peer, "Description": "again"})
    call(account, "revoke_security_group", direction, identifier, peer)
    assert descriptions(account, direction, identifier) == []


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("kind", ["CidrIp", "GroupId"])
def test_rules_are_described_with_their_descriptions(account: Account, direction: str, kind: str) -> None:
    """EC2 API reference, SecurityGroupRule: Description is the rule's, whatever its peer is."""
    vpc = account.vpc()
    identifier = group(account, vpc)
    peer = {kind: "10.0.0.0/16" if kind == "CidrIp" else group(account, vpc, "two")}

    def described() -> list[Any]:
        inside = [{"Name": "group-id", "Values": [identifier]}]
        rules = account.ec2.describe_security_group_rules(Filters=inside)["SecurityGroupRules"]
        return [rule.get("Description") for rule in rules if rule["IpProtocol"] == "tcp"]

    call(account, "authorize_security_group", direction, identifier, {**peer, "Description": "why"})
    assert described() == ["why"]
    call(account, "update_security_group_rule_descriptions", direction, identifier, peer)
    assert described() == [None]
