"""RDS instances of PostgreSQL: what CreateDBInstance and ModifyDBInstance refuse, resolve, defer and report."""

from __future__ import annotations

from typing import Any

from moto.rds.exceptions import InvalidParameterCombination, InvalidParameterValue, RDSClientError
from moto.rds.models import DBInstance, RDSBackend

from lab.corrections.override import override
from lab.corrections.rds_engine import check_upgrade, resolve

GP3_THRESHOLD = 400
DEFAULT_AUTHORITY = "rds-ca-rsa2048-g1"  # RDS user guide, "Certificate authorities"
# What ModifyDBInstance leaves for the maintenance window unless told ApplyImmediately; its reference says which.
DEFERRED = {
    "allocated_storage": "AllocatedStorage",
    "db_instance_class": "DBInstanceClass",
    "engine_version": "EngineVersion",
    "iops": "Iops",
    "license_model": "LicenseModel",
    "multi_az": "MultiAZ",
    "storage_throughput": "StorageThroughput",
    "storage_type": "StorageType",
}
# Set by the restores for the create that they end in.
RESTORED = "restored_master_user_password"
LOG_TYPES = ("iam-db-auth-error", "postgresql", "upgrade")


@override(RDSBackend, "create_db_instance")
def _create_db_instance(original: Any, self: RDSBackend, db_kwargs: Any) -> DBInstance:
    """CreateDBInstance of the API reference: EngineVersion, StorageType, MaxAllocatedStorage, log types, KmsKeyId."""
    given = dict(db_kwargs)
    if given.get("engine") != "postgres" or given.get("db_cluster_identifier"):
        instance: DBInstance = original(self, db_kwargs)
        return instance
    # A restore hands over all that the source has, its managed secret too.
    given.pop("master_user_secret", None)
    restored = given.pop(RESTORED, None)
    if restored:
        given["manage_master_user_password"] = restored == "managed"
    given["engine_version"] = resolve(given.get("engine_version"))
    given.setdefault("ca_certificate_identifier", DEFAULT_AUTHORITY)
    given.setdefault("storage_type", "io1" if given.get("iops") else "gp3")
    if not restored:
        _check_required(given)
    _check_storage(given["storage_type"], given.get("allocated_storage"), given, restored=bool(restored))
    _check_autoscaling(given.get("allocated_storage"), given.get("max_allocated_storage"))
    _check_log_types(given.get("enable_cloudwatch_logs_exports") or [])
    _check_family(self, given, given["engine_version"])
    if given.get("storage_encrypted"):
        given["kms_key_id"] = self._validate_kms_key(given.get("kms_key_id") or "alias/aws/rds")
    created: DBInstance = original(self, given)
    created.pending_modified_values = {}  # type: ignore[attr-defined]
    created.dbi_resource_id = f"db-{created.db_instance_identifier.upper().replace('-', ''):0<26.26}"
    report_performance(created)
    return created


def _check_required(given: dict[str, Any]) -> None:
    for name, key in (("MasterUsername", "master_username"), ("AllocatedStorage", "allocated_storage")):
        if not given.get(key):
            raise RDSClientError("MissingParameter", f"The request must contain the parameter {name}.")
    managed, password = given.get("manage_master_user_password"), given.get("master_user_password")
    if managed and password:
        raise InvalidParameterCombination(
            "You can't specify MasterUserPassword when ManageMasterUserPassword is turned on."
        )
    if not managed and not password:
        raise InvalidParameterValue(
            "The parameter MasterUserPassword must be provided and must not be blank unless the password is managed."
        )


def _check_storage(storage_type: str, size: int | None, given: dict[str, Any], *, restored: bool = False) -> None:
    """User guide, Amazon RDS DB instance storage: gp3 of PostgreSQL has fixed performance under 400 GiB."""
    if storage_type != "gp3" or size is None:
        return
    if size < GP3_THRESHOLD and (given.get("iops") or given.get("storage_throughput")):
        if restored:
            given["iops"] = given["storage_throughput"] = None
            return
        raise InvalidParameterCombination(
            "You can't specify IOPS or storage throughput for engine postgres and a storage size less than 400."
        )
    if size >= GP3_THRESHOLD:
        iops = given.get("iops") or 12000
        throughput = given.get("storage_throughput") or 500
        if not 12000 <= iops <= 64000 or not 500 <= throughput <= 4000:
            raise InvalidParameterCombination(
                "For engine postgres and a storage size of 400 or more, IOPS must be between 12000 and 64000 and "
                "storage throughput between 500 and 4000."
            )


def _check_autoscaling(size: int | None, maximum: int | None) -> None:
    """User guide, Managing capacity automatically with storage autoscaling: 10 % above, or equal, which disables it."""
    if size is None or maximum is None or maximum == size:
        return
    if maximum < size:
        raise InvalidParameterCombination("Max storage size must be greater than storage size")
    if maximum * 10 < size * 11:
        raise InvalidParameterCombination("Max storage size must be at least 10% greater than storage size")


def _check_family(backend: RDSBackend, given: dict[str, Any], version: str) -> None:
    """User guide, Parameter groups: the group's family is the one of the instance's major version."""
    name = given.get("db_parameter_group_name")
    if not name:
        return
    (group,) = backend.describe_db_parameter_groups({"db_parameter_group_name": name})
    family = f"postgres{version.split('.')[0]}"
    if group.family != family:
        raise InvalidParameterCombination(
            f"The parameter group {name} with DBParameterGroupFamily {group.family} can't be used for this instance. "
            f"Please use a Parameter Group with DBParameterGroupFamily {family}"
        )


def _check_log_types(types: list[str]) -> None:
    """CreateDBInstance, EnableCloudwatchLogsExports: the engine's own log types only."""
    wrong = [name for name in types if name not in LOG_TYPES]
    if wrong:
        raise InvalidParameterCombination(
            f"You cannot use the log types '{', '.join(wrong)}' with engine version postgres. "
            f"For supported log types, see the documentation."
        )


def report_performance(instance: DBInstance) -> None:
    """DBInstance, Iops and StorageThroughput: gp3 reports its baseline when nothing was asked for."""
    if instance.storage_type == "gp3":
        large = instance.allocated_storage >= GP3_THRESHOLD
        instance.iops = max(int(instance.iops or 0), 12000) if large else 3000  # type: ignore[assignment]
        instance.storage_throughput = max(instance.storage_throughput or 0, 500) if large else 125


@override(RDSBackend, "modify_db_instance")
def _modify_db_instance(original: Any, self: RDSBackend, identifier: str, db_kwargs: Any) -> DBInstance:
    """ModifyDBInstance of the API reference: checks, ApplyImmediately and PendingModifiedValues."""
    instance = self.describe_db_instances(identifier)[0]
    given = dict(db_kwargs)
    if instance.engine != "postgres" or instance.db_cluster_identifier:
        modified: DBInstance = original(self, identifier, db_kwargs)
        return modified
    for name in ("db_instance_identifier", "engine"):
        given.pop(name, None)
    if given.get("engine_version"):
        _check_version(instance, given)
    size = given.get("allocated_storage") or instance.allocated_storage
    if size < instance.allocated_storage:
        raise InvalidParameterCombination("Invalid storage size for engine name postgres: storage can only grow.")
    _check_storage(given.get("storage_type") or instance.storage_type, size, given)
    _check_autoscaling(size, given.get("max_allocated_storage"))
    _check_exports(instance, given)
    _check_family(self, given, str(given.get("engine_version") or instance.engine_version))
    pending: dict[str, Any] = instance.pending_modified_values  # type: ignore[attr-defined]
    deferred = {name: given.pop(name) for name in DEFERRED if name in given}
    changed = {name: value for name, value in deferred.items() if getattr(instance, name) != value}
    for name in deferred:
        pending.pop(DEFERRED[name], None)
    if given.pop("apply_immediately", False):
        given["apply_immediately"] = True
        waiting = {name: pending.pop(key) for name, key in DEFERRED.items() if key in pending}
        given |= waiting | changed
    else:
        pending |= {DEFERRED[name]: value for name, value in changed.items()}
    original(self, identifier, given)
    report_performance(instance)
    return instance


def _check_version(instance: DBInstance, given: dict[str, Any]) -> None:
    current = instance.engine_version
    wanted = given["engine_version"]
    # A major version that the instance already has asks for nothing; its own version need not be on offer any more.
    if wanted in (current, current.split(".")[0]):
        given["engine_version"] = current
        return
    given["engine_version"] = resolve(wanted)
    check_upgrade(current, given["engine_version"], major_allowed=bool(given.get("allow_major_version_upgrade")))


def _check_exports(instance: DBInstance, given: dict[str, Any]) -> None:
    """CloudwatchLogsExportConfiguration: enabling what is on or disabling what is off changes nothing."""
    configuration = given.get("cloudwatch_logs_export_configuration")
    if not configuration:
        return
    enable, disable = configuration.get("EnableLogTypes") or [], configuration.get("DisableLogTypes") or []
    _check_log_types([*enable, *disable])
    on = instance.enabled_cloudwatch_logs_exports
    given["cloudwatch_logs_export_configuration"] = {
        "EnableLogTypes": [name for name in enable if name not in on],
        "DisableLogTypes": [name for name in disable if name in on],
    }


@override(RDSBackend, "delete_db_instance")
def _delete_db_instance(
    original: Any,
    self: RDSBackend,
    db_instance_identifier: str,
    final_db_snapshot_identifier: str | None = None,
    skip_final_snapshot: bool | None = False,
    **options: Any,
) -> DBInstance:
    """DeleteDBInstance, SkipFinalSnapshot: without it the final snapshot needs a name, with it there may be none."""
    instance = self.databases.get(db_instance_identifier)
    if instance and instance.is_replica:
        # moto's replica holds its source's secret, which stays.
        instance.manage_master_user_password = False
    if instance and not instance.deletion_protection and not instance.is_replica:
        if not skip_final_snapshot and not final_db_snapshot_identifier:
            raise InvalidParameterCombination(
                "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
            )
        if skip_final_snapshot and final_db_snapshot_identifier:
            raise InvalidParameterCombination(
                "FinalDBSnapshotIdentifier can't be specified when SkipFinalSnapshot is true."
            )
    deleted: DBInstance = original(
        self, db_instance_identifier, final_db_snapshot_identifier, skip_final_snapshot, **options
    )
    return deleted


@override(RDSBackend, "restore_db_instance_from_db_snapshot")
def _restore_snapshot(original: Any, self: RDSBackend, snapshot: str, overrides: Any) -> DBInstance:
    """RestoreDBInstanceFromDBSnapshot, ManageMasterUserPassword: the source's setting is not inherited."""
    overrides[RESTORED] = "managed" if overrides.get("manage_master_user_password") else "plain"
    restored: DBInstance = original(self, snapshot, overrides)
    return restored


@override(RDSBackend, "restore_db_instance_to_point_in_time")
def _restore_time(original: Any, self: RDSBackend, source: str, target: str, overrides: Any) -> DBInstance:
    """RestoreDBInstanceToPointInTime, ManageMasterUserPassword: the source's setting is not inherited."""
    overrides[RESTORED] = "managed" if overrides.get("manage_master_user_password") else "plain"
    restored: DBInstance = original(self, source, target, overrides)
    return restored
