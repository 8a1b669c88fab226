# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan of a VPC's subnets, and what is wrong with one (NET-1..3)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import TypedDict

from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem

# Amazon VPC user guide, "VPC CIDR blocks" and "Subnet CIDR blocks".
LARGEST_PREFIX = 16
SMALLEST_PREFIX = 28
RESERVED = tuple(map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4")))


class Subnet(TypedDict):
    """One subnet to build."""

    component: str
    availability_zone: str
    cidr_block: str
    public: bool


def subnet_plan(zones: Sequence[str], public: Sequence[str], private: Sequence[str]) -> list[Subnet]:
    """Return the subnets, public ones first, in the order of the zones; zone and CIDR go by position.

    The component is `subnet-public-a`: the tier and the zone's last letter.
    Raises ValueError when the lists differ in length.
    """
    for name, cidrs in (("public", public), ("private", private)):
        if len(cidrs) != len(zones):
            raise ValueError(f"{len(cidrs)} {name} CIDRs for {len(zones)} availability zones: give one per zone")
    return [
        Subnet(
            component=f"subnet-{tier}-{zone[-1]}",
            availability_zone=zone,
            cidr_block=cidr,
            public=tier == "public",
        )
        for tier, cidrs in (("public", public), ("private", private))
        for zone, cidr in zip(zones, cidrs, strict=True)
    ]


def network_problems(
    region: str, vpc: str, zones: Sequence[str], public: Sequence[str], private: Sequence[str]
) -> list[Problem]:
    """Return what is wrong with a VPC's CIDR, its zones and its subnets' CIDRs."""
    subnets = [("vpc_public_subnet_cidrs", cidr) for cidr in public]
    subnets += [("vpc_private_subnet_cidrs", cidr) for cidr in private]
    problems = _zone_problems(region, zones)
    for variable, cidrs in (("vpc_public_subnet_cidrs", public), ("vpc_private_subnet_cidrs", private)):
        if len(cidrs) != len(zones):
            reason = f"{len(cidrs)} CIDRs for {len(zones)} availability zones"
            problems.append(problem(variable, list(cidrs), reason, f"{len(zones)} CIDRs, one per zone"))
    malformed = [_syntax_problem(variable, cidr) for variable, cidr in [("vpc_cidr", vpc), *subnets]]
    problems += [found for found in malformed if found]
    if not any(malformed):
        problems += _placement_problems(IPv4Network(vpc), [(variable, IPv4Network(cidr)) for variable, cidr in subnets])
    return problems


def _zone_problems(region: str, zones: Sequence[str]) -> list[Problem]:
    accepted = f"two or more different zones of {region}, such as {region}a"
    problems = []
    if len(set(zones)) < 2:
        reason = "the load balancer and the database need subnets in two zones"
        problems.append(problem("vpc_availability_zones", list(zones), reason, accepted))
    for zone in sorted(set(zones)):
        if list(zones).count(zone) > 1:
            problems.append(problem("vpc_availability_zones", zone, "the zone is named twice", accepted))
        if not re.fullmatch(re.escape(region) + "[a-z]", zone):
            reason = f"it is no availability zone of the region {region}"
            problems.append(problem("vpc_availability_zones", zone, reason, accepted))
    return problems


def _syntax_problem(variable: str, cidr: str) -> Problem | None:
    accepted = f"an IPv4 range such as 10.0.0.0/16, from /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}"
    if not re.fullmatch(r"[\d.]+/\d+", cidr):
        return problem(variable, cidr, "it is not written in CIDR notation", accepted)
    try:
        network = IPv4Network(cidr, strict=False)
    except ValueError as error:
        return problem(variable, cidr, str(error), accepted)
    if str(network) != cidr:
        return problem(variable, cidr, "it has host bits set", str(network))
    if any(network.overlaps(reserved) for reserved in RESERVED):
        return problem(variable, cidr, "AWS takes no such range: it is a host's own, or multicast", accepted)
    if not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
        return problem(variable, cidr, f"a VPC and its subnets cannot be a /{network.prefixlen}", accepted)
    return None


def _placement_problems(vpc: IPv4Network, subnets: Sequence[tuple[str, IPv4Network]]) -> list[Problem]:
    problems = [
        problem(variable, str(network), f"it lies outside the VPC's {vpc}", f"a range within vpc_cidr, {vpc}")
        for variable, network in subnets
        if not network.subnet_of(vpc)
    ]
    problems += [
        problem(
            variable,
            str(network),
            f"it overlaps {other} of {other_variable}",
            "ranges that do not overlap",
        )
        for (other_variable, other), (variable, network) in itertools.combinations(subnets, 2)
        if network.overlaps(other)
    ]
    return problems
