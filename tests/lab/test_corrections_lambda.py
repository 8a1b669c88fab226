"""Lambda in the lab: functions run with what AWS gives them, and their failures end where AWS sends them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.conftest import Lab
from tests.lab.conftest import refused
from tests.lab.function import LabFunction, zipped

ECHO = """
import os
import boto3

def handler(event, context):
    print("asked by", event["name"])
    caller = boto3.client("sts").get_caller_identity()["Account"]
    assert 0 < context.get_remaining_time_in_millis() <= 30_000
    return {"hello": event["name"], "colour": os.environ["COLOUR"], "account": caller, "home": os.environ.get("HOME")}
"""
FAILS = """
def handler(event, context):
    print("attempt")
    raise ValueError("no good")
"""


@pytest.fixture
def function(lab: Lab) -> LabFunction:
    return LabFunction(lab)


def invoke(function: LabFunction, event: Any, **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = function.client.invoke(
        FunctionName=function.name, Payload=json.dumps(event), LogType="Tail", **options
    )
    return answer


def test_a_function_runs_with_its_environment_and_the_labs_aws(function: LabFunction) -> None:
    function.create(ECHO, Environment={"Variables": {"COLOUR": "blue"}}, Timeout=30)
    answer = invoke(function, {"name": "소연"})
    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"].read()) == {
        "hello": "소연",
        "colour": "blue",
        "account": "123456789012",
        "home": None,
    }
    assert "asked by 소연" in base64.b64decode(answer["LogResult"]).decode()
    assert function.lines() == ["asked by 소연"]


def test_an_exception_is_the_answer_and_stands_in_the_log(function: LabFunction) -> None:
    """Lambda developer guide, "Lambda function errors in Python"."""
    function.create(FAILS)
    answer = invoke(function, {})
    assert answer["FunctionError"] == "Unhandled"
    content = json.loads(answer["Payload"].read())
    assert (content["errorType"], content["errorMessage"]) == ("ValueError", "no good")
    assert function.lines()[:2] == ["attempt", "[ERROR] ValueError: no good"]


def test_a_function_ends_at_its_timeout(function: LabFunction) -> None:
    function.create("import time\ndef handler(event, context):\n    time.sleep(20)\n", Timeout=1)
    answer = invoke(function, {})
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read())["errorMessage"].endswith("Task timed out after 1.00 seconds")


def test_a_process_that_ends_without_an_answer(function: LabFunction) -> None:
    function.create("import os\ndef handler(event, context):\n    os._exit(3)\n")
    content = json.loads(invoke(function, {})["Payload"].read())
    assert content["errorType"] == "Runtime.ExitError"
    assert "exit status 3" in content["errorMessage"]


def test_an_asynchronous_event_is_tried_three_times_and_kept(function: LabFunction) -> None:
    """Lambda developer guide, "How Lambda handles errors and retries with asynchronous invocation"."""
    function.create(FAILS, DeadLetterConfig={"TargetArn": function.queue})
    answer = function.client.invoke(FunctionName=function.name, InvocationType="Event", Payload=b'{"number": 7}')
    assert answer["StatusCode"] == 202
    assert answer["Payload"].read() == b""
    message = function.dead_letter()
    assert json.loads(message["Body"]) == {"number": 7}
    assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == "no good"
    assert function.lines().count("attempt") == 3


def test_an_asynchronous_event_that_is_taken_is_not_tried_again(function: LabFunction) -> None:
    function.create(
        "def handler(event, context):\n    print('taken')\n", DeadLetterConfig={"TargetArn": function.queue}
    )
    function.client.invoke(FunctionName=function.name, InvocationType="Event", Payload=b"{}")
    assert function.wait_for_lines(1) == ["taken"]
    assert "Messages" not in function.sqs.receive_message(QueueUrl=function.queue_url, WaitTimeSeconds=1)


def test_without_a_log_group_or_the_permission_nothing_is_written(function: LabFunction) -> None:
    """Lambda developer guide, "Sending Lambda function logs to CloudWatch Logs"."""
    function.create("def handler(event, context):\n    print('here')\n")
    function.allow(["sqs:SendMessage"])
    invoke(function, {})
    assert function.lines() == []
    function.logs.delete_log_group(logGroupName=function.log_group)
    function.allow(["logs:PutLogEvents"])
    invoke(function, {})
    assert not function.logs.describe_log_groups(logGroupNamePrefix=function.log_group)["logGroups"]


def test_dead_letter_configuration_is_kept_and_taken_away(function: LabFunction) -> None:
    created = function.create(FAILS, DeadLetterConfig={"TargetArn": function.queue})
    assert created["DeadLetterConfig"] == {"TargetArn": function.queue}
    described = function.client.get_function_configuration(FunctionName=function.name)
    assert described["DeadLetterConfig"] == {"TargetArn": function.queue}
    function.client.update_function_configuration(FunctionName=function.name, DeadLetterConfig={"TargetArn": ""})
    assert "DeadLetterConfig" not in function.client.get_function_configuration(FunctionName=function.name)


def test_the_role_must_be_allowed_to_send_to_the_queue(function: LabFunction) -> None:
    """CreateFunction, DeadLetterConfig."""
    function.allow(["logs:PutLogEvents"])
    with refused("InvalidParameterValueException", "SendMessage"):
        function.create(FAILS, DeadLetterConfig={"TargetArn": function.queue})


def test_the_role_must_trust_lambda(function: LabFunction) -> None:
    with refused("InvalidParameterValueException", "cannot be assumed by Lambda"):
        function.create(FAILS, Role=f"{function.role}-of-nobody")


def test_changes_are_made_one_after_the_other(function: LabFunction) -> None:
    """Lambda developer guide, "Lambda function states"."""
    assert function.create(FAILS)["State"] == "Pending"
    with refused("ResourceConflictException", "update is in progress"):
        function.client.update_function_configuration(FunctionName=function.name, Timeout=9)
    assert function.client.get_function(FunctionName=function.name)["Configuration"]["State"] == "Active"
    changed = function.client.update_function_code(FunctionName=function.name, ZipFile=zipped(ECHO))
    assert changed["LastUpdateStatus"] == "InProgress"
    with refused("ResourceConflictException", "update is in progress"):
        function.client.update_function_configuration(FunctionName=function.name, Timeout=9)
    described = function.client.get_function_configuration(FunctionName=function.name)
    assert described["LastUpdateStatus"] == "Successful"
    function.client.update_function_configuration(FunctionName=function.name, Timeout=9)


def test_a_statement_id_is_used_once(function: LabFunction) -> None:
    function.create(FAILS)
    permission = {
        "FunctionName": function.name,
        "StatementId": "topic",
        "Action": "lambda:InvokeFunction",
        "Principal": "sns.amazonaws.com",
    }
    function.client.add_permission(**permission)
    with refused("ResourceConflictException", "already exists"):
        function.client.add_permission(**permission)


COLOUR = "import os\ndef handler(event, context):\n    return os.environ.get('COLOUR')\n"


def test_a_role_that_was_made_anew_cannot_decrypt_the_environment(function: LabFunction) -> None:
    """AWS re:Post, "How do I resolve KMSAccessDeniedException errors from AWS Lambda?": the grant is for the role's
    unique ID. A new one comes with another role, or with another environment, which Lambda encrypts anew."""
    blue: dict[str, Any] = {"Variables": {"COLOUR": "blue"}}
    function.create(COLOUR, Environment=blue)
    assert json.loads(invoke(function, {})["Payload"].read()) == "blue"
    function.recreate_role()
    with refused("KMSAccessDeniedException", "decrypt the environment variables"):
        invoke(function, {})

    def change(**options: Any) -> None:
        function.client.get_function(FunctionName=function.name)
        function.client.update_function_configuration(FunctionName=function.name, **options)
        function.client.get_function(FunctionName=function.name)

    change(Role=function.role, Environment=blue)
    with refused("KMSAccessDeniedException"):
        invoke(function, {})
    change(Environment={"Variables": {}})
    assert json.loads(invoke(function, {})["Payload"].read()) is None
    change(Environment=blue)
    assert json.loads(invoke(function, {})["Payload"].read()) == "blue"


def test_an_event_that_meets_such_a_function_goes_to_the_queue(function: LabFunction) -> None:
    function.create(
        COLOUR, Environment={"Variables": {"COLOUR": "blue"}}, DeadLetterConfig={"TargetArn": function.queue}
    )
    function.recreate_role()
    invoke(function, {"name": "lost"}, InvocationType="Event")
    assert json.loads(function.dead_letter()["Body"]) == {"name": "lost"}
    assert function.lines() == []


def test_without_an_environment_there_is_nothing_to_decrypt(function: LabFunction) -> None:
    function.create(COLOUR)
    function.recreate_role()
    assert json.loads(invoke(function, {})["Payload"].read()) is None
