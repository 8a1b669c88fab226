"""How validate_variables reads one variable, names an unknown one and keeps a secret."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.action.validate_variables import (
    describe_option,
    hide_secret,
    unknown_names,
    validate,
)
from ansible_collections.triflow.platform.plugins.module_utils.problems import problem

INT = {"type": "int", "description": "Days."}
STR = {"type": "str", "description": "Version."}
CHOICE = {"type": "str", "choices": ["present", "absent"], "description": "State."}
RULES = {
    "type": "list",
    "elements": "dict",
    "description": ["Rules,", "see O(other)."],
    "options": {"name": {"type": "str", "required": True, "description": "Name."}, "days": INT},
}


@pytest.mark.parametrize(
    ("value", "option", "converted"),
    [
        ("14", INT, 14),
        ("true", {"type": "bool", "description": "Switch."}, True),
        (14, STR, "14"),
        ("absent", CHOICE, "absent"),
        ([{"name": "logs", "days": "7"}], RULES, [{"name": "logs", "days": 7}]),
    ],
)
def test_value_of_a_survey_or_of_yaml_takes_the_option_s_type(value: Any, option: Any, converted: Any) -> None:
    assert validate("x", value, option) == ([], converted)


@pytest.mark.parametrize(
    ("value", "option", "reason", "accepted"),
    [
        ("seven", INT, "text that is no whole number", "a whole number. Days."),
        ("gone", CHOICE, "must be one of: present, absent", "one of present, absent. State."),
        (14.1, STR, "14.10 as 14.1", "text. Version. In quotes."),
        ([{"days": 7}], RULES, "missing required arguments: name", "each element a mapping with name, days"),
        ([{"name": "a", "dayz": 7}], RULES, "x.dayz", "Rules, see other."),
    ],
)
def test_refused_value(value: Any, option: Any, reason: str, accepted: str) -> None:
    (found,), _value = validate("x", value, option)
    assert (found["variable"], found["value"]) == ("x", value)
    assert reason in found["reason"]
    assert accepted in found["accepted"]


def test_unknown_names() -> None:
    given = [
        "rds_bakup_window",
        "rds_backup_window",
        "stack_nmae",
        "vpc_zzz",
        "ansible_user",
        "owner",
        "preflight_account",
    ]
    found = unknown_names(given, {"rds_backup_window", "stack_name", "vpc_cidr"}, ["rds", "vpc", "preflight"])
    assert [(item["variable"], item["accepted"]) for item in found] == [
        ("rds_bakup_window", "did you mean rds_backup_window?"),
        ("stack_nmae", "did you mean stack_name?"),
        ("vpc_zzz", "the names in the roles' argument specs"),
    ]


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("RDS_BACKUP_WINDOW", "did you mean rds_backup_window?"),
        ("Stack_Name", "did you mean stack_name?"),
        ("Vpc_cdir", "did you mean vpc_cidr?"),
    ],
)
def test_a_name_in_capitals_is_another_name(name: str, accepted: str) -> None:
    (found,) = unknown_names([name, "PATH"], {"rds_backup_window", "stack_name", "vpc_cidr"}, ["rds", "vpc"])
    assert (found["variable"], found["accepted"]) == (name, accepted)


@pytest.mark.parametrize(
    ("name", "accepted"),
    [("containerPort", "did you mean container_port?"), ("targetgroup", "did you mean target_group?")],
)
def test_an_unknown_suboption_is_told_with_what_is_like_it(name: str, accepted: str) -> None:
    option = {
        "type": "list",
        "elements": "dict",
        "description": "Services.",
        "options": {"name": STR, "container_port": INT, "target_group": STR},
    }
    (found,), _value = validate("ecs_services", [{"name": "backend", name: 8000}], option)
    assert found["variable"] == "ecs_services"
    assert name in found["reason"]
    assert accepted in found["accepted"]


@pytest.mark.parametrize(
    ("name", "option", "hidden"),
    [
        ("notifications_slack_webhook_url", STR, True),
        ("rds_master_password", STR, True),
        ("rds_wait_timeout", {**INT, "no_log": True}, True),
        ("rds_wait_timeout", INT, False),
    ],
)
def test_secret_is_not_shown(name: str, option: Any, hidden: bool) -> None:
    shown = hide_secret(problem(name, "hunter2", "got: hunter2", "x"), option)
    assert ("hunter2" not in str(shown)) is hidden


def test_description_is_plain_text() -> None:
    assert describe_option({**STR, "description": "As in C(hh:mm) of O(other)."}) == "text. As in hh:mm of other."


def test_secrets_inside_a_refused_value_are_not_shown() -> None:
    value = {"DB_PASSWORD": "hunter2", "MODE": None}
    shown = hide_secret(problem("ecs_environment", value, "got AKIAIOSFODNN7EXAMPLE", "x"), STR)
    assert shown["value"] == {"DB_PASSWORD": "(hidden)", "MODE": None}
    assert shown["reason"] == "got (hidden)"
