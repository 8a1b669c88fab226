# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules of security groups in one flat form, as options, diffs and comparisons have them: pure functions.

A flat rule has one peer:

- ``proto``: ``tcp`` and so on, ``all`` for every protocol
- ``from_port``, ``to_port``: whole numbers; None for every port
- ``cidr_ip``, ``cidr_ipv6``, ``prefix_list_id``, ``group`` (component of a group in the list) or ``group_id``
- ``description``: may be empty. It does not tell rules apart: AWS refuses a second rule that differs only there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

Rule = dict[str, Any]
Permission = dict[str, Any]  # IpPermission of the EC2 API

# option: list in IpPermission, key in its items
PEERS = {
    "cidr_ip": ("IpRanges", "CidrIp"),
    "cidr_ipv6": ("Ipv6Ranges", "CidrIpv6"),
    "prefix_list_id": ("PrefixListIds", "PrefixListId"),
    "group_id": ("UserIdGroupPairs", "GroupId"),
}


def single(permissions: Iterable[Permission]) -> list[Permission]:
    """The same permissions with one peer each."""
    return [
        {**{key: permission[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in permission}, group: [peer]}
        for permission in permissions
        for group, _unused in PEERS.values()
        for peer in permission.get(group, [])
    ]


def flat(permission: Permission, components: dict[str, str]) -> Rule:
    """A permission with one peer as a flat rule. ``components``: group id to component of the list."""
    option, group, key = next((option, group, key) for option, (group, key) in PEERS.items() if group in permission)
    peer = permission[group][0]
    named = {"group": components[peer[key]]} if peer[key] in components else {option: peer[key]}
    protocol = permission["IpProtocol"]
    return {
        "proto": "all" if protocol == "-1" else protocol,
        "from_port": permission.get("FromPort"),
        "to_port": permission.get("ToPort"),
        **named,
        "description": peer.get("Description", ""),
    }


def wanted(option: dict[str, Any], components: dict[str, str]) -> Rule:
    """A rule as the module's option gives it (``port`` or both ends, None for what was not given) as a flat rule."""
    peer = {key: option[key] for key in ("cidr_ip", "group", "group_id") if option[key] is not None}
    if option["group_id"] in components:
        peer = {"group": components[option["group_id"]]}
    single_port = option["port"] is not None
    return {
        "proto": option["proto"],
        "from_port": option["port"] if single_port else option["from_port"],
        "to_port": option["port"] if single_port else option["to_port"],
        **peer,
        "description": option["description"],
    }


def permission(rule: Rule, ids: dict[str, str]) -> Permission:
    """A wanted rule as the API takes it. ``ids``: component of the list to group id."""
    known = {**rule, "group_id": ids[rule["group"]]} if "group" in rule else rule
    group, key, value = next((group, key, known[option]) for option, (group, key) in PEERS.items() if option in known)
    described = {"Description": rule["description"]} if rule["description"] else {}
    return {
        "IpProtocol": rule["proto"],
        "FromPort": rule["from_port"],
        "ToPort": rule["to_port"],
        group: [{key: value, **described}],
    }


def identity(rule: Rule) -> tuple[tuple[str, Any], ...]:
    """What makes it the same rule: all but the description."""
    return tuple(sorted((key, value) for key, value in rule.items() if key != "description"))


class Steps(NamedTuple):
    """The permissions of three calls; an empty list is no call."""

    authorize: list[Permission]
    describe: list[Permission]
    revoke: list[Permission]


def steps(live: list[Permission], rules: list[Rule], ids: dict[str, str]) -> Steps:
    """What leads from the live permissions, with one peer each, to exactly these rules."""
    components = {identifier: component for component, identifier in ids.items()}
    there = {identity(rule): rule for rule in (flat(item, components) for item in live)}
    asked = {identity(rule) for rule in rules}
    return Steps(
        authorize=[permission(rule, ids) for rule in rules if identity(rule) not in there],
        describe=[
            permission(rule, ids)
            for rule in rules
            if identity(rule) in there and there[identity(rule)]["description"] != rule["description"]
        ],
        revoke=[item for item in live if identity(flat(item, components)) not in asked],
    )
