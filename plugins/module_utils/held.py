# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads what parts of a network hold, are used by or are pointed to by: asked only of what is there twice.

Each function takes ids of one kind and answers ``{id: ["4 subnets", "1 NAT gateway"]}``, [] for what is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.triflow.platform.plugins.module_utils.statuses import alive
from ansible_collections.triflow.platform.plugins.module_utils.twice import counted, several

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api

Holds = dict[str, list[str]]


class Part(NamedTuple):
    """A kind of thing that a VPC holds, and DeleteVpc refuses or leaves without its VPC."""

    noun: str
    operation: str
    key: str
    filter: str  # that takes VPC ids; nothing where EC2 has none
    vpcs: Callable[[dict[str, Any]], Iterable[str]]  # in which it is
    counts: Callable[[dict[str, Any]], bool]  # false for what every VPC has, and for what is gone


def _vpc(item: dict[str, Any]) -> list[str]:
    return [item["VpcId"]]


def _attached(item: dict[str, Any]) -> list[str]:
    return [attachment["VpcId"] for attachment in item["Attachments"]]


def _always(_item: dict[str, Any]) -> bool:
    return True


def _is_peering(item: dict[str, Any]) -> bool:
    return item["Status"]["Code"] in ("active", "pending-acceptance", "provisioning")


# Amazon VPC user guide, "Delete your VPC"; what every VPC has of its own goes with it.
VPC_PARTS = (
    Part("subnet", "describe_subnets", "Subnets", "vpc-id", _vpc, _always),
    Part(
        "internet gateway",
        "describe_internet_gateways",
        "InternetGateways",
        "attachment.vpc-id",
        _attached,
        _always,
    ),
    Part(
        "NAT gateway",
        "describe_nat_gateways",
        "NatGateways",
        "vpc-id",
        _vpc,
        lambda item: alive("NAT gateway", item["State"]),
    ),
    Part(
        "VPC endpoint",
        "describe_vpc_endpoints",
        "VpcEndpoints",
        "vpc-id",
        _vpc,
        lambda item: alive("VPC endpoint", item["State"].lower()),
    ),
    Part(
        "security group",
        "describe_security_groups",
        "SecurityGroups",
        "vpc-id",
        _vpc,
        lambda item: item["GroupName"] != "default",
    ),
    Part(
        "route table",
        "describe_route_tables",
        "RouteTables",
        "vpc-id",
        _vpc,
        lambda item: not any(association.get("Main") for association in item["Associations"]),
    ),
    Part("network ACL", "describe_network_acls", "NetworkAcls", "vpc-id", _vpc, lambda item: not item["IsDefault"]),
    Part("network interface", "describe_network_interfaces", "NetworkInterfaces", "vpc-id", _vpc, _always),
    Part(
        "egress-only internet gateway",
        "describe_egress_only_internet_gateways",
        "EgressOnlyInternetGateways",
        "",
        _attached,
        _always,
    ),
    Part(
        "virtual private gateway",
        "describe_vpn_gateways",
        "VpnGateways",
        "attachment.vpc-id",
        lambda item: [
            attachment["VpcId"]
            for attachment in item["VpcAttachments"]
            if attachment["State"] in ("attaching", "attached")
        ],
        _always,
    ),
    Part(
        "peering connection",
        "describe_vpc_peering_connections",
        "VpcPeeringConnections",
        "",
        lambda item: [item[side].get("VpcId", "") for side in ("RequesterVpcInfo", "AccepterVpcInfo")],
        _is_peering,
    ),
    Part("flow log", "describe_flow_logs", "FlowLogs", "resource-id", lambda item: [item["ResourceId"]], _always),
)
WITHOUT_PAGES = ("describe_addresses", "describe_vpn_gateways")


def _counts(ids: list[str], users: Iterable[tuple[str, str]]) -> Holds:
    """``users``: an id and the noun of what uses it."""
    listed = list(users)
    return {identifier: counted(noun for used, noun in listed if used == identifier) for identifier in ids}


def _list(ec2: Api, operation: str, key: str, name: str = "", values: list[str] | None = None) -> list[dict[str, Any]]:
    """All items, or those that a filter finds."""
    given: dict[str, Any] = {"Filters": [{"Name": name, "Values": values}]} if name else {}
    if operation in WITHOUT_PAGES:
        found: list[dict[str, Any]] = ec2.call(operation, on="what is there twice", **given)[key]
        return found
    return ec2.pages(operation, key, on="what is there twice", **given)


def of_vpcs(ec2: Api, ids: list[str]) -> Holds:
    def users() -> Iterable[tuple[str, str]]:
        for part in VPC_PARTS:
            for item in _list(ec2, part.operation, part.key, part.filter, ids):
                if part.counts(item):
                    yield from ((vpc, part.noun) for vpc in part.vpcs(item))

    return _counts(ids, users())


def of_subnets(ec2: Api, ids: list[str]) -> Holds:
    """Network interfaces, of which everything in a subnet has one, and what names the subnet."""

    def users() -> Iterable[tuple[str, str]]:
        for gateway in _list(ec2, "describe_nat_gateways", "NatGateways", "subnet-id", ids):
            if alive("NAT gateway", gateway["State"]):
                yield gateway["SubnetId"], "NAT gateway"
        for interface in _list(ec2, "describe_network_interfaces", "NetworkInterfaces", "subnet-id", ids):
            yield interface["SubnetId"], "network interface"
        groups = ec2.module.api("rds").pages("describe_db_subnet_groups", "DBSubnetGroups", on="the DB subnet groups")
        for group in groups:
            for subnet in group["Subnets"]:
                yield subnet["SubnetIdentifier"], "DB subnet group"

    return _counts(ids, users())


def of_internet_gateways(ec2: Api, ids: list[str]) -> Holds:
    found = _list(ec2, "describe_internet_gateways", "InternetGateways", "internet-gateway-id", ids)
    attached = {gateway["InternetGatewayId"]: _attached(gateway) for gateway in found}
    return {identifier: [f"attached to {vpc}" for vpc in attached.get(identifier, [])] for identifier in ids}


def of_nat_gateways(ec2: Api, ids: list[str]) -> Holds:
    tables = _list(ec2, "describe_route_tables", "RouteTables", "route.nat-gateway-id", ids)
    return _counts(ids, ((route.get("NatGatewayId", ""), "route") for table in tables for route in table["Routes"]))


def of_addresses(ec2: Api, ids: list[str], going: Iterable[str] = ()) -> Holds:
    """By what Elastic IP addresses are used, but for the NAT gateways in ``going``.

    A gateway that is being made has its address before that is associated.
    """
    users = {
        address["AllocationId"]: f"associated with {address.get('NetworkInterfaceId', 'an instance')}"
        for address in _list(ec2, "describe_addresses", "Addresses", "allocation-id", ids)
        if address.get("AssociationId")
    }
    for gateway in _list(ec2, "describe_nat_gateways", "NatGateways"):
        for address in gateway["NatGatewayAddresses"] if alive("NAT gateway", gateway["State"]) else ():
            users[address.get("AllocationId", "")] = (
                "" if gateway["NatGatewayId"] in going else f"used by {gateway['NatGatewayId']}"
            )
    return {identifier: [users[identifier]] if users.get(identifier) else [] for identifier in ids}


def of_route_tables(ec2: Api, ids: list[str]) -> Holds:
    """Their subnets and gateways, and the gateway endpoints that keep a route in them."""

    def users() -> Iterable[tuple[str, str]]:
        for table in _list(ec2, "describe_route_tables", "RouteTables", "route-table-id", ids):
            identifier = table["RouteTableId"]
            for association in table["Associations"]:
                noun = "VPC as its main table" if association.get("Main") else "subnet"
                yield identifier, noun if "GatewayId" not in association else "gateway"
            for route in table["Routes"]:
                if "DestinationPrefixListId" in route:
                    yield identifier, "route of a VPC endpoint"

    return _counts(ids, users())


def of_security_groups(ec2: Api, ids: list[str]) -> Holds:
    """Network interfaces that have them, and other groups whose rules name them."""

    def users() -> Iterable[tuple[str, str]]:
        for interface in _list(ec2, "describe_network_interfaces", "NetworkInterfaces", "group-id", ids):
            yield from ((group["GroupId"], "network interface") for group in interface["Groups"])
        for name in ("ip-permission.group-id", "egress.ip-permission.group-id"):
            for group in _list(ec2, "describe_security_groups", "SecurityGroups", name, ids):
                permissions = group["IpPermissions" if name.startswith("ip") else "IpPermissionsEgress"]
                named = {pair["GroupId"] for item in permissions for pair in item.get("UserIdGroupPairs", [])}
                yield from ((used, "group that names it") for used in named - {group["GroupId"]})

    return _counts(ids, users())


READERS: dict[str, Callable[[Api, list[str]], Holds]] = {  # by the type of an entry of stack_info's live
    "vpc": of_vpcs,
    "subnet": of_subnets,
    "internet_gateway": of_internet_gateways,
    "nat_gateway": of_nat_gateways,
    "security_group": of_security_groups,
}


def mark(ec2: Api, live: list[dict[str, Any]], stacks: Iterable[str]) -> None:
    """Give each entry that carries the same tags of these stacks as another its ``holds``. Else nothing is asked."""
    for entries in several(live, stacks):
        holds = READERS[entries[0]["type"]](ec2, [entry["id"] for entry in entries])
        for entry in entries:
            entry["holds"] = holds[entry["id"]]
