"""schedules (ENV-6)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags, tags

MODULE = "schedules"
STOP = "arn:aws:scheduler:::aws-sdk:rds:stopDBInstance"
START, END = "2099-12-24T15:00:00+00:00", "2099-12-30T15:00:00+00:00"


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def role(lab: Lab, stack: str) -> str:
    created = lab.aws("iam").create_role(RoleName=stack, AssumeRolePolicyDocument=trust("scheduler.amazonaws.com"))
    return str(created["Role"]["Arn"])


def schedule(role: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "component": f"schedule-{name}",
        "name": name,
        "schedule_expression": "cron(10 20 * * ? *)",
        "timezone": "Asia/Seoul",
        "target_arn": STOP,
        "role_arn": role,
        "input": {"DbInstanceIdentifier": "a-db"},
        "start": "",
        **more,
    }


def read_group(lab: Lab, stack: str) -> Any:
    """Each schedule of the group as AWS gives it, None when there is no group."""
    client = lab.aws("scheduler")
    groups = client.list_schedule_groups(NamePrefix=stack)["ScheduleGroups"]
    if not groups:
        return None
    assert tags(client.list_tags_for_resource(ResourceArn=groups[0]["Arn"])) == expected_tags(stack, "schedule-group")
    found = {}
    for listed in client.list_schedules(GroupName=stack)["Schedules"]:
        item = client.get_schedule(GroupName=stack, Name=listed["Name"])
        assert item["FlexibleTimeWindow"] == {"Mode": "OFF"}
        assert item["ActionAfterCompletion"] == "DELETE"
        assert item["State"] == "ENABLED"
        found[item["Name"]] = (
            item["ScheduleExpression"],
            item["ScheduleExpressionTimezone"],
            json.loads(item["Target"]["Input"]),
            item["Target"]["RetryPolicy"]["MaximumRetryAttempts"],
            item["StartDate"].isoformat() if "StartDate" in item else None,
            item["EndDate"].isoformat() if "EndDate" in item else None,
        )
    return found


def test_grammar(lab: Lab, stack: str, role: str, run_module: RunModule) -> None:
    wake = schedule(role, "start", start=START, end=END, retry_attempts=3)
    sleep = schedule(role, "stop")
    later = {**wake, "schedule_expression": "cron(40 8 ? * MON *)", "start": END, "end": "", "retry_attempts": 1}
    database = {"DbInstanceIdentifier": "a-db"}
    stop = ("cron(10 20 * * ? *)", "Asia/Seoul", database, 0, None, None)
    walk(
        Case(
            module=MODULE,
            options={"group": stack, "schedules": [wake, sleep]},
            update={"schedules": [later, sleep]},
            read=lambda: read_group(lab, stack),
            created={"start": ("cron(10 20 * * ? *)", "Asia/Seoul", database, 3, START, END), "stop": stop},
            updated={"start": ("cron(40 8 ? * MON *)", "Asia/Seoul", database, 1, END, None), "stop": stop},
            deleted=None,
            creates=["schedule-group", "schedule-start", "schedule-stop"],
            named=["schedule-group"],
            updates={"schedule-start": ["schedule_expression", "start", "end", "retry_attempts"]},
            deletes=["schedule-group"],
            refused=[
                ({"group": None}, "missing required arguments: group"),
                ({"schedules": [{"name": "start"}]}, "missing required arguments: component"),
            ],
        ),
        lab,
        run_module,
    )


def test_a_schedule_that_is_not_listed_goes(lab: Lab, stack: str, role: str, run_module: RunModule) -> None:
    run_module(MODULE, group=stack, schedules=[schedule(role, "start"), schedule(role, "stop")])
    result = run_module(MODULE, group=stack, schedules=[schedule(role, "stop")])
    assert {change["component"]: change["action"] for change in result["changes"]} == {
        "schedule-group": "none",
        "schedule-start": "delete",
        "schedule-stop": "none",
    }
    assert list(read_group(lab, stack)) == ["stop"]


def test_what_somebody_changed_comes_back(lab: Lab, stack: str, role: str, run_module: RunModule) -> None:
    run_module(MODULE, group=stack, schedules=[schedule(role, "stop")])
    client = lab.aws("scheduler")
    client.update_schedule(
        GroupName=stack,
        Name="stop",
        ScheduleExpression="cron(10 20 * * ? *)",
        ScheduleExpressionTimezone="Asia/Seoul",
        FlexibleTimeWindow={"Mode": "OFF"},
        State="DISABLED",
        Target={"Arn": STOP, "RoleArn": role, "Input": '{"DbInstanceIdentifier": "other"}'},
    )
    result = run_module(MODULE, group=stack, schedules=[schedule(role, "stop")])
    assert sorted(result["changes"][1]["fields"]) == ["input", "retry_attempts", "state"]
    assert read_group(lab, stack)["stop"][2] == {"DbInstanceIdentifier": "a-db"}
    arn = client.get_schedule_group(Name=stack)["Arn"]
    client.untag_resource(ResourceArn=arn, TagKeys=["Name"])
    assert run_module(MODULE, group=stack, schedules=[schedule(role, "stop")])["changes"][0]["fields"] == ["tags"]
    read_group(lab, stack)


def test_a_start_that_is_over_is_not_compared(stack: str, role: str, run_module: RunModule) -> None:
    begun = schedule(role, "start-20991225", start=START)
    run_module(MODULE, group=stack, schedules=[begun])
    assert run_module(MODULE, group=stack, schedules=[{**begun, "start": None}])["changed"] is False


def test_a_role_that_scheduler_cannot_assume_is_named(lab: Lab, stack: str, role: str, run_module: RunModule) -> None:
    lab.aws("iam").update_assume_role_policy(RoleName=stack, PolicyDocument=trust("lambda.amazonaws.com"))
    result = run_module(MODULE, group=stack, schedules=[schedule(role, "stop")])
    assert result["failed"]
    assert "schedule-stop" in result["msg"]
    assert "assume the role" in result["msg"]
