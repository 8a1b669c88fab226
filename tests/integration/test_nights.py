"""Nights (ENV-6): a stack that sleeps, a run of site.yml meanwhile, and waking it by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.corrections.policy import Request, is_allowed
from tests.conftest import Lab
from tests.integration.playbook import Played, against_live, play

STACK = "triflow-nights"
DATABASE = f"{STACK}-db"
SERVICE = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
RESOURCE = f"service/{STACK}/backend"
VARIABLES = {
    "s3_bucket_name": "triflow-ai-nights",
    "dns_zone_name": "nights.triflow-ai.com",
    "nights_enabled": True,
    "nights_holidays": ["2099-12-25"],
    "ecs_desired_count": 1,
    "autoscaling_min_capacity": 1,
    "autoscaling_max_capacity": 2,
}
OFF = ("-e", '{"nights_enabled": false}')


@dataclass(frozen=True)
class Runs:
    """The stack is built, falls asleep, is run again, wakes and goes to sleep by hand, and has no nights any more."""

    built: Played
    schedules: dict[str, Any]
    asleep: tuple[str, int, int]
    check: Played
    night: Played
    after: tuple[str, int, int]
    changed: Played
    planned: Played
    up: Played
    awake: tuple[str, int, int]
    down: Played
    slept: tuple[str, int, int]
    off: Played
    rest: tuple[str, int, int]
    cost: dict[str, Any]  # of the variables against the stack that sleeps


def state(lab: Lab) -> tuple[str, int, int]:
    """Status of the database, tasks that run, and the most that there may be."""
    (database,) = lab.aws("rds").describe_db_instances(DBInstanceIdentifier=DATABASE)["DBInstances"]
    (service,) = lab.aws("ecs").describe_services(cluster=STACK, services=["backend"])["services"]
    scaling = lab.aws("application-autoscaling")
    (target,) = scaling.describe_scalable_targets(**SERVICE, ResourceIds=[RESOURCE])["ScalableTargets"]
    assert service["runningCount"] == service["desiredCount"]
    return database["DBInstanceStatus"], service["runningCount"], target["MaxCapacity"]


def fall_asleep(lab: Lab) -> None:
    """What the scheduled action and the schedule do in the evening."""
    lab.aws("application-autoscaling").register_scalable_target(
        **SERVICE, ResourceId=RESOURCE, MinCapacity=0, MaxCapacity=0
    )
    lab.aws("rds").stop_db_instance(DBInstanceIdentifier=DATABASE)


def read_schedules(lab: Lab) -> dict[str, Any]:
    """Scheduled actions, groups and schedules by name."""
    scaling, scheduler = lab.aws("application-autoscaling"), lab.aws("scheduler")
    actions = scaling.describe_scheduled_actions(**SERVICE, ResourceId=RESOURCE)["ScheduledActions"]
    groups = scheduler.list_schedule_groups(NamePrefix=STACK)["ScheduleGroups"]
    listed = scheduler.list_schedules(GroupName=STACK)["Schedules"] if groups else []
    return {
        "actions": {item["ScheduledActionName"].removeprefix(f"{STACK}-"): item for item in actions},
        "groups": [item["Name"] for item in groups],
        "schedules": {item["Name"]: scheduler.get_schedule(GroupName=STACK, Name=item["Name"]) for item in listed},
    }


def read_policy(lab: Lab) -> dict[str, Any]:
    """Of the role of the schedules."""
    iam, role = lab.aws("iam"), f"{STACK}-nights"
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document: dict[str, Any] = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    return document


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("nights") / "hosts.yml"
    path.write_text(json.dumps({"nights": {"hosts": {STACK: {**VARIABLES, "stack_kind": "staging"}}}}))
    return path


@pytest.fixture(scope="module")
def runs(lab: Lab, inventory: Path) -> Runs:
    lab.reset()

    def run(playbook: str, *options: str) -> Played:
        return play(lab, inventory.parent, playbook, "-i", str(inventory), *options)

    built = run("site.yml")
    assert built.exit_code == 0, built.output
    schedules = {**read_schedules(lab), "policy": read_policy(lab)}
    fall_asleep(lab)
    asleep = state(lab)
    check, night = run("playbooks/ready.yml", "--check"), run("site.yml")
    after = state(lab)
    cost = against_live(lab, inventory.parent, "-i", str(inventory))
    changed = run("playbooks/data.yml", "--tags", "rds", "-e", "rds_backup_retention_days=8")
    planned = run("playbooks/nights.yml", "-e", "nights_wanted=up", "--check")
    up = run("playbooks/nights.yml", "-e", "nights_wanted=up")
    awake = state(lab)
    down = run("playbooks/nights.yml", "-e", "nights_wanted=down")
    slept = state(lab)
    off = run("playbooks/compute.yml", "--tags", "nights", *OFF)
    return Runs(
        built, schedules, asleep, check, night, after, changed, planned, up, awake, down, slept, off, state(lab), cost
    )  # fmt: skip


def test_the_schedules_are_there(runs: Runs) -> None:
    actions, schedules = runs.schedules["actions"], runs.schedules["schedules"]
    assert {
        name: (item["Schedule"], item["Timezone"], *item["ScalableTargetAction"].values())
        for name, item in actions.items()
    } == {
        "backend-start": ("cron(0 8 ? * MON,TUE,WED,THU,FRI *)", "Asia/Seoul", 1, 2),
        "backend-start-20991226": ("cron(0 8 ? * MON,TUE,WED,THU,FRI *)", "Asia/Seoul", 1, 2),
        "backend-stop": ("cron(0 20 * * ? *)", "Asia/Seoul", 0, 0),
    }
    assert {
        name: (item["ScheduleExpression"], item["ScheduleExpressionTimezone"], item["Target"]["Arn"].split(":")[-1])
        for name, item in schedules.items()
    } == {
        "database-start": ("cron(40 7 ? * MON,TUE,WED,THU,FRI *)", "Asia/Seoul", "startDBInstance"),
        "database-start-20991226": ("cron(40 7 ? * MON,TUE,WED,THU,FRI *)", "Asia/Seoul", "startDBInstance"),
        "database-stop": ("cron(10 20 * * ? *)", "Asia/Seoul", "stopDBInstance"),
    }
    assert {item["Target"]["Input"] for item in schedules.values()} == {json.dumps({"DbInstanceIdentifier": DATABASE})}


@pytest.mark.parametrize(
    ("action", "database", "allowed"),
    [
        ("rds:StartDBInstance", DATABASE, True),
        ("rds:StopDBInstance", DATABASE, True),
        ("rds:DeleteDBInstance", DATABASE, False),
        ("rds:ModifyDBInstance", DATABASE, False),
        ("rds:StopDBInstance", "triflow-prod-db", False),
    ],
)
def test_the_schedules_may_start_and_stop_the_database_and_nothing_else(
    runs: Runs, action: str, database: str, allowed: bool
) -> None:
    arn = runs.schedules["schedules"]["database-stop"]["Target"]["RoleArn"]
    account = arn.split(":")[4]
    (statement,) = runs.schedules["policy"]["Statement"]
    document = json.dumps({"Statement": [{**statement, "Principal": "*"}]})
    request = Request(action, f"arn:aws:rds:ap-northeast-2:{account}:db:{database}", account, frozenset({arn}))
    assert is_allowed(document, request) is allowed


def test_a_run_at_night_wakes_nothing(runs: Runs) -> None:
    assert runs.asleep == ("stopped", 0, 0)
    for run in (runs.check, runs.night):
        assert run.exit_code == 0, run.output
        assert run.writes == []
        assert set(run.components(STACK).values()) == {"none"}
    assert runs.after == ("stopped", 0, 0)
    assert f"{DATABASE} is stopped (ENV-6)" in runs.night.output


def test_a_change_of_the_sleeping_database_is_refused(runs: Runs) -> None:
    assert runs.changed.exit_code != 0
    assert "playbooks/nights.yml -e nights_wanted=up" in runs.changed.output
    assert runs.changed.writes == []


def test_waking_starts_the_database_first(runs: Runs) -> None:
    assert runs.planned.exit_code == 0, runs.planned.output
    assert runs.planned.writes == []
    assert runs.up.exit_code == 0, runs.up.output
    assert runs.up.components(STACK) == runs.planned.components(STACK)
    assert runs.up.components(STACK) == {"database": "update", "scalable-target-backend": "update"}
    assert runs.up.writes == ["StartDBInstance", "RegisterScalableTarget"]
    assert runs.awake == ("available", 1, 2)


def test_putting_to_sleep_stops_the_database_last(runs: Runs) -> None:
    assert runs.down.exit_code == 0, runs.down.output
    assert runs.down.writes == ["RegisterScalableTarget", "StopDBInstance"]
    assert runs.slept == ("stopped", 0, 0)


def test_without_nights_the_schedules_go_and_nothing_wakes(lab: Lab, runs: Runs) -> None:
    assert runs.off.exit_code == 0, runs.off.output
    assert read_schedules(lab) == {"actions": {}, "groups": [], "schedules": {}}
    assert runs.rest == ("stopped", 0, 0)
    with pytest.raises(lab.aws("iam").exceptions.NoSuchEntityException):
        lab.aws("iam").get_role(RoleName=f"{STACK}-nights")


@pytest.mark.parametrize(
    ("group", "options", "said"),
    [
        ("staging", [], "Nothing was started or stopped."),
        ("staging", ["nights_wanted=sideways"], "nothing was changed"),  # by the preflight, as all that is no choice
        ("prod", ["nights_wanted=up"], "Nothing was started or stopped."),
        ("customers", ["nights_wanted=up", "stack_kind=prod"], "Nothing was started or stopped."),
    ],
)
def test_nights_now_is_refused(lab: Lab, tmp_path: Path, group: str, options: list[str], said: str) -> None:
    path = tmp_path / "hosts.yml"
    own = {"vpc_owner": STACK, "vpc_nat_gateways": "single", "s3_owner": STACK, "s3_prefix": ""}
    path.write_text(json.dumps({group: {"hosts": {STACK: {**own, **VARIABLES, "nights_enabled": False}}}}))
    given = [word for option in options for word in ("-e", option)]
    run = play(lab, tmp_path, "playbooks/nights.yml", "-i", str(path), *given)
    assert run.exit_code != 0
    assert said in run.output
    assert run.writes == []


def test_a_stack_that_sleeps_costs_what_the_variables_say(runs: Runs) -> None:
    """What is up by day counts, for the hours of the nights while the schedules are there."""
    assert runs.cost["lines"] == []
    assert runs.cost["before_krw"] == runs.cost["after_krw"] > 0
