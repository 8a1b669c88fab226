"""The plan contract on the whole stack: what check mode announces is what the run does, then nothing is left to do.

The same runs are the molecule scenario's; here every call that they make is looked at as well.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Lab
from tests.integration.playbook import Played, against_live, play
from tests.modules.conftest import RunModule, run_module, stack

__all__ = ["run_module", "stack"]

STACK = "triflow-prod"
SITE = ("site.yml", "-i", "inventories/prod", "--diff")
COMPONENTS = {
    "vpc", "internet-gateway", "elastic-ip-a", "nat-gateway-a", "endpoint-s3",
    "subnet-public-a", "subnet-public-c", "subnet-private-a", "subnet-private-c",
    "route-table-public", "route-table-private-a", "route-table-private-c",
    "security-group-default", "security-group-alb", "security-group-ecs", "security-group-rds",
    "log-group-database", "db-subnet-group", "db-parameter-group", "database", "bucket", "bucket-lifecycle",
    "hosted-zone", "certificate", "dns-record-validation", "dns-record-apex",
    "load-balancer", "target-group-backend", "listener-80", "listener-443",
    "role-execution", "role-policy-execution", "role-task", "role-policy-task", "repository-backend",
    "cluster", "log-group-backend", "task-definition-backend", "service-backend",
    "scalable-target-backend", "scaling-policy-backend-out", "scaling-policy-backend-in",
    "alarm-backend-scale-out", "alarm-backend-scale-in",
    "log-group-firehose", "role-firehose-to-s3", "role-policy-firehose-to-s3", "delivery-stream-logs-archive",
    "role-logs-to-firehose", "role-policy-logs-to-firehose", "subscription-filter-backend",
    "alarm-rds-cpu-high", "alarm-rds-storage-low", "alarm-ecs-backend-memory-high", "alarm-alb-5xx",
    "alarm-rds-connections-high", "alarm-rds-cpu-medium", "alarm-alb-latency-high", "alarm-slack-dead-letters",
    "rule-task-stopped", "dashboard", "kms-key", "topic-alarms", "topic-sms", "function-slack", "log-group-slack",
    "role-slack", "role-policy-slack", "queue-slack-dead-letters", "secret-slack-webhook",
    "extension-vector", "extension-uuid-ossp", "extension-pg_trgm", "extension-pg_stat_statements",
}  # fmt: skip


@pytest.fixture(scope="module")
def runs(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """From an empty account: check, run, run, check."""
    lab.reset()
    directory = tmp_path_factory.mktemp("contract")
    names = {"plan": ("--check",), "run": (), "second run": (), "second plan": ("--check",)}
    return {name: play(lab, directory, *SITE, *options) for name, options in names.items()}


@pytest.mark.parametrize("name", ["plan", "run", "second run", "second plan"])
def test_every_run_ends_well(runs: dict[str, Played], name: str) -> None:
    assert runs[name].exit_code == 0, runs[name].output


def test_the_plan_announces_every_component_with_a_diff(runs: dict[str, Played]) -> None:
    plan = runs["plan"]
    created = {name for name, action in plan.components(STACK).items() if action == "create"}
    assert created == COMPONENTS
    diffs = plan.diffs(STACK)
    assert set(diffs) == COMPONENTS
    assert all(before == {} and after for before, after in diffs.values())


def test_the_plan_writes_nothing(runs: dict[str, Played]) -> None:
    assert runs["plan"].calls
    assert runs["plan"].writes == []


def test_the_run_does_what_was_announced(runs: dict[str, Played]) -> None:
    assert runs["run"].components(STACK) == runs["plan"].components(STACK)
    assert runs["run"].writes


@pytest.mark.parametrize("name", ["second run", "second plan"])
def test_then_there_is_nothing_to_do(runs: dict[str, Played], name: str) -> None:
    run = runs[name]
    assert set(run.components(STACK).values()) == {"none"}
    assert not any(result.get("changed") for result in run.results[STACK])
    assert run.diffs(STACK) == {}
    assert run.writes == []


def test_a_second_run_makes_few_calls(runs: dict[str, Played]) -> None:
    """Reading the stack back costs about the same whatever its size; a call in a loop would show here."""
    assert len(runs["second run"].calls) <= 260  # 252 when this was written


def test_no_secret_is_shown(runs: dict[str, Played], lab: Lab) -> None:
    secrets = lab.aws("secretsmanager")
    (instance,) = lab.aws("rds").describe_db_instances()["DBInstances"]
    secret = instance["MasterUserSecret"]["SecretArn"]
    password = secrets.get_secret_value(SecretId=secret)["SecretString"].split('"password"')[1].split('"')[1]
    assert len(password) >= 8
    for run in runs.values():
        assert password not in run.output + str(run.summary)


CHANGES = {  # variables, and the lines of the bill that they change
    "rds_instance_class=db.t4g.large": {"database-hours"},
    "ecs_desired_count=3": {"fargate-vcpu", "fargate-memory"},
    "vpc_nat_gateways=per_zone": {"nat-gateway-hours", "nat-gateway-addresses"},
}


def test_what_stands_costs_what_the_variables_say(runs: dict[str, Played], lab: Lab, tmp_path: Path) -> None:
    assert runs["run"].exit_code == 0
    prod = ("-i", "inventories/prod")
    same = against_live(lab, tmp_path, *prod)
    assert same["lines"] == []
    assert same["before_krw"] == same["after_krw"] > 0
    changed = against_live(lab, tmp_path, *prod, *(word for change in CHANGES for word in ("-e", change)))
    assert {line["id"] for line in changed["lines"]} == set.union(*CHANGES.values())
    assert changed["before_krw"] == same["before_krw"]


NAMELESS = {  # found by their tags or in something of the stack, so nobody else can have taken their names
    "vpc", "internet-gateway", "elastic-ip-a", "nat-gateway-a", "endpoint-s3",
    "route-table-public", "route-table-private-a", "route-table-private-c", "security-group-default",
    "bucket-lifecycle", "certificate", "dns-record-validation", "listener-80", "listener-443",
    "role-policy-execution", "role-policy-task", "role-policy-firehose-to-s3", "role-policy-logs-to-firehose",
    "role-policy-slack", "subscription-filter-backend",
    "scalable-target-backend", "scaling-policy-backend-out", "scaling-policy-backend-in",
    "extension-vector", "extension-uuid-ossp", "extension-pg_trgm", "extension-pg_stat_statements",
}  # fmt: skip
# Asked for in other ways: the subnets by their ranges, the zone by dns_zone, the records by what else has their names.
ASKED_OTHERWISE = {
    "subnet-public-a", "subnet-public-c", "subnet-private-a", "subnet-private-c",
    "hosted-zone", "dns-record-apex",
}  # fmt: skip


def test_preflight_finds_each_name_that_somebody_else_has(
    runs: dict[str, Played], lab: Lab, run_module: RunModule, stack: str
) -> None:
    """Asked for another stack, all that this one has made is in the way."""
    claims = next(result["claims"] for result in runs["second run"].results[STACK] if "claims" in result)
    assert {claim["component"] for claim in claims} == COMPONENTS - NAMELESS
    before = len(lab.calls())
    network = {"vpc_owner": STACK, "vpc_cidr": "10.0.0.0/16", "subnet_cidrs": {}, "availability_zones": []}
    bucket = {"bucket_name": "triflow-ai-prod", "bucket_owner": stack}
    result = run_module("account_preflight", claims=claims, **network, **bucket)
    assert not any(call["write"] for call in lab.calls()[before:])
    taken = {
        problem["reason"].partition(":")[0]
        for problem in result["problems"]
        if problem["reason"].endswith(f"is there and belongs to the stack {STACK}.")
    }
    assert taken == COMPONENTS - NAMELESS - ASKED_OTHERWISE
    adopted = run_module("account_preflight", claims=claims, adopt=sorted(taken), **network, **bucket)
    assert adopted["problems"] == []


NETWORK = {
    "vpc_cidr": "10.9.0.0/16",
    "vpc_public_subnet_cidrs": ["10.9.1.0/24", "10.9.2.0/24"],
    "vpc_private_subnet_cidrs": ["10.9.11.0/24", "10.9.12.0/24"],
}
DATABASE = {
    "rds_instance_class": "db.t4g.large",
    "rds_allocated_storage": 50,
    "rds_max_allocated_storage": 60,  # else the 100 GiB that stand count as grown
    "rds_multi_az": False,
    "rds_database_name": "another",
    "rds_master_username": "somebody",
}
ZONES = ["ap-northeast-2a", "ap-northeast-2b"]
# Variables of the stack that stands, which a layer cannot follow, and the variables that have to be named.
CANNOT_FOLLOW: dict[str, tuple[dict[str, Any], set[str]]] = {
    "much-at-once": (
        {**NETWORK, **DATABASE, "dns_domain_name": "api.triflow-ai.com"},
        {*NETWORK, *DATABASE, "dns_domain_name"} - {"rds_max_allocated_storage"},
    ),
    "another-subnet": (
        {"vpc_public_subnet_cidrs": ["10.0.1.0/24", "10.0.3.0/24"]},
        {"vpc_public_subnet_cidrs"},
    ),
    "storage-too-little": ({"rds_allocated_storage": 105}, {"rds_allocated_storage"}),  # 5 % more
    "another-zone": ({"vpc_availability_zones": ZONES}, {"vpc_public_subnet_cidrs", "vpc_private_subnet_cidrs"}),
}


@pytest.fixture(scope="module")
def refused(runs: dict[str, Played], lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """A run of the stack that stands with each of CANNOT_FOLLOW."""
    assert runs["second plan"].exit_code == 0
    (zone,) = lab.aws("route53").list_hosted_zones_by_name(DNSName="triflow-ai.com")["HostedZones"]
    records = [{"Value": "elsewhere.example.com"}]
    record = {"Name": "api.triflow-ai.com", "Type": "CNAME", "TTL": 300, "ResourceRecords": records}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    lab.aws("route53").change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch=batch)
    directory = tmp_path_factory.mktemp("refused")
    return {
        name: play(lab, directory, *SITE, "-e", json.dumps(variables))
        for name, (variables, _named) in CANNOT_FOLLOW.items()
    }


@pytest.mark.parametrize("name", CANNOT_FOLLOW)
def test_what_cannot_follow_is_refused_before_the_first_change(refused: dict[str, Played], name: str) -> None:
    run, (_variables, named) = refused[name], CANNOT_FOLLOW[name]
    assert run.exit_code == 2
    assert run.writes == []
    (failure,) = [result for result in run.results[STACK] if result.get("failed")]
    assert {problem["variable"] for problem in failure["problems"]} == named
    assert "nothing was changed" in failure["msg"]
