"""db_extensions (DB-9)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.conftest import Lab
from tests.modules.conftest import RunModule

MODULE = "db_extensions"
EXTENSIONS = ["vector", "uuid-ossp", "pg_trgm", "pg_stat_statements"]


@pytest.fixture
def database(empty_lab: Lab, stack: str) -> Iterator[str]:
    """A database without extensions, on an instance of the stack's own: the lab's instances share one database."""
    rds = empty_lab.aws("rds")
    rds.create_db_instance(
        DBInstanceIdentifier=stack,
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        DBName="triflow",
        MasterUsername="triflow_admin",
        ManageMasterUserPassword=True,
    )
    yield stack
    rds.delete_db_instance(DBInstanceIdentifier=stack, SkipFinalSnapshot=True)


def installed(lab: Lab) -> set[str]:
    with psycopg.connect(lab.database_url) as connection:
        rows = connection.execute("SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'").fetchall()
    return {row[0] for row in rows}


def options(database: str, **given: Any) -> dict[str, Any]:
    return {"db_instance_identifier": database, "database": "triflow", "extensions": EXTENSIONS, **given}


def test_grammar(lab: Lab, database: str, run_module: RunModule) -> None:
    creation = [{"component": f"extension-{name}", "action": "create", "fields": []} for name in EXTENSIONS]
    plan = run_module(MODULE, check=True, **options(database))
    assert plan["changes"] == creation
    assert [diff["after"] for diff in plan["diff"]] == [{"name": name} for name in EXTENSIONS]
    assert installed(lab) == set()
    result = run_module(MODULE, **options(database))
    assert result["changes"] == creation
    assert installed(lab) == set(EXTENSIONS)
    for check in (True, False):
        again = run_module(MODULE, check=check, **options(database, extensions=EXTENSIONS[::-1]))
        assert again["changed"] is False, again
        assert again["diff"] == []


def test_only_what_is_missing_is_created(lab: Lab, database: str, run_module: RunModule) -> None:
    run_module(MODULE, **options(database, extensions=["vector"]))
    result = run_module(MODULE, **options(database, extensions=["vector", "pg_trgm"]))
    assert [change["action"] for change in result["changes"]] == ["none", "create"]
    # What is not listed is left alone.
    assert run_module(MODULE, **options(database, extensions=["vector"]))["changed"] is False
    assert installed(lab) == {"vector", "pg_trgm"}


def test_a_plan_without_an_instance_announces_all(stack: str, run_module: RunModule) -> None:
    plan = run_module(MODULE, check=True, **options(stack))
    assert {change["action"] for change in plan["changes"]} == {"create"}


def test_a_missing_instance_is_named_with_its_playbook(stack: str, run_module: RunModule) -> None:
    result = run_module(MODULE, **options(stack))
    assert result["failed"]
    assert stack in result["msg"]
    assert "playbooks/data.yml" in result["msg"]


def test_an_unknown_extension_is_named(database: str, run_module: RunModule) -> None:
    result = run_module(MODULE, **options(database, extensions=["pgvector"]))
    assert result["failed"]
    assert "pgvector" in result["msg"]


def test_a_database_out_of_reach_says_what_to_do(
    lab: Lab, database: str, run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(**_options: Any) -> None:
        raise psycopg.OperationalError("connection timeout expired")

    monkeypatch.setattr(psycopg, "connect", unreachable)
    result = run_module(MODULE, **options(database))
    assert "from a machine in that group" in result["msg"]
    secrets = lab.aws("secretsmanager")
    for secret in secrets.list_secrets()["SecretList"]:
        value = json.loads(secrets.get_secret_value(SecretId=secret["ARN"])["SecretString"])
        assert value["password"] not in json.dumps(result)


def test_another_run_creates_it_at_the_same_time(lab: Lab, database: str, run_module: RunModule) -> None:
    """The second CREATE EXTENSION waits for the first and ends in a unique violation, whatever IF NOT EXISTS says."""
    with (
        psycopg.connect(lab.database_url) as other,
        psycopg.connect(lab.database_url, autocommit=True) as watching,
        ThreadPoolExecutor() as pool,
    ):
        other.execute("CREATE EXTENSION pg_trgm")
        running = pool.submit(run_module, MODULE, **options(database, extensions=["pg_trgm"]))
        deadline = time.monotonic() + 60
        while not watching.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
            assert not running.done(), running.result()
            assert time.monotonic() < deadline, "the module never came to wait"
            time.sleep(0.05)
        other.commit()
        result = running.result(timeout=60)
    assert result["changes"] == [{"component": "extension-pg_trgm", "action": "create", "fields": []}]
    assert installed(lab) == {"pg_trgm"}
