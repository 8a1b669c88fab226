"""What RDS offers of an instance class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.db_classes import class_problems

ZONES = ["ap-northeast-2a", "ap-northeast-2c"]
WANTED = {"db_instance_class": "db.r6g.large", "multi_az": True, "allocated_storage": 100}


def option(name: str = "db.r6g.large", **changed: Any) -> dict[str, Any]:
    return {
        "DBInstanceClass": name,
        "StorageType": "gp3",
        "MinStorageSize": 20,
        "MaxStorageSize": 65536,
        "MultiAZCapable": True,
        "AvailabilityZones": [{"Name": zone} for zone in ZONES],
        **changed,
    }


class Rds:
    """Stands for the base's Api of rds."""

    def __init__(self, *offered: dict[str, Any]) -> None:
        self.offered = offered

    def pages(self, operation: str, _key: str, **parameters: Any) -> list[dict[str, Any]]:
        assert operation == "describe_orderable_db_instance_options"
        assert (parameters["Engine"], parameters["EngineVersion"], parameters["Vpc"]) == ("postgres", "14.22", True)
        name = parameters.get("DBInstanceClass")
        return [item for item in self.offered if name in (None, item["DBInstanceClass"])]


def problems(
    *offered: dict[str, Any], zones: Sequence[str] = tuple(ZONES), **changed: Any
) -> list[tuple[str, str, str]]:
    found = class_problems(Rds(*offered), "14.22", {**WANTED, **changed}, [*zones])  # type: ignore[arg-type]
    return [(problem["variable"], problem["reason"], problem["accepted"]) for problem in found]


def test_a_class_that_is_offered() -> None:
    assert problems(option(StorageType="io1"), option()) == []


@pytest.mark.parametrize(
    ("offered", "changed", "variable", "says"),
    [
        (option("db.r6g.xlarge"), {}, "rds_instance_class", "did you mean db.r6g.xlarge?"),
        (option("db.t3.micro"), {"db_instance_class": "large"}, "rds_instance_class", "one that aws rds describe-"),
        (option(StorageType="gp2"), {}, "rds_instance_class", "without gp3 storage"),
        (option(MaxStorageSize=90), {}, "rds_allocated_storage", "20 to 90 GiB"),
        (option(AvailabilityZones=[{"Name": ZONES[0]}]), {}, "rds_instance_class", "in ap-northeast-2a"),
        (option(AvailabilityZones=[]), {"multi_az": False}, "rds_instance_class", "in none"),
        (option(MultiAZCapable=False), {}, "rds_multi_az", "has no Multi-AZ"),
    ],
)
def test_what_does_not_fit(offered: dict[str, Any], changed: dict[str, Any], variable: str, says: str) -> None:
    ((name, reason, accepted),) = problems(offered, **changed)
    assert name == variable
    assert says in reason + accepted


def test_one_zone_is_enough_without_a_standby() -> None:
    assert problems(option(AvailabilityZones=[{"Name": ZONES[0]}]), multi_az=False) == []


def test_zones_that_the_region_lacks_are_refused_elsewhere() -> None:
    assert problems(option(AvailabilityZones=[{"Name": ZONES[0]}]), zones=ZONES[:1]) == []
