"""RDS engine versions of PostgreSQL as the lab's corrections restore them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Lab
from tests.lab.conftest import Account, refused


def versions(lab: Lab, **options: Any) -> list[str]:
    pages = lab.aws("rds").get_paginator("describe_db_engine_versions").paginate(**options)
    return [entry["EngineVersion"] for page in pages for entry in page["DBEngineVersions"]]


def test_describe_db_engine_versions_lists_the_minor_versions_of_every_major(lab: Lab) -> None:
    found = versions(lab, Engine="postgres")
    assert {version.split(".")[0] for version in found} >= {"14", "15", "16", "17"}
    assert len([version for version in found if version.startswith("14.")]) >= 3
    assert "14.10" not in found


def test_describe_db_engine_versions_lists_versions_of_extended_support(lab: Lab) -> None:
    """Amazon RDS user guide, "Amazon RDS Extended Support version naming"."""
    found = versions(lab, Engine="postgres")
    assert "11.22-rds.20240418" in found
    assert versions(lab, Engine="postgres", EngineVersion="11") == [
        version for version in found if version.startswith("11.")
    ]
    (entry,) = lab.aws("rds").describe_db_engine_versions(Engine="postgres", EngineVersion="11.22-rds.20240418")[
        "DBEngineVersions"
    ]
    targets = {target["EngineVersion"]: target["IsMajorVersionUpgrade"] for target in entry["ValidUpgradeTarget"]}
    assert targets["11.22-rds.20240509"] is False
    assert targets["14.22"] is True
    assert "11.22-rds.20240418" not in targets


def test_a_version_of_extended_support_is_created_and_upgraded(account: Account) -> None:
    given = {"EngineVersion": "11.22-rds.20240418", "DBInstanceClass": "db.t3.medium"}  # 11 has no db.t4g
    assert account.database(**given)["EngineVersion"] == "11.22-rds.20240418"

    def modify(version: str) -> None:
        account.rds.modify_db_instance(DBInstanceIdentifier="triflow", EngineVersion=version, ApplyImmediately=True)

    modify("11.22-rds.20240509")
    assert account.describe()["EngineVersion"] == "11.22-rds.20240509"
    with refused("InvalidParameterCombination", "Cannot upgrade postgres from 11.22-rds.20240509"):
        modify("11.22-rds.20240418")
    with refused("InvalidParameterCombination", "AllowMajorVersionUpgrade"):
        modify("14.22")


def test_describe_db_engine_versions_narrows_by_version_family_default_and_filter(lab: Lab) -> None:
    fourteen = versions(lab, Engine="postgres", EngineVersion="14")
    assert fourteen
    assert all(version.startswith("14.") for version in fourteen)
    assert versions(lab, Engine="postgres", EngineVersion=fourteen[0]) == [fourteen[0]]
    assert versions(lab, Engine="postgres", EngineVersion="14.10") == []
    assert versions(lab, DBParameterGroupFamily="postgres14") == fourteen
    assert versions(lab, Filters=[{"Name": "engine-version", "Values": fourteen[:2]}]) == fourteen[:2]
    default = versions(lab, Engine="postgres", EngineVersion="14", DefaultOnly=True)
    assert len(default) == 1
    assert default[0] in fourteen
    assert versions(lab, Engine="mysql") == []


def test_describe_db_engine_versions_entry_has_family_upgrade_targets_and_log_types(lab: Lab) -> None:
    (entry,) = lab.aws("rds").describe_db_engine_versions(Engine="postgres", EngineVersion="14.18")["DBEngineVersions"]
    assert entry["DBParameterGroupFamily"] == "postgres14"
    assert "postgresql" in entry["ExportableLogTypes"]
    targets = {target["EngineVersion"]: target["IsMajorVersionUpgrade"] for target in entry["ValidUpgradeTarget"]}
    assert "14.18" not in targets
    assert targets["14.19"] is False
    assert any(targets.values())


def test_describe_db_engine_versions_hands_out_pages(lab: Lab) -> None:
    page = lab.aws("rds").describe_db_engine_versions(Engine="postgres", MaxRecords=20)
    everything = versions(lab, Engine="postgres")
    assert ("Marker" in page) == (len(everything) > 20)
    with refused("InvalidParameterValue"):
        lab.aws("rds").describe_db_engine_versions(MaxRecords=5)


@pytest.mark.parametrize("version", ["14.10", "14.99", "13"])
def test_create_db_instance_refuses_a_version_that_is_not_on_offer(lab: Lab, version: str) -> None:
    with refused("InvalidParameterCombination", f"Cannot find version {version} for postgres"):
        Account(lab).database("no-version", EngineVersion=version)


def test_create_db_instance_resolves_a_major_version_to_its_default_minor(account: Account) -> None:
    default = versions(account.lab, Engine="postgres", EngineVersion="14", DefaultOnly=True)
    assert account.database(EngineVersion="14")["EngineVersion"] == default[0]


def test_modify_db_instance_upgrades_but_never_downgrades(account: Account) -> None:
    account.database(EngineVersion="14.19")

    def modify(version: str, **options: Any) -> None:
        account.rds.modify_db_instance(
            DBInstanceIdentifier="triflow", EngineVersion=version, ApplyImmediately=True, **options
        )

    with refused("InvalidParameterCombination", "Cannot upgrade postgres from 14.19 to 14.18"):
        modify("14.18")
    with refused("InvalidParameterCombination", "Cannot find version 14.10"):
        modify("14.10")
    with refused("InvalidParameterCombination", "AllowMajorVersionUpgrade"):
        modify("15.17")
    modify("14")
    assert account.describe()["EngineVersion"] == "14.19"
    modify("14.20")
    assert account.describe()["EngineVersion"] == "14.20"
    modify("15.17", AllowMajorVersionUpgrade=True)
    assert account.describe()["EngineVersion"] == "15.17"
