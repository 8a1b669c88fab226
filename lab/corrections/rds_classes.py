"""RDS instance classes for PostgreSQL: moto lists none and takes any.

User guide, "Supported DB engines for DB instance classes": families with their sizes, and the majors that they have.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.rds.exceptions import InvalidParameterCombination, InvalidParameterValue
from moto.rds.models import RDSBackend
from moto.rds.responses import RDSResponse

from lab.corrections.override import override
from lab.corrections.rds_engine import OFFERED, order

SMALL = ("micro", "small", "medium", "large", "xlarge", "2xlarge")
GRAVITON = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge")
INTEL = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge")
# A selection of the families: sizes, the lowest version and the first major that has them no more.
FAMILIES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "db.t2": (SMALL, "9.6", "13"),
    "db.t3": (SMALL, "9.6", "99"),
    "db.t4g": (SMALL, "12.7", "99"),
    "db.m5": (INTEL, "9.6", "99"),
    "db.m6g": (GRAVITON, "12.3", "99"),
    "db.m7g": (GRAVITON, "13.4", "99"),
    "db.r5": (INTEL, "9.6", "99"),
    "db.r6g": (GRAVITON, "12.3", "99"),
    "db.r7g": (GRAVITON, "13.4", "99"),
}
STORAGE = {"gp2": (20, 65536), "gp3": (20, 65536), "io1": (100, 65536)}
PAGE = 100


def classes(version: str) -> list[str]:
    """Names of the classes that the version has."""
    return [
        f"{family}.{size}"
        for family, (sizes, lowest, beyond) in FAMILIES.items()
        if order(lowest) <= order(version) < order(beyond)
        for size in sizes
    ]


@override(RDSResponse, "describe_orderable_db_instance_options")
def _describe(original: Callable[..., ActionResult], self: RDSResponse) -> ActionResult:
    """DescribeOrderableDBInstanceOptions of PostgreSQL: engine, version, class, pages. One entry a kind of storage."""
    parameters = self.params
    if parameters.get("Engine") != "postgres":
        return original(self)
    wish, wanted = parameters.get("EngineVersion"), parameters.get("DBInstanceClass")
    versions = [version for version in OFFERED if wish in (None, version, version.split(".")[0])]
    zones = [zone.name for zone in RegionsAndZonesBackend.zones[self.backend.region_name]]
    found = [
        {
            "Engine": "postgres",
            "EngineVersion": version,
            "DBInstanceClass": name,
            "LicenseModel": "postgresql-license",
            "AvailabilityZones": [{"Name": zone} for zone in zones],
            "MultiAZCapable": True,
            "ReadReplicaCapable": True,
            "Vpc": True,
            "StorageType": storage,
            "MinStorageSize": least,
            "MaxStorageSize": most,
            "SupportsStorageEncryption": True,
            "SupportsStorageAutoscaling": True,
        }
        for version in versions
        for name in classes(version)
        if wanted in (None, name)
        for storage, (least, most) in STORAGE.items()
    ]
    size = parameters.get("MaxRecords") or PAGE
    if not 20 <= size <= PAGE:
        raise InvalidParameterValue(f"Invalid value {size} for MaxRecords. Must be between 20 and 100")
    start = int(parameters.get("Marker") or 0)
    page: dict[str, Any] = {"OrderableDBInstanceOptions": found[start : start + size]}
    if start + size < len(found):
        page["Marker"] = str(start + size)
    return ActionResult(page)


def _check(name: str | None, version: str) -> None:
    """CreateDBInstance and ModifyDBInstance, DBInstanceClass: not every engine and version has every class."""
    if name is None:
        return
    if name not in {known for offered in OFFERED for known in classes(offered)}:
        raise InvalidParameterValue(f"Invalid DB Instance class: {name}")
    if version in OFFERED and name not in classes(version):
        raise InvalidParameterCombination(
            "RDS does not support creating a DB instance with the following combination: "
            f"DBInstanceClass={name}, Engine=postgres, EngineVersion={version}, LicenseModel=postgresql-license."
        )


@override(RDSBackend, "create_db_instance")
def _create(original: Callable[..., Any], self: RDSBackend, db_kwargs: dict[str, Any]) -> Any:
    if db_kwargs.get("engine") == "postgres":
        _check(db_kwargs.get("db_instance_class"), str(db_kwargs.get("engine_version")))
    return original(self, db_kwargs)


@override(RDSBackend, "modify_db_instance")
def _modify(original: Callable[..., Any], self: RDSBackend, identifier: str, db_kwargs: dict[str, Any]) -> Any:
    if self.describe_db_instances(identifier)[0].engine == "postgres":
        _check(db_kwargs.get("db_instance_class"), str(db_kwargs.get("engine_version")))
    return original(self, identifier, db_kwargs)
