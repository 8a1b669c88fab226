"""What is refused of what stands in the account."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import claims
from ansible_collections.triflow.platform.plugins.module_utils.conflicts import conflict_problems, moved_problems
from ansible_collections.triflow.platform.plugins.module_utils.standing import ARNS, READERS, Standing

OURS = {"triflow:stack": "prod"}
FIXED: dict[str, Any] = {
    "engine_version": "14",
    "db_instance_class": "db.t4g.medium",
    "allocated_storage": 100,
    "max_allocated_storage": 200,
    "db_name": "triflow",
    "iops": None,
}
LIVE = {**FIXED, "engine_version": "14.18", "iops": 3000, "status": "available"}


def claim(kind: str, name: str, **fixed: Any) -> claims.Claim:
    return claims.Claim(component=f"the-{kind}", kind=kind, name=name, variable="its_variable", fixed=fixed)


def problems(claimed: claims.Claim, found: Standing, *adopt: str, allow_restart: bool = False) -> list[tuple[str, str]]:
    standing = {(claimed["kind"], claimed["name"]): found}
    listed = conflict_problems("prod", adopt, [claimed], standing, allow_restart)
    return [(problem["variable"], problem["reason"]) for problem in listed]


@pytest.mark.parametrize(
    ("tags", "says"),
    [
        ({}, "the-topic: arn:one is there and has no tag triflow:stack."),
        ({"triflow:stack": "dev"}, "the-topic: arn:one is there and belongs to the stack dev."),
    ],
)
def test_a_name_that_somebody_else_has(tags: dict[str, str], says: str) -> None:
    found = Standing("arn:one", tags)
    assert problems(claim("topic", "one"), found) == [("its_variable", says)]
    assert problems(claim("topic", "one"), found, "the-topic") == []


def test_a_revision_without_tags_is_a_pipelines() -> None:
    assert problems(claim("task_definition", "one"), Standing("arn:one", {})) == []
    assert problems(claim("task_definition", "one"), Standing("arn:one", {"triflow:stack": "dev"})) != []


def test_a_fixed_field() -> None:
    claimed = claim("load_balancer", "one", scheme="internet-facing")
    assert problems(claimed, Standing("arn:one", OURS, {"scheme": "internet-facing"})) == []
    ((_variable, reason),) = problems(claimed, Standing("arn:one", OURS, {"scheme": "internal"}))
    assert (
        reason
        == "scheme of the-load_balancer (arn:one) is 'internal', has to be 'internet-facing', and AWS sets it once"
    )


@pytest.mark.parametrize(
    ("wanted", "live", "variable"),
    [
        ({}, {}, None),
        ({"db_name": "other"}, {}, "rds_database_name"),
        ({"db_instance_class": "db.t4g.large"}, {}, "rds_instance_class"),
        ({"engine_version": "15"}, {}, "rds_engine_version"),
        ({"allocated_storage": 50}, {}, None),  # RDS has grown it
        ({"allocated_storage": 50, "max_allocated_storage": 90}, {}, "rds_allocated_storage"),
        ({"allocated_storage": 120}, {}, None),
        ({"allocated_storage": 109}, {}, "rds_allocated_storage"),  # less than a tenth
        ({"storage_encrypted": True}, {"storage_encrypted": False}, "its_variable"),
        ({}, {"status": "deleting"}, "its_variable"),
        ({}, {"status": "delete-precheck"}, "its_variable"),
        ({"backup_retention_period": 9}, {"status": "stopped"}, "rds_backup_retention_days"),
        ({}, {"status": "stopped"}, None),
    ],
)
def test_a_database(wanted: dict[str, Any], live: dict[str, Any], variable: str | None) -> None:
    claimed = claim("database", "prod-db", **{**FIXED, **wanted})
    found = problems(claimed, Standing("arn:db", OURS, {**LIVE, **live}))
    assert {name for name, _reason in found} == ({variable} if variable else set())


def test_a_restart_that_is_allowed() -> None:
    claimed = claim("database", "prod-db", **{**FIXED, "db_instance_class": "db.t4g.large"})
    assert problems(claimed, Standing("arn:db", OURS, LIVE), allow_restart=True) == []


def test_a_stack_that_would_move_to_another_vpc() -> None:
    standing = {("target_group", "one"): Standing("arn:one", OURS, {"vpc_id": "vpc-1"})}
    assert moved_problems("shared", ["vpc-1"], standing, "prod") == []
    (problem,) = moved_problems("shared", ["vpc-2"], standing, "prod")
    assert problem["variable"] == "vpc_owner"
    assert "vpc-1" in problem["reason"]
    assert moved_problems("shared", ["vpc-2"], standing, "another") == []


def test_what_has_an_arn_has_a_reader() -> None:
    assert set(ARNS) <= set(READERS)
