"""A repeated call with the same client token gives the first answer and does nothing."""

from __future__ import annotations

from typing import Any, NamedTuple

from moto.core.exceptions import JsonRESTError
from moto.core.responses import BaseResponse
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses import EC2Response
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.scheduler.responses import EventBridgeSchedulerResponse

from lab.corrections.override import override


class Idempotent(NamedTuple):
    """The calls of a service that take a token."""

    owner: type[BaseResponse]
    backend: str  # the name of its attribute
    member: str
    calls: tuple[str, ...]
    source: str


IDEMPOTENT = (
    Idempotent(
        EC2Response,
        "ec2_backend",
        "ClientToken",
        ("create_nat_gateway", "create_vpc_endpoint", "create_flow_logs", "create_route_table"),
        "EC2 Developer Guide, Ensuring idempotency",
    ),
    Idempotent(
        EC2ContainerServiceResponse,
        "ecs_backend",
        "clientToken",
        ("create_service", "run_task"),
        "ECS API Reference, CreateService; RunTask: ConflictException",
    ),
    Idempotent(
        EventBridgeSchedulerResponse,
        "scheduler_backend",
        "ClientToken",
        ("create_schedule", "create_schedule_group"),
        "EventBridge Scheduler API Reference, CreateSchedule, CreateScheduleGroup: ClientToken",
    ),
)


def _request(response: BaseResponse) -> tuple[str, Any]:
    return response.uri, response.body or dict(response.querystring)


def _refuse(row: Idempotent) -> None:
    if row.owner is EC2Response:
        raise EC2ClientError(
            "IdempotentParameterMismatch",
            "The request uses the same client token as a previous, but non-identical request.",
        )
    raise JsonRESTError("ConflictException", "The provided clientToken is already in use with a different request.")


def _correct(row: Idempotent, call: str) -> None:
    @override(row.owner, call)
    def once(original: Any, self: BaseResponse) -> Any:
        token = self._get_param(row.member)
        if not token:
            return original(self)
        known = getattr(self, row.backend).__dict__.setdefault("client_tokens", {})
        request = _request(self)
        if (call, token) not in known:
            known[call, token] = (request, original(self))
        remembered, answer = known[call, token]
        if remembered != request:
            _refuse(row)
        return answer


for _row in IDEMPOTENT:
    for _call in _row.calls:
        _correct(_row, _call)
