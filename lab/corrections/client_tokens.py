"""A call that is repeated with its token gives the first answer, and does nothing again.

moto knows the tokens of ACM's RequestCertificate and those of Secrets Manager's versions. How long a service knows a
token, an hour or a day, no lab lives.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from moto.backends import get_backend
from moto.core.responses import ActionResult, BaseResponse

from lab.corrections.override import override
from lab.corrections.parameters import Refusal, parameters_of


class Tokens(NamedTuple):
    """Calls of a service that take a token, and what it says to the same token with other parameters."""

    service: str
    operations: tuple[str, ...]  # () for every one that has the member
    member: str
    within: str  # the parameter whose values have tokens of their own
    code: str
    message: str
    source: str


ROWS = (
    Tokens(
        "ec2",
        (),
        "ClientToken",
        "",
        "IdempotentParameterMismatch",
        "The request uses the same client token as a previous, but non-identical request.",
        "EC2 Developer Guide, Ensuring idempotency in Amazon EC2 API requests; EC2 API Reference, Error codes",
    ),
    Tokens(
        "ecs",
        ("RunTask",),
        "clientToken",
        "cluster",
        "ConflictException",
        "The provided clientToken is already in use with a different request.",
        "Amazon ECS API Reference, Ensuring idempotency",
    ),
    Tokens(
        "ecs",
        ("CreateService", "CreateTaskSet"),
        "clientToken",
        "cluster",
        "InvalidParameterException",
        "Creation of service was not idempotent.",
        "Amazon ECS API Reference, Ensuring idempotency",
    ),
    Tokens(
        "scheduler",
        (),
        "ClientToken",
        "",
        "ConflictException",
        "The client token was used with other parameters.",
        "EventBridge Scheduler API Reference, CreateSchedule, UpdateSchedule, DeleteSchedule",
    ),
)


@override(BaseResponse, "call_action")
def _call_action(original: Any, self: BaseResponse) -> Any:
    service, operation = self.boto3_service_name, self._get_action()
    row = next((row for row in ROWS if row.service == service and operation in (row.operations or (operation,))), None)
    parameters = parameters_of(self, operation) if row else {}
    if not row or not parameters.get(row.member):
        return original(self)
    backend = get_backend(service)[self.current_account][self.region]  # type: ignore[call-overload]
    known = backend.__dict__.setdefault("client_tokens", {})
    key = (operation, parameters.get(row.within), parameters[row.member])
    if key in known:
        before, answer = known[key]
        if before == parameters:
            return answer
        return self.serialized(ActionResult(Refusal(row.code, row.message)))
    answer = original(self)
    if answer[0] < 400:
        known[key] = (parameters, answer)
    return answer
