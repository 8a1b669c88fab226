"""db_instance (DB-1..8, DB-12..14, DB-16)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import Lab
from tests.modules.conftest import RunModule, ShowAnswer
from tests.modules.grammar import Case, walk

MODULE = "db_instance"


@pytest.fixture
def rds(lab: Lab) -> Any:
    return lab.aws("rds")


@pytest.fixture
def options(ec2: Any, rds: Any, stack: str) -> Iterator[dict[str, Any]]:
    """Options of an instance whose groups are there. Whatever the test leaves of it is deleted."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"ap-northeast-2{zone}")
        for number, zone in enumerate("ac")
    ]
    rds.create_db_subnet_group(
        DBSubnetGroupName=stack,
        DBSubnetGroupDescription=stack,
        SubnetIds=[subnet["Subnet"]["SubnetId"] for subnet in subnets],
    )
    rds.create_db_parameter_group(DBParameterGroupName=stack, DBParameterGroupFamily="postgres14", Description=stack)
    group = ec2.create_security_group(VpcId=vpc, GroupName=stack, Description=stack)["GroupId"]
    yield {
        "db_instance_identifier": stack,
        "engine_version": "14",
        "db_instance_class": "db.t4g.medium",
        "multi_az": False,
        "allocated_storage": 100,
        "max_allocated_storage": 200,
        "backup_retention_period": 7,
        "preferred_backup_window": "18:00-19:00",
        "preferred_maintenance_window": "sun:19:00-sun:20:00",
        "db_subnet_group_name": stack,
        "db_parameter_group_name": stack,
        "vpc_security_group_ids": [group],
        "enable_cloudwatch_logs_exports": ["postgresql"],
        "ca_certificate_identifier": "rds-ca-rsa2048-g1",
        "db_name": "triflow",
        "master_username": "triflow_admin",
    }
    if described(rds, stack):
        rds.modify_db_instance(DBInstanceIdentifier=stack, DeletionProtection=False, ApplyImmediately=True)
        rds.delete_db_instance(DBInstanceIdentifier=stack, SkipFinalSnapshot=True)


def described(rds: Any, identifier: str) -> dict[str, Any]:
    try:
        return dict(rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"][0])
    except rds.exceptions.DBInstanceNotFoundFault:
        return {}


def minor_versions(rds: Any) -> list[str]:
    """The minor versions of 14 on offer, oldest first."""
    offered = rds.describe_db_engine_versions(Engine="postgres", EngineVersion="14")["DBEngineVersions"]
    return sorted((item["EngineVersion"] for item in offered), key=lambda version: int(version.split(".")[1]))


def test_grammar(lab: Lab, stack: str, rds: Any, options: dict[str, Any], run_module: RunModule) -> None:
    def read() -> Any:
        found = described(rds, stack)
        return found and (
            found["BackupRetentionPeriod"],
            found["PreferredBackupWindow"],
            found["MaxAllocatedStorage"],
            found.get("EnabledCloudwatchLogsExports", []),
            found["DeletionProtection"],
        )

    case = Case(
        module=MODULE,
        options=options,
        update={
            "backup_retention_period": 14,
            "preferred_backup_window": "17:00-18:00",
            "max_allocated_storage": 300,
            "enable_cloudwatch_logs_exports": ["postgresql", "upgrade"],
            "deletion_protection": False,
        },
        read=read,
        created=(7, "18:00-19:00", 200, ["postgresql"], True),
        updated=(14, "17:00-18:00", 300, ["postgresql", "upgrade"], False),
        deleted={},
        creates=["database"],
        named=["database"],
        updates={
            "database": [
                "max_allocated_storage",
                "backup_retention_period",
                "preferred_backup_window",
                "deletion_protection",
                "enable_cloudwatch_logs_exports",
            ]
        },
        deletes=["database"],
        refused=[
            ({"engine_version": "14.10"}, "version 14.10 is not on offer; on offer are: 14."),
            ({"db_name": None}, "missing: db_name"),
            ({"allocated_storage": "big"}, "unable to convert to int"),
        ],
    )
    walk(case, lab, run_module)


def test_what_the_stack_decides_for_every_instance(
    stack: str, rds: Any, options: dict[str, Any], run_module: RunModule
) -> None:
    run_module(MODULE, **options)
    found = described(rds, stack)
    assert found["EngineVersion"] == minor_versions(rds)[-1]
    assert found["StorageType"] == "gp3"
    assert found["StorageEncrypted"] is True
    assert found["PubliclyAccessible"] is False
    assert found["MasterUserSecret"]["SecretArn"]
    tags = {tag["Key"]: tag["Value"] for tag in found["TagList"]}
    assert (tags["triflow:stack"], tags["triflow:component"]) == (stack, "database")


def test_an_exact_version_is_honoured_and_a_newer_one_is_not_downgraded(
    stack: str, rds: Any, options: dict[str, Any], run_module: RunModule
) -> None:
    old, *_between, newest = minor_versions(rds)
    run_module(MODULE, **{**options, "engine_version": old})
    assert described(rds, stack)["EngineVersion"] == old
    # "14" takes whatever 14.x runs: a new minor version on offer is no change.
    assert run_module(MODULE, **options)["changed"] is False
    refused = run_module(MODULE, **{**options, "engine_version": newest})
    assert "engine_version" in refused["msg"]
    assert "rds_allow_restart" in refused["msg"]
    upgraded = run_module(MODULE, **{**options, "engine_version": newest, "allow_restart": True})
    assert upgraded["changes"][0]["fields"] == ["engine_version"]
    assert run_module(MODULE, **{**options, "engine_version": old, "allow_restart": True})["changed"] is False
    assert described(rds, stack)["EngineVersion"] == newest


def test_a_version_of_extended_support_is_pinned_kept_and_upgraded(
    stack: str, rds: Any, options: dict[str, Any], run_module: RunModule
) -> None:
    rds.create_db_parameter_group(
        DBParameterGroupName=f"{stack}-11", DBParameterGroupFamily="postgres11", Description=stack
    )
    of_11 = {**options, "db_parameter_group_name": f"{stack}-11", "db_instance_class": "db.t3.medium"}
    run_module(MODULE, **{**of_11, "engine_version": "11.22-rds.20240418"})
    assert described(rds, stack)["EngineVersion"] == "11.22-rds.20240418"
    # Any 11 is what runs, and so is 11.22 itself: this is a later release of it.
    for wish in ("11", "11.22", "11.22-RDS.20240418"):
        assert run_module(MODULE, **{**of_11, "engine_version": wish})["changed"] is False
    newer = {**of_11, "engine_version": "11.22-rds.20241121"}
    assert "rds_allow_restart" in run_module(MODULE, **newer)["msg"]
    assert run_module(MODULE, **{**newer, "allow_restart": True})["changes"][0]["fields"] == ["engine_version"]
    assert described(rds, stack)["EngineVersion"] == "11.22-rds.20241121"


@pytest.mark.parametrize(
    ("change", "accepted"),
    [
        ({"db_instance_class": "db.t4g.large"}, "rds_allow_restart"),
        ({"multi_az": True}, "rds_allow_restart"),
        ({"db_name": "other"}, "would replace the instance"),
        ({"master_username": "other"}, "would replace the instance"),
        ({"allocated_storage": 50, "max_allocated_storage": 60}, "RDS never shrinks storage"),
        ({"engine_version": "15"}, "changes the major version"),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_a_change_that_restarts_or_replaces_is_refused(
    lab: Lab,
    options: dict[str, Any],
    run_module: RunModule,
    change: dict[str, Any],
    accepted: str,
    check: bool,
) -> None:
    run_module(MODULE, **options)
    before = len(lab.calls())
    result = run_module(MODULE, check=check, **{**options, **change})
    assert result["failed"]
    assert accepted in result["msg"]
    assert next(iter(change)) in result["msg"]
    assert not any(call["write"] for call in lab.calls()[before:])


def test_a_restart_that_is_allowed_is_made(
    stack: str, rds: Any, options: dict[str, Any], run_module: RunModule
) -> None:
    run_module(MODULE, **options)
    result = run_module(MODULE, **{**options, "db_instance_class": "db.t4g.large", "allow_restart": True})
    assert result["changes"][0]["fields"] == ["db_instance_class"]
    assert described(rds, stack)["DBInstanceClass"] == "db.t4g.large"


def test_storage_that_rds_has_grown_is_left_as_it_is(
    stack: str, rds: Any, options: dict[str, Any], run_module: RunModule
) -> None:
    run_module(MODULE, **options)
    rds.modify_db_instance(DBInstanceIdentifier=stack, AllocatedStorage=150, ApplyImmediately=True)
    assert run_module(MODULE, **options)["changed"] is False


@pytest.mark.parametrize("check", [True, False])
def test_storage_that_grows_by_too_little_is_refused(
    lab: Lab, options: dict[str, Any], run_module: RunModule, check: bool
) -> None:
    run_module(MODULE, **options)
    before = len(lab.calls())
    refused = run_module(MODULE, check=check, **{**options, "allocated_storage": 105})
    assert "allocated_storage: 100 to 105" in refused["msg"]
    assert "Accepted: 110 GiB or more, or 100 GiB" in refused["msg"]
    assert not any(call["write"] for call in lab.calls()[before:])


def test_storage_is_grown_once_in_six_hours(
    lab: Lab, stack: str, rds: Any, options: dict[str, Any], run_module: RunModule
) -> None:
    run_module(MODULE, **options)
    assert run_module(MODULE, **{**options, "allocated_storage": 150})["changed"] is True
    before = len(lab.calls())
    for check in (True, False):
        refused = run_module(MODULE, check=check, **{**options, "allocated_storage": 180})
        assert "allocated_storage: the storage was changed at 20" in refused["msg"]
        assert "RDS changes it again only after 6 hours: run again after 20" in refused["msg"]
    # Whoever wants no storage asks for no events, and may change the rest.
    asked = len(lab.calls())
    assert run_module(MODULE, **{**options, "backup_retention_period": 9})["changed"] is True
    operations = [call["operation"] for call in lab.calls()[before:]]
    assert operations.count("DescribeEvents") == 2
    assert "DescribeEvents" not in operations[asked - before :]
    assert described(rds, stack)["AllocatedStorage"] == 150


def test_storage_past_400_gib_is_sent_with_its_iops(
    stack: str, rds: Any, options: dict[str, Any], run_module: RunModule
) -> None:
    """Amazon RDS API reference, ModifyDBInstance, AllocatedStorage: "you must also specify the Iops parameter"."""
    run_module(MODULE, **options)
    large = {**options, "allocated_storage": 400, "max_allocated_storage": 800}
    assert run_module(MODULE, **large)["changed"] is True
    assert (described(rds, stack)["AllocatedStorage"], described(rds, stack)["Iops"]) == (400, 12000)
    assert run_module(MODULE, **large)["changed"] is False


def in_status(value: str, **more: Any) -> Callable[[dict[str, Any]], None]:
    return lambda answer: answer["DBInstances"][0].update(DBInstanceStatus=value, **more)


def test_all_but_the_storage_is_changed_while_rds_optimizes_it(
    stack: str, rds: Any, options: dict[str, Any], run_module: RunModule, show_answer: ShowAnswer
) -> None:
    """re:Post, "rds-stuck-in-storage-optimization": "You can perform any other instance modifications"."""
    run_module(MODULE, **options)
    show_answer("DescribeDBInstances", in_status("storage-optimization", StorageOperationPercentProgress=45))
    for check in (True, False):
        refused = run_module(MODULE, check=check, **{**options, "allocated_storage": 150})
        assert "RDS optimizes the storage after its last change (45 %)" in refused["msg"]
    # Nothing is waited for: a wait would take longer than a second.
    assert run_module(MODULE, **options, wait_timeout=1)["changed"] is False
    assert run_module(MODULE, **{**options, "backup_retention_period": 9}, wait_timeout=1)["changed"] is True
    assert described(rds, stack)["BackupRetentionPeriod"] == 9


@pytest.mark.parametrize("value", ["failed", "incompatible-network", "incompatible-parameters", "storage-full"])
def test_a_change_that_rds_cannot_take_is_refused_in_the_plan(
    lab: Lab,
    options: dict[str, Any],
    run_module: RunModule,
    show_answer: ShowAnswer,
    value: str,
) -> None:
    run_module(MODULE, **options)
    show_answer("DescribeDBInstances", in_status(value))
    before = len(lab.calls())
    assert run_module(MODULE, **options)["changed"] is False
    for check in (True, False):
        refused = run_module(MODULE, check=check, **{**options, "backup_retention_period": 9})
        assert f"is {value}, and RDS changes nothing of it until it runs (backup_retention_period): " in refused["msg"]
    assert not any(call["write"] for call in lab.calls()[before:])


def test_more_storage_mends_an_instance_that_has_none_left(
    stack: str, rds: Any, options: dict[str, Any], run_module: RunModule, show_answer: ShowAnswer
) -> None:
    run_module(MODULE, **options)
    show_answer("DescribeDBInstances", in_status("storage-full"))
    assert run_module(MODULE, **{**options, "allocated_storage": 150}, wait_timeout=1)["changed"] is True
    assert described(rds, stack)["AllocatedStorage"] == 150


def test_an_instance_of_which_no_snapshot_can_be_made_is_deleted_on_purpose_only(
    lab: Lab, stack: str, rds: Any, options: dict[str, Any], run_module: RunModule, show_answer: ShowAnswer
) -> None:
    """Amazon RDS user guide, "Deleting a DB instance"."""
    run_module(MODULE, **{**options, "deletion_protection": False})
    show_answer("DescribeDBInstances", in_status("failed"))
    absent = {"db_instance_identifier": stack, "state": "absent", "deletion_protection": False}
    before = len(lab.calls())
    for check in (True, False):
        refused = run_module(MODULE, check=check, **absent)
        assert "is failed, and RDS makes no final snapshot of it" in refused["msg"]
        assert "rds_skip_final_snapshot" in refused["msg"]
    assert not any(call["write"] for call in lab.calls()[before:])
    assert run_module(MODULE, **absent, skip_final_snapshot=True)["changed"] is True
    assert described(rds, stack) == {}


@pytest.mark.parametrize(
    ("more", "warning"),
    [
        ({"MasterUserSecret": {"SecretArn": "arn", "SecretStatus": "impaired"}}, "cannot rotate the password"),
        (
            {"DBParameterGroups": [{"DBParameterGroupName": "a", "ParameterApplyStatus": "failed-to-apply"}]},
            "Parameters of a on {stack} are failed-to-apply: RDS cannot apply them",
        ),
        (
            {"DBParameterGroups": [{"DBParameterGroupName": "a", "ParameterApplyStatus": "pending-reboot"}]},
            "Parameters of a on {stack} are pending-reboot: they take effect with its next restart",
        ),
    ],
)
def test_what_waits_for_a_person_is_a_warning(
    stack: str,
    options: dict[str, Any],
    run_module: RunModule,
    show_answer: ShowAnswer,
    more: dict[str, Any],
    warning: str,
) -> None:
    run_module(MODULE, **options)
    show_answer("DescribeDBInstances", in_status("available", **more))
    (said,) = run_module(MODULE, check=True, **options)["warnings"]
    assert warning.format(stack=stack) in said


def test_a_password_of_somebody_else_becomes_managed(
    stack: str, rds: Any, options: dict[str, Any], run_module: RunModule
) -> None:
    run_module(MODULE, **options)
    rds.modify_db_instance(
        DBInstanceIdentifier=stack,
        ManageMasterUserPassword=False,
        MasterUserPassword="by-hand-12345",
        ApplyImmediately=True,
    )
    result = run_module(MODULE, **options)
    assert result["changes"][0]["fields"] == ["manage_master_user_password"]
    assert "by-hand" not in str(result)
    assert described(rds, stack)["MasterUserSecret"]["SecretArn"]


def test_a_protected_instance_is_not_deleted(
    stack: str, rds: Any, options: dict[str, Any], run_module: RunModule
) -> None:
    run_module(MODULE, **options)
    result = run_module(MODULE, db_instance_identifier=stack, state="absent")
    assert "rds_deletion_protection" in result["msg"]
    assert described(rds, stack)["DBInstanceStatus"] == "available"


def test_deletion_lifts_the_protection_and_leaves_a_snapshot(
    stack: str, rds: Any, options: dict[str, Any], run_module: RunModule
) -> None:
    run_module(MODULE, **options)
    absent = {"db_instance_identifier": stack, "state": "absent", "deletion_protection": False}
    assert run_module(MODULE, **absent)["changed"] is True
    assert described(rds, stack) == {}
    snapshots = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    (final,) = [item["DBSnapshotIdentifier"] for item in snapshots if item["DBInstanceIdentifier"] == stack]
    assert final.startswith(f"{stack}-final-")


def test_deletion_without_a_snapshot_takes_its_own_option(
    stack: str, rds: Any, options: dict[str, Any], run_module: RunModule
) -> None:
    run_module(MODULE, **options)
    absent = {"db_instance_identifier": stack, "state": "absent", "deletion_protection": False}
    run_module(MODULE, **absent, skip_final_snapshot=True)
    snapshots = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert [item for item in snapshots if item["DBInstanceIdentifier"] == stack] == []


def test_a_stopped_instance_is_started_to_lose_its_protection(
    lab: Lab, stack: str, rds: Any, options: dict[str, Any], run_module: RunModule
) -> None:
    run_module(MODULE, **options)
    rds.stop_db_instance(DBInstanceIdentifier=stack)
    before = len(lab.calls())
    absent = {"db_instance_identifier": stack, "state": "absent", "deletion_protection": False}
    assert run_module(MODULE, **absent, skip_final_snapshot=True)["changed"] is True
    writes = [call["operation"] for call in lab.calls()[before:] if call["write"]]
    assert writes == ["StartDBInstance", "ModifyDBInstance", "DeleteDBInstance"]
    assert described(rds, stack) == {}


def test_a_stopped_instance_is_left_asleep_and_not_changed(
    stack: str, rds: Any, options: dict[str, Any], run_module: RunModule
) -> None:
    """ENV-6. RDS changes its tags, and nothing else of it."""
    run_module(MODULE, **options)
    rds.stop_db_instance(DBInstanceIdentifier=stack)
    assert run_module(MODULE, **options)["changed"] is False
    tagged = run_module(MODULE, **options, tags={"team": "core"})
    assert tagged["changes"][0]["fields"] == ["tags"]
    for check in (True, False):
        refused = run_module(MODULE, check=check, **{**options, "backup_retention_period": 3})
        assert refused["failed"]
        assert "is stopped, and RDS changes nothing of it until it runs (backup_retention_period)" in refused["msg"]
        assert "playbooks/nights.yml -e nights_wanted=up" in refused["msg"]
    (found,) = rds.describe_db_instances(DBInstanceIdentifier=stack)["DBInstances"]
    assert (found["DBInstanceStatus"], found["BackupRetentionPeriod"]) == ("stopped", 7)
    rds.start_db_instance(DBInstanceIdentifier=stack)


def test_only_the_stacks_own_is_deleted_and_waited_for(
    stack: str, options: dict[str, Any], run_module: RunModule
) -> None:
    run_module(MODULE, **options)
    absent = {"db_instance_identifier": stack, "state": "absent", "deletion_protection": False}
    # Of another stack the protection is no matter, either.
    theirs = {**absent, "stack": "another", "deletion_protection": True}
    result = run_module(MODULE, **theirs)
    assert (result["changed"], result["deleting"]) == (False, [])
    assert run_module(MODULE, check=True, **absent)["deleting"] == []
    assert run_module(MODULE, **absent)["deleting"] == [stack]
