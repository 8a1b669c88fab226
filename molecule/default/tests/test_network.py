"""NET-1..8, read with boto3."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Aws = Callable[[str], Any]
Vpc = dict[str, Any]


def within(vpc: Vpc) -> dict[str, Any]:
    return {"Filters": [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]}


def tags(described: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in described["Tags"]}


@pytest.fixture
def subnets(aws: Aws, vpc: Vpc) -> dict[str, dict[str, Any]]:
    return {subnet["CidrBlock"]: subnet for subnet in aws("ec2").describe_subnets(**within(vpc))["Subnets"]}


@pytest.fixture
def route_tables(aws: Aws, vpc: Vpc) -> dict[str, dict[str, Any]]:
    """Route table by the subnet that is associated with it."""
    tables = aws("ec2").describe_route_tables(**within(vpc))["RouteTables"]
    return {
        association["SubnetId"]: table
        for table in tables
        for association in table["Associations"]
        if "SubnetId" in association
    }


@pytest.fixture
def groups(aws: Aws, vpc: Vpc) -> dict[str, dict[str, Any]]:
    return {group["GroupName"]: group for group in aws("ec2").describe_security_groups(**within(vpc))["SecurityGroups"]}


def default_route(table: dict[str, Any]) -> dict[str, Any]:
    routes = [route for route in table["Routes"] if route.get("DestinationCidrBlock") == "0.0.0.0/0"]
    assert len(routes) == 1
    return dict(routes[0])


def test_vpc(aws: Aws, vpc: Vpc, stack: str) -> None:
    """NET-1"""
    assert vpc["CidrBlock"] == "10.0.0.0/16"
    assert tags(vpc)["triflow:stack"] == stack
    ec2 = aws("ec2")
    support = ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute="enableDnsSupport")
    names = ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute="enableDnsHostnames")
    assert support["EnableDnsSupport"]["Value"]
    assert names["EnableDnsHostnames"]["Value"]


def test_subnets(subnets: dict[str, dict[str, Any]]) -> None:
    """NET-2, NET-3"""
    assert {cidr: subnet["AvailabilityZone"] for cidr, subnet in subnets.items()} == {
        "10.0.1.0/24": "ap-northeast-2a",
        "10.0.2.0/24": "ap-northeast-2c",
        "10.0.11.0/24": "ap-northeast-2a",
        "10.0.12.0/24": "ap-northeast-2c",
    }
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets.values())


def test_public_subnets_reach_the_internet(
    aws: Aws, vpc: Vpc, subnets: dict[str, dict[str, Any]], route_tables: dict[str, dict[str, Any]]
) -> None:
    """NET-2"""
    gateways = aws("ec2").describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc["VpcId"]]}])[
        "InternetGateways"
    ]
    assert len(gateways) == 1
    for cidr in ("10.0.1.0/24", "10.0.2.0/24"):
        route = default_route(route_tables[subnets[cidr]["SubnetId"]])
        assert route["GatewayId"] == gateways[0]["InternetGatewayId"]


def test_one_nat_gateway_in_the_first_zone(
    aws: Aws, vpc: Vpc, subnets: dict[str, dict[str, Any]], route_tables: dict[str, dict[str, Any]]
) -> None:
    """NET-4"""
    gateways = aws("ec2").describe_nat_gateways(**within(vpc))["NatGateways"]
    assert [gateway["State"] for gateway in gateways] == ["available"]
    assert gateways[0]["SubnetId"] == subnets["10.0.1.0/24"]["SubnetId"]
    for cidr in ("10.0.11.0/24", "10.0.12.0/24"):
        route = default_route(route_tables[subnets[cidr]["SubnetId"]])
        assert route["NatGatewayId"] == gateways[0]["NatGatewayId"]


def test_addresses_are_all_in_use(aws: Aws) -> None:
    """NET-4: nothing is paid for that nobody uses."""
    addresses = aws("ec2").describe_addresses()["Addresses"]
    assert len(addresses) == 1
    assert addresses[0].get("AssociationId") or addresses[0].get("NetworkInterfaceId")


def test_s3_endpoint_on_the_private_route_tables(
    aws: Aws, vpc: Vpc, subnets: dict[str, dict[str, Any]], route_tables: dict[str, dict[str, Any]]
) -> None:
    """NET-5"""
    endpoints = aws("ec2").describe_vpc_endpoints(**within(vpc))["VpcEndpoints"]
    assert [(endpoint["ServiceName"], endpoint["VpcEndpointType"]) for endpoint in endpoints] == [
        ("com.amazonaws.ap-northeast-2.s3", "Gateway")
    ]
    private = {route_tables[subnets[cidr]["SubnetId"]]["RouteTableId"] for cidr in ("10.0.11.0/24", "10.0.12.0/24")}
    assert set(endpoints[0]["RouteTableIds"]) == private
    assert len(private) == 2
    through = {
        resource for part in json.loads(endpoints[0]["PolicyDocument"])["Statement"] for resource in part["Resource"]
    }
    assert {"arn:aws:s3:::triflow-ai-lab/*", "arn:aws:s3:::prod-ap-northeast-2-starport-layer-bucket/*"} < through
    assert not any(resource.startswith(("*", "arn:aws:s3:::*")) for resource in through)


def rules(permissions: list[dict[str, Any]]) -> set[tuple[str, int, int, str]]:
    """Each rule as protocol, first and last port, and its one source or destination."""
    found = set()
    for permission in permissions:
        peers = [item["CidrIp"] for item in permission["IpRanges"]]
        peers += [item["GroupId"] for item in permission["UserIdGroupPairs"]]
        peers += [item["CidrIpv6"] for item in permission["Ipv6Ranges"]]
        peers += [item["PrefixListId"] for item in permission["PrefixListIds"]]
        for peer in peers:
            found.add((permission["IpProtocol"], permission.get("FromPort", -1), permission.get("ToPort", -1), peer))
    return found


def test_security_groups_hold_exactly_these_rules(groups: dict[str, dict[str, Any]], stack: str) -> None:
    """NET-6, NET-7, NET-8, DB-13"""
    identifiers = {name: groups[f"{stack}-{name}"]["GroupId"] for name in ("alb", "ecs", "rds")}
    ingress = {name: rules(groups[f"{stack}-{name}"]["IpPermissions"]) for name in identifiers}
    egress = {name: rules(groups[f"{stack}-{name}"]["IpPermissionsEgress"]) for name in identifiers}
    assert ingress == {
        "alb": {("tcp", 80, 80, "0.0.0.0/0"), ("tcp", 443, 443, "0.0.0.0/0")},
        "ecs": {("tcp", 8000, 8000, identifiers["alb"])},
        "rds": {("tcp", 5432, 5432, identifiers["ecs"])},
    }
    assert egress == {
        "alb": {("tcp", 8000, 8000, identifiers["ecs"])},
        "ecs": {("tcp", 5432, 5432, identifiers["rds"]), ("tcp", 443, 443, "0.0.0.0/0")},
        "rds": set(),
    }


def test_default_security_group_is_closed(groups: dict[str, dict[str, Any]]) -> None:
    assert groups["default"]["IpPermissions"] == []
    assert groups["default"]["IpPermissionsEgress"] == []
    assert len(groups) == 4
