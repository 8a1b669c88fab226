"""RDS engine versions of PostgreSQL: moto lists none and takes any."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import InvalidParameterCombination, InvalidParameterValue
from moto.rds.responses import RDSResponse

from lab.corrections.override import add

DATA = json.loads(Path(__file__).with_name("rds_engine_versions.json").read_text())
MAJORS: dict[str, dict[str, Any]] = DATA["majors"]
OFFERED = [version for major in MAJORS.values() for version in major["offered"]]
FILTERS = {
    "db-parameter-group-family": "DBParameterGroupFamily",
    "engine": "Engine",
    "engine-version": "EngineVersion",
    "status": "Status",
}
PAGE = 100


def order(version: str) -> tuple[int, ...]:
    """Versions in order. User guide, "Amazon RDS Extended Support version naming": 11.22-rds.20240418."""
    return tuple(map(int, re.findall(r"\d+", version)))


def resolve(version: str | None) -> str:
    """Version on offer that a create call gets: a major version or none stands for its default minor version.

    CreateDBInstance, EngineVersion. Raises InvalidParameterCombination for one that is not on offer.
    """
    if version is None:
        version = DATA["default_major"]
    if version in MAJORS:
        return str(MAJORS[version]["default"])
    if version not in OFFERED:
        raise InvalidParameterCombination(f"Cannot find version {version} for postgres")
    return version


def check_upgrade(current: str, wanted: str, *, major_allowed: bool) -> None:
    """Refuse a downgrade, and a major upgrade without AllowMajorVersionUpgrade (ModifyDBInstance, EngineVersion)."""
    if order(wanted) < order(current):
        raise InvalidParameterCombination(f"Cannot upgrade postgres from {current} to {wanted}")
    if order(wanted)[0] > order(current)[0] and not major_allowed:
        raise InvalidParameterCombination(
            "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."
        )


def description(version: str) -> dict[str, Any]:
    """One entry of DescribeDBEngineVersions."""
    major = version.split(".")[0]
    return {
        "Engine": "postgres",
        "MajorEngineVersion": major,
        "EngineVersion": version,
        "DBParameterGroupFamily": f"postgres{major}",
        "DBEngineDescription": "PostgreSQL",
        "DBEngineVersionDescription": f"PostgreSQL {version}-R1",
        "ValidUpgradeTarget": [
            {
                "Engine": "postgres",
                "EngineVersion": target,
                "Description": f"PostgreSQL {target}-R1",
                "AutoUpgrade": target == MAJORS[major]["default"],
                "IsMajorVersionUpgrade": target.split(".")[0] != major,
            }
            for target in OFFERED
            if order(target) > order(version)
        ],
        "ExportableLogTypes": ["iam-db-auth-error", "postgresql", "upgrade"],
        "SupportsLogExportsToCloudwatchLogs": True,
        "SupportsReadReplica": True,
        "SupportedFeatureNames": ["Lambda", "s3Export", "s3Import"],
        "Status": "available",
    }


@add(RDSResponse)
def describe_db_engine_versions(self: RDSResponse) -> ActionResult:
    """DescribeDBEngineVersions: engine, version (major or full), family, default, filters, pages."""
    parameters = self.params
    wanted = dict.fromkeys(OFFERED)
    if parameters.get("Engine") not in (None, "postgres"):
        wanted = {}
    version = parameters.get("EngineVersion")
    if version:
        wanted = {offered: None for offered in wanted if version in (offered, offered.split(".")[0])}
    if parameters.get("DefaultOnly"):
        default = resolve(version.split(".")[0] if version else None)
        wanted = {offered: None for offered in wanted if offered == default}
    found = [description(offered) for offered in wanted]
    family = parameters.get("DBParameterGroupFamily")
    filters = [{"Name": "db-parameter-group-family", "Values": [family]}] if family else []
    for condition in [*parameters.get("Filters", []), *filters]:
        if condition["Name"] not in FILTERS:
            raise InvalidParameterValue(f"Unrecognized filter name: {condition['Name']}")
        found = [entry for entry in found if entry[FILTERS[condition["Name"]]] in condition["Values"]]
    return ActionResult(_page(found, parameters.get("Marker"), parameters.get("MaxRecords")))


def _page(found: list[dict[str, Any]], marker: str | None, size: int | None) -> dict[str, Any]:
    size = PAGE if size is None else size
    if not 20 <= size <= 100:
        raise InvalidParameterValue(f"Invalid value {size} for MaxRecords. Must be between 20 and 100")
    start = int(marker or 0)
    page: dict[str, Any] = {"DBEngineVersions": found[start : start + size]}
    if start + size < len(found):
        page["Marker"] = str(start + size)
    return page
