"""db_instance_state (ENV-6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Lab
from tests.modules.conftest import RunModule, ShowAnswer
from tests.modules.tagging import expected_tags, tag_list

MODULE = "db_instance_state"


@pytest.fixture
def rds(lab: Lab, stack: str) -> Iterator[Any]:
    client = lab.aws("rds")
    client.create_db_instance(
        DBInstanceIdentifier=stack,
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        EngineVersion="14",
        AllocatedStorage=20,
        MasterUsername="triflow_admin",
        ManageMasterUserPassword=True,
        Tags=tag_list(expected_tags(stack, "database")),
    )
    client.get_waiter("db_instance_available").wait(DBInstanceIdentifier=stack, WaiterConfig={"Delay": 1})
    yield client
    client.delete_db_instance(DBInstanceIdentifier=stack, SkipFinalSnapshot=True)


def status(rds: Any, stack: str) -> str:
    found: str = rds.describe_db_instances(DBInstanceIdentifier=stack)["DBInstances"][0]["DBInstanceStatus"]
    return found


def writes(lab: Lab, before: int) -> list[str]:
    return [call["operation"] for call in lab.calls()[before:] if call["write"]]


def test_it_stops_and_starts_once(lab: Lab, stack: str, rds: Any, run_module: RunModule) -> None:
    for running, then, operation in ((False, "stopped", "StopDBInstance"), (True, "available", "StartDBInstance")):
        before, was = len(lab.calls()), status(rds, stack)
        plan = run_module(MODULE, check=True, db_instance_identifier=stack, running=running)
        assert (status(rds, stack), writes(lab, before)) == (was, [])
        done = run_module(MODULE, db_instance_identifier=stack, running=running)
        assert done["changes"] == plan["changes"]
        assert done["changes"] == [{"component": "database", "action": "update", "fields": ["status"]}]
        assert done["diff"][0]["before"] == {"status": was}
        assert done["diff"][0]["after"] == {"status": then}
        assert (status(rds, stack), writes(lab, before)) == (then, [operation])
        assert run_module(MODULE, db_instance_identifier=stack, running=running)["changed"] is False
        assert writes(lab, before) == [operation]


@pytest.mark.parametrize("value", ["backing-up", "modifying", "starting"])
def test_one_that_is_busy_is_stopped_when_it_is_available(
    lab: Lab,
    stack: str,
    rds: Any,
    run_module: RunModule,
    show_answer: ShowAnswer,
    value: str,
) -> None:
    """StopDBInstance, InvalidDBInstanceState."""
    left = [value, value]

    def busy(answer: dict[str, Any]) -> None:
        if left:
            answer["DBInstances"][0]["DBInstanceStatus"] = left.pop()

    show_answer("DescribeDBInstances", busy)
    before = len(lab.calls())
    run_module(MODULE, db_instance_identifier=stack, running=False, wait_timeout=60)
    assert [call["operation"] for call in lab.calls()[before:]] == [*["DescribeDBInstances"] * 3, "StopDBInstance"]
    rds.start_db_instance(DBInstanceIdentifier=stack)


def test_one_whose_key_is_back_is_started(
    lab: Lab, stack: str, rds: Any, run_module: RunModule, show_answer: ShowAnswer
) -> None:
    """Viewing Amazon RDS DB instance status: "if the KMS key is active, restarting the DB instance can recover it"."""
    rds.stop_db_instance(DBInstanceIdentifier=stack)
    recoverable = "inaccessible-encryption-credentials-recoverable"
    show_answer("DescribeDBInstances", lambda answer: answer["DBInstances"][0].update(DBInstanceStatus=recoverable))
    before = len(lab.calls())
    assert run_module(MODULE, db_instance_identifier=stack, running=True)["changed"] is True
    assert writes(lab, before) == ["StartDBInstance"]


@pytest.mark.usefixtures("rds")
def test_one_that_never_runs_again_is_not_waited_for(
    stack: str, run_module: RunModule, show_answer: ShowAnswer
) -> None:
    show_answer("DescribeDBInstances", lambda answer: answer["DBInstances"][0].update(DBInstanceStatus="failed"))
    result = run_module(MODULE, db_instance_identifier=stack, running=False, wait_timeout=60)
    assert f"{stack} of stack {stack} is failed: RDS cannot recover it" in result["msg"]


def test_a_missing_database_is_named(stack: str, run_module: RunModule) -> None:
    result = run_module(MODULE, db_instance_identifier=stack, running=True)
    assert result["failed"]
    assert stack in result["msg"]
    assert "playbooks/data.yml makes it" in result["msg"]


@pytest.mark.parametrize("missing", ["db_instance_identifier", "running"])
def test_what_is_missing_is_named(missing: str, run_module: RunModule) -> None:
    given = {"db_instance_identifier": "a-db", "running": True, missing: None}
    assert f"missing required arguments: {missing}" in run_module(MODULE, **given)["msg"]
