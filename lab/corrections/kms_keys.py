"""KMS: keys named by their ARN.

AWS KMS API reference: ScheduleKeyDeletion, CancelKeyDeletion, EnableKey, DisableKey, UpdateKeyDescription take the ID
or the ARN of a key.
"""

from __future__ import annotations

from typing import Any

from moto.kms.models import KmsBackend

from lab.corrections.override import override


def _by_id(name: str) -> None:
    @override(KmsBackend, name)
    def by_id(original: Any, self: KmsBackend, key_id: str, *rest: Any, **more: Any) -> Any:
        return original(self, self.any_id_to_key_id(key_id), *rest, **more)


for operation in (
    "schedule_key_deletion",
    "cancel_key_deletion",
    "enable_key",
    "disable_key",
    "update_key_description",
):
    _by_id(operation)
