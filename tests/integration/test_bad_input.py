"""Bad input ends in preflight, with the variable's name and what is accepted, before any call that writes.

A stack is a host, so one run holds all cases of a kind: every host of a generated inventory is the record's stack with
one thing wrong.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROJECT, Lab

ANSIBLE_PLAYBOOK = str(Path(sys.executable).parent / "ansible-playbook")
ARCHIVE_RULES = [{"prefix": f"{name}/", "expiration_days": 365} for name in ("logs-archive", "logs-archive-errors")]
IN_THE_SHARED_VPC = {
    "vpc_owner": "triflow-lender",
    "vpc_cidr": "10.2.0.0/16",
    "vpc_public_subnet_cidrs": ["10.2.101.0/24", "10.2.102.0/24"],
    "vpc_private_subnet_cidrs": ["10.2.111.0/24", "10.2.112.0/24"],
}
TWO_ZONES = ["ap-northeast-2a", "ap-northeast-2c"]

# What is wrong with the host's variables, the variable that must be named, its value, and what is accepted.
VARIABLES: dict[str, tuple[dict[str, Any], str, Any, str]] = {
    "malformed-window": ({"rds_backup_window": "3-4"}, "rds_backup_window", "3-4", "hh:mm-hh:mm"),
    "overlapping-windows": (
        {"rds_backup_window": "03:30-04:30"},
        "rds_backup_window",
        "03:30-04:30",
        "a window that ends before the maintenance window starts",
    ),
    "unknown-time-zone": ({"stack_time_zone": "Asia/Soul"}, "stack_time_zone", "Asia/Soul", "Asia/Seoul"),
    "overlapping-cidrs": (
        {"vpc_private_subnet_cidrs": ["10.0.2.0/25", "10.0.12.0/24"]},
        "vpc_private_subnet_cidrs",
        "10.0.2.0/25",
        "ranges that do not overlap",
    ),
    "misplaced-cidr": (
        {"vpc_public_subnet_cidrs": ["10.0.1.0/24", "10.1.2.0/24"]},
        "vpc_public_subnet_cidrs",
        "10.1.2.0/24",
        "10.0.0.0/16",
    ),
    "zone-of-another-region": (
        {"vpc_availability_zones": ["ap-northeast-2a", "us-east-1c"]},
        "vpc_availability_zones",
        "us-east-1c",
        "zones of ap-northeast-2",
    ),
    "iops-of-a-small-volume": ({"rds_iops": 3000}, "rds_iops", 3000, "rds_allocated_storage of 400 GiB or more"),
    "alarm-without-a-budget": ({"cost_budget_alarm": True}, "cost_budget_krw", 0, "in KRW, above 0"),
    "maximum-below-size": (
        {"rds_max_allocated_storage": 50},
        "rds_max_allocated_storage",
        50,
        "110 GiB or more",
    ),
    "domain-of-another-zone": (
        {"dns_zone_name": "triflow-ai.com", "dns_domain_name": "triflow.com"},
        "dns_domain_name",
        "triflow.com",
        "ends in .triflow-ai.com",
    ),
    "named-lb-cookie": (
        {"alb_stickiness": {"type": "lb_cookie", "duration": 3600, "cookie_name": "TRIFLOW_LB_COOKIE"}},
        "alb_stickiness",
        "lb_cookie",
        "lb_cookie without cookie_name",
    ),
    "task-that-fargate-lacks": ({"ecs_memory": 1024}, "ecs_memory", 1024, "2048 to 8192 MiB in steps of 1024"),
    "lifecycle-wildcard": (
        {"s3_prefix_rules": [*ARCHIVE_RULES, {"prefix": "*/logs/*", "expiration_days": 365}]},
        "s3_prefix_rules",
        "*/logs/*",
        "a literal key prefix",
    ),
    "number-without-country": (
        {"notifications_phone_numbers": ["01000000000"]},
        "notifications_phone_numbers",
        "(hidden)",  # a number stands in no log
        "'+821000000000'",
    ),
    "archive-that-stays": (
        {"logs_archive_prefix": "logs/"},
        "logs_archive_prefix",
        "logs/",
        "a prefix of s3_prefix_rules with expiration_days",
    ),
    "retention-of-15-days": (
        {"logs_retention_days": 15},
        "logs_retention_days",
        15,
        "one of 1, 3, 5, 7, 14, 30",
    ),
    "namespace-of-aws": (
        {"dashboard_custom_namespace": "AWS/ECS"},
        "dashboard_custom_namespace",
        "AWS/ECS",
        "not beginning with AWS/ or a colon",
    ),
    "threshold-of-no-alarm": (
        {"alarms_thresholds": {"rds-cpu-hihg": 85}},
        "alarms_thresholds",
        "rds-cpu-hihg",
        "did you mean rds-cpu-high or rds-cpu-medium?",
    ),
    "nobody-s-nat-gateway": ({"vpc_nat_gateways": "shared"}, "vpc_nat_gateways", "shared", "or another vpc_owner"),
    "writes-outside-its-share": (
        {"s3_owner": "triflow-lender", "s3_prefix": "dev/", "iam_write_prefixes": ["dev/tenants/", "tenants/"]},
        "iam_write_prefixes",
        "tenants/",
        "a prefix that begins with dev/",
    ),
    "name-in-capitals": (
        {"RDS_INSTANCE_CLASS": "db.t4g.large"},
        "RDS_INSTANCE_CLASS",
        "(not read)",
        "rds_instance_class",
    ),
    "no-service": ({"ecs_services": []}, "ecs_services", [], "one or more services"),
    "mistyped-suboption": (
        {"ecs_services": [{"name": "backend", "containerPort": 8000}], "autoscaling_services": ["backend"]},
        "ecs_services",
        [{"name": "backend", "containerPort": 8000}],
        "did you mean container_port?",
    ),
    "zone-as-region": (
        {"stack_region": "ap-northeast-2a"},
        "stack_region",
        "ap-northeast-2a",
        "did you mean ap-northeast-2?",
    ),
    "another-kind-than-its-group": ({"stack_kind": "dev"}, "stack_kind", "dev", "prod, or nothing"),
    "mistyped-name": ({"rds_bakup_window": "02:00-03:00"}, "rds_bakup_window", "(not read)", "rds_backup_window"),
    "wrong-type": ({"rds_multi_az": "maybe"}, "rds_multi_az", "maybe", "true or false"),
    "wrong-choice": ({"vpc_nat_gateways": "two"}, "vpc_nat_gateways", "two", "one of none, single, per_zone"),
    "undefined-template": ({"rds_identifier": "{{ nowhere }}"}, "rds_identifier", "{{ nowhere }}", "are defined"),
    "unquoted-version": ({"rds_engine_version": 14.10}, "rds_engine_version", 14.1, "In quotes"),
    "no-bucket": ({"s3_bucket_name": None}, "s3_bucket_name", None, "text"),
    "default-taken-away": ({"rds_wait_timeout": None}, "rds_wait_timeout", None, "a whole number"),
    "of-no-kind": ({}, "stack_kind", None, "did you mean prod?"),
    # Nothing is wrong with its variables, so it gets to the account, with an environment that holds no credentials.
    "no-credentials": ({}, "AWS credentials", None, "AWS_PROFILE, or AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY"),
}
OTHER_GROUPS = {"of-no-kind": "production", "kind-by-variable": "customers"}
ACCOUNT: dict[str, tuple[dict[str, Any], str, Any, str]] = {
    "engine-14-10": ({"rds_engine_version": "14.10"}, "rds_engine_version", "14.10", "on offer are: 14."),
    "unknown-region": (
        {"stack_region": "ap-northest-2", "vpc_availability_zones": ["ap-northest-2a", "ap-northest-2c"]},
        "stack_region",
        "ap-northest-2",
        "ap-northeast-2",
    ),
    "zone-not-on-offer": (
        {"vpc_availability_zones": ["ap-northeast-2a", "ap-northeast-2z"]},
        "vpc_availability_zones",
        "ap-northeast-2z",
        "ap-northeast-2c",
    ),
    "other-account": ({"stack_account_id": "999999999999"}, "stack_account_id", "999999999999", "its own ID"),
    "class-that-rds-lacks": (
        {"rds_instance_class": "db.t4g.meduim"},
        "rds_instance_class",
        "db.t4g.meduim",
        "did you mean db.t4g.medium or",
    ),
    "class-of-older-versions": (
        {"rds_instance_class": "db.t2.medium"},
        "rds_instance_class",
        "db.t2.medium",
        "did you mean db.t3.medium or",
    ),
    "foreign-bucket": (
        {"s3_bucket_name": "somebody-elses"},
        "s3_bucket_name",
        "somebody-elses",
        "unique in all of AWS",
    ),
    "foreign-zone": ({"dns_zone_name": "somebody-elses.com"}, "dns_zone", "create", "adopt"),
    "missing-foundation": (
        {"vpc_owner": "triflow-gone"},
        "vpc_owner",
        "triflow-gone",
        "inventory of triflow-gone first",
    ),
    "missing-shared-bucket": (
        {"s3_owner": "triflow-gone", "s3_prefix": "dev/"},
        "s3_owner",
        "triflow-gone",
        "inventory of triflow-gone first",
    ),
    "taken-subnet": (
        {
            **IN_THE_SHARED_VPC,
            "vpc_public_subnet_cidrs": ["10.2.121.0/24", "10.2.122.0/24"],
            "vpc_private_subnet_cidrs": ["10.2.0.0/19", "10.2.132.0/24"],
        },
        "vpc_private_subnet_cidrs",
        "10.2.0.0/19",
        "a free range of the VPC vpc-",
    ),
    "range-of-another-vpc": (
        {"vpc_owner": "triflow-lender"},
        "vpc_cidr",
        "10.0.0.0/16",
        "10.2.0.0/16",
    ),
    "missing-zone": ({"dns_zone": "adopt"}, "dns_zone", "adopt", "create"),
}
# Text is what an AWX survey hands over, null is how a variable is left out.
GOOD: dict[str, dict[str, Any]] = {
    "record": {},
    "in-a-shared-vpc": IN_THE_SHARED_VPC,
    "kind-by-variable": {"stack_kind": "prod"},
    "secret-in-its-environment": {"ecs_environment": {"DB_PASSWORD": "hunter2"}},
    "more-tasks-than-a-new-account-has": {"autoscaling_max_capacity": 9},
    "class-without-a-price": {"rds_instance_class": "db.r6g.large"},
    "survey": {
        "rds_iops": None,
        "rds_multi_az": "true",
        "rds_allocated_storage": "100",
        "s3_abort_multipart_days": "7",
    },
}


@dataclass
class Run:
    """What a run of preflight over many hosts left behind."""

    exit_code: int
    results: dict[str, list[dict[str, Any]]]
    calls: list[dict[str, Any]]

    def failure(self, host: str) -> dict[str, Any]:
        (failed,) = [result for result in self.results[host] if result.get("failed")]
        return failed


def preflight(lab: Lab, environment: dict[str, str], *arguments: str) -> Run:
    """Run preflight with no more of this process's environment than its programs need."""
    before = len(lab.calls())
    done = subprocess.run(
        [ANSIBLE_PLAYBOOK, *arguments],
        cwd=PROJECT,
        env={
            "PATH": os.environ["PATH"],
            "HOME": environment.get("HOME", os.environ["HOME"]),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert "{" in done.stdout, done.stderr
    # The summary follows the JSON.
    output, _end = json.JSONDecoder().raw_decode(done.stdout[done.stdout.index("{") :])
    results: dict[str, list[dict[str, Any]]] = {}
    for play in output["plays"]:
        for task in play["tasks"]:
            for host, result in task["hosts"].items():
                results.setdefault(host, []).append(result)
    return Run(done.returncode, results, lab.calls()[before:])


def inventory(directory: Path, hosts: dict[str, dict[str, Any]]) -> str:
    path = directory / "hosts.json"
    named = {
        host: {"s3_bucket_name": f"triflow-{host}", "dns_zone_name": f"{host}.com", **variables}
        for host, variables in hosts.items()
    }
    # the hosts of OTHER_GROUPS are in none that says their kind
    others = {host: named.pop(host) for host in OTHER_GROUPS if host in named}
    groups = {OTHER_GROUPS[host]: {"hosts": {host: variables}} for host, variables in others.items()}
    path.write_text(json.dumps({"prod": {"hosts": named}, **groups}))
    return str(path)


@pytest.fixture(scope="module")
def variables_run(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Run:
    directory = tmp_path_factory.mktemp("variables")
    hosts = inventory(directory, {host: case[0] for host, case in VARIABLES.items()})
    environment = {"HOME": str(directory), "AWS_ENDPOINT_URL": lab.endpoint_url, "AWS_EC2_METADATA_DISABLED": "true"}
    return preflight(lab, environment, "playbooks/preflight.yml", "-i", hosts)


@pytest.fixture(scope="module")
def account_run(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    other = lab.aws("sts").assume_role(RoleArn="arn:aws:iam::222222222222:role/other", RoleSessionName="other")
    keys = other["Credentials"]
    s3 = lab.aws(
        "s3",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    region = lab.environment["AWS_REGION"]
    s3.create_bucket(Bucket="somebody-elses", CreateBucketConfiguration={"LocationConstraint": region})
    route53 = lab.aws("route53")
    zone = route53.create_hosted_zone(Name="somebody-elses.com", CallerReference=uuid.uuid4().hex)["HostedZone"]["Id"]
    ec2, tag = lab.aws("ec2"), {"Key": "triflow:stack", "Value": "triflow-lender"}
    vpc = ec2.create_vpc(CidrBlock="10.2.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": [tag]}])["Vpc"][
        "VpcId"
    ]
    subnet = ec2.create_subnet(
        VpcId=vpc, CidrBlock="10.2.1.0/24", TagSpecifications=[{"ResourceType": "subnet", "Tags": [tag]}]
    )["Subnet"]["SubnetId"]
    cases = {host: case[0] for host, case in ACCOUNT.items()}
    hosts = inventory(tmp_path_factory.mktemp("account"), cases | GOOD)
    yield preflight(lab, lab.environment, "playbooks/preflight.yml", "-i", hosts)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)
    s3.delete_bucket(Bucket="somebody-elses")
    route53.delete_hosted_zone(Id=zone)


def assert_refused(run: Run, host: str, variable: str, value: Any, accepted: str) -> None:
    assert run.exit_code != 0
    failure = run.failure(host)
    (problem,) = failure["problems"]
    assert (problem["variable"], problem["value"]) == (variable, value)
    assert accepted in problem["accepted"]
    assert "nothing was changed" in failure["msg"]
    for part in (variable, str(value), problem["reason"], accepted):
        assert part in failure["msg"]


@pytest.mark.parametrize("host", VARIABLES)
def test_variables(variables_run: Run, host: str) -> None:
    assert_refused(variables_run, host, *VARIABLES[host][1:])


def test_variables_are_refused_without_a_call(variables_run: Run) -> None:
    assert variables_run.calls == []


@pytest.mark.parametrize("host", ACCOUNT)
def test_account(account_run: Run, host: str) -> None:
    assert_refused(account_run, host, *ACCOUNT[host][1:])


@pytest.mark.parametrize("host", GOOD)
def test_good_input_passes_beside_bad_one(account_run: Run, host: str) -> None:
    results = account_run.results[host]
    assert not any(result.get("failed") or result.get("changed") for result in results)
    (account,) = [result for result in results if "identity" in result]
    assert account["identity"]["account"] == "123456789012"
    assert account["engine_version"].startswith("14.")
    assert set(TWO_ZONES) < set(account["availability_zones"])


def warnings(run: Run, host: str) -> str:
    return str([result.get("warnings") for result in run.results[host]])


def test_a_kind_that_no_group_says_comes_without_the_group_s_values(account_run: Run) -> None:
    assert "alb_deletion_protection is False, there True" in warnings(account_run, "kind-by-variable")
    assert "stack_kind" not in warnings(account_run, "record")


def test_a_quota_that_does_not_suffice_is_warned_of(account_run: Run) -> None:
    told = warnings(account_run, "more-tasks-than-a-new-account-has")
    assert "Fargate On-Demand vCPU resource count is 6; 0 are in use, and the stack needs 9 more" in told
    assert "--service-code fargate --quota-code L-3032A538 --desired-value 9" in told
    assert "Fargate" not in warnings(account_run, "record")


def test_a_secret_in_the_environment_is_told_and_not_shown(account_run: Run) -> None:
    assert "ecs_environment: DB_PASSWORD looks like a secret" in warnings(account_run, "secret-in-its-environment")
    assert "hunter2" not in str(account_run.results)


# Pairs of hosts of one run, what both of them want, and the variable that has to be named.
TWINS: dict[str, tuple[dict[str, Any], str]] = {
    "stack": ({"stack_name": "one-stack"}, "stack_name"),
    "bucket": ({"s3_bucket_name": "one-bucket"}, "s3_bucket_name"),
    "zone": ({"dns_zone_name": "one-zone.com"}, "dns_zone_name"),
    "database": ({"rds_identifier": "one-database"}, "rds_identifier"),
    "topic": ({"notifications_topic_name": "one-topic"}, "notifications_topic_name"),
    "logs": ({"logs_group_prefix": "/aws/ecs/one-"}, "logs_group_prefix"),
    "shared-vpc": (IN_THE_SHARED_VPC, "vpc_private_subnet_cidrs"),
}


@pytest.fixture(scope="module")
def twins_run(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Run:
    hosts = {f"{name}-{number}": case[0] for name, case in TWINS.items() for number in (1, 2)}
    path = inventory(tmp_path_factory.mktemp("twins"), {**hosts, "alone": {}})
    return preflight(lab, lab.environment, "playbooks/preflight.yml", "-i", path)


@pytest.mark.parametrize("name", TWINS)
def test_two_hosts_of_one_run_that_want_the_same(twins_run: Run, name: str) -> None:
    for number, other in ((1, 2), (2, 1)):
        problems = twins_run.failure(f"{name}-{number}")["problems"]
        assert TWINS[name][1] in {problem["variable"] for problem in problems}
        assert all(f"the host {name}-{other} of this run" in problem["reason"] for problem in problems)


def test_a_host_beside_them_passes(twins_run: Run) -> None:
    assert not any(result.get("failed") for result in twins_run.results["alone"])


def test_account_is_only_read(account_run: Run) -> None:
    """But for the lock, which only hosts take that are not refused."""
    locks = [call["operation"] for call in account_run.calls if call["service"] == "ssm"]
    assert locks.count("PutParameter") == locks.count("DeleteParameter") == len(GOOD)
    calls = [call for call in account_run.calls if call["service"] != "ssm"]
    assert {call["operation"] for call in calls} > {
        "GetCallerIdentity",
        "DescribeAvailabilityZones",
        "DescribeDBInstances",
        "DescribeDBEngineVersions",
        "DescribeOrderableDBInstanceOptions",
        "DescribeSubnets",
        "DescribeVpcs",
        "HeadBucket",
        "ListHostedZonesByName",
        "ListTagsForResources",
    }
    assert not any(call["write"] for call in calls)


def test_playbooks_that_each_import_preflight_run_it_once(lab: Lab) -> None:
    twice = ["playbooks/preflight.yml", "playbooks/preflight.yml"]
    run = preflight(lab, lab.environment, *twice, "-i", "inventories/prod")
    assert run.exit_code == 0
    assert [call["operation"] for call in run.calls].count("GetCallerIdentity") == 1
