"""Reads a stack's network back by its tags, in the option names of the modules that manage it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK, from_aws

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api


def _entry(kind: str, identifier: str, tags: list[dict[str, str]] | None, **state: Any) -> dict[str, Any]:
    named = from_aws(tags)
    return {
        "type": kind,
        "id": identifier,
        "component": named.get(COMPONENT),
        "stack": named.get(STACK),
        **state,
        "tags": named,
    }


def flat_rules(permissions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """IpPermissions as one flat dict a source or destination: protocol, ports, peer, description."""
    peers = (
        ("IpRanges", "CidrIp", "cidr_ip"),
        ("Ipv6Ranges", "CidrIpv6", "cidr_ipv6"),
        ("PrefixListIds", "PrefixListId", "ip_prefix"),
        ("UserIdGroupPairs", "GroupId", "group_id"),
    )
    return [
        {
            "proto": "all" if permission["IpProtocol"] == "-1" else permission["IpProtocol"],
            "from_port": permission.get("FromPort"),
            "to_port": permission.get("ToPort"),
            option: peer[key],
            "rule_desc": peer.get("Description", ""),
        }
        for permission in permissions
        for group, key, option in peers
        for peer in permission.get(group, [])
    ]


def _route(route: dict[str, Any]) -> dict[str, Any]:
    target = next((route[key] for key in ("GatewayId", "NatGatewayId", "NetworkInterfaceId") if route.get(key)), None)
    return {"dest": route["DestinationCidrBlock"], "gateway_id": target}


def _route_table(table: dict[str, Any]) -> dict[str, Any]:
    return _entry(
        "route_table",
        table["RouteTableId"],
        table.get("Tags"),
        vpc_id=table["VpcId"],
        subnets=[item["SubnetId"] for item in table["Associations"] if item.get("SubnetId")],
        # the VPC's own route and a gateway endpoint's are not this table's to manage
        routes=[
            _route(route)
            for route in table["Routes"]
            if route.get("DestinationCidrBlock") and route.get("GatewayId") != "local"
        ],
    )


def read(api: Api, stack: str) -> list[dict[str, Any]]:
    """Everything in the stack's VPC, also what has lost its tags: at most nine calls, whatever the stack's size."""
    on = "the network"
    ours = [{"Name": f"tag:{STACK}", "Values": [stack]}]
    gateways = [
        _entry(
            "internet_gateway",
            gateway["InternetGatewayId"],
            gateway.get("Tags"),
            vpc_id=next((item["VpcId"] for item in gateway["Attachments"]), None),
        )
        for gateway in api.pages("describe_internet_gateways", "InternetGateways", on=on, Filters=ours)
    ]
    vpcs = api.pages("describe_vpcs", "Vpcs", on=on, Filters=ours)
    if not vpcs:
        return gateways
    found = []
    for vpc in vpcs:
        dns = {}
        for option, attribute in (("dns_hostnames", "enableDnsHostnames"), ("dns_support", "enableDnsSupport")):
            answer = api.call("describe_vpc_attribute", on=on, VpcId=vpc["VpcId"], Attribute=attribute)
            dns[option] = answer[attribute[0].upper() + attribute[1:]]["Value"]
        cidrs = [item["CidrBlock"] for item in vpc["CidrBlockAssociationSet"]]
        name = from_aws(vpc.get("Tags")).get("Name")
        found.append(_entry("vpc", vpc["VpcId"], vpc.get("Tags"), name=name, cidr_block=cidrs, **dns))
    inside: dict[str, Any] = {"on": on, "Filters": [{"Name": "vpc-id", "Values": [vpc["VpcId"] for vpc in vpcs]}]}
    found += [
        _entry(
            "subnet",
            subnet["SubnetId"],
            subnet.get("Tags"),
            vpc_id=subnet["VpcId"],
            cidr=subnet["CidrBlock"],
            az=subnet["AvailabilityZone"],
            map_public=subnet["MapPublicIpOnLaunch"],
        )
        for subnet in api.pages("describe_subnets", "Subnets", **inside)
    ]
    found += [_route_table(table) for table in api.pages("describe_route_tables", "RouteTables", **inside)]
    found += [
        _entry(
            "security_group",
            group["GroupId"],
            group.get("Tags"),
            vpc_id=group["VpcId"],
            name=group["GroupName"],
            description=group["Description"],
            rules=flat_rules(group["IpPermissions"]),
            rules_egress=flat_rules(group["IpPermissionsEgress"]),
        )
        for group in api.pages("describe_security_groups", "SecurityGroups", **inside)
    ]
    found += [
        _entry(
            "nat_gateway",
            gateway["NatGatewayId"],
            gateway.get("Tags"),
            subnet_id=gateway["SubnetId"],
            state=gateway["State"],
            allocation_ids=[item["AllocationId"] for item in gateway["NatGatewayAddresses"] if "AllocationId" in item],
        )
        for gateway in api.pages("describe_nat_gateways", "NatGateways", **inside)
        if gateway["State"] in ("pending", "available")
    ]
    return gateways + found
