"""Lambda: functions run, without Docker; they take time to change; a failed asynchronous event has somewhere to go.

AWS Lambda developer guide: "Lambda function states", "How Lambda handles errors and retries with asynchronous
invocation", "Dead-letter queues", "Managing permissions with an execution role", "Securing environment variables". An
event that fails is tried again twice, after one and two minutes on AWS; the lab does it at once.
"""

from __future__ import annotations

import base64
import json
import os
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.logs.models import logs_backends
from moto.sqs.exceptions import QueueDoesNotExist
from moto.sqs.models import sqs_backends

from lab.corrections.override import override
from lab.corrections.service_principals import role_may, role_of, service_may_assume
from lab.function_runtime import Function, Outcome, invoke
from lab.state import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from lab.turns import TURN

ATTEMPTS = 3  # of an asynchronous event
CANNOT_DECRYPT = (
    "Lambda was unable to decrypt the environment variables because KMS access was denied. Please check the function's "
    "KMS key settings."
)
LOG_TAIL = 4096  # bytes, Invoke's LogType: Tail


class KmsAccessDeniedError(LambdaClientError):
    """502 KMSAccessDeniedException."""

    code = 502

    def __init__(self) -> None:
        super().__init__("KMSAccessDeniedException", CANNOT_DECRYPT)


class ResourceConflictError(LambdaClientError):
    """409 ResourceConflictException."""

    code = 409

    def __init__(self, message: str) -> None:
        super().__init__("ResourceConflictException", message)


def _check_dead_letter_queue(role: str, configuration: dict[str, str] | None) -> None:
    """CreateFunction, UpdateFunctionConfiguration: the role must be allowed to send to the queue."""
    target = (configuration or {}).get("TargetArn")
    if target and not role_may(role, "sqs:SendMessage", target):
        raise InvalidParameterValueException(
            "The provided execution role does not have permissions to call SendMessage on SQS"
        )


@override(LambdaFunction, "__init__")
def _init(original: Any, self: LambdaFunction, account_id: str, spec: dict[str, Any], *rest: Any, **more: Any) -> None:
    """CreateFunction: the role exists and trusts Lambda; State is Pending until somebody looks."""
    if not service_may_assume("lambda.amazonaws.com", spec["Role"]):
        raise InvalidParameterValueException("The role defined for the function cannot be assumed by Lambda.")
    _check_dead_letter_queue(spec["Role"], spec.get("DeadLetterConfig"))
    original(self, account_id, spec, *rest, **more)
    self.dead_letter_config = spec.get("DeadLetterConfig")  # type: ignore[attr-defined]
    _grant(self)
    self.state = "Pending"
    self.last_update_status = "Successful"  # type: ignore[attr-defined]


def _grant(function: LambdaFunction) -> None:
    """Lambda lets the role decrypt the environment, by its unique ID: one of the same name is another role."""
    function.granted = _role_id(function)  # type: ignore[attr-defined]


def _role_id(function: LambdaFunction) -> str | None:
    role = role_of(function.role)
    return role.id if role else None


def _can_decrypt(function: LambdaFunction) -> bool:
    """AWS re:Post, "How do I resolve KMSAccessDeniedException errors from AWS Lambda?"."""
    return not function.environment_vars or function.granted == _role_id(function)  # type: ignore[attr-defined]


@override(LambdaFunction, "get_configuration")
def _configuration(original: Any, self: LambdaFunction, on_create: bool = False) -> dict[str, Any]:
    """FunctionConfiguration: DeadLetterConfig, and the status of the last update."""
    configuration: dict[str, Any] = original(self, on_create)
    if not on_create:
        configuration["LastUpdateStatus"] = self.last_update_status  # type: ignore[attr-defined]
    dead_letters = self.dead_letter_config  # type: ignore[attr-defined]
    if dead_letters and dead_letters.get("TargetArn"):
        configuration["DeadLetterConfig"] = dead_letters
    return configuration


def _settle(response: LambdaResponse, name: str) -> None:
    function = response.backend.get_function(unquote(name), None)
    function.state, function.last_update_status = "Active", "Successful"  # type: ignore[attr-defined]


@override(LambdaResponse, "get_function")
def _get_function(original: Any, self: LambdaResponse) -> str:
    """Lambda function states: by the next look the change is done."""
    _settle(self, self.path.rsplit("/", 1)[-1])
    answer: str = original(self)
    return answer


@override(LambdaResponse, "get_function_configuration")
def _get_function_configuration(original: Any, self: LambdaResponse) -> str:
    """The same for GetFunctionConfiguration."""
    _settle(self, self.path.rsplit("/", 2)[-2])
    answer: str = original(self)
    return answer


def _refuse_while_changing(function: LambdaFunction) -> None:
    """Lambda function states: no change while another one is under way."""
    status = function.last_update_status  # type: ignore[attr-defined]
    if function.state != "Active" or status != "Successful":
        raise ResourceConflictError(
            "The operation cannot be performed at this time. An update is in progress for resource: "
            f"{function.function_arn}"
        )


@override(LambdaBackend, "update_function_code")
def _update_code(original: Any, self: LambdaBackend, function_name: str, *rest: Any, **more: Any) -> Any:
    function = self.get_function(function_name)
    _refuse_while_changing(function)
    function.last_update_status = "InProgress"  # type: ignore[attr-defined]
    return original(self, function_name, *rest, **more)


@override(LambdaBackend, "update_function_configuration")
def _update_configuration(
    original: Any, self: LambdaBackend, function_name: str, qualifier: str, body: dict[str, Any]
) -> Any:
    """UpdateFunctionConfiguration takes DeadLetterConfig too; an empty TargetArn takes it away."""
    function = self.get_function(function_name)
    _refuse_while_changing(function)
    if "DeadLetterConfig" in body:
        _check_dead_letter_queue(body.get("Role", function.role), body["DeadLetterConfig"])
        function.dead_letter_config = body["DeadLetterConfig"]  # type: ignore[attr-defined]
    function.last_update_status = "InProgress"  # type: ignore[attr-defined]
    before = (function.role, dict(function.environment_vars))
    answer = original(self, function_name, qualifier, body)
    if (function.role, dict(function.environment_vars)) != before:
        _grant(function)
    return answer


@override(LambdaBackend, "add_permission")
def _add_permission(original: Any, self: LambdaBackend, function_name: str, qualifier: str, raw: str) -> Any:
    """AddPermission: a statement ID is used once."""
    known = {statement["Sid"] for statement in self.get_function(function_name).policy.statements}
    if json.loads(raw)["StatementId"] in known:
        raise ResourceConflictError(f"The statement id ({json.loads(raw)['StatementId']}) provided already exists.")
    return original(self, function_name, qualifier, raw)


def _log_group(function: LambdaFunction) -> str:
    return f"/aws/lambda/{function.function_name}"


def _environment(function: LambdaFunction) -> dict[str, str]:
    """Defined runtime environment variables, with the lab's own endpoint and credentials."""
    return {
        **function.environment_vars,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{os.environ['MOTO_PORT']}",
        "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_LOG_GROUP_NAME": _log_group(function),
    }


def _run(function: LambdaFunction, event: Any) -> Outcome:
    """One invocation, with its lines in the log group when that exists and the role may write to it."""
    given = Function(
        function.function_name,
        function.code_bytes,
        str(function.handler),
        int(function.timeout),
        _environment(function),
    )
    if not _can_decrypt(function):
        error = {"errorType": "KMSAccessDeniedException", "errorMessage": CANNOT_DECRYPT}
        return Outcome(json.dumps(error), True, [])
    with TURN.handed_on():  # the function may call the lab
        outcome = invoke(given, event)
    group = _log_group(function)
    logs = logs_backends[function.account_id][function.region]
    stream = f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"
    arn = f"arn:aws:logs:{function.region}:{function.account_id}:log-group:{group}:log-stream:{stream}"
    if group in logs.groups and role_may(function.role, "logs:PutLogEvents", arn):
        moment = int(datetime.now(UTC).timestamp() * 1000)
        logs.ensure_log_stream(group, stream)
        logs.put_log_events(group, stream, [{"timestamp": moment, "message": line} for line in outcome.lines])
    return outcome


def invoke_later(function: LambdaFunction, event: Any) -> None:
    """An asynchronous invocation: the caller does not wait."""
    TURN.later(_try_event, function, event)


def _try_event(function: LambdaFunction, event: Any) -> None:
    outcome = None
    for _attempt in range(ATTEMPTS):
        outcome = _run(function, event)
        if not outcome.failed:
            return
    target = (function.dead_letter_config or {}).get("TargetArn")  # type: ignore[attr-defined]
    if not outcome or not target or not role_may(function.role, "sqs:SendMessage", target):
        return
    _unused, _unused, _unused, region, account, queue = target.split(":")
    reason = json.loads(outcome.payload)["errorMessage"][:1024]
    attributes = {
        "RequestID": {"DataType": "String", "StringValue": outcome.request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": "200"},
        "ErrorMessage": {"DataType": "String", "StringValue": reason or "-"},
    }
    with suppress(QueueDoesNotExist):
        sqs_backends[account][region].send_message(queue, json.dumps(event), message_attributes=attributes)


@override(LambdaFunction, "invoke")
def _invoke(_unused: Any, self: LambdaFunction, body: Any, request_headers: Any, response_headers: Any) -> bytes:
    """Invoke: RequestResponse, Event and DryRun."""
    event = json.loads(body or "{}")
    kind = request_headers.get("X-Amz-Invocation-Type", "RequestResponse")
    if kind == "Event":
        invoke_later(self, event)
    if kind != "RequestResponse":
        return b""
    if not _can_decrypt(self):
        raise KmsAccessDeniedError
    outcome = _run(self, event)
    if outcome.failed:
        response_headers["x-amz-function-error"] = "Unhandled"
    tail = "\n".join(outcome.lines).encode()[-LOG_TAIL:]
    response_headers["x-amz-log-result"] = base64.b64encode(tail).decode()
    response_headers["x-amz-executed-version"] = "$LATEST"
    return outcome.payload.encode()
