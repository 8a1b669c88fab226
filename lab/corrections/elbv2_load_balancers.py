"""Load balancers: what CreateLoadBalancer and DeleteLoadBalancer refuse, and the zone of their DNS names.

ELB API reference: CreateLoadBalancer, DeleteLoadBalancer, SetSecurityGroups. AWS General Reference, "Elastic Load
Balancing endpoints and quotas": the hosted zone of application load balancers.
"""

from __future__ import annotations

import re
from typing import Any

from moto.elbv2.exceptions import DuplicateLoadBalancerName, ELBClientError
from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer

from lab.corrections.override import override

SEOUL = "ZWKZPGTI48KDX"


@override(ELBv2Backend, "create_load_balancer")
def _create_load_balancer(
    original: Any,
    self: ELBv2Backend,
    name: str,
    security_groups: list[str],
    subnet_ids: list[str],
    *rest: Any,
    **options: Any,
) -> FakeLoadBalancer:
    """CreateLoadBalancer of an application load balancer."""
    kind = options.get("loadbalancer_type") or "application"
    options["scheme"] = options.get("scheme") or "internet-facing"
    if kind == "application":
        same = next((found for found in self.load_balancers.values() if found.name == name), None)
        if same and _settings(same) == (set(security_groups), set(subnet_ids), options["scheme"]):
            return same  # "If you attempt to create multiple load balancers with the same settings, each call succeeds"
        if same:
            raise DuplicateLoadBalancerName
        _check_name(name)
        _check_subnets(self, subnet_ids, options["scheme"])
        for group in security_groups:
            if self.ec2_backend.get_security_group_from_id(group) is None:
                raise ELBClientError("InvalidSecurityGroup", f"Security group '{group}' does not exist")
    balancer: FakeLoadBalancer = original(self, name, security_groups, subnet_ids, *rest, **options)
    balancer.canonical_hosted_zone_id = SEOUL
    return balancer


def _settings(balancer: FakeLoadBalancer) -> tuple[set[str], set[str], str]:
    return set(balancer.security_groups), {subnet.id for subnet in balancer.subnets}, balancer.scheme


def _check_name(name: str) -> None:
    if not re.fullmatch(r"(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?", name):
        raise ELBClientError(
            "ValidationError",
            f"The load balancer name '{name}' must have a maximum of 32 characters, must contain only alphanumeric "
            "characters or hyphens, must not begin or end with a hyphen, and must not begin with 'internal-'",
        )


def _check_subnets(backend: ELBv2Backend, subnet_ids: list[str], scheme: str) -> None:
    subnets = [backend.ec2_backend.get_subnet(identifier) for identifier in subnet_ids]
    zones = [subnet.availability_zone for subnet in subnets]
    if len(set(zones)) < len(zones):
        raise ELBClientError(
            "InvalidConfigurationRequest",
            "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
        )
    if len(zones) < 2:
        raise ELBClientError(
            "ValidationError", "At least two subnets in two different Availability Zones must be specified"
        )
    gateways = backend.ec2_backend.internet_gateways.values()
    vpc = subnets[0].vpc_id
    if scheme == "internet-facing" and not any(gateway.vpc and gateway.vpc.id == vpc for gateway in gateways):
        raise ELBClientError("InvalidSubnet", f"VPC {vpc} has no internet gateway")


@override(ELBv2Backend, "delete_load_balancer")
def _delete_load_balancer(original: Any, self: ELBv2Backend, arn: str) -> None:
    """DeleteLoadBalancer: not while deletion protection is on; one that is gone is no error."""
    balancer = self.load_balancers.get(arn)
    if balancer and balancer.attrs.get("deletion_protection.enabled") == "true":
        raise ELBClientError(
            "OperationNotPermitted", f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        )
    original(self, arn)
