"""NAT gateways and VPC endpoints: changes that reach the route tables, deletion without traces."""

from __future__ import annotations

import json
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.responses import EC2Response

from lab.corrections.override import override


@override(EC2Backend, "create_nat_gateway")
def _create_nat_gateway(
    original: Any,
    self: EC2Backend,
    subnet_id: str,
    allocation_id: str | None,
    tags: Any = None,
    connectivity_type: str | None = None,
) -> NatGateway:
    """CreateNatGateway: ConnectivityType is public unless given, and a public gateway needs an address.

    What is refused leaves nothing; moto makes the network interface before it looks for the address.
    """
    kind = connectivity_type or "public"
    if kind == "public" and not allocation_id:
        raise EC2ClientError("MissingParameter", "The request must contain the parameter AllocationId")
    self.get_subnet(subnet_id)
    if allocation_id:
        self.address_by_allocation([allocation_id])
    gateway: NatGateway = original(self, subnet_id, allocation_id, tags, kind)
    return gateway


@override(EC2Backend, "delete_nat_gateway")
def _delete_nat_gateway(original: Any, self: EC2Backend, nat_gateway_id: str) -> NatGateway:
    """DeleteNatGateway: NatGatewayNotFound; the address is disassociated, not released; the interface goes."""
    gateway = self.nat_gateways.get(nat_gateway_id)
    if gateway is None:
        raise EC2ClientError("NatGatewayNotFound", f"The Nat Gateway {nat_gateway_id} was not found")
    for address in self.addresses:
        if address.eni is gateway._eni:
            self.disassociate_address(association_id=address.association_id)
    self.enis.pop(gateway._eni.id, None)
    deleted: NatGateway = original(self, nat_gateway_id)
    return deleted


@override(EC2Response, "release_address")
def _release_address(original: Any, self: EC2Response) -> ActionResult:
    """ReleaseAddress: InvalidIPAddress.InUse while the address is associated."""
    allocation = self._get_param("AllocationId")
    for address in self.ec2_backend.addresses:
        if allocation and address.allocation_id == allocation and address.association_id:
            raise EC2ClientError("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")
    result: ActionResult = original(self)
    return result


def _prefix_list(backend: EC2Backend, service_name: str) -> Any:
    lists = backend.managed_prefix_lists.values()
    return next((found for found in lists if found.prefix_list_name == service_name), None)


def _check_private_dns(backend: EC2Backend, vpc_id: str) -> None:
    """CreateVpcEndpoint, PrivateDnsEnabled: both DNS attributes of the VPC must be on."""
    vpc = backend.get_vpc(vpc_id)
    if not all(str(value).lower() == "true" for value in (vpc.enable_dns_support, vpc.enable_dns_hostnames)):
        raise EC2ClientError(
            "InvalidParameter",
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true "
            f"for {vpc_id}",
        )


def _check_routes(backend: EC2Backend, route_table_ids: list[str], service_name: str) -> None:
    """One gateway endpoint of a service in a route table: a second is refused with RouteAlreadyExists."""
    for endpoint in backend.vpc_end_points.values():
        shared = set(endpoint.route_table_ids or []) & set(route_table_ids)
        if endpoint.service_name == service_name and shared:
            raise EC2ClientError(
                "RouteAlreadyExists", f"route table {min(shared)} already has a route to {service_name}"
            )


@override(EC2Backend, "create_vpc_endpoint")
def _create_vpc_endpoint(original: Any, self: EC2Backend, **options: Any) -> VPCEndPoint:
    """CreateVpcEndpoint: type Gateway unless given, known gateway services, default group, private DNS."""
    options["endpoint_type"] = options.get("endpoint_type") or "Gateway"
    vpc = self.get_vpc(options["vpc_id"])
    if options["endpoint_type"] == "Gateway":
        if not _prefix_list(self, options["service_name"]):
            raise EC2ClientError(
                "InvalidServiceName", f"The Vpc Endpoint Service '{options['service_name']}' does not exist"
            )
        _check_routes(self, options["route_table_ids"], options["service_name"])
        options["private_dns_enabled"] = False
    elif options["endpoint_type"] == "Interface":
        if options.get("private_dns_enabled"):
            _check_private_dns(self, vpc.id)
        default = self.get_default_security_group(vpc.id)
        if not options.get("security_group_ids") and default:
            options["security_group_ids"] = [default.id]
    endpoint: VPCEndPoint = original(self, **options)
    return endpoint


@override(EC2Response, "modify_vpc_endpoint")
def _modify_vpc_endpoint_response(original: Any, self: EC2Response) -> ActionResult:
    """ModifyVpcEndpoint, PrivateDnsEnabled and ResetPolicy: moto reads neither."""
    endpoint = self.ec2_backend.describe_vpc_endpoints([self._get_param("VpcEndpointId")])[0]
    private_dns = self._get_bool_param("PrivateDnsEnabled")
    if private_dns is not None:
        if endpoint.vpc_endpoint_type != "Interface":
            raise EC2ClientError("InvalidParameter", "Private DNS is for interface endpoints only.")
        if private_dns:
            _check_private_dns(self.ec2_backend, endpoint.vpc_id)
    result: ActionResult = original(self)
    if private_dns is not None:
        endpoint.private_dns_enabled = private_dns
    if self._get_bool_param("ResetPolicy"):
        endpoint.policy_document = json.dumps(VPCEndPoint.DEFAULT_POLICY)
    return result


@override(EC2Backend, "modify_vpc_endpoint")
def _modify_vpc_endpoint(original: Any, self: EC2Backend, vpc_id: str, **options: Any) -> None:
    """ModifyVpcEndpoint: route tables gain and lose the prefix list's route, subnets their network interface."""
    endpoint = self.describe_vpc_endpoints([vpc_id])[0]
    for identifier in options.get("add_route_tables") or []:
        self.get_route_table(identifier)
    added = [name for name in options.get("add_route_tables") or [] if name not in endpoint.route_table_ids]
    _check_routes(self, added, endpoint.service_name)
    tables, subnets = list(endpoint.route_table_ids), list(endpoint.subnet_ids or [])
    original(self, vpc_id=vpc_id, **options)
    prefix_list = endpoint.destination_prefix_list_id
    for identifier in set(endpoint.route_table_ids) - set(tables):
        self.create_route(identifier, None, gateway_id=endpoint.id, destination_prefix_list_id=prefix_list)
    for identifier in set(tables) - set(endpoint.route_table_ids):
        self.delete_route(identifier, "", destination_prefix_list_id=prefix_list)
    for identifier in set(endpoint.subnet_ids or []) - set(subnets):
        endpoint.network_interface_ids.append(self.create_network_interface(self.get_subnet(identifier), []).id)
    for identifier in set(subnets) - set(endpoint.subnet_ids or []):
        for interface in list(endpoint.network_interface_ids):
            if _subnet(self, interface).id == identifier:
                endpoint.network_interface_ids.remove(interface)
                self.enis.pop(interface)


def _subnet(backend: EC2Backend, interface: str) -> Subnet:
    subnet: Subnet = backend.enis[interface].subnet
    return subnet


@override(EC2Backend, "delete_vpc_endpoints")
def _delete_vpc_endpoints(original: Any, self: EC2Backend, vpce_ids: list[str] | None = None) -> Any:
    """DeleteVpcEndpoints: a deleted endpoint is no longer described."""
    result = original(self, vpce_ids)
    for identifier in vpce_ids or []:
        self.vpc_end_points.pop(identifier, None)
    return result
