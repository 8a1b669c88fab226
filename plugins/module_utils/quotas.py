# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The quotas of an account that a stack may meet: AWS's default values, and what a stack needs of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

Variables = Mapping[str, Any]


class Quota(NamedTuple):
    """A quota of Service Quotas. ``starts_lower`` are those that AWS gives a new account less of."""

    name: str
    service: str
    code: str
    default: int
    starts_lower: bool
    needs: str
    source: str


QUOTAS = (
    Quota(
        "VPCs per Region", "vpc", "L-F678F1CE", 5, False, "1, unless vpc_owner is another stack", "Amazon VPC quotas"
    ),
    Quota(
        "Inbound or outbound rules per security group",
        "vpc",
        "L-0EA8095F",
        60,
        False,
        "the ports of the load balancer, in its security group",
        "Amazon VPC quotas",
    ),
    Quota(
        "Interface VPC endpoints per VPC",
        "vpc",
        "L-29B6F2EB",
        50,
        False,
        "one for each of vpc_interface_endpoint_services",
        "Amazon VPC quotas",
    ),
    Quota(
        "EC2-VPC Elastic IPs",
        "ec2",
        "L-0263D0A3",
        5,
        False,
        "one for each of its NAT gateways",
        "Amazon EC2 endpoints and quotas",
    ),
    Quota(
        "Fargate On-Demand vCPU resource count",
        "fargate",
        "L-3032A538",
        6,
        True,
        "the vCPUs of all tasks, twice while they roll, or of as many as autoscaling starts",
        "Amazon ECS endpoints and quotas, AWS Fargate service quotas",
    ),
    Quota(
        "Application Load Balancers per Region",
        "elasticloadbalancing",
        "L-53DA6B97",
        50,
        False,
        "1",
        "Quotas for your Application Load Balancers",
    ),
    Quota("DB instances", "rds", "L-7B6409FD", 40, False, "1", "Quotas and constraints for Amazon RDS"),
    Quota(
        "ACM certificates created in last 365 days",
        "acm",
        "L-DA1D8B98",
        5000,
        True,
        "1; a stack that is taken down and built again needs another one",
        "AWS Certificate Manager quotas",
    ),
)
VCPU = 1024  # CPU units


def needs(variables: Variables) -> dict[str, float]:
    """How much of each quota a whole stack needs, by its code. What it needs nothing of is left out."""
    stack = variables["stack_name"]
    gateways = {"single": 1, "per_zone": len(variables["vpc_availability_zones"])}.get(variables["vpc_nat_gateways"], 0)
    endpoints = variables["vpc_interface_endpoint_services"] if variables["vpc_interface_endpoints"] else []
    found: dict[str, float] = {
        "L-F678F1CE": 1 if variables["vpc_owner"] == stack else 0,
        "L-29B6F2EB": len(endpoints),
        "L-0263D0A3": gateways,
    }
    if not variables["stack_foundation"]:
        found |= {
            "L-0EA8095F": len(variables["security_groups_load_balancer_ports"]),
            "L-3032A538": vcpus(variables),
            "L-53DA6B97": 1,
            "L-7B6409FD": 1,
            "L-DA1D8B98": 1,
        }
    return {code: amount for code, amount in found.items() if amount}


def vcpus(variables: Variables) -> float:
    """vCPUs of the tasks that may run at once: a rollout starts the new ones before it stops the old ones."""
    total = 0.0
    for service in variables["ecs_services"]:
        count = variables["ecs_desired_count"] if service.get("desired_count") is None else service["desired_count"]
        tasks = 2 * count
        if service["name"] in variables["autoscaling_services"]:
            tasks = max(tasks, variables["autoscaling_max_capacity"])
        total += tasks * (service.get("cpu") or variables["ecs_cpu"]) / VCPU
    return total


def warning(quota: Quota, value: float, is_read: bool, used: float, missing: float, region: str) -> str:
    """A sentence when the account has not enough of it left, empty when it has."""
    if used + missing <= value:
        return ""
    whose = "" if is_read else ", AWS's default, since the account's own could not be read"
    return (
        f"The quota {quota.name} is {value:g}{whose}; {used:g} are in use, and the stack needs {missing:g} more. "
        f"Raise it: aws service-quotas request-service-quota-increase --region {region} --service-code {quota.service} "
        f"--quota-code {quota.code} --desired-value {used + missing:g}"
    )
