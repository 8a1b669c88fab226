"""KMS in the lab: deletion is scheduled and called off by ID or ARN."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.conftest import Lab
from tests.lab.conftest import refused


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


@pytest.mark.parametrize("days", [1, 6, 31])
def test_a_window_that_kms_does_not_take(lab: Lab, days: int) -> None:
    """ScheduleKeyDeletion, PendingWindowInDays: 7 to 30."""
    kms: Any = lab.aws("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    with refused("ValidationException"):
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=days)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


CHANGES: dict[str, dict[str, Any]] = {
    "enable_key": {},
    "disable_key": {},
    "enable_key_rotation": {},
    "disable_key_rotation": {},
    "update_key_description": {"Description": "new"},
    "schedule_key_deletion": {},
    "tag_resource": {"Tags": [{"TagKey": "a", "TagValue": "b"}]},
    "untag_resource": {"TagKeys": ["a"]},
    "encrypt": {"Plaintext": b"a"},
    "generate_data_key": {"KeySpec": "AES_256"},
    "create_grant": {"GranteePrincipal": "arn:aws:iam::123456789012:root", "Operations": ["Decrypt"]},
}


@pytest.mark.parametrize("call", CHANGES)
def test_a_key_that_is_pending_deletion_takes_no_change(lab: Lab, call: str) -> None:
    """KMS developer guide, "Key states of AWS KMS keys": KMSInvalidStateException. Policies and aliases go on."""
    kms: Any = lab.aws("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key)
    with refused("KMSInvalidStateException", "pending deletion"):
        getattr(kms, call)(KeyId=key, **CHANGES[call])
    policy = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
    if call != "schedule_key_deletion":
        getattr(kms, call)(KeyId=key, **CHANGES[call])


def test_no_alias_for_a_key_that_is_pending_deletion(lab: Lab) -> None:
    kms: Any = lab.aws("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key)
    with refused("KMSInvalidStateException"):
        kms.create_alias(AliasName=f"alias/{key}", TargetKeyId=key)


def test_rotation_has_a_period(lab: Lab) -> None:
    """EnableKeyRotation, RotationPeriodInDays: 365 unless given; GetKeyRotationStatus tells it."""
    kms: Any = lab.aws("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 365
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    status = kms.get_key_rotation_status(KeyId=key)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 180)
    assert status["NextRotationDate"].timestamp() - time.time() == pytest.approx(180 * 86400, abs=60)
    kms.schedule_key_deletion(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.cancel_key_deletion(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True


@pytest.mark.parametrize("service", ["rds", "lambda", "secretsmanager", "sns", "sqs", "backup"])
def test_keys_of_aws_services_are_managed_by_aws(lab: Lab, service: str) -> None:
    """DescribeKey: "If you specify a predefined AWS alias, KMS associates the alias with an AWS managed key"; KMS
    developer guide, "AWS managed keys": nobody else may schedule their deletion, nor change them."""
    kms: Any = lab.aws("kms")
    found = kms.describe_key(KeyId=f"alias/aws/{service}")["KeyMetadata"]
    assert found["KeyManager"] == "AWS"
    assert kms.describe_key(KeyId=f"alias/aws/{service}")["KeyMetadata"]["Arn"] == found["Arn"]
    assert kms.get_key_rotation_status(KeyId=found["KeyId"])["KeyRotationEnabled"] is True
    with refused("AccessDeniedException"):
        kms.schedule_key_deletion(KeyId=found["KeyId"])
    with refused("AccessDeniedException"):
        kms.disable_key(KeyId=found["KeyId"])
    with refused("NotFoundException"):
        kms.describe_key(KeyId="alias/aws/nothing")
