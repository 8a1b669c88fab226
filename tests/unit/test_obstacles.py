"""What would stop a stack's deletion, where the lab has no such state."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import obstacles


def database(status: str) -> list[obstacles.Obstacle]:
    instance = {
        "DBInstanceIdentifier": "prod-db",
        "DBInstanceArn": "arn:aws:rds:ap-northeast-2:123456789012:db:prod-db",
        "DBInstanceStatus": status,
        "TagList": [{"Key": "triflow:stack", "Value": "prod"}],
    }
    rds = SimpleNamespace(call=lambda *_unused, **_given: {"DBInstances": [instance]})
    module: Any = SimpleNamespace(params={"stack": "prod"}, api=lambda _service: rds)
    return list(obstacles.of_the_database(module, "prod-db"))


def test_a_database_of_which_rds_makes_no_final_snapshot() -> None:
    (obstacle,) = database("incompatible-network")
    assert obstacle.what.startswith("the final snapshot of the DB instance prod-db")
    assert "rds_skip_final_snapshot" in obstacle.way
    assert database("available") == database("stopped") == []
