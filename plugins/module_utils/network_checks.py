# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks over the variables of the network: its address ranges, its ports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import cidrs
from ansible_collections.triflow.platform.plugins.module_utils.images import is_elsewhere
from ansible_collections.triflow.platform.plugins.module_utils.limits import (
    REGION,
    SECONDS,
    Range,
    empty_problems,
    limit_problems,
)
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem

Variables = Mapping[str, Any]

# What a Fargate task needs before its container starts (Amazon ECS developer guide, "Amazon ECS interface VPC
# endpoints"). Layers come from S3, for which there is always a gateway endpoint. Secrets only where it has some.
TASK_ENDPOINTS = ("ecr.api", "ecr.dkr", "logs")
SECRET_ENDPOINT = "secretsmanager"
PORT = Range(1, 65535, "", "it is no TCP port")
RANGES = {
    "vpc_wait_timeout": SECONDS,
    "security_groups_load_balancer_ports": PORT,
    "security_groups_container_port": PORT,
    "security_groups_database_port": PORT,
}
NOT_EMPTY = {
    "security_groups_load_balancer_ports": "one or more ports, such as [80, 443]",
    "vpc_interface_endpoint_services": "one or more services, such as ecr.api",
}
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def network_problems(variables: Variables) -> list[Problem]:
    """All that is wrong with them. What is not given is not checked."""
    return [
        *limit_problems(variables, {}, RANGES),
        *_list_problems(variables),
        *empty_problems(variables, NOT_EMPTY),
        *_cidr_problems(variables),
        *_way_out_problems(variables),
        *_bucket_problems(variables),
    ]


def _list_problems(variables: Variables) -> list[Problem]:
    problems = []
    for variable in ("security_groups_load_balancer_ports", "vpc_interface_endpoint_services"):
        values = variables.get(variable) or []
        problems += [
            problem(variable, value, "it is there twice", "each one once")
            for value in sorted(set(values))
            if values.count(value) > 1
        ]
    for service in variables.get("vpc_interface_endpoint_services") or []:
        if not re.fullmatch(r"(?!com\.amazonaws\.)[a-z0-9-]+(\.[a-z0-9-]+)*", service):
            reason = "it is no short name of a service: com.amazonaws and the region are put in front"
            accepted = f"did you mean {short}?" if (short := _short_service(service)) else "a name such as ecr.api"
            problems.append(problem("vpc_interface_endpoint_services", service, reason, accepted))
    return problems


def _short_service(name: str) -> str | None:
    found = re.fullmatch(rf"com\.amazonaws\.{REGION}\.(?P<service>[a-z0-9.-]+)", name)
    return found["service"] if found else None


def _cidr_problems(variables: Variables) -> list[Problem]:
    names = (
        "stack_region",
        "vpc_cidr",
        "vpc_availability_zones",
        "vpc_public_subnet_cidrs",
        "vpc_private_subnet_cidrs",
    )
    values = [variables.get(name) for name in names]
    if any(value is None for value in values) or not re.fullmatch(REGION, str(values[0])):
        return []  # that the region is none is said already
    region, cidr, zones, public, private = values
    return cidrs.network_problems(str(region), str(cidr), zones or [], public or [], private or [])


def _way_out_problems(variables: Variables) -> list[Problem]:
    """Private subnets without a NAT gateway: the tasks reach only what has an endpoint in the VPC."""
    owner, stack = variables.get("vpc_owner"), variables.get("stack_name")
    if variables.get("vpc_nat_gateways") != "none" or variables.get("stack_foundation") or owner != stack:
        return []  # in another stack's VPC the endpoints are that stack's
    services: list[Mapping[str, Any]] = variables.get("ecs_services") or []
    secrets = variables.get("ecs_secrets") or any(service.get("secrets") for service in services)
    needed = [*TASK_ENDPOINTS, *([SECRET_ENDPOINT] if secrets else [])]
    there = variables.get("vpc_interface_endpoint_services") or [] if variables.get("vpc_interface_endpoints") else []
    missing = [service for service in needed if service not in there]
    problems = []
    if missing:
        reason = (
            f"without a NAT gateway the tasks need interface endpoints, and these are missing: {', '.join(missing)}"
        )
        accepted = (
            f"vpc_interface_endpoints: true with {', '.join(needed)} in vpc_interface_endpoint_services, or single"
        )
        problems.append(problem("vpc_nat_gateways", "none", reason, accepted))
    images = [variables.get("ecs_image"), *(service.get("image") for service in services)]
    images += [variables.get("ecs_prometheus_image")] if variables.get("ecs_prometheus_remote_write_url") else []
    for image in sorted({image for image in images if image and is_elsewhere(image)}):
        reason = f"without a NAT gateway nothing reaches the registry of {image}"
        problems.append(problem("vpc_nat_gateways", "none", reason, "images in ECR, or single"))
    return problems


def _bucket_problems(variables: Variables) -> list[Problem]:
    accepted = "names such as triflow-reports, without s3:// or arn:"
    return [
        problem("vpc_s3_endpoint_buckets", name, "it is no bucket's name", accepted)
        for name in variables.get("vpc_s3_endpoint_buckets") or []
        if not BUCKET.fullmatch(str(name))
    ]
