"""What the stock layer has to know of each stock module: pure data and functions.

A stock module compares and plans in its own way, and most have no diff (see docs/decisions.md). The layer compares by
itself, with what stack_info read, and runs the stock module only to carry a change out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Options = dict[str, Any]


def _ports(rule: Options) -> list[tuple[int | None, int | None]]:
    if rule.get("proto") == "all":
        return [(None, None)]
    if "ports" in rule:
        return [(int(port), int(port)) for port in rule["ports"]]
    return [(rule["from_port"], rule["to_port"])]


def wanted_rules(rules: list[Options]) -> list[Options]:
    """Security group rules in one flat form, the same as live_ec2.flat_rules gives."""
    peers = ("cidr_ip", "cidr_ipv6", "ip_prefix", "group_id")
    return [
        {
            "proto": rule["proto"],
            "from_port": low,
            "to_port": high,
            **{peer: rule[peer] for peer in peers if peer in rule},
            "rule_desc": rule.get("rule_desc", ""),
        }
        for rule in rules
        for low, high in _ports(rule)
    ]


def _security_group(options: Options, _live: Options | None) -> Options:
    # a group without rules in its options is a shell: its rules come later, when the groups they name exist
    return {"purge_rules": "rules" in options, "purge_rules_egress": "rules_egress" in options}


def _route_table(options: Options, live: Options | None) -> Options:
    if "routes" not in options:
        return {"purge_routes": False}
    surplus = {route["dest"] for route in (live or {}).get("routes", [])} - {
        route["dest"] for route in options["routes"]
    }
    return {"purge_routes": bool(surplus)}  # not always: the stock purge warns about every endpoint's route


@dataclass(frozen=True)
class Stock:
    """One stock module."""

    type: str  # of the entry in stack_info's ``live``
    result: tuple[str, ...]  # where its result holds the id
    id_prefix: str = ""
    by: dict[str, str] = field(default_factory=dict)  # options that find what is there: their keys in the live entry
    lookup: Options = field(default_factory=dict)  # and options that make the module look there
    identity: tuple[str, ...] = ()  # options that identify it when its component tag is gone
    steer: Callable[[Options, Options | None], Options] = lambda _options, _live: {}
    canonical: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    always: Options = field(default_factory=dict)  # options of every call, not compared
    name: str = "name"  # option that is its id, when it has no id_prefix
    tagged: bool = True


MODULES = {
    "amazon.aws.ec2_vpc_net": Stock("vpc", ("vpc", "id"), "vpc-", {"vpc_id": "id"}),
    "amazon.aws.ec2_vpc_subnet": Stock(
        "subnet", ("subnet", "id"), "subnet-", {"vpc_id": "vpc_id", "cidr": "cidr"}, identity=("vpc_id", "cidr")
    ),
    "amazon.aws.ec2_vpc_igw": Stock(
        "internet_gateway", ("gateway_id",), "igw-", {"internet_gateway_id": "id"}, identity=("vpc_id",)
    ),
    "amazon.aws.ec2_vpc_route_table": Stock(
        "route_table",
        ("route_table", "id"),
        "rtb-",
        {"route_table_id": "id"},
        lookup={"lookup": "id"},
        steer=_route_table,
    ),
    "amazon.aws.ec2_security_group": Stock(
        "security_group",
        ("group_id",),
        "sg-",
        {"group_id": "id"},
        identity=("vpc_id", "name"),
        steer=_security_group,
        canonical={"rules": wanted_rules, "rules_egress": wanted_rules},
    ),
    "amazon.aws.cloudwatchlogs_log_group": Stock(
        "log_group",
        ("log_group_name",),
        name="log_group_name",
        by={"log_group_name": "log_group_name"},
        identity=("log_group_name",),
    ),
    "amazon.aws.iam_role": Stock(
        "role",
        ("iam_role", "arn"),
        "arn:aws:iam::123456789012:role/",
        by={"name": "name"},
        identity=("name",),
        always={"create_instance_profile": False, "delete_instance_profile": False},  # only EC2 instances need one
    ),
    # its answer does not name the policy
    "amazon.aws.iam_policy": Stock(
        "role_policy", ("role_name",), name="iam_name", tagged=False, identity=("iam_name", "policy_name")
    ),
    "amazon.aws.s3_bucket": Stock("bucket", ("name",), by={"name": "name"}, identity=("name",)),
    "amazon.aws.rds_subnet_group": Stock(
        "db_subnet_group", ("subnet_group", "name"), by={"name": "name"}, identity=("name",)
    ),
}


def find(stock: Stock, live: list[Options], component: str, options: Options) -> Options | None:
    """The live entry of the component: by its tag, else by what identifies it."""
    same = [entry for entry in live if entry["type"] == stock.type]
    for entry in same:
        if entry["component"] == component:
            return entry
    for entry in same:
        if stock.identity and all(entry.get(option) == options.get(option) for option in stock.identity):
            return entry
    return None


def comparable(stock: Stock, options: Options) -> Options:
    """The options as the live entry spells them."""
    return {
        key: stock.canonical[key](value) if key in stock.canonical and value is not None else value
        for key, value in options.items()
    }


def found_by(stock: Stock, live: Options | None) -> Options:
    """The options with which the stock module finds the live entry."""
    if live is None:
        return {}
    return {**stock.lookup, **{option: live[key] for option, key in stock.by.items()}}
