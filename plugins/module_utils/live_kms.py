# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads KMS keys by their alias, or by the stack's tag, in the option names of amazon.aws.kms_key."""

from __future__ import annotations

import json
from collections.abc import Container
from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils import twice
from ansible_collections.triflow.platform.plugins.module_utils.statuses import alive
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK, tagged

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, StackModule


def read(kms: Api, tagging: Api, stack: str, aliases: list[str]) -> list[dict[str, Any]]:
    """Those of the keys that are there and are not scheduled for deletion: one call for the tags and three a key.

    The stack's other keys, too: a run that is killed leaves one without its alias, and a creation whose answer is lost
    a second one. When an alias is missing, they are looked for also where the tags are not listed late.
    """
    found: list[tuple[str | None, dict[str, Any]]] = [(alias, _key(kms, alias)) for alias in aliases]
    named = {key["Arn"] for _alias, key in found if key}
    tags = tagged(tagging, stack, "kms:key")
    if not all(key for _alias, key in found):
        tags |= {arn: of_key for arn in _without_alias(kms, tags) if (of_key := _tags(kms, arn)).get(STACK) == stack}
    found += [(None, _key(kms, arn)) for arn in tags if arn not in named]
    live = [_entry(kms, alias, key, tags.get(key["Arn"])) for alias, key in found if key]
    for entries in twice.several(live, (stack,)):
        users = _users(kms.module, [entry["id"] for entry in entries])
        for entry in entries:
            entry["holds"] = users[entry["id"]]
    return live


def _without_alias(kms: Api, known: Container[str]) -> list[str]:
    """The account's keys that no alias names. KMS lists them at once, and AWS's own have one."""
    named = {alias.get("TargetKeyId") for alias in kms.pages("list_aliases", "Aliases", on="the aliases")}
    keys = kms.pages("list_keys", "Keys", on="the keys")
    return [key["KeyArn"] for key in keys if key["KeyId"] not in named and key["KeyArn"] not in known]


def _tags(kms: Api, arn: str) -> dict[str, str]:
    not_ours = ("NotFoundException", "AccessDeniedException")  # a key's policy may let only its owners read it
    listed = kms.call("list_resource_tags", on=arn, absent=not_ours, KeyId=arn).get("Tags", [])
    return {tag["TagKey"]: tag["TagValue"] for tag in listed}


def _users(module: StackModule, arns: list[str]) -> dict[str, list[str]]:
    """What names each of the keys: aliases, grants, and what of the account can be encrypted with one of them.

    Asked only of what is there twice. RDS and other services hold a grant for what they have encrypted.
    """
    kms, stack = module.api("kms"), module.params["stack"]
    users: dict[str, list[str]] = {arn: [] for arn in arns}

    def note(key: str | None, what: str) -> None:
        for arn in arns:
            if key and key in (arn, arn.rpartition("/")[2]):
                users[arn].append(what)

    def items(service: str, operation: str, key: str, **parameters: Any) -> list[Any]:
        return module.api(service).pages(operation, key, on="what is there twice", **parameters)

    for arn in arns:
        users[arn] += [alias["AliasName"] for alias in kms.pages("list_aliases", "Aliases", on=arn, KeyId=arn)]
        users[arn] += twice.counted("grant" for _grant in kms.pages("list_grants", "Grants", on=arn, KeyId=arn))
    for instance in items("rds", "describe_db_instances", "DBInstances"):
        keys = (instance.get("KmsKeyId"), instance.get("PerformanceInsightsKMSKeyId"))
        for key in {*keys, instance.get("MasterUserSecret", {}).get("KmsKeyId")}:
            note(key, f"the DB instance {instance['DBInstanceIdentifier']}")
    for snapshot in items("rds", "describe_db_snapshots", "DBSnapshots"):
        note(snapshot.get("KmsKeyId"), f"the DB snapshot {snapshot['DBSnapshotIdentifier']}")
    for group in items("logs", "describe_log_groups", "logGroups"):
        note(group.get("kmsKeyId"), f"the log group {group['logGroupName']}")
    for secret in items("secretsmanager", "list_secrets", "SecretList"):
        note(secret.get("KmsKeyId"), f"the secret {secret['Name']}")
    for topic in items("sns", "list_topics", "Topics"):
        arn, gone = topic["TopicArn"], ("NotFound",)
        if arn.rpartition(":")[2].startswith(stack):
            answer = module.api("sns").call("get_topic_attributes", on=arn, absent=gone, TopicArn=arn)
            note(answer.get("Attributes", {}).get("KmsMasterKeyId"), f"the topic {arn.rpartition(':')[2]}")
    queues = module.api("sqs").call("list_queues", on="the queues", QueueNamePrefix=stack)
    for url in queues.get("QueueUrls", []):
        answer = module.api("sqs").call("get_queue_attributes", on=url, QueueUrl=url, AttributeNames=["KmsMasterKeyId"])
        note(answer.get("Attributes", {}).get("KmsMasterKeyId"), f"the queue {url.rpartition('/')[2]}")
    return users


def _key(kms: Api, identifier: str) -> dict[str, Any]:
    """The key's metadata; nothing when it is not there, or only until its recovery window is over."""
    answer = kms.call("describe_key", on=identifier, absent=("NotFoundException",), KeyId=identifier)
    key: dict[str, Any] = answer.get("KeyMetadata", {})
    return key if key and alive("KMS key", key["KeyState"]) else {}


def _entry(kms: Api, alias: str | None, key: dict[str, Any], listed: dict[str, str] | None) -> dict[str, Any]:
    arn = key["Arn"]
    tags = listed or _tags(kms, arn)  # somebody else's, or not listed yet
    return {
        "type": "kms_key",
        "id": arn,
        "component": tags.get(COMPONENT),
        "stack": tags.get(STACK),
        "alias": alias,
        "description": key["Description"],
        "enabled": key["Enabled"],
        "enable_key_rotation": kms.call("get_key_rotation_status", on=arn, KeyId=arn)["KeyRotationEnabled"],
        "policy": json.loads(kms.call("get_key_policy", on=arn, KeyId=arn, PolicyName="default")["Policy"]),
        "tags": tags,
    }
