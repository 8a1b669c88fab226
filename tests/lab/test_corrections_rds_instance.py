"""RDS instances of PostgreSQL as the lab's corrections restore them: storage, windows, protection, deferred changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lab.corrections.rds_windows import refusal
from tests.lab.conftest import Account, refused

GP3_UNDER_400 = "You can't specify IOPS or storage throughput for engine postgres and a storage size less than 400."


def modify(account: Account, **options: Any) -> dict[str, Any]:
    changed: dict[str, Any] = account.rds.modify_db_instance(DBInstanceIdentifier="triflow", **options)["DBInstance"]
    return changed


def test_gp3_under_400_gib_reports_its_baseline_and_refuses_iops_and_throughput(account: Account) -> None:
    options: list[dict[str, Any]] = [{"Iops": 3000}, {"StorageThroughput": 125}]
    for option in options:
        with refused("InvalidParameterCombination", GP3_UNDER_400):
            account.database(**option)
    account.database()
    instance = account.describe()
    assert (instance["StorageType"], instance["Iops"], instance["StorageThroughput"]) == ("gp3", 3000, 125)
    with refused("InvalidParameterCombination", GP3_UNDER_400):
        modify(account, Iops=3000, ApplyImmediately=True)


def test_gp3_from_400_gib_on_has_a_higher_baseline_and_takes_iops(account: Account) -> None:
    account.database(AllocatedStorage=400)
    instance = account.describe()
    assert (instance["Iops"], instance["StorageThroughput"]) == (12000, 500)
    with refused("InvalidParameterCombination"):
        modify(account, Iops=3000, ApplyImmediately=True)
    modify(account, Iops=16000, StorageThroughput=600, ApplyImmediately=True)
    instance = account.describe()
    assert (instance["Iops"], instance["StorageThroughput"]) == (16000, 600)


def test_growing_past_400_gib_raises_the_baseline_and_storage_never_shrinks(account: Account) -> None:
    account.database()
    modify(account, AllocatedStorage=400, ApplyImmediately=True)
    instance = account.describe()
    assert (instance["AllocatedStorage"], instance["Iops"], instance["StorageThroughput"]) == (400, 12000, 500)
    with refused("InvalidParameterCombination"):
        modify(account, AllocatedStorage=100, ApplyImmediately=True)


def test_storage_autoscaling_limit(account: Account) -> None:
    for limit in (99, 109):
        with refused("InvalidParameterCombination", "Max storage size"):
            account.database(MaxAllocatedStorage=limit)
    account.database(MaxAllocatedStorage=200)
    assert account.describe()["MaxAllocatedStorage"] == 200
    modify(account, MaxAllocatedStorage=100)
    assert "MaxAllocatedStorage" not in account.describe()


def test_modify_db_instance_defers_what_the_maintenance_window_is_for(account: Account) -> None:
    account.database()
    changed = modify(account, DBInstanceClass="db.t4g.large", MultiAZ=True, BackupRetentionPeriod=7)
    assert changed["PendingModifiedValues"] == {"DBInstanceClass": "db.t4g.large", "MultiAZ": True}
    instance = account.describe()
    assert (instance["DBInstanceClass"], instance["MultiAZ"]) == ("db.t4g.medium", False)
    assert instance["BackupRetentionPeriod"] == 7
    # Asking for the present value takes the pending one back.
    modify(account, MultiAZ=False)
    assert account.describe()["PendingModifiedValues"] == {"DBInstanceClass": "db.t4g.large"}
    # ApplyImmediately also applies what was pending.
    modify(account, CopyTagsToSnapshot=True, ApplyImmediately=True)
    instance = account.describe()
    assert instance["PendingModifiedValues"] == {}
    assert instance["DBInstanceClass"] == "db.t4g.large"
    assert instance["CopyTagsToSnapshot"] is True


def test_settings_come_back_as_given(account: Account) -> None:
    group = account.subnet_group()
    wanted: dict[str, Any] = {
        "MultiAZ": True,
        "PubliclyAccessible": False,
        "DeletionProtection": True,
        "CopyTagsToSnapshot": True,
        "AutoMinorVersionUpgrade": False,
        "BackupRetentionPeriod": 7,
        "PreferredBackupWindow": "18:00-19:00",
    }
    tags = [{"Key": "triflow:stack", "Value": "prod"}]
    account.database(
        **wanted,
        PreferredMaintenanceWindow="Sun:19:00-Sun:20:00",
        CACertificateIdentifier="rds-ca-rsa2048-g1",
        StorageEncrypted=True,
        DBSubnetGroupName=group,
        Tags=tags,
        EnableCloudwatchLogsExports=["postgresql"],
    )
    instance = account.describe()
    assert {name: instance[name] for name in wanted} == wanted
    assert instance["PreferredMaintenanceWindow"] == "sun:19:00-sun:20:00"
    assert instance["CACertificateIdentifier"] == "rds-ca-rsa2048-g1"
    assert instance["KmsKeyId"].startswith("arn:aws:kms:ap-northeast-2:123456789012:key/")
    assert instance["DBSubnetGroup"]["DBSubnetGroupName"] == group
    assert instance["TagList"] == tags
    assert instance["EnabledCloudwatchLogsExports"] == ["postgresql"]
    assert [parameters["DBParameterGroupName"] for parameters in instance["DBParameterGroups"]] == [
        "default.postgres14"
    ]


def test_log_exports_change_and_unknown_log_types_are_refused(account: Account) -> None:
    with refused("InvalidParameterCombination", "audit"):
        account.database(EnableCloudwatchLogsExports=["audit"])
    account.database(EnableCloudwatchLogsExports=["postgresql"])
    modify(account, CloudwatchLogsExportConfiguration={"EnableLogTypes": ["upgrade", "postgresql"]})
    assert account.describe()["EnabledCloudwatchLogsExports"] == ["postgresql", "upgrade"]
    modify(account, CloudwatchLogsExportConfiguration={"DisableLogTypes": ["postgresql", "iam-db-auth-error"]})
    assert account.describe()["EnabledCloudwatchLogsExports"] == ["upgrade"]


def test_delete_db_instance_respects_protection_and_asks_for_a_final_snapshot(account: Account) -> None:
    account.database(DeletionProtection=True)
    delete = account.rds.delete_db_instance
    with refused("InvalidParameterCombination", "protect"):
        delete(DBInstanceIdentifier="triflow", SkipFinalSnapshot=True)
    modify(account, DeletionProtection=False)
    with refused("InvalidParameterCombination", "FinalDBSnapshotIdentifier"):
        delete(DBInstanceIdentifier="triflow")
    with refused("InvalidParameterCombination", "FinalDBSnapshotIdentifier"):
        delete(DBInstanceIdentifier="triflow", SkipFinalSnapshot=True, FinalDBSnapshotIdentifier="last")
    delete(DBInstanceIdentifier="triflow", FinalDBSnapshotIdentifier="last")
    (snapshot,) = account.rds.describe_db_snapshots(DBSnapshotIdentifier="last")["DBSnapshots"]
    assert snapshot["DBInstanceIdentifier"] == "triflow"
    with refused("DBInstanceNotFound"):
        account.describe()


def test_create_db_instance_needs_a_password_of_one_kind(account: Account) -> None:
    with refused("InvalidParameterValue", "MasterUserPassword"):
        account.database(ManageMasterUserPassword=None)
    with refused("InvalidParameterCombination", "MasterUserPassword"):
        account.database(MasterUserPassword="long-enough-password")


@pytest.mark.parametrize(
    ("maintenance", "backup"),
    [
        ("sun:19:00-sun:20:00", "18:00-19:00"),  # touch
        ("sun:17:00-sun:18:00", "18:00-19:00"),
        ("Sun:23:45-Mon:00:15", "00:15-00:45"),
        ("sat:23:30-sun:00:30", "22:30-23:30"),
        ("mon:05:00-mon:05:30", "23:00-02:00"),
    ],
)
def test_windows_that_do_not_overlap_are_taken(maintenance: str, backup: str) -> None:
    assert refusal(maintenance, backup) is None


@pytest.mark.parametrize(
    ("maintenance", "backup", "reason"),
    [
        ("sun:18:59-sun:20:00", "18:00-19:00", "overlap"),
        ("sun:17:00-sun:20:00", "18:00-19:00", "overlap"),
        ("sun:18:10-sun:18:40", "18:00-19:00", "overlap"),
        ("sun:23:45-mon:00:30", "00:00-00:30", "overlap"),
        ("mon:00:30-mon:01:30", "23:30-01:00", "overlap"),
        ("sun:00:00-sun:00:30", "23:30-00:10", "overlap"),
        ("sun:19:00-sun:19:29", "18:00-19:00", "at least 30"),
        ("sun:19:00-sun:20:00", "18:00-18:29", "at least 30"),
        ("sun:19:00-mon:19:00", "18:00-18:30", "less than 24 hours"),
        ("sunday:19:00-sun:20:00", "18:00-19:00", "Invalid maintenance window format"),
        ("sun:19:00", "18:00-19:00", "Invalid maintenance window format"),
        ("sun:24:00-mon:01:00", "18:00-19:00", "Invalid maintenance window format"),
        ("sun:19:00-sun:20:00", "24:00-25:00", "Invalid backup window format"),
        ("sun:19:00-sun:20:00", "6:00-7:00", "Invalid backup window format"),
    ],
)
def test_windows_that_rds_refuses(maintenance: str, backup: str, reason: str) -> None:
    assert reason in (refusal(maintenance, backup) or "")


def test_create_and_modify_db_instance_check_the_windows(account: Account) -> None:
    with refused("InvalidParameterValue", "overlap"):
        account.database(PreferredBackupWindow="18:00-19:00", PreferredMaintenanceWindow="sun:18:30-sun:20:00")
    account.database(PreferredBackupWindow="18:00-19:00", PreferredMaintenanceWindow="sun:19:00-sun:20:00")
    with refused("InvalidParameterValue", "overlap"):
        modify(account, PreferredBackupWindow="18:30-19:30")
    modify(account, PreferredBackupWindow="20:00-21:00")
    assert account.describe()["PreferredBackupWindow"] == "20:00-21:00"


@pytest.mark.parametrize(("given", "found"), [
    ({}, "rds-ca-rsa2048-g1"), ({"CACertificateIdentifier": "rds-ca-ecc384-g1"}, "rds-ca-ecc384-g1")
])  # fmt: skip
def test_an_instance_tells_its_certificate(account: Account, given: dict[str, str], found: str) -> None:
    """DBInstance, CertificateDetails. RDS user guide, "Certificate authorities": the default is rds-ca-rsa2048-g1."""
    account.database(**given)
    instance = account.describe()
    assert instance["CACertificateIdentifier"] == instance["CertificateDetails"]["CAIdentifier"] == found
    assert instance["CertificateDetails"]["ValidTill"] > datetime.now(UTC) + timedelta(days=300)
