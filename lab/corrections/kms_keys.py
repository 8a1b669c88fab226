"""KMS: what may be done with a key in which state and by whom, the period of its rotation, and keys of AWS services.

KMS developer guide: "Key states of AWS KMS keys", "AWS managed keys", "Rotate AWS KMS keys". KMS API reference:
ScheduleKeyDeletion, CancelKeyDeletion, EnableKey, DisableKey, UpdateKeyDescription take the ID or the ARN of a key.
"""

from __future__ import annotations

import json
import time
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms.exceptions import ValidationException
from moto.kms.models import KmsBackend
from moto.kms.responses import KmsResponse
from moto.kms.utils import RESERVED_ALIASES

from lab.corrections.override import override

DAY = 86400
WINDOW = range(7, 31)  # days
ROTATION_DAYS = 365
# Services of the stack whose key the emulator does not know.
RESERVED_ALIASES += [f"alias/aws/{service}" for service in ("backup", "sns", "sqs")]
# Changes of a key: not while it is pending deletion, and never of a key that AWS manages.
CHANGES = (
    "create_alias",
    "disable_key",
    "disable_key_rotation",
    "enable_key",
    "enable_key_rotation",
    "schedule_key_deletion",
    "tag_resource",
    "untag_resource",
    "update_key_description",
)
USES = ("create_grant", "encrypt", "generate_data_key", "generate_mac", "sign")
OWNERS_ONLY = ("put_key_policy", "cancel_key_deletion")


class InvalidStateError(JsonRESTError):
    """400 KMSInvalidStateException."""

    code = 400

    def __init__(self, arn: str) -> None:
        super().__init__("KMSInvalidStateException", f"{arn} is pending deletion.")


class NotAllowedError(JsonRESTError):
    """400 AccessDeniedException."""

    code = 400

    def __init__(self, operation: str, arn: str) -> None:
        action = "".join(word.capitalize() for word in operation.split("_"))
        super().__init__("AccessDeniedException", f"User is not authorized to perform: kms:{action} on resource: {arn}")


def _guard(name: str) -> None:
    @override(KmsBackend, name)
    def guarded(original: Any, self: KmsBackend, key_id: str, *rest: Any, **more: Any) -> Any:
        key = self.keys.get(self.any_id_to_key_id(key_id))
        if key and key.key_manager == "AWS" and name not in USES:
            raise NotAllowedError(name, key.arn)
        if key and key.key_state == "PendingDeletion" and name not in OWNERS_ONLY:
            raise InvalidStateError(key.arn)
        return original(self, key.id if key else key_id, *rest, **more)


for operation in (*CHANGES, *USES, *OWNERS_ONLY):
    _guard(operation)


@override(KmsBackend, "_generate_default_keys")
def _aws_managed_key(original: Any, self: KmsBackend, alias_name: str) -> str | None:
    """DescribeKey: a predefined alias brings the service's key, which AWS manages and rotates each year."""
    key_id: str | None = original(self, alias_name)
    if key_id:
        key = self.keys[key_id]
        key.key_manager, key.key_rotation_status = "AWS", True
        key.description = f"Default key of {alias_name.rpartition('/')[2]} when no other key is defined"
    return key_id


@override(KmsResponse, "schedule_key_deletion")
def _schedule_key_deletion(original: Any, self: KmsResponse) -> str:
    """ScheduleKeyDeletion, PendingWindowInDays: 7 to 30."""
    days = self._get_param("PendingWindowInDays")
    if days is not None and days not in WINDOW:
        raise ValidationException(
            f"1 validation error detected: Value '{days}' at 'pendingWindowInDays' failed to satisfy constraint: "
            f"Member must have value between {WINDOW.start} and {WINDOW.stop - 1}"
        )
    answer: str = original(self)
    return answer


@override(KmsResponse, "enable_key_rotation")
def _enable_key_rotation(original: Any, self: KmsResponse) -> str:
    """EnableKeyRotation, RotationPeriodInDays: 365 unless given."""
    answer: str = original(self)
    key: Any = self.kms_backend.keys[self.kms_backend.any_id_to_key_id(self._get_param("KeyId"))]
    key.rotation_days = self._get_param("RotationPeriodInDays") or ROTATION_DAYS
    key.rotation_since = time.time()
    return answer


@override(KmsResponse, "get_key_rotation_status")
def _get_key_rotation_status(original: Any, self: KmsResponse) -> str:
    """GetKeyRotationStatus: with its period and next date; false while the key is pending deletion."""
    enabled = json.loads(original(self))["KeyRotationEnabled"]
    key: Any = self.kms_backend.keys[self.kms_backend.any_id_to_key_id(self._get_param("KeyId"))]
    if not enabled or key.key_state == "PendingDeletion":
        return json.dumps({"KeyId": key.arn, "KeyRotationEnabled": False})
    days = getattr(key, "rotation_days", ROTATION_DAYS)
    since = getattr(key, "rotation_since", key.creation_date)
    return json.dumps(
        {
            "KeyId": key.arn,
            "KeyRotationEnabled": True,
            "RotationPeriodInDays": days,
            "NextRotationDate": since + days * DAY,
        }
    )
