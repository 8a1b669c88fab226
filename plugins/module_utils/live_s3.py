"""Reads buckets back, by the stack's tag and by name, in the option names of amazon.aws.s3_bucket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK, from_aws, tagged

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api


def _bucket(api: Api, name: str, tags: dict[str, str]) -> dict[str, Any] | None:
    def get(operation: str, absent: str) -> dict[str, Any]:
        return api.call(operation, on=name, absent=(absent,), Bucket=name)

    versioning = get("get_bucket_versioning", "NoSuchBucket")
    if not versioning:  # the tags of a deleted bucket are listed for a while
        return None
    encryption = get("get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError")
    rules = encryption.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    block = get("get_public_access_block", "NoSuchPublicAccessBlockConfiguration")
    ownership = get("get_bucket_ownership_controls", "OwnershipControlsNotFoundError")
    policy = get("get_bucket_policy", "NoSuchBucketPolicy").get("Policy")
    access = block.get("PublicAccessBlockConfiguration", {})
    return {
        "type": "bucket",
        "id": name,
        "component": tags.get(COMPONENT),
        "stack": tags.get(STACK),
        "name": name,
        "versioning": versioning.get("Status") == "Enabled",
        "encryption": next((rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in rules), "none"),
        "object_ownership": next(
            (rule["ObjectOwnership"] for rule in ownership.get("OwnershipControls", {}).get("Rules", [])), None
        ),
        "public_access": {
            "block_public_acls": access.get("BlockPublicAcls", False),
            "block_public_policy": access.get("BlockPublicPolicy", False),
            "ignore_public_acls": access.get("IgnorePublicAcls", False),
            "restrict_public_buckets": access.get("RestrictPublicBuckets", False),
        },
        "policy": json.loads(policy) if policy else {},
        "tags": tags,
    }


def read(s3: Api, tagging: Api, stack: str, names: list[str]) -> list[dict[str, Any]]:
    """The stack's buckets, and those of the names that are there, whosever they are.

    One call for the tags, one for each name that they do not list, and five a bucket.
    """
    found = {arn.split(":::")[-1]: tags for arn, tags in tagged(tagging, stack, "s3").items()}
    for name in names:
        if name not in found:
            answer = s3.call("get_bucket_tagging", on=name, absent=("NoSuchTagSet", "NoSuchBucket"), Bucket=name)
            found[name] = from_aws(answer.get("TagSet"))
    buckets = [_bucket(s3, name, tags) for name, tags in found.items()]
    return [bucket for bucket in buckets if bucket]
