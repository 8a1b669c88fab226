"""db_parameter_group (DB-9, DB-14, DB-15)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk

MODULE = "db_parameter_group"


@pytest.fixture
def rds(lab: Lab) -> Any:
    return lab.aws("rds")


def parameters(rds: Any, name: str) -> dict[str, tuple[str, str]]:
    """Value and apply method of each parameter that somebody set."""
    pages = rds.get_paginator("describe_db_parameters").paginate(DBParameterGroupName=name, Source="user")
    return {
        item["ParameterName"]: (item["ParameterValue"], item["ApplyMethod"])
        for page in pages
        for item in page["Parameters"]
    }


def test_grammar(lab: Lab, stack: str, rds: Any, run_module: RunModule) -> None:
    def read() -> Any:
        try:
            group = rds.describe_db_parameter_groups(DBParameterGroupName=stack)["DBParameterGroups"][0]
        except rds.exceptions.DBParameterGroupNotFoundFault:
            return None
        return group["DBParameterGroupFamily"], parameters(rds, stack)

    case = Case(
        module=MODULE,
        options={
            "name": stack,
            "family": "postgres14",
            "description": "test",
            "parameters": {"max_connections": 100, "log_min_duration_statement": "1000"},
        },
        update={"parameters": {"max_connections": 120, "log_min_duration_statement": "1000", "rds.force_ssl": 1}},
        read=read,
        created=(
            "postgres14",
            {"max_connections": ("100", "pending-reboot"), "log_min_duration_statement": ("1000", "immediate")},
        ),
        updated=(
            "postgres14",
            {
                "max_connections": ("120", "pending-reboot"),
                "log_min_duration_statement": ("1000", "immediate"),
                "rds.force_ssl": ("1", "immediate"),
            },
        ),
        deleted=None,
        creates=["db-parameter-group"],
        named=["db-parameter-group"],
        updates={"db-parameter-group": ["parameters"]},
        deletes=["db-parameter-group"],
        refused=[
            ({"family": None}, "state is present but all of the following are missing: family"),
            ({"parameters": "x"}, "we were unable to convert to dict"),
        ],
    )
    walk(case, lab, run_module)


def options(stack: str, **given: Any) -> dict[str, Any]:
    return {"name": stack, "family": "postgres14", "description": "test", **given}


def test_an_unknown_parameter_is_named(stack: str, run_module: RunModule) -> None:
    result = run_module(MODULE, **options(stack, parameters={"max_conections": 100}))
    assert result["failed"]
    assert "postgres14 has no parameter max_conections" in result["msg"]


def test_another_family_is_refused(stack: str, run_module: RunModule) -> None:
    run_module(MODULE, **options(stack))
    result = run_module(MODULE, **options(stack, family="postgres15"))
    assert "is of family postgres14, not postgres15" in result["msg"]


def test_what_is_not_listed_is_left_alone(stack: str, rds: Any, run_module: RunModule) -> None:
    run_module(MODULE, **options(stack, parameters={"max_connections": 100}))
    result = run_module(MODULE, **options(stack, parameters={"rds.force_ssl": 1}))
    assert result["diff"][0]["after"] == {"parameters": {"rds.force_ssl": "1"}}
    assert parameters(rds, stack)["max_connections"] == ("100", "pending-reboot")


def test_a_default_that_is_already_so_is_no_change(stack: str, run_module: RunModule) -> None:
    """RDS preloads pg_stat_statements by itself: the value counts, not who set it."""
    run_module(MODULE, **options(stack))
    wanted = {"shared_preload_libraries": "pg_stat_statements"}
    assert run_module(MODULE, **options(stack, parameters=wanted))["changed"] is False
