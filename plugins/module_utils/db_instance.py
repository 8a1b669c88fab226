"""A DB instance between the module's options and the RDS API: pure functions."""

from __future__ import annotations

from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.db_storage import (
    BASELINE_IOPS,
    PROVISIONED_FROM_GIB,
    growth_refusal,
)
from ansible_collections.triflow.platform.plugins.module_utils.statuses import NEVER, REMEDY, meaning, note
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK, from_aws
from ansible_collections.triflow.platform.plugins.module_utils.versions import (
    is_newer,
    major_version,
    version_matches,
)

# option: (parameter of CreateDBInstance, ModifyDBInstance and PendingModifiedValues)
PARAMETERS = {
    "db_instance_class": "DBInstanceClass",
    "engine_version": "EngineVersion",
    "multi_az": "MultiAZ",
    "storage_type": "StorageType",
    "allocated_storage": "AllocatedStorage",
    "max_allocated_storage": "MaxAllocatedStorage",
    "iops": "Iops",
    "storage_throughput": "StorageThroughput",
    "backup_retention_period": "BackupRetentionPeriod",
    "preferred_backup_window": "PreferredBackupWindow",
    "preferred_maintenance_window": "PreferredMaintenanceWindow",
    "deletion_protection": "DeletionProtection",
    "publicly_accessible": "PubliclyAccessible",
    "copy_tags_to_snapshot": "CopyTagsToSnapshot",
    "auto_minor_version_upgrade": "AutoMinorVersionUpgrade",
    "ca_certificate_identifier": "CACertificateIdentifier",
    "manage_master_user_password": "ManageMasterUserPassword",
    "vpc_security_group_ids": "VpcSecurityGroupIds",
    "db_parameter_group_name": "DBParameterGroupName",
    "enable_cloudwatch_logs_exports": "EnableCloudwatchLogsExports",
    "db_subnet_group_name": "DBSubnetGroupName",
    "db_name": "DBName",
    "master_username": "MasterUsername",
    "storage_encrypted": "StorageEncrypted",
}
GOING = ("deleting", "delete-precheck")  # statuses of one that is as good as gone
REPLACES = {"db_name", "master_username", "storage_encrypted", "db_subnet_group_name"}
# Of these RDS makes no final snapshot: Amazon RDS user guide, "Deleting a DB instance".
NO_FINAL_SNAPSHOT = ("creating", "failed", "incompatible-create", "incompatible-network", "incompatible-restore")
RESTARTS = {"db_instance_class", "engine_version", "multi_az", "ca_certificate_identifier", "db_parameter_group_name"}


def live_state(instance: dict[str, Any]) -> dict[str, Any]:
    """A DBInstance of DescribeDBInstances in option names. What is pending counts as done, so it is not sent twice."""
    described = {**instance, **instance.get("PendingModifiedValues", {})}
    state = {option: described.get(parameter) for option, parameter in PARAMETERS.items()}
    logs = set(instance.get("EnabledCloudwatchLogsExports", []))
    pending = described.get("PendingCloudwatchLogsExports", {})
    logs = (logs | set(pending.get("LogTypesToEnable", []))) - set(pending.get("LogTypesToDisable", []))
    tags = from_aws(instance.get("TagList"))
    state |= {
        "id": instance["DBInstanceIdentifier"],
        "arn": instance["DBInstanceArn"],
        "status": instance["DBInstanceStatus"],
        "component": tags.get(COMPONENT),
        "stack": tags.get(STACK),
        "enable_cloudwatch_logs_exports": sorted(logs),
        "vpc_security_group_ids": [group["VpcSecurityGroupId"] for group in instance.get("VpcSecurityGroups", [])],
        "db_subnet_group_name": instance.get("DBSubnetGroup", {}).get("DBSubnetGroupName"),
        "db_parameter_group_name": next(
            (group["DBParameterGroupName"] for group in instance.get("DBParameterGroups", [])), None
        ),
        "parameters_statuses": [group["ParameterApplyStatus"] for group in instance.get("DBParameterGroups", [])],
        "secret_status": instance.get("MasterUserSecret", {}).get("SecretStatus"),
        "storage_progress": instance.get("StorageOperationPercentProgress", instance.get("PercentProgress")),
        "manage_master_user_password": "MasterUserSecret" in instance,
        "tags": tags,
    }
    return state


def kept(live: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """The wanted state less what must not be fought over: a newer minor version, storage that RDS has grown."""
    result = dict(wanted)
    if version_matches(live["engine_version"], wanted["engine_version"]) or is_newer(
        live["engine_version"], wanted["engine_version"]
    ):
        result["engine_version"] = live["engine_version"]
    if wanted["allocated_storage"] < live["allocated_storage"] <= wanted["max_allocated_storage"]:
        result["allocated_storage"] = live["allocated_storage"]
    return result


def refusals(live: dict[str, Any], wanted: dict[str, Any], fields: list[str], allow_restart: bool) -> list[str]:
    """Sentences that name the changes which this run must not make."""

    def change(field: str) -> str:
        return f"{field}: {live[field]!r} to {wanted[field]!r}"

    sentences = [
        f"{change(field)} would replace the instance, and its data with it. No variable allows that: set it back, or "
        "make a new stack and move the data there."
        for field in fields
        if field in REPLACES
    ]
    if "engine_version" in fields and major_version(live["engine_version"]) != major_version(wanted["engine_version"]):
        sentences.append(
            f"{change('engine_version')} changes the major version. Do that by hand, with its own tests and snapshot, "
            "then set the variable."
        )
    if "allocated_storage" in fields and wanted["allocated_storage"] < live["allocated_storage"]:
        sentences.append(
            f"{change('allocated_storage')}: RDS never shrinks storage. Accepted: at least the live value."
        )
    growth = growth_refusal(live["allocated_storage"], wanted["allocated_storage"])
    if "allocated_storage" in fields and growth:
        reason, accepted = growth
        sentences.append(f"{change('allocated_storage')}: {reason}. Accepted: {accepted}.")
    if not allow_restart:
        sentences += [
            f"{change(field)} restarts the database or fails it over. Accepted with allow_restart: true "
            "(variable rds_allow_restart), best outside office hours."
            for field in fields
            if field in RESTARTS
        ]
    return sentences


def status_refusal(live: dict[str, Any], fields: list[str]) -> str | None:
    """Why RDS does not take this change now, nor when somebody waits, as the end of a sentence.

    Tags are taken at any time, and more storage is what mends an instance that has none left.
    """
    status, changed = live["status"], [field for field in fields if field != "tags"]
    mends = status == "storage-full" and "allocated_storage" in changed
    if not changed or mends or meaning("DB instance", status) not in (NEVER, REMEDY):
        return None
    return (
        f"{status}, and RDS changes nothing of it until it runs ({', '.join(changed)}): {note('DB instance', status)}"
    )


def final_snapshot_refusal(live: dict[str, Any]) -> str | None:
    """Why RDS makes no final snapshot, now or later, as the end of a sentence."""
    status = live["status"]
    if status not in NO_FINAL_SNAPSHOT or meaning("DB instance", status) not in (NEVER, REMEDY):
        return None
    return (
        f"{status}, and RDS makes no final snapshot of it: deleting it takes skip_final_snapshot: true (variable "
        f"rds_skip_final_snapshot), given on purpose for this run. Otherwise {note('DB instance', status)}"
    )


def modification(live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    """Parameters of ModifyDBInstance for these fields; empty when only tags differ."""
    parameters = {PARAMETERS[field]: wanted[field] for field in fields if field in PARAMETERS}
    if parameters.get("AllocatedStorage", 0) >= PROVISIONED_FROM_GIB:
        # ModifyDBInstance, AllocatedStorage: "you must also specify the Iops parameter. You can use the current value".
        parameters.setdefault("Iops", max(live["iops"] or 0, BASELINE_IOPS))
    logs = parameters.pop("EnableCloudwatchLogsExports", None)
    if logs is not None:
        there = set(live["enable_cloudwatch_logs_exports"])
        parameters["CloudwatchLogsExportConfiguration"] = {
            "EnableLogTypes": sorted(set(logs) - there),
            "DisableLogTypes": sorted(there - set(logs)),
        }
    return parameters
