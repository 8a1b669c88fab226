"""What the stock layer has to know of each stock module: pure data and functions.

A stock module compares and plans in its own way, and most have no diff (see docs/decisions.md). The layer compares by
itself, with what stack_info read, and runs the stock module only to carry a change out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ansible_collections.triflow.platform.plugins.module_utils import consistency, twice
from ansible_collections.triflow.platform.plugins.module_utils.statuses import alive
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK, to_aws

SHORTEST_KEY_WINDOW = 7  # days until a key is deleted: KMS API Reference, ScheduleKeyDeletion

Options = dict[str, Any]
Tags = dict[str, str]


class Creation(NamedTuple):
    """The call of boto3 that creates something with its tags, and the one that shows when AWS lists it."""

    service: str
    operation: str
    parameters: Options
    shown: str  # operation
    shown_by: str  # its parameter
    identifier: Callable[[Any], Any]  # that parameter's value, of the creation's answer
    there: Callable[[Any], Any]  # the same of what AWS shows a client, None for nothing: the answer may be lost


def create_bucket(options: Options, tags: Tags, region: str) -> Creation:
    place = {} if region == "us-east-1" else {"LocationConstraint": region}  # CreateBucket takes no other way to say it
    parameters = {"Bucket": options["name"], "CreateBucketConfiguration": {**place, "Tags": to_aws(tags)}}
    return _named("s3", "create_bucket", parameters, "head_bucket", "Bucket", options["name"])


def create_queue(options: Options, tags: Tags, _region: str) -> Creation:
    parameters = {"QueueName": options["name"], "tags": tags}
    return _named("sqs", "create_queue", parameters, "get_queue_url", "QueueName", options["name"])


def _named(service: str, operation: str, parameters: Options, shown: str, shown_by: str, name: str) -> Creation:
    """Of what is found by its name, and was not there before."""

    def there(client: Any) -> str | None:
        from botocore.exceptions import ClientError

        try:
            getattr(client, shown)(**{shown_by: name})
        except ClientError as error:
            if not consistency.is_unknown(error):
                raise
            return None
        return name

    return Creation(service, operation, parameters, shown, shown_by, lambda _answer: name, there)


def _tagged(operation: str, parameters: Options, kind: str, tags: Tags, key: str) -> Creation:
    """Of what EC2 creates with tags, and lists by them. ``key`` is that of its id: VpcId."""
    specification = {"ResourceType": kind, "Tags": to_aws(tags)}
    noun = key.removesuffix("Id")
    shown = f"{operation.replace('create', 'describe')}s"
    filters = [{"Name": f"tag:{tag}", "Values": [tags[tag]]} for tag in (STACK, COMPONENT)]

    def there(client: Any) -> list[str] | None:
        return [item[key] for item in getattr(client, shown)(Filters=filters)[f"{noun}s"]] or None

    return Creation(
        "ec2",
        operation,
        {**parameters, "TagSpecifications": [specification]},
        shown,
        f"{key}s",
        lambda made: [made[noun][key]],
        there,
    )


def create_vpc(options: Options, tags: Tags, _region: str) -> Creation:
    return _tagged("create_vpc", {"CidrBlock": options["cidr_block"][0]}, "vpc", tags, "VpcId")


def create_subnet(options: Options, tags: Tags, _region: str) -> Creation:
    parameters = {"VpcId": options["vpc_id"], "CidrBlock": options["cidr"], "AvailabilityZone": options["az"]}
    return _tagged("create_subnet", parameters, "subnet", tags, "SubnetId")


def create_internet_gateway(_options: Options, tags: Tags, _region: str) -> Creation:
    return _tagged("create_internet_gateway", {}, "internet-gateway", tags, "InternetGatewayId")


def _is_of(kms: Any, arn: str, tags: Tags) -> bool:
    """Whether a key that is not scheduled for deletion has these tags."""
    try:
        listed = kms.list_resource_tags(KeyId=arn)["Tags"]
        carried = {tag["TagKey"]: tag["TagValue"] for tag in listed}
        return all(carried.get(tag) == tags[tag] for tag in (STACK, COMPONENT)) and alive(
            "KMS key", kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"]
        )
    except kms.exceptions.ClientError:
        return False  # not known everywhere yet, gone meanwhile, or somebody's who lets nobody read it


def create_key(options: Options, tags: Tags, _region: str) -> Creation:
    parameters = {
        "Description": options["description"],
        "Policy": json.dumps(options["policy"]),
        "Tags": [{"TagKey": key, "TagValue": value} for key, value in sorted(tags.items())],
    }

    def there(client: Any) -> str | None:
        """The one of the account's keys that has these tags: KMS lists them without, and without a filter."""
        for page in client.get_paginator("list_keys").paginate():
            for key in page["Keys"]:
                if _is_of(client, key["KeyArn"], tags):
                    return str(key["KeyArn"])
        return None

    return Creation(
        "kms", "create_key", parameters, "describe_key", "KeyId", lambda made: made["KeyMetadata"]["Arn"], there
    )


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
    removal: Options = field(default_factory=dict)  # options with which a leftover goes (twice.py)
    name: str = "name"  # option that is its id, when it has no id_prefix
    tagged: bool = True
    # The stock module creates first and tags later, and what a run that is killed in between leaves would be nobody's;
    # or it ends when AWS does not list at once what it has created, and creates a second one in its next run. So it is
    # created with its tags, and listed, before the stock module gives it its settings.
    create: Callable[[Options, Tags, str], Creation] | None = None


MODULES = {
    "amazon.aws.ec2_vpc_net": Stock("vpc", ("vpc", "id"), "vpc-", {"vpc_id": "id"}, create=create_vpc),
    "amazon.aws.ec2_vpc_subnet": Stock(
        "subnet",
        ("subnet", "id"),
        "subnet-",
        {"vpc_id": "vpc_id", "cidr": "cidr"},
        identity=("vpc_id", "cidr"),
        untagged_is_own=True,
        create=create_subnet,
    ),
    "amazon.aws.ec2_vpc_igw": Stock(
        "internet_gateway",
        ("gateway_id",),
        "igw-",
        {"internet_gateway_id": "id"},
        identity=("vpc_id",),
        untagged_is_own=True,
        create=create_internet_gateway,
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
        "kms_key",
        ("key_arn",),
        "arn:aws:kms:::key/",
        by={"key_id": "id"},
        identity=("alias",),
        name="alias",
        removal={"pending_window": SHORTEST_KEY_WINDOW},
        create=create_key,
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


class Found(NamedTuple):
    """What is there of a component: the one that is its, and what carries its tags beside that and is to go."""

    live: Options | None
    leftovers: list[Options]


def find(
    stock: Stock, live: list[Options], stack: str, component: str, options: Options, state: str, refuse: bool = True
) -> Found:
    """The live entries of the component: by its tags, else by what identifies it, whosever it is.

    Raises TwiceError when several carry its tags, and which one is to stay cannot be told.
    """
    same = [entry for entry in live if entry["type"] == stock.type]
    carriers = [entry for entry in same if (entry["stack"], entry["component"]) == (stack, component)]
    if len(carriers) > 1 and state == "present":
        choice = twice.among(
            stack,
            component,
            [{**entry, "fits": not stock.identity or _identifies(stock, entry, options)} for entry in carriers],
            refuse,
        )
        stays = next(entry for entry in carriers if entry["id"] == choice.stays)
        return Found(stays, [entry for entry in carriers if entry["id"] in choice.leftovers])
    if len(carriers) > 1 and set(stock.identity) <= set(options):  # a bucket of another name is somebody's data
        carriers = [entry for entry in carriers if _identifies(stock, entry, options)] or carriers
    if carriers:
        return Found(carriers[0], carriers[1:])
    return Found(
        next((entry for entry in same if stock.identity and _identifies(stock, entry, options)), None),
        [],
    )


def _identifies(stock: Stock, entry: Options, options: Options) -> bool:
    return all(entry.get(option) == options.get(option) for option in stock.identity)


def is_foreign(stock: Stock, entry: Options, stack: str) -> bool:
    """Whether another stack or a person made it. What has no tags cannot say so."""
    return stock.tagged and entry["stack"] != stack and not (entry["stack"] is None and stock.untagged_is_own)


def found_by(stock: Stock, live: Options | None) -> Options:
    """The options with which the stock module finds the live entry."""
    if live is None:
        return {}
    return {option: live[key] for option, key in stock.by.items()}
