"""What ECS remembers of a service's deployments: a service deployment each time, and the service revision it deploys.

Developer guide, "View service history using Amazon ECS service deployments" and "Amazon ECS service revisions". The
calls that show it are in ecs_deployments. A rollback by the circuit breaker is part of the deployment that failed, not
one more, and deploys the revision of the last successful one again.
"""

from __future__ import annotations

import uuid
from typing import Any

from moto.ecs.models import Service

from lab.corrections.ecs_tasks import defined, now

ONGOING = ("IN_PROGRESS", "ROLLBACK_IN_PROGRESS")
ENDS = {"IN_PROGRESS": "SUCCESSFUL", "ROLLBACK_IN_PROGRESS": "ROLLBACK_SUCCESSFUL"}
THRESHOLD = (3, 200)  # failed tasks that trip the circuit breaker, least and most

# Of one service, the oldest first: {"deployment": ServiceDeployment, "revision": ServiceRevision}
History = list[dict[str, dict[str, Any]]]


def history_of(service: Service) -> History:
    found: History = service.history  # type: ignore[attr-defined]
    return found


def threshold(service: Service) -> int:
    """Failed tasks that trip the circuit breaker: half of those wanted, 3 to 200."""
    least, most = THRESHOLD
    return min(max(-(-service.desired_count // 2), least), most)


def start(service: Service) -> None:
    """A deployment begins by a user's call. One that is under way is stopped."""
    _end(service, "STOPPED", "The service deployment was stopped because a newer one was started.")
    configuration = _configuration(service)
    revision = _revision(service)
    source = next(
        (item["revision"] for item in reversed(history_of(service)) if item["deployment"]["status"] == "SUCCESSFUL"),
        None,
    )
    deployment = {
        "serviceDeploymentArn": _arn(service, "service-deployment", uuid.uuid4().hex[:21]),
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "createdAt": now(),
        "startedAt": now(),
        "updatedAt": now(),
        "sourceServiceRevisions": [_summary(service, source, service.running_count)] if source else [],
        "targetServiceRevision": _summary(service, revision, 0),
        "status": "IN_PROGRESS",
        "deploymentConfiguration": configuration,
        "deploymentCircuitBreaker": {
            "status": "MONITORING" if configuration["deploymentCircuitBreaker"]["enable"] else "DISABLED",
            "failureCount": 0,
            "threshold": threshold(service),
        },
        "alarms": {"status": "DISABLED", "alarmNames": [], "triggeredAlarmNames": []},
    }
    history_of(service).append({"deployment": deployment, "revision": revision})


def count(service: Service, failed_tasks: int) -> None:
    """What the circuit breaker has counted so far."""
    history_of(service)[-1]["deployment"]["deploymentCircuitBreaker"]["failureCount"] = failed_tasks


def complete(service: Service) -> None:
    """The deployment, or its rollback, is done."""
    last = history_of(service)[-1]["deployment"]
    if last["status"] in ONGOING:
        breaker = last["deploymentCircuitBreaker"]
        if breaker["status"] == "MONITORING":
            breaker["status"] = "MONITORING_COMPLETE"
        if last["status"] == "IN_PROGRESS":
            last["targetServiceRevision"] |= {"runningTaskCount": service.desired_count, "pendingTaskCount": 0}
        _end(service, ENDS[last["status"]], last.get("statusReason"))


def fail(service: Service, back_to: str | None) -> None:
    """The circuit breaker gives the deployment up: without rollback it is STOPPED, else it goes back."""
    last = history_of(service)[-1]["deployment"]
    last["deploymentCircuitBreaker"]["status"] = "TRIGGERED"
    last["statusReason"] = "Service deployment rolled back because the circuit breaker threshold was exceeded."
    if not _configuration(service)["deploymentCircuitBreaker"]["rollback"]:
        _end(service, "STOPPED", "Service deployment failed because the circuit breaker threshold was exceeded.")
    elif back_to is None:
        _end(service, "ROLLBACK_FAILED", "No rollback candidate was found to run the rollback.")
    else:
        revisions = [item["revision"] for item in history_of(service)]
        target = next(item for item in reversed(revisions) if item["taskDefinition"] == back_to)
        last["status"], last["updatedAt"] = "ROLLBACK_IN_PROGRESS", now()
        last["rollback"] = {
            "reason": last["statusReason"],
            "startedAt": now(),
            "serviceRevisionArn": target["serviceRevisionArn"],
        }


def _configuration(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = service.deployment_configuration  # type: ignore[attr-defined]
    return found


def _end(service: Service, status: str, reason: str | None) -> None:
    """The last deployment, if it is under way, has this state."""
    for item in history_of(service)[-1:]:
        last = item["deployment"]
        if last["status"] in ONGOING:
            last |= {"status": status, "finishedAt": now(), "updatedAt": now()}
            if reason:
                last["statusReason"] = reason
            if status == "STOPPED":
                last["stoppedAt"] = last["finishedAt"]


def _arn(service: Service, kind: str, identifier: str) -> str:
    return f"{service.arn.replace(':service/', f':{kind}/')}/{identifier}"


def _summary(service: Service, revision: dict[str, Any], running: int) -> dict[str, Any]:
    return {
        "arn": revision["serviceRevisionArn"],
        "requestedTaskCount": service.desired_count,
        "runningTaskCount": running,
        "pendingTaskCount": max(0, service.desired_count - running),
    }


def _revision(service: Service) -> dict[str, Any]:
    """The service's workload configuration as it is now."""
    definition = service._backend.describe_task_definition(str(service.task_definition))
    return {
        "serviceRevisionArn": _arn(service, "service-revision", f"{uuid.uuid4().int % 10**19:019d}"),
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "taskDefinition": service.task_definition,
        "launchType": service.launch_type,
        "platformVersion": service.platform_version,
        "platformFamily": service.platform_family,  # type: ignore[attr-defined]
        "loadBalancers": service.load_balancers,
        "networkConfiguration": service.network_configuration,
        "containerImages": [
            {"containerName": container["name"], "image": container["image"]} for container in defined(definition)
        ],
        "createdAt": now(),
    }
