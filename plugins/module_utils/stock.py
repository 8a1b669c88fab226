"""What the stock layer has to know of each stock module: pure data and functions.

A stock module compares and plans in its own way, and most have no diff (see docs/decisions.md). The layer compares by
itself, with what stack_info read, and runs the stock module only to carry a change out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.tags import to_aws

Options = dict[str, Any]
Call = tuple[str, str, Options]  # service, operation and parameters of boto3


def create_bucket(options: Options, tags: dict[str, str], region: str) -> Call:
    place = {} if region == "us-east-1" else {"LocationConstraint": region}  # CreateBucket takes no other way to say it
    return (
        "s3",
        "create_bucket",
        {"Bucket": options["name"], "CreateBucketConfiguration": {**place, "Tags": to_aws(tags)}},
    )


def create_queue(options: Options, tags: dict[str, str], _region: str) -> Call:
    return "sqs", "create_queue", {"QueueName": options["name"], "tags": tags}


@dataclass(frozen=True)
class Stock:
    """One stock module."""

    type: str  # of the entry in stack_info's ``live``
    result: tuple[str, ...]  # where its result holds the id
    id_prefix: str = ""
    by: dict[str, str] = field(default_factory=dict)  # options that find what is there: their keys in the live entry
    identity: tuple[str, ...] = ()  # options that identify it when its component tag is gone, or never was
    untagged_is_own: bool = False  # whether what has no stack's tag is still the stack's, being in its VPC
    always: Options = field(default_factory=dict)  # options of every call, not compared
    name: str = "name"  # option that is its id, when it has no id_prefix
    tagged: bool = True
    # The stock module creates first and tags later, and what a run that is killed in between leaves would be nobody's:
    # it is created with its tags before the stock module gives it its settings.
    create: Callable[[Options, dict[str, str], str], Call] | None = None


MODULES = {
    "amazon.aws.ec2_vpc_net": Stock("vpc", ("vpc", "id"), "vpc-", {"vpc_id": "id"}),
    "amazon.aws.ec2_vpc_subnet": Stock(
        "subnet",
        ("subnet", "id"),
        "subnet-",
        {"vpc_id": "vpc_id", "cidr": "cidr"},
        identity=("vpc_id", "cidr"),
        untagged_is_own=True,
    ),
    "amazon.aws.ec2_vpc_igw": Stock(
        "internet_gateway",
        ("gateway_id",),
        "igw-",
        {"internet_gateway_id": "id"},
        identity=("vpc_id",),
        untagged_is_own=True,
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
    "amazon.aws.kms_key": Stock(
        "kms_key", ("key_arn",), "arn:aws:kms:::key/", by={"key_id": "id"}, identity=("alias",), name="alias"
    ),
    "community.aws.sqs_queue": Stock(
        "queue", ("queue_arn",), by={"name": "name"}, identity=("name",), create=create_queue
    ),
    # its answer does not name the policy
    "amazon.aws.iam_policy": Stock(
        "role_policy", ("role_name",), name="iam_name", tagged=False, identity=("iam_name", "policy_name")
    ),
    "amazon.aws.s3_bucket": Stock("bucket", ("name",), by={"name": "name"}, identity=("name",), create=create_bucket),
    "amazon.aws.rds_subnet_group": Stock(
        "db_subnet_group", ("subnet_group", "name"), by={"name": "name"}, identity=("name",)
    ),
}


def find(stock: Stock, live: list[Options], stack: str, component: str, options: Options) -> Options | None:
    """The live entry of the component: by its tags, else by what identifies it, whosever it is."""
    same = [entry for entry in live if entry["type"] == stock.type]
    for entry in same:
        if (entry["stack"], entry["component"]) == (stack, component):
            return entry
    for entry in same:
        if stock.identity and all(entry.get(option) == options.get(option) for option in stock.identity):
            return entry
    return None


def is_foreign(stock: Stock, entry: Options, stack: str) -> bool:
    """Whether another stack or a person made it. What has no tags cannot say so."""
    return stock.tagged and entry["stack"] != stack and not (entry["stack"] is None and stock.untagged_is_own)


def found_by(stock: Stock, live: Options | None) -> Options:
    """The options with which the stock module finds the live entry."""
    if live is None:
        return {}
    return {option: live[key] for option, key in stock.by.items()}
