"""lambda_function (MON-8)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Lab
from tests.lab.function import LabFunction
from tests.modules.conftest import RunModule, ShowAnswer
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags

MODULE = "lambda_function"
COMPONENT = "function-slack"
TOPIC = "arn:aws:sns:ap-northeast-2:123456789012:alarms"
COLOUR = "import os\ndef handler(event, context):\n    return os.environ.get('COLOUR')\n"
ONE = "def handler(event, context):\n    return 1\n"
TWO = "def handler(event, context):\n    return 2\n"


def permission(statement_id: str, topic: str = TOPIC) -> dict[str, str]:
    return {"statement_id": statement_id, "principal": "sns.amazonaws.com", "source_arn": topic}


@pytest.fixture
def existing(lab: Lab) -> LabFunction:
    """Role, log group and queue of a function that is not there yet."""
    return LabFunction(lab)


def directory(path: Path, source: str) -> str:
    path.mkdir()
    (path / "handler.py").write_text(source)
    return str(path)


@pytest.fixture
def options(existing: LabFunction, tmp_path: Path) -> dict[str, Any]:
    return {
        "component": COMPONENT,
        "name": existing.name,
        "source": directory(tmp_path / "one", ONE),
        "handler": "handler.handler",
        "runtime": "python3.13",
        "role_arn": existing.role,
        "timeout": 10,
        "environment": {"STACK": "a", "TIME_ZONE": "Asia/Seoul"},
        "dead_letter_arn": existing.queue,
        "invoke_permissions": [permission("alarms"), permission("sms")],
    }


def test_grammar(
    existing: LabFunction, stack: str, options: dict[str, Any], tmp_path: Path, run_module: RunModule
) -> None:
    client = existing.client

    def read() -> Any:
        try:
            found = client.get_function(FunctionName=existing.name)
        except client.exceptions.ResourceNotFoundException:
            return None
        role = existing.lab.aws("iam").get_role(RoleName=existing.name)["Role"]
        assert found["Tags"] == {**expected_tags(stack, COMPONENT), "triflow:role-id": role["RoleId"]}
        live = found["Configuration"]
        assert (live["State"], live["LastUpdateStatus"]) == ("Active", "Successful")
        assert live["Architectures"] == ["arm64"]
        statements = json.loads(client.get_policy(FunctionName=existing.name)["Policy"])["Statement"]
        sources = {item["Sid"]: item["Condition"]["ArnLike"]["AWS:SourceArn"] for item in statements}
        answer = client.invoke(FunctionName=existing.name)["Payload"].read()
        return (
            json.loads(answer),
            live["Timeout"],
            live["Environment"]["Variables"],
            live.get("DeadLetterConfig", {}).get("TargetArn"),
            sources,
        )

    environment = {"STACK": "a", "TIME_ZONE": "Asia/Seoul"}
    walk(
        Case(
            module=MODULE,
            options=options,
            update={
                "source": directory(tmp_path / "two", TWO),
                "timeout": 20,
                "environment": {"STACK": "b"},
                "dead_letter_arn": "",
                "invoke_permissions": [permission("alarms", f"{TOPIC}-2"), permission("more")],
            },
            read=read,
            created=(1, 10, environment, existing.queue, {"alarms": TOPIC, "sms": TOPIC}),
            updated=(2, 20, {"STACK": "b"}, None, {"alarms": f"{TOPIC}-2", "more": TOPIC}),
            deleted=None,
            creates=[COMPONENT],
            named=[COMPONENT],
            updates={
                COMPONENT: ["timeout", "code_sha256", "environment", "dead_letter_arn", "invoke_permissions"],
            },
            deletes=[COMPONENT],
            refused=[
                ({"source": None}, "source"),
                ({"handler": "main.handler"}, "has no file for the handler main.handler"),
                ({"architecture": "sparc"}, "value of architecture must be one of"),
            ],
        ),
        existing.lab,
        run_module,
    )


def test_the_same_sources_are_the_same_code(options: dict[str, Any], tmp_path: Path, run_module: RunModule) -> None:
    run_module(MODULE, **options)
    again = tmp_path / "again"
    assert run_module(MODULE, **{**options, "source": directory(again, ONE)})["changed"] is False
    (again / "__pycache__").mkdir()
    (again / "__pycache__" / "handler.cpython-313.pyc").write_bytes(b"x")
    assert run_module(MODULE, **{**options, "source": str(again)})["changed"] is False
    (again / "more.py").write_text("")
    result = run_module(MODULE, check=True, **{**options, "source": str(again)})
    assert result["changes"][0]["fields"] == ["code_sha256"]


def test_what_was_changed_by_hand_is_shown_and_repaired(
    existing: LabFunction, options: dict[str, Any], run_module: RunModule
) -> None:
    run_module(MODULE, **options)
    existing.client.remove_permission(FunctionName=existing.name, StatementId="sms")
    existing.client.update_function_configuration(FunctionName=existing.name, MemorySize=512)
    existing.client.get_function(FunctionName=existing.name)
    result = run_module(MODULE, check=True, **options)
    assert sorted(result["changes"][0]["fields"]) == ["invoke_permissions", "memory_size"]
    run_module(MODULE, **options)
    assert run_module(MODULE, **options)["changed"] is False


def test_a_function_of_somebody_else_is_not_deleted(
    existing: LabFunction, options: dict[str, Any], run_module: RunModule
) -> None:
    existing.create(ONE)
    assert run_module(MODULE, **{**options, "state": "absent"})["changed"] is False
    assert existing.client.get_function(FunctionName=existing.name)


def configuration(**state: str) -> Callable[[dict[str, Any]], None]:
    return lambda answer: answer["Configuration"].update(state)


def test_a_function_that_could_not_be_made_is_named_with_the_reason(
    lab: Lab, options: dict[str, Any], run_module: RunModule, show_answer: ShowAnswer
) -> None:
    """AWS Lambda API reference, FunctionConfiguration, State and StateReason."""
    run_module(MODULE, **options)
    show_answer("GetFunction", configuration(State="Failed", StateReason="no such key"))
    before = len(lab.calls())
    for check in (True, False):
        refused = run_module(MODULE, check=check, **options)
        assert f"Function {options['name']} is Failed (no such key): it could not be made: delete it" in refused["msg"]
    assert not any(call["write"] for call in lab.calls()[before:])


def test_an_update_that_has_failed_is_made_once_more(
    lab: Lab, options: dict[str, Any], run_module: RunModule, show_answer: ShowAnswer
) -> None:
    """AWS Lambda API reference, FunctionConfiguration, LastUpdateStatus."""
    run_module(MODULE, **options)
    answers = ["Failed", "Failed", "Successful", "Successful"]
    show_answer("GetFunction", lambda answer: answer["Configuration"].update(LastUpdateStatus=answers.pop(0)))
    plan = run_module(MODULE, check=True, **options)
    before = len(lab.calls())
    done = run_module(MODULE, **options)
    assert done["changes"] == plan["changes"]
    assert done["changes"][0]["fields"] == ["update_failed"]
    writes = [call["operation"] for call in lab.calls()[before:] if call["write"]]
    assert writes == ["UpdateFunctionCode", "UpdateFunctionConfiguration"]


@pytest.mark.parametrize("busy", [{"State": "Pending"}, {"LastUpdateStatus": "InProgress"}])
def test_a_function_that_is_busy_is_waited_for_before_it_is_changed(
    lab: Lab,
    options: dict[str, Any],
    run_module: RunModule,
    show_answer: ShowAnswer,
    busy: dict[str, str],
) -> None:
    """UpdateFunctionConfiguration, ResourceConflictException. A killed run leaves it so."""
    run_module(MODULE, **options)
    left = [busy, busy]
    show_answer("GetFunction", lambda answer: answer["Configuration"].update(left.pop() if left else {}))
    before = len(lab.calls())
    run_module(MODULE, **{**options, "timeout": 20})
    done = [call["operation"] for call in lab.calls()[before:] if call["operation"] not in ("GetPolicy", "GetRole")]
    assert done == [*["GetFunction"] * 3, "UpdateFunctionConfiguration", "GetFunction"]


def test_a_role_that_was_made_anew_may_decrypt_the_environment_again(
    existing: LabFunction, options: dict[str, Any], tmp_path: Path, run_module: RunModule
) -> None:
    """Lambda lets the role that there was decrypt the environment; a new one of its name is another one."""
    options |= {"source": directory(tmp_path / "colour", COLOUR), "environment": {"COLOUR": "blue"}}
    run_module(MODULE, **options)
    existing.recreate_role()
    plan = run_module(MODULE, check=True, **options)
    assert plan["changes"][0] == {"component": COMPONENT, "action": "update", "fields": ["role_id"]}
    assert run_module(MODULE, **options)["changes"] == plan["changes"]
    assert json.loads(existing.client.invoke(FunctionName=existing.name)["Payload"].read()) == "blue"
    assert run_module(MODULE, **options)["changed"] is False


def test_a_role_that_is_missing_is_a_new_one(
    existing: LabFunction, options: dict[str, Any], run_module: RunModule
) -> None:
    """The plan: the role's own task announces it, and the function follows."""
    run_module(MODULE, **options)
    iam = existing.lab.aws("iam")
    iam.delete_role_policy(RoleName=existing.name, PolicyName="all")
    iam.delete_role(RoleName=existing.name)
    assert run_module(MODULE, check=True, **options)["changes"][0]["fields"] == ["role_id"]


def test_a_hidden_value_stands_in_no_diff(
    existing: LabFunction, options: dict[str, Any], run_module: RunModule
) -> None:
    number = "+821012345678"
    created = run_module(MODULE, **options, hidden_environment={"TELEPHONES": number})
    assert number not in json.dumps(created)
    live = existing.client.get_function_configuration(FunctionName=existing.name)
    assert live["Environment"]["Variables"] == {**options["environment"], "TELEPHONES": number}
    assert run_module(MODULE, **options, hidden_environment={"TELEPHONES": number})["changed"] is False
    changed = run_module(MODULE, **options, hidden_environment={"TELEPHONES": "+821087654321"})
    assert changed["changes"][0]["fields"] == ["environment"]
    assert "8210" not in json.dumps([changed["diff"], changed["resources"]])
    less = run_module(MODULE, **options)
    assert less["changes"][0]["fields"] == ["environment"]
    assert "8210" not in json.dumps(less)
