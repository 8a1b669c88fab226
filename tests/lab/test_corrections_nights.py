"""What sleeps and wakes by schedule in the lab: scheduled actions, EventBridge Scheduler, stopped DB instances."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import Lab
from tests.lab.conftest import Account, refused
from tests.lab.test_corrections_autoscaling import Scaling

NIGHT = {"Schedule": "cron(0 20 * * ? *)", "ScalableTargetAction": {"MinCapacity": 0, "MaxCapacity": 0}}


@pytest.fixture
def scaling(lab: Lab) -> Scaling:
    return Scaling(lab)


def test_a_scheduled_action_belongs_to_a_target(scaling: Scaling) -> None:
    """PutScheduledAction, DeleteScheduledAction and DeregisterScalableTarget."""
    action = {**scaling.resource, "ScheduledActionName": "night"}

    def names() -> list[str]:
        found = scaling.client.describe_scheduled_actions(**scaling.resource)["ScheduledActions"]
        return [item["ScheduledActionName"] for item in found]

    with refused("ObjectNotFoundException", "No scalable target registered"):
        scaling.client.put_scheduled_action(**action, **NIGHT)
    scaling.register(MinCapacity=1, MaxCapacity=2)
    with refused("ValidationException", "needs Schedule"):
        scaling.client.put_scheduled_action(**action)
    scaling.client.put_scheduled_action(**action, **NIGHT, EndTime=datetime(2030, 1, 1, tzinfo=UTC))
    scaling.client.put_scheduled_action(**action, Timezone="Asia/Seoul")
    (found,) = scaling.client.describe_scheduled_actions(**scaling.resource)["ScheduledActions"]
    assert (found["Schedule"], found["Timezone"]) == (NIGHT["Schedule"], "Asia/Seoul")
    assert "EndTime" not in found  # "If you don't specify start and end times, the old values are deleted"
    scaling.client.delete_scheduled_action(**action)
    assert names() == []
    with refused("ObjectNotFoundException"):
        scaling.client.delete_scheduled_action(**action)
    scaling.client.put_scheduled_action(**action, **NIGHT)
    scaling.client.deregister_scalable_target(**scaling.resource)
    assert names() == []


class Schedules:
    """A schedule group of the test's own, and a role that Scheduler can assume for it."""

    def __init__(self, lab: Lab) -> None:
        self.client: Any = lab.aws("scheduler")
        self.name = f"test-{uuid.uuid4().hex[:8]}"
        self.arn = self.client.create_schedule_group(Name=self.name, Tags=[{"Key": "a", "Value": "1"}])[
            "ScheduleGroupArn"
        ]
        account = lab.aws("sts").get_caller_identity()["Account"]
        self.role = self.make_role(lab, self.name, {"aws:SourceAccount": account, "aws:SourceArn": self.arn})
        self.other_role = self.make_role(lab, f"{self.name}-other", {"aws:SourceAccount": "999999999999"})

    @staticmethod
    def make_role(lab: Lab, name: str, condition: dict[str, str]) -> str:
        statement = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "scheduler.amazonaws.com"},
            "Condition": {"StringEquals": condition},
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        created = lab.aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)
        return str(created["Role"]["Arn"])

    def put(self, operation: str = "create_schedule", role: str | None = None, **options: Any) -> None:
        target = {"Arn": "arn:aws:scheduler:::aws-sdk:rds:stopDBInstance", "RoleArn": role or self.role, "Input": "{}"}
        given = {
            "GroupName": self.name,
            "Name": "night",
            "ScheduleExpression": "cron(0 20 * * ? *)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": target,
        }
        getattr(self.client, operation)(**{**given, **options})

    def get(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get_schedule(GroupName=self.name, Name="night")
        return found


@pytest.fixture
def schedules(lab: Lab) -> Schedules:
    return Schedules(lab)


def test_a_schedule_that_is_refused(schedules: Schedules) -> None:
    now = datetime.now(UTC)
    with refused("ResourceNotFoundException"):
        schedules.put(GroupName="no-such-group")
    with refused("ValidationException", "must allow AWS EventBridge Scheduler to assume the role"):
        schedules.put(role=schedules.other_role)
    with refused("ValidationException", "earlier than 5 minutes ago"):
        schedules.put(StartDate=now - timedelta(minutes=6))
    with refused("ValidationException", "EndDate"):
        schedules.put(StartDate=now + timedelta(hours=2), EndDate=now + timedelta(hours=1))
    schedules.put(ScheduleExpression="at(2030-01-01T00:00:00)", StartDate=now - timedelta(days=1))  # ignored
    with refused("ConflictException"):
        schedules.put()


def test_an_update_resets_what_it_does_not_say(schedules: Schedules) -> None:
    """UpdateSchedule: "that field will be set to its system-default value"."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    schedules.put(ActionAfterCompletion="DELETE", State="DISABLED", EndDate=tomorrow)
    schedules.put("update_schedule", ScheduleExpressionTimezone="Asia/Seoul")
    found = schedules.get()
    assert (found["State"], found["ActionAfterCompletion"]) == ("ENABLED", "NONE")
    assert found["ScheduleExpressionTimezone"] == "Asia/Seoul"
    assert "EndDate" not in found
    schedules.put("update_schedule", ActionAfterCompletion="DELETE")
    assert schedules.get()["ActionAfterCompletion"] == "DELETE"
    with refused("ValidationException", "assume the role"):
        schedules.put("update_schedule", role=schedules.other_role)


def test_a_repeated_client_token_makes_nothing(schedules: Schedules) -> None:
    """CreateScheduleGroup: ClientToken."""
    name, token = f"{schedules.name}-more", uuid.uuid4().hex
    first, second = (schedules.client.create_schedule_group(Name=name, ClientToken=token) for _unused in range(2))
    assert first["ScheduleGroupArn"] == second["ScheduleGroupArn"]
    with refused("ConflictException"):
        schedules.client.create_schedule_group(Name=name)


def test_a_group_is_there_once_and_takes_its_schedules_and_tags_along(schedules: Schedules) -> None:
    schedules.put()
    with refused("ConflictException"):
        schedules.client.create_schedule_group(Name=schedules.name)
    listed = schedules.client.list_schedules(GroupName=schedules.name)
    assert [item["Name"] for item in listed["Schedules"]] == ["night"]
    assert schedules.client.list_tags_for_resource(ResourceArn=schedules.arn)["Tags"] == [{"Key": "a", "Value": "1"}]
    schedules.client.delete_schedule_group(Name=schedules.name)
    with refused("ResourceNotFoundException"):
        schedules.client.list_schedules(GroupName=schedules.name)
    with refused("ResourceNotFoundException"):
        schedules.client.delete_schedule_group(Name=schedules.name)
    schedules.client.create_schedule_group(Name=schedules.name)
    assert schedules.client.list_tags_for_resource(ResourceArn=schedules.arn)["Tags"] == []
    assert schedules.client.list_schedules(GroupName=schedules.name)["Schedules"] == []


def test_a_stopped_instance_is_not_modified(account: Account) -> None:
    account.database(DBSubnetGroupName=account.subnet_group())
    account.rds.stop_db_instance(DBInstanceIdentifier="triflow")
    with refused("InvalidDBInstanceState", "can't modify a stopped DB instance"):
        account.rds.modify_db_instance(DBInstanceIdentifier="triflow", BackupRetentionPeriod=3)
    account.rds.start_db_instance(DBInstanceIdentifier="triflow")
    account.rds.modify_db_instance(DBInstanceIdentifier="triflow", BackupRetentionPeriod=3, ApplyImmediately=True)
    assert account.describe()["BackupRetentionPeriod"] == 3
