# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What each part of a run needs of the others. Preflight asks for what is needed and made by no part of the run.

A part is a role, ``vpc``, or another entry point of one, ``vpc:ready``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypedDict

Variables = Mapping[str, Any]


class Place(NamedTuple):
    """Where a part is run by itself."""

    playbook: str
    tag: str


PLACES = {
    "vpc": Place("playbooks/network.yml", "vpc"),
    "security_groups": Place("playbooks/network.yml", "security_groups"),
    "logs": Place("playbooks/data.yml", "logs"),
    "rds": Place("playbooks/data.yml", "rds"),
    "s3": Place("playbooks/data.yml", "s3"),
    "dns": Place("playbooks/edge.yml", "dns"),
    "alb": Place("playbooks/edge.yml", "alb"),
    "alb:ready": Place("playbooks/edge.yml", "alb"),
    "iam": Place("playbooks/compute.yml", "iam"),
    "ecs": Place("playbooks/compute.yml", "ecs"),
    "ecs:ready": Place("playbooks/compute.yml", "ecs"),
    "autoscaling": Place("playbooks/compute.yml", "autoscaling"),
}


class Need(NamedTuple):
    """A part, the components that it needs, and the part that makes these. ``{zone}`` stands for one of each zone."""

    part: str
    components: str
    maker: str
    switch: str = ""  # the variable without which it needs none


NEEDS = (
    Need("vpc", "nat-gateway-{shared_nat_zone}", "vpc"),
    Need("vpc:ready", "vpc", "vpc"),
    Need("vpc:ready", "nat-gateway-{nat_zone}", "vpc"),
    Need("security_groups", "vpc", "vpc"),
    Need("rds", "subnet-private-{zone}", "vpc"),
    Need("rds", "security-group-rds", "security_groups"),
    Need("rds:ready", "database", "rds"),
    Need("dns:ready", "certificate", "dns"),
    Need("dns:records", "hosted-zone", "dns"),
    Need("dns:records", "load-balancer", "alb"),
    Need("alb", "vpc", "vpc"),
    Need("alb", "subnet-public-{zone}", "vpc"),
    Need("alb", "security-group-alb", "security_groups"),
    Need("alb", "bucket", "s3", "alb_access_logs"),
    Need("alb:ready", "load-balancer", "alb"),
    Need("alb:ready", "target-group-{target_group}", "alb"),
    Need("alb:ready", "certificate", "dns"),
    Need("ecs:ready", "subnet-private-{zone}", "vpc"),
    Need("ecs:ready", "security-group-ecs", "security_groups"),
    Need("ecs:ready", "log-group-{service}", "logs"),
    Need("ecs:ready", "target-group-{used_target_group}", "alb"),
    Need("ecs:ready", "listener-443", "alb:ready"),
    Need("ecs:ready", "role-execution", "iam"),
    Need("ecs:ready", "role-task", "iam"),
    Need("ecs:ready", "cluster", "ecs"),
    Need("autoscaling", "service-{scaled_service}", "ecs:ready"),
    Need("nights", "service-{scaled_service}", "ecs:ready", "nights_enabled"),
    Need("nights", "scalable-target-{scaled_service}", "autoscaling", "nights_enabled"),
    Need("logs:archive", "bucket", "s3"),
    Need("logs:archive", "log-group-{service}", "logs"),
    Need("alarms", "load-balancer", "alb"),
    Need("dashboard", "load-balancer", "alb"),
)
LENT = ("vpc", "bucket")
FOUNDATION = ("vpc", "s3")  # the roles of a stack that is a foundation


class Needed(TypedDict):
    """A component that a part of a run needs and no part of it makes."""

    part: str
    component: str
    maker: str
    owner: str  # the stack whose it is
    name: str  # by which it is read, where neither its tags nor the claim to its name say that


def _zones(variables: Variables) -> list[str]:
    return [zone[-1] for zone in variables["vpc_availability_zones"]]


def _nat_zones(variables: Variables) -> list[str]:
    chosen = {"none": 0, "per_zone": None}.get(variables["vpc_nat_gateways"], 1)
    return _zones(variables)[:chosen]


SEVERAL: dict[str, Callable[[Variables], list[str]]] = {
    "zone": _zones,
    "nat_zone": _nat_zones,
    "shared_nat_zone": lambda given: _nat_zones(given) if given["vpc_nat_gateways"] == "shared" else [],
    "service": lambda given: [service["name"] for service in given["ecs_services"]],
    "scaled_service": lambda given: list(given["autoscaling_services"]),
    "target_group": lambda given: list(given["alb_target_groups"]),
    "used_target_group": lambda given: [
        service["target_group"] for service in given["ecs_services"] if service.get("target_group")
    ],
}
# Of what claims no name (claims.py) and is not read by its tags.
NAMES: dict[str, Callable[[Variables, str], str]] = {
    "certificate": lambda given, _component: str(given["dns_domain_name"]),
    "hosted-zone": lambda given, _component: str(given["dns_zone_name"]),
    "scalable-target": lambda given, component: (
        f"service/{given['stack_name']}/{component.removeprefix('scalable-target-')}"
    ),
}


def needed(parts: Sequence[str], variables: Variables) -> list[Needed]:
    """What these parts of a run, in their order, need and none before them makes."""
    made: set[str] = set()
    found: list[Needed] = []
    for part in parts:
        if variables["stack_foundation"] and part.partition(":")[0] not in FOUNDATION:
            continue
        for need in NEEDS:
            if need.part != part or (need.switch and not variables.get(need.switch)):
                continue
            owner = _owner(need, variables)
            foreign = owner != variables["stack_name"]
            if need.maker in made and not foreign:
                continue
            if foreign and need.components in LENT:  # preflight asks for it in any case
                continue
            found += [
                Needed(part=part, component=component, maker=need.maker, owner=owner, name=_name(component, variables))
                for component in _components(need, variables)
            ]
        made.add(part)
    return found


def _owner(need: Need, variables: Variables) -> str:
    """Another stack may lend its VPC, its NAT gateway and its bucket (ENV-1, ENV-4)."""
    shared = need.components.startswith("nat-gateway") and variables["vpc_nat_gateways"] == "shared"
    if need.components == "vpc" or shared:
        return str(variables["vpc_owner"])
    return str(variables["s3_owner"] if need.components == "bucket" else variables["stack_name"])


def _components(need: Need, variables: Variables) -> list[str]:
    start, bracket, placeholder = need.components.partition("{")
    if need.components == "listener-443" and not SEVERAL["used_target_group"](variables):
        return []
    if not bracket:
        return [start]
    return [start + value for value in SEVERAL[placeholder.rstrip("}")](variables)]


def _name(component: str, variables: Variables) -> str:
    kind = next((kind for kind in NAMES if component == kind or component.startswith(f"{kind}-")), "")
    return NAMES[kind](variables, component) if kind else ""
