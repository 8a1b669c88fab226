# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads KMS keys by their alias, in the option names of amazon.aws.kms_key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api


def read(kms: Api, aliases: list[str]) -> list[dict[str, Any]]:
    """Those of the keys that are there and are not scheduled for deletion: four calls a key."""
    found = []
    for alias in aliases:
        answer = kms.call("describe_key", on=alias, absent=("NotFoundException",), KeyId=alias)
        key = answer.get("KeyMetadata", {"KeyState": "PendingDeletion"})
        if key["KeyState"] == "PendingDeletion":
            continue
        arn = key["Arn"]
        listed = kms.call("list_resource_tags", on=alias, KeyId=arn)["Tags"]
        tags = {tag["TagKey"]: tag["TagValue"] for tag in listed}
        found.append(
            {
                "type": "kms_key",
                "id": arn,
                "component": tags.get(COMPONENT),
                "stack": tags.get(STACK),
                "alias": alias,
                "description": key["Description"],
                "enabled": key["Enabled"],
                "enable_key_rotation": kms.call("get_key_rotation_status", on=alias, KeyId=arn)["KeyRotationEnabled"],
                "policy": json.loads(kms.call("get_key_policy", on=alias, KeyId=arn, PolicyName="default")["Policy"]),
                "tags": tags,
            }
        )
    return found
