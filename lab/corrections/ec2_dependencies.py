"""Deletions in a VPC that AWS refuses with DependencyViolation while something depends on the resource.

User guide, Delete your VPC, and the references of the Delete calls. The checks stand before the API calls, because
moto's own DeleteVpc deletes the main route table and the default group by the calls that refuse them to a user.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import DependencyViolationError, EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.responses import EC2Response
from moto.elbv2.models import elbv2_backends
from moto.rds.models import rds_backends

from lab.corrections.override import override


def _load_balancers(backend: EC2Backend) -> list[Any]:
    return list(elbv2_backends[backend.account_id][backend.region_name].load_balancers.values())


def _databases(backend: EC2Backend) -> list[Any]:
    return list(rds_backends[backend.account_id][backend.region_name].databases.values())


def _used_subnets(backend: EC2Backend) -> Iterator[str]:
    """Subnets with a network interface: NAT gateways, endpoints, tasks, load balancers, database instances."""
    for interface in backend.enis.values():
        yield interface.subnet.id
    for balancer in _load_balancers(backend):
        yield from (subnet.id for subnet in balancer.subnets)
    for database in _databases(backend):
        group = getattr(database, "db_subnet_group", None)
        yield from (subnet.id for subnet in getattr(group, "_subnets", []))


def _used_groups(backend: EC2Backend, but: str) -> Iterator[str]:
    """Security groups in use by an interface, load balancer, endpoint, database or another group's rule."""
    for interface in backend.enis.values():
        yield from (group.id for group in interface.group_set)
    for balancer in _load_balancers(backend):
        yield from balancer.security_groups or []
    for endpoint in backend.vpc_end_points.values():
        yield from endpoint.security_group_ids
    for database in _databases(backend):
        yield from database.vpc_security_group_ids
    for groups in backend.groups.values():
        for group in groups.values():
            if group.id != but:
                for rule in [*group.ingress_rules, *group.egress_rules]:
                    yield (rule.source_group or {}).get("GroupId", "")


def _refuse(kind: str, identifier: str) -> None:
    raise DependencyViolationError(f"The {kind} '{identifier}' has dependencies and cannot be deleted.")


@override(EC2Response, "delete_vpc")
def _delete_vpc(original: Any, self: EC2Response) -> ActionResult:
    """DeleteVpc: attached gateways, groups other than the default one, endpoints."""
    identifier = self._get_param("VpcId")
    backend = self.ec2_backend
    attached = [
        gateway for gateway in backend.internet_gateways.values() if gateway.vpc and gateway.vpc.id == identifier
    ]
    groups = [group for group in backend.groups.get(identifier, {}).values() if not group.is_default]
    endpoints = [endpoint for endpoint in backend.vpc_end_points.values() if endpoint.vpc_id == identifier]
    if attached or groups or endpoints:
        _refuse("vpc", identifier)
    result: ActionResult = original(self)
    return result


@override(EC2Response, "delete_subnet")
def _delete_subnet(original: Any, self: EC2Response) -> ActionResult:
    """DeleteSubnet: network interfaces in it; its route table association goes with it."""
    identifier = self._get_param("SubnetId")
    if identifier in _used_subnets(self.ec2_backend):
        _refuse("subnet", identifier)
    result: ActionResult = original(self)
    for table in self.ec2_backend.route_tables.values():
        for association, subnet in list(table._associations.items()):
            if subnet == identifier:
                del table._associations[association]
    return result


@override(EC2Response, "detach_internet_gateway")
def _detach_internet_gateway(original: Any, self: EC2Response) -> ActionResult:
    """DetachInternetGateway: public addresses in the VPC, of a NAT gateway or an internet-facing load balancer."""
    vpc = self._get_param("VpcId")
    gateways = [
        gateway
        for gateway in self.ec2_backend.nat_gateways.values()
        if gateway.vpc_id == vpc and gateway.state != "deleted" and gateway.connectivity_type == "public"
    ]
    balancers = [
        balancer
        for balancer in _load_balancers(self.ec2_backend)
        if balancer.vpc_id == vpc and balancer.scheme == "internet-facing"
    ]
    if gateways or balancers:
        raise DependencyViolationError(
            f"Network {vpc} has some mapped public address(es). "
            "Please unmap those public address(es) before detaching the gateway."
        )
    result: ActionResult = original(self)
    return result


@override(EC2Response, "delete_route_table")
def _delete_route_table(original: Any, self: EC2Response) -> ActionResult:
    """DeleteRouteTable: associations (moto refuses those), and the main route table."""
    table = self.ec2_backend.get_route_table(self._get_param("RouteTableId"))
    if table.main_association_id:
        _refuse("routeTable", table.id)
    result: ActionResult = original(self)
    return result


@override(EC2Response, "delete_security_group")
def _delete_security_group(original: Any, self: EC2Response) -> ActionResult:
    """DeleteSecurityGroup: in use or referenced; CannotDelete for a default group."""
    identifier = self._get_param("GroupId")
    group = self.ec2_backend.get_security_group_from_id(identifier) if identifier else None
    if group and group.is_default:
        raise EC2ClientError(
            "CannotDelete", f'the specified group: "{identifier}" name: "default" cannot be deleted by a user'
        )
    if group and identifier in _used_groups(self.ec2_backend, identifier):
        raise DependencyViolationError(f"resource {identifier} has a dependent object")
    result: ActionResult = original(self)
    return result
