"""RDS instance classes of PostgreSQL as the lab's corrections restore them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Lab
from tests.lab.conftest import refused


def options(lab: Lab, **parameters: Any) -> list[dict[str, Any]]:
    paginator = lab.aws("rds").get_paginator("describe_orderable_db_instance_options")
    pages = paginator.paginate(Engine="postgres", **parameters)
    return [option for page in pages for option in page["OrderableDBInstanceOptions"]]


def test_describe_orderable_db_instance_options(lab: Lab) -> None:
    found = options(lab, EngineVersion="14.22", DBInstanceClass="db.r6g.large")
    assert {option["StorageType"] for option in found} == {"gp2", "gp3", "io1"}
    (gp3,) = [option for option in found if option["StorageType"] == "gp3"]
    assert (gp3["MultiAZCapable"], gp3["MinStorageSize"], gp3["MaxStorageSize"]) == (True, 20, 65536)
    zones = {zone["Name"] for zone in gp3["AvailabilityZones"]}
    assert zones >= {"ap-northeast-2a", "ap-northeast-2c"}
    assert options(lab, EngineVersion="14.22", DBInstanceClass="db.t4g.meduim") == []
    assert options(lab, EngineVersion="14.22", DBInstanceClass="db.t2.medium") == []
    assert len(options(lab, EngineVersion="14.22")) > 100  # more than one page


@pytest.mark.parametrize(
    ("name", "code"),
    [("db.t4g.meduim", "InvalidParameterValue"), ("db.t2.medium", "InvalidParameterCombination")],
)
def test_a_class_that_rds_lacks(lab: Lab, name: str, code: str) -> None:
    rds = lab.aws("rds")
    with refused(code):
        rds.create_db_instance(
            DBInstanceIdentifier="no-such-class",
            DBInstanceClass=name,
            Engine="postgres",
            EngineVersion="14.22",
            AllocatedStorage=20,
            MasterUsername="x",
            MasterUserPassword="not-a-secret",
        )
