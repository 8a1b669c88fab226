"""KMS in the lab: deletion is scheduled and called off by ID or ARN."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Lab


@pytest.mark.parametrize("name", ["KeyId", "Arn"])
def test_a_deletion_is_scheduled_and_called_off(lab: Lab, name: str) -> None:
    """ScheduleKeyDeletion, CancelKeyDeletion: "the key state is Disabled" afterwards."""
    kms: Any = lab.aws("kms")
    key = kms.create_key()["KeyMetadata"][name]

    def state() -> tuple[str, bool]:
        found = kms.describe_key(KeyId=key)["KeyMetadata"]
        return found["KeyState"], found["Enabled"]

    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert state() == ("PendingDeletion", False)
    kms.cancel_key_deletion(KeyId=key)
    assert state() == ("Disabled", False)
    kms.enable_key(KeyId=key)
    assert state() == ("Enabled", True)
    kms.update_key_description(KeyId=key, Description="new")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "new"
