"""The names that a stack's variables become, as the roles make them, and what the services refuse of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.triflow.platform.plugins.module_utils.aws_names import NAME_RULES, fits
from ansible_collections.triflow.platform.plugins.module_utils.stack_names import (
    DERIVED_NAMES,
    derived_names,
    name_problems,
)

from tests.unit.test_checks import RECORD, assert_one_problem

ROOT = Path(__file__).parents[2]
STACK = "triflow-of-a-customer-with-a-long-name"
# Where the roles make a name: the variable of the role, or what a module makes of its options.
IN_ROLES = (
    "alb_name",
    "alb_target_group_names",
    "ecs_cluster_name",
    "iam_execution_role",
    "iam_task_role",
    "logs_database_group",
    "logs_delivery_stream",
    "logs_error_group",
    "logs_service_groups",
    "logs_to_firehose_role",
    "logs_to_s3_role",
    "nights_role",
    "notifications_function_name",
    "notifications_key_alias",
    "notifications_log_group",
    "notifications_queue_name",
    "notifications_secret_name",
    "notifications_sms_topic_name",
    "rds_group_name",
    "rds_parameter_group_name",
    "vpc_flow_log_group",
    "vpc_flow_log_role",
    "alarms_rule_name",
)


def variables() -> dict[str, Any]:
    own = {"rds_identifier": f"{STACK}-db", "alb_target_groups": ["backend"], "rds_engine_version": "14"}
    return {**RECORD, "stack_name": STACK, **own, "ecr_repositories": ["backend"]}


def as_the_roles_make_them() -> set[str]:
    loader = DataLoader()
    files = sorted(ROOT.glob("roles/*/vars/main.yml"))
    made = {
        name: value
        for path in files
        for name, value in loader.load_from_file(str(path), trusted_as_template=True).items()
    }
    templar = Templar(loader=loader, variables={**made, **variables()})
    found: set[str] = {templar.template(group["name"]) for group in made["security_groups_list"]}
    for name in IN_ROLES:
        value = templar.template(made[name])
        found |= set(value.values()) if isinstance(value, dict) else {value}
    return found


def test_the_table_has_the_names_that_the_roles_make() -> None:
    assert as_the_roles_make_them() <= {name for _derived, name, _own in derived_names(variables())}


def test_every_rule_is_used_and_every_name_has_one() -> None:
    assert {derived.thing for derived in DERIVED_NAMES} == {rule.thing for rule in NAME_RULES}


@pytest.mark.parametrize(
    ("thing", "name", "taken"),
    [
        ("a security group's name", "SG-x", False),
        ("a security group's name", "x" * 256, False),
        ("a load balancer's name", "internal-x", False),
        ("a load balancer's name", "-x", False),
        ("a load balancer's name", "x" * 33, False),
        ("a load balancer's name", "X9", True),
        ("a target group's name", "internal-x", True),
        ("an identifier of a DB instance", "a" * 63, True),
        ("an identifier of a DB instance", "a" * 64, False),
        ("an identifier of a DB instance", "a--b", False),
        ("a DB subnet group's name", "default", False),
        ("a DB subnet group's name", "default-x", True),
        ("a role's name", "x" * 65, False),
        ("a log group's name", "/a#b", True),
        ("a queue's name", "x" * 81, False),
        ("a rule's name", "x" * 65, False),
        ("a repository's name", "a/b__c", True),
        ("a repository's name", "a/b___c", False),
        ("a repository's name", "a//b", False),
        ("a secret's name", "a-sixsi", True),
        ("a secret's name", "a-sixsixx", True),
        ("a secret's name", "a-abcdef", False),
        ("a key's alias", "alias/aws/x", False),
        ("a parameter's name", "/aws/x", False),
        ("a parameter's name", "/ssmx", False),
        ("a parameter's name", "/triflow/aws/lock", True),
        ("a budget's name", "a:b", False),
        ("a scheduled action's name", "a/b", False),
        ("an alarm's name", "a\nb", False),
        ("a schedule group's name", "default", False),
    ],
)
def test_what_a_service_takes(thing: str, name: str, taken: bool) -> None:
    assert fits(thing, name) is taken


@pytest.mark.parametrize(
    ("variable", "value", "reason", "accepted"),
    [
        ("notifications_topic_name", "triflow alarms", "Amazon SNS does not take 'triflow alarms-sms'", "up to 256"),
        ("notifications_topic_name", "a" * 253, "Amazon SNS", "up to 256"),
        ("logs_group_prefix", "/aws/ecs/tri flow-", "CloudWatch Logs does not take '/aws/ecs/tri flow-backend'", "512"),
        ("rds_identifier", "a" * 64, "Amazon RDS", "1 to 63"),
    ],
)
def test_one_wrong_name_is_one_problem(variable: str, value: str, reason: str, accepted: str) -> None:
    assert_one_problem(variable, value, reason, accepted)


def test_an_alarm_of_a_long_name_is_refused() -> None:
    row = {**RECORD["alarms_definitions"][0], "name": "x" * 250}
    (found,) = name_problems({"stack_name": "triflow-prod", "alarms_definitions": [row]})
    assert (found["variable"], found["value"]) == ("alarms_definitions", "x" * 250)
    assert "Amazon CloudWatch" in found["reason"]


def test_several_services_that_refuse_a_name_are_told_together() -> None:
    (found,) = name_problems({"stack_name": "default"})
    assert "Amazon RDS does not take 'default' as a DB subnet group's name" in found["reason"]
    assert "Scheduler does not take 'default' as a schedule group's name" in found["reason"]
