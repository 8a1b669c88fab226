"""RDS parameter groups of PostgreSQL: moto's hold no parameters, take any name and are never "not found"."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import (
    DBParameterGroupNotFoundError,
    InvalidParameterCombination,
    InvalidParameterValue,
    RDSClientError,
)
from moto.rds.models import DBParameterGroup, RDSBackend
from moto.rds.responses import RDSResponse

from lab.corrections.override import add, override
from lab.corrections.rds_engine import MAJORS

FAMILIES = tuple(f"postgres{major}" for major in MAJORS)
MEMORY = "{DBInstanceClassMemory/9531392}"
LIBRARIES = (
    "auto_explain,orafce,pgaudit,pglogical,pg_bigm,pg_cron,pg_hint_plan,pg_prewarm,pg_similarity,"
    "pg_stat_statements,pg_tle,pg_transport,plprofiler,plrust"
)
# name: (data type, apply type, allowed values, engine default). The rows that a stack of this kind sets; the
# engine has some 400. Allowed values are a list of words or a range, as DescribeDBParameters gives them.
PARAMETERS: dict[str, tuple[str, str, str, str | None]] = {
    "autovacuum_max_workers": ("integer", "static", "1-262143", "{GREATEST(DBInstanceClassMemory/64371566592,3)}"),
    "checkpoint_timeout": ("integer", "dynamic", "30-3600", None),
    "deadlock_timeout": ("integer", "dynamic", "1-2147483647", None),
    "idle_in_transaction_session_timeout": ("integer", "dynamic", "0-2147483647", "86400000"),
    "lock_timeout": ("integer", "dynamic", "0-2147483647", None),
    "log_autovacuum_min_duration": ("integer", "dynamic", "-1-2147483647", "10000"),
    "log_checkpoints": ("boolean", "dynamic", "0,1", "1"),
    "log_connections": ("boolean", "dynamic", "0,1", None),
    "log_disconnections": ("boolean", "dynamic", "0,1", None),
    "log_duration": ("boolean", "dynamic", "0,1", None),
    "log_error_verbosity": ("string", "dynamic", "terse,default,verbose", None),
    "log_lock_waits": ("boolean", "dynamic", "0,1", None),
    "log_min_duration_statement": ("integer", "dynamic", "-1-2147483647", None),
    "log_min_error_statement": (
        "string",
        "dynamic",
        "debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic",
        None,
    ),
    "log_min_messages": (
        "string",
        "dynamic",
        "debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic",
        None,
    ),
    "log_statement": ("string", "dynamic", "none,ddl,mod,all", None),
    "log_temp_files": ("integer", "dynamic", "-1-2147483647", None),
    "maintenance_work_mem": (
        "integer",
        "dynamic",
        "1024-2147483647",
        "{GREATEST(DBInstanceClassMemory*1024/63963136,65536)}",
    ),
    "max_connections": ("integer", "static", "6-262143", f"LEAST({MEMORY},5000)"),
    "max_wal_size": ("integer", "dynamic", "128-201326592", "2048"),
    "password_encryption": ("string", "dynamic", "md5,scram-sha-256", None),
    "pg_stat_statements.max": ("integer", "static", "100-2147483647", None),
    "pg_stat_statements.track": ("string", "dynamic", "none,top,all", "top"),
    "random_page_cost": ("float", "dynamic", "0-1.79769e+308", None),
    "rds.force_ssl": ("boolean", "dynamic", "0,1", None),
    "rds.log_retention_period": ("integer", "dynamic", "1440-10080", "4320"),
    "rds.logical_replication": ("boolean", "static", "0,1", "0"),
    "shared_buffers": ("integer", "static", "16-1073741823", "{DBInstanceClassMemory/32768}"),
    "shared_preload_libraries": ("list", "static", LIBRARIES, "pg_stat_statements"),
    "statement_timeout": ("integer", "dynamic", "0-2147483647", None),
    "timezone": ("string", "dynamic", "UTC,Asia/Seoul,Asia/Tokyo,Europe/London,US/Eastern,US/Pacific", "UTC"),
    "track_activity_query_size": ("integer", "static", "100-1048576", "4096"),
    "track_io_timing": ("boolean", "dynamic", "0,1", "1"),
    "work_mem": ("integer", "dynamic", "64-2147483647", None),
}


def _default(name: str, family: str) -> str | None:
    # SSL is forced by default from PostgreSQL 15 on (user guide, Using SSL with a PostgreSQL DB instance).
    if name == "rds.force_ssl":
        return "0" if family == "postgres14" else "1"
    return PARAMETERS[name][3]


def _description(group: DBParameterGroup, name: str) -> dict[str, Any]:
    """One entry of DescribeDBParameters."""
    data_type, apply_type, allowed, _unused = PARAMETERS[name]
    user = group.parameters.get(name)
    default = _default(name, str(group.family))
    entry = {
        "ParameterName": name,
        "Description": f"PostgreSQL's {name}.",
        "Source": "user" if user else ("system" if default is not None else "engine-default"),
        "ApplyType": apply_type,
        "DataType": data_type,
        "AllowedValues": allowed,
        "IsModifiable": True,
        "ApplyMethod": user["ApplyMethod"] if user else "pending-reboot",
    }
    value = user["ParameterValue"] if user else default
    return entry if value is None else entry | {"ParameterValue": value}


def _is_allowed(name: str, value: str) -> bool:
    data_type, _apply_type, allowed, _default = PARAMETERS[name]
    # A formula such as {DBInstanceClassMemory/32768} is computed by RDS.
    if data_type == "integer" and "{" in value:
        return True
    if data_type in ("integer", "float"):
        low, _unused, high = allowed[1:].partition("-")
        try:
            return float(allowed[0] + low) <= float(value) <= float(high)
        except ValueError:
            return False
    words = [word.strip() for word in value.split(",")] if data_type == "list" else [value]
    return set(words) <= set(allowed.split(","))


def _check(group: DBParameterGroup, parameter: dict[str, Any]) -> None:
    """ModifyDBParameterGroup: known name, allowed value, and `immediate` for dynamic parameters only."""
    name = parameter.get("ParameterName")
    if name not in PARAMETERS:
        raise InvalidParameterValue(f"Could not find parameter with name: {name}")
    value, method = parameter.get("ParameterValue"), parameter.get("ApplyMethod")
    if value is None or method is None:
        raise InvalidParameterValue("ParameterName, ParameterValue and ApplyMethod are required.")
    if method not in ("immediate", "pending-reboot"):
        raise InvalidParameterValue(f"Invalid apply method: {method}")
    if not _is_allowed(name, value):
        raise InvalidParameterValue(
            f"Invalid parameter value: {value} for: {name} allowed values are: {PARAMETERS[name][2]}"
        )
    if method == "immediate" and PARAMETERS[name][1] == "static":
        raise InvalidParameterCombination(
            f"cannot use immediate apply method for static parameter {name} in group {group.name}"
        )


def _find(backend: RDSBackend, name: str) -> DBParameterGroup:
    """The group, or DBParameterGroupNotFound; the families' default groups always exist."""
    family = name.removeprefix("default.")
    if name not in backend.db_parameter_groups and name.startswith("default.") and family in FAMILIES:
        description = f"Default parameter group for {family}"
        group = DBParameterGroup(backend, name, description, family)  # type: ignore[abstract]
        backend.db_parameter_groups[name] = group
    if name not in backend.db_parameter_groups:
        raise DBParameterGroupNotFoundError(name)
    return backend.db_parameter_groups[name]


def _own(backend: RDSBackend, name: str) -> DBParameterGroup:
    """The group for a change: a default group cannot be changed (user guide, Parameter groups)."""
    group = _find(backend, name)
    if name.startswith("default."):
        raise InvalidParameterValue(f"The parameter group {name} is a default parameter group and cannot be modified.")
    return group


@override(RDSBackend, "describe_db_parameter_groups")
def _describe_groups(original: Any, self: RDSBackend, kwargs: Any) -> list[DBParameterGroup]:
    """DescribeDBParameterGroups: DBParameterGroupNotFound for an unknown name; names are compared in lower case."""
    name = kwargs.get("db_parameter_group_name")
    if name:
        return [_find(self, name)]
    groups: list[DBParameterGroup] = original(self, kwargs)
    return groups


@override(RDSBackend, "create_db_parameter_group")
def _create_group(original: Any, self: RDSBackend, kwargs: Any) -> DBParameterGroup:
    """CreateDBParameterGroup, DBParameterGroupFamily: a family that exists."""
    family = kwargs.get("db_parameter_group_family")
    if family and family.startswith("postgres") and family not in FAMILIES:
        raise InvalidParameterValue(f"ParameterGroupFamily {family} is not a valid parameter group family")
    group: DBParameterGroup = original(self, kwargs)
    return group


@override(RDSBackend, "modify_db_parameter_group")
def _modify_group(original: Any, self: RDSBackend, name: str, parameters: Any) -> DBParameterGroup:
    """ModifyDBParameterGroup: nothing is changed when one of the parameters is refused; at most 20 in a call."""
    group = _own(self, name)
    if str(group.family).startswith("postgres"):
        if len(parameters) > 20:
            raise InvalidParameterValue("A maximum of 20 parameters can be modified in a single request.")
        for parameter in parameters:
            _check(group, parameter)
    modified: DBParameterGroup = original(self, name, parameters)
    return modified


@override(RDSResponse, "describe_db_parameters")
def _describe_parameters(original: Any, self: RDSResponse) -> ActionResult:
    """DescribeDBParameters: all parameters of the engine, with Source user, system or engine-default, in pages."""
    group = _find(self.backend, self.params["DBParameterGroupName"])
    if not str(group.family).startswith("postgres"):
        result: ActionResult = original(self)
        return result
    found = [_description(group, name) for name in PARAMETERS]
    source = self.params.get("Source")
    if source:
        found = [entry for entry in found if entry["Source"] == source]
    start, size = int(self.params.get("Marker") or 0), self.params.get("MaxRecords") or 100
    page: dict[str, Any] = {"Parameters": found[start : start + size]}
    if start + size < len(found):
        page["Marker"] = str(start + size)
    return ActionResult(page)


@add(RDSResponse)
def reset_db_parameter_group(self: RDSResponse) -> ActionResult:
    """ResetDBParameterGroup: the named parameters, or with ResetAllParameters all, go back to their defaults."""
    group = _own(self.backend, self.params["DBParameterGroupName"])
    given = [parameter.get("ParameterName") for parameter in self.params.get("Parameters") or []]
    everything = self.params.get("ResetAllParameters")
    # The reference's default is true, and true excludes a list of parameters.
    if bool(given) == (everything is None or everything):
        raise InvalidParameterCombination("Specify either ResetAllParameters or parameters to reset, and not both.")
    for name in given:
        if name not in PARAMETERS:
            raise InvalidParameterValue(f"Could not find parameter with name: {name}")
    for name in given or list(group.parameters):
        group.parameters.pop(name, None)
    return ActionResult({"DBParameterGroupName": group.name})


@override(RDSBackend, "delete_db_parameter_group")
def _delete_group(original: Any, self: RDSBackend, name: str) -> DBParameterGroup:
    """DeleteDBParameterGroup: InvalidDBParameterGroupState while an instance uses it, and for a default group."""
    if name.startswith("default."):
        raise InvalidParameterValue("Default DBParameterGroup cannot be deleted: " + name)
    if any(str(instance.db_parameter_group_name).lower() == name.lower() for instance in self.databases.values()):
        raise RDSClientError(
            "InvalidDBParameterGroupState",
            f"One or more database instances are still members of this parameter group {name}",
        )
    group: DBParameterGroup = original(self, name)
    return group
