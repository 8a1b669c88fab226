"""EC2 tags: moto has names of its own for some resource types, ignores filters, and keeps the tags of what is gone."""

from __future__ import annotations

import re
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.nat_gateways import NatGateway, NatGatewayBackend
from moto.ec2.models.tags import TagBackend
from moto.ec2.responses import EC2Response
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, simple_aws_filter_to_re, tag_filter_matches

from lab.corrections.override import override

# DescribeTags, filter resource-type: AWS's names by prefix of the id.
EC2_PREFIX_TO_RESOURCE.update(
    {
        "eipalloc": "elastic-ip",
        "fl": "vpc-flow-log",
        "nat": "natgateway",
        "pl": "prefix-list",
        "sir": "spot-instances-request",
    }
)

# TagSpecifications: the only resource type that each call takes.
TAGGED_BY = {
    "allocate_address": "elastic-ip",
    "create_flow_logs": "vpc-flow-log",
    "create_internet_gateway": "internet-gateway",
    "create_nat_gateway": "natgateway",
    "create_route_table": "route-table",
    "create_security_group": "security-group",
    "create_subnet": "subnet",
    "create_vpc": "vpc",
    "create_vpc_endpoint": "vpc-endpoint",
}
# The parameter that names what a call deletes. A deleted NAT gateway stays visible for a while, with its tags.
DELETES = {
    "delete_flow_logs": "FlowLogIds",
    "delete_internet_gateway": "InternetGatewayId",
    "delete_route_table": "RouteTableId",
    "delete_security_group": "GroupId",
    "delete_subnet": "SubnetId",
    "delete_vpc": "VpcId",
    "delete_vpc_endpoints": "VpcEndpointIds",
    "release_address": "AllocationId",
}


def _checks_tag_specification(call: str, resource_type: str) -> None:
    @override(EC2Response, call)
    def checked(original: Any, self: EC2Response) -> ActionResult:
        """TagSpecifications, ResourceType: a type that the call does not make is refused."""
        for specification in self._get_param("TagSpecifications", []):
            given = specification.get("ResourceType")
            if given != resource_type:
                raise EC2ClientError(
                    "InvalidParameterValue", f"'{given}' is not a valid taggable resource type for this operation."
                )
        result: ActionResult = original(self)
        return result


def _forgets_tags(call: str, parameter: str) -> None:
    @override(EC2Response, call)
    def forgetting(original: Any, self: EC2Response) -> ActionResult:
        """The tags of a deleted resource are gone from DescribeTags too."""
        result: ActionResult = original(self)
        given = self._get_param(parameter) or []
        for identifier in [given] if isinstance(given, str) else given:
            self.ec2_backend.tags.pop(identifier, None)
        return result


for name, kind in TAGGED_BY.items():
    _checks_tag_specification(name, kind)
for name, argument in DELETES.items():
    _forgets_tags(name, argument)


@override(TagBackend, "describe_tags")
def _describe_tags(original: Any, self: TagBackend, filters: dict[str, list[str]] | None = None) -> Any:
    """DescribeTags, filter tag:<key>: resources that have this key and value."""
    found: list[dict[str, str]] = original(self, filters)
    for name, values in (filters or {}).items():
        if name.startswith("tag:"):
            patterns = [re.compile(simple_aws_filter_to_re(value)) for value in values]
            found = [
                tag
                for tag in found
                if any(pattern.match(self.tags[tag["resource_id"]].get(name[4:], "")) for pattern in patterns)
            ]
    return found


@override(NatGatewayBackend, "describe_nat_gateways")
def _describe_nat_gateways(
    original: Any, self: NatGatewayBackend, filters: Any, nat_gateway_ids: list[str] | None
) -> list[NatGateway]:
    """DescribeNatGateways: filters tag:<key> and tag-key; NatGatewayNotFound for an unknown id."""
    for identifier in nat_gateway_ids or []:
        if identifier not in self.nat_gateways:
            raise EC2ClientError("NatGatewayNotFound", f"The Nat Gateway {identifier} was not found")
    found: list[NatGateway] = original(self, filters, nat_gateway_ids)
    for name, values in (filters or {}).items():
        if name.startswith("tag:") or name == "tag-key":
            found = [gateway for gateway in found if tag_filter_matches(gateway, name, values)]
    return found
