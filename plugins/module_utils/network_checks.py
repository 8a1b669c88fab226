# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks over the variables of the network: its address ranges, its ports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import cidrs
from ansible_collections.triflow.platform.plugins.module_utils.limits import SECONDS, Range, limit_problems
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem

Variables = Mapping[str, Any]

PORT = Range(1, 65535, "", "it is no TCP port")
RANGES = {
    "vpc_wait_timeout": SECONDS,
    "security_groups_load_balancer_ports": PORT,
    "security_groups_container_port": PORT,
    "security_groups_database_port": PORT,
}


def network_problems(variables: Variables) -> list[Problem]:
    """All that is wrong with them. What is not given is not checked."""
    return limit_problems(variables, {}, RANGES) + _cidr_problems(variables)


def _cidr_problems(variables: Variables) -> list[Problem]:
    names = (
        "stack_region",
        "vpc_cidr",
        "vpc_availability_zones",
        "vpc_public_subnet_cidrs",
        "vpc_private_subnet_cidrs",
    )
    values = [variables.get(name) for name in names]
    if any(value is None for value in values):
        return []
    region, cidr, zones, public, private = values
    return cidrs.network_problems(str(region), str(cidr), zones or [], public or [], private or [])
