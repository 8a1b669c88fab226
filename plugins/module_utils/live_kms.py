# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads KMS keys by their alias, or by the stack's tag, in the option names of amazon.aws.kms_key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils.statuses import alive
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK, tagged

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api


def read(kms: Api, tagging: Api, stack: str, aliases: list[str]) -> list[dict[str, Any]]:
    """Those of the keys that are there and are not scheduled for deletion: four calls a key.

    When an alias is missing, the stack's other keys too: a run that is killed leaves one without its alias.
    """
    found: list[tuple[str | None, dict[str, Any]]] = [(alias, _key(kms, alias)) for alias in aliases]
    if not all(key for _alias, key in found):
        named = {key["Arn"] for _alias, key in found if key}
        found += [(None, _key(kms, arn)) for arn in tagged(tagging, stack, "kms:key") if arn not in named]
    return [_entry(kms, alias, key) for alias, key in found if key]


def _key(kms: Api, identifier: str) -> dict[str, Any]:
    """The key's metadata; nothing when it is not there, or only until its recovery window is over."""
    answer = kms.call("describe_key", on=identifier, absent=("NotFoundException",), KeyId=identifier)
    key: dict[str, Any] = answer.get("KeyMetadata", {})
    return key if key and alive("KMS key", key["KeyState"]) else {}


def _entry(kms: Api, alias: str | None, key: dict[str, Any]) -> dict[str, Any]:
    arn = key["Arn"]
    listed = kms.call("list_resource_tags", on=arn, KeyId=arn)["Tags"]
    tags = {tag["TagKey"]: tag["TagValue"] for tag in listed}
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
