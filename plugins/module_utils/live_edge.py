# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads a stack's load balancer, target groups, hosted zone and certificate back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils import acm, elbv2, route53
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api


def _entry(kind: str, identifier: str, tags: dict[str, str], **state: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "id": identifier,
        "component": tags.get(COMPONENT),
        "stack": tags.get(STACK),
        **state,
        "tags": tags,
    }


def read_load_balancers(api: Api, stack: str) -> list[dict[str, Any]]:
    """The stack's load balancers and target groups, by their tags: two calls, and one for each twenty of them.

    The tagging API would need one, but knows what was created a moment ago only later.
    """
    balancers = {
        item["LoadBalancerArn"]: item
        for item in api.pages("describe_load_balancers", "LoadBalancers", on="the load balancers")
    }
    groups = {
        item["TargetGroupArn"]: item
        for item in api.pages("describe_target_groups", "TargetGroups", on="the target groups")
    }
    found = []
    for arn, tags in elbv2.read_tags(api, [*balancers, *groups]).items():
        if tags.get(STACK) != stack:
            continue
        if arn in balancers:
            state = {
                "name": balancers[arn]["LoadBalancerName"],
                "dns_name": balancers[arn]["DNSName"],
                "zone_id": balancers[arn]["CanonicalHostedZoneId"],
            }
            found.append(_entry("load_balancer", arn, tags, **state))
        else:
            state = {"name": groups[arn]["TargetGroupName"], "load_balancer_arns": groups[arn]["LoadBalancerArns"]}
            found.append(_entry("target_group", arn, tags, **state))
    return found


def read_zone(api: Api, name: str, stack: str) -> list[dict[str, Any]]:
    """The zone of that name that the stack created, else the account's only one: it serves as the stack's.

    Should the stack have created several, they are all here, each with what it ``holds``.
    """
    zones = route53.read_zones(api, name)
    own = [zone for zone in zones if route53.is_own(zone, stack)]
    holds = route53.read_holds(api, own) if len(own) > 1 else {}
    return [
        {
            **_entry(
                "hosted_zone",
                zone["id"],
                zone["tags"],
                name=zone["name"],
                name_servers=route53.name_servers(api, zone["id"]),
            ),
            "component": route53.COMPONENT_NAME,
            "stack": stack,
            **({"holds": holds[zone["id"]]} if holds else {}),
        }
        for zone in own or (zones if len(zones) == 1 else [])
    ]


def read_certificate(api: Api, domain: str, stack: str) -> list[dict[str, Any]]:
    """The stack's certificate for that domain."""
    found = acm.choose(acm.read_certificates(api, domain), stack)
    if not found:
        return []
    state = {key: found[key] for key in ("domain_name", "status", "validation_records")}
    return [{**_entry("certificate", found["id"], found["tags"], **state), "component": acm.COMPONENT_NAME}]
