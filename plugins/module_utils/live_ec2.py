"""Reads a stack's network back by its tags, in the option names of the modules that manage it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils import held
from ansible_collections.triflow.platform.plugins.module_utils.statuses import alive
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


def read(api: Api, owner: str) -> list[dict[str, Any]]:
    """Everything in the VPC of the stack ``owner``, also what is another stack's or has lost its tags.

    Seven calls, whatever its size, and some more for what is there twice, which then says what it ``holds``.
    """
    on = "the network"
    ours = [{"Name": f"tag:{STACK}", "Values": [owner]}]
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
        held.mark(api, gateways, (owner,))
        return gateways
    found = []
    for vpc in vpcs:
        dns = {}
        for option, attribute in (("dns_hostnames", "enableDnsHostnames"), ("dns_support", "enableDnsSupport")):
            gone = ("InvalidVpcID.NotFound",)  # one that was left over, and is listed a while longer
            answer = api.call("describe_vpc_attribute", on=on, absent=gone, VpcId=vpc["VpcId"], Attribute=attribute)
            dns[option] = answer.get(attribute[0].upper() + attribute[1:], {}).get("Value")
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
    found += [
        _entry("security_group", group["GroupId"], group.get("Tags"))
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
        if alive("NAT gateway", gateway["State"])
    ]
    held.mark(api, gateways + found, (owner, api.module.params["stack"]))
    return gateways + found
