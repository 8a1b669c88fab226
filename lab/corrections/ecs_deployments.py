"""ECS calls that show a service's history, which moto lacks (see ecs_history)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import InvalidParameterException, ServiceNotFoundException
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse

from lab.corrections.ecs_calls import observe
from lab.corrections.ecs_history import History, history_of
from lab.corrections.override import add

STATUSES = (
    "PENDING",
    "SUCCESSFUL",
    "STOPPED",
    "STOP_REQUESTED",
    "IN_PROGRESS",
    "ROLLBACK_REQUESTED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_SUCCESSFUL",
    "ROLLBACK_FAILED",
)
PAGE, LARGEST_PAGE = 20, 100  # ListServiceDeployments, maxResults
DESCRIBED_AT_ONCE = 20  # ARNs of the two calls that describe
BRIEF = (  # ServiceDeploymentBrief
    "serviceDeploymentArn",
    "serviceArn",
    "clusterArn",
    "startedAt",
    "createdAt",
    "finishedAt",
    "status",
    "statusReason",
)


@add(EC2ContainerServiceResponse)
def list_service_deployments(self: EC2ContainerServiceResponse) -> ActionResult:
    """ListServiceDeployments: the newest first, 20 a page; those of a deleted service are gone with it."""
    backend, given = self.ecs_backend, self._get_params()
    cluster = backend._get_cluster(given.get("cluster", "default"))
    size = given.get("maxResults", PAGE)
    if not 1 <= size <= LARGEST_PAGE:
        raise InvalidParameterException(f"maxResults must be between 1 and {LARGEST_PAGE}.")
    if not set(given.get("status", [])) <= set(STATUSES):
        raise InvalidParameterException(f"status must be among {', '.join(STATUSES)}.")
    observe(backend, cluster.name)
    service = backend.services.get(f"{cluster.name}:{given['service'].split('/')[-1]}")
    if service is None or service.status == "INACTIVE":
        raise ServiceNotFoundException
    found = [
        {key: deployment[key] for key in BRIEF if key in deployment}
        | {"targetServiceRevisionArn": deployment["targetServiceRevision"]["arn"]}
        for deployment in (item["deployment"] for item in reversed(history_of(service)))
        if deployment["status"] in given.get("status", STATUSES)
        and _within(deployment["createdAt"], given.get("createdAt", {}))
    ]
    first = int(given.get("nextToken", 0))
    answer: dict[str, Any] = {"serviceDeployments": found[first : first + size]}
    if len(found) > first + size:
        answer["nextToken"] = str(first + size)
    return ActionResult(answer)


def _within(moment: datetime, bounds: dict[str, datetime]) -> bool:
    return bounds.get("after", moment) <= moment <= bounds.get("before", moment)


@add(EC2ContainerServiceResponse)
def describe_service_deployments(self: EC2ContainerServiceResponse) -> ActionResult:
    """DescribeServiceDeployments: at most 20, and a failure for each that is not there."""
    arns = self._get_param("serviceDeploymentArns", [])
    there = _all(self.ecs_backend, arns, lambda item: (item["deployment"]["serviceDeploymentArn"], item["deployment"]))
    return ActionResult({"serviceDeployments": _found(arns, there), "failures": _failures(arns, there)})


@add(EC2ContainerServiceResponse)
def describe_service_revisions(self: EC2ContainerServiceResponse) -> ActionResult:
    """DescribeServiceRevisions: at most 20, and a failure for each that is not there."""
    arns = self._get_param("serviceRevisionArns", [])
    there = _all(self.ecs_backend, arns, lambda item: (item["revision"]["serviceRevisionArn"], item["revision"]))
    return ActionResult({"serviceRevisions": _found(arns, there), "failures": _failures(arns, there)})


def _all(
    backend: EC2ContainerServiceBackend,
    arns: list[str],
    pick: Callable[[dict[str, dict[str, Any]]], tuple[str, dict[str, Any]]],
) -> dict[str, dict[str, Any]]:
    """`{ARN: what is described}` of all services that are there."""
    if not 1 <= len(arns) <= DESCRIBED_AT_ONCE:
        raise InvalidParameterException(f"Between 1 and {DESCRIBED_AT_ONCE} ARNs can be described at once.")
    for cluster in {arn.split("/")[1] for arn in arns if arn.count("/") == 3}:
        observe(backend, cluster)
    histories: list[History] = [
        history_of(service) for service in backend.services.values() if service.status != "INACTIVE"
    ]
    return dict(pick(item) for history in histories for item in history)


def _found(arns: list[str], there: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [there[arn] for arn in arns if arn in there]


def _failures(arns: list[str], there: dict[str, dict[str, Any]]) -> list[dict[str, str]]:
    return [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in there]
