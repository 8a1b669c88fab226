"""The event pattern of ALM-7 on events as ECS sends them (Amazon ECS developer guide, "Task state change events")."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.alarms import task_stopped_pattern
from moto.events.models import EventPattern, EventPatternParser

REGION, ACCOUNT = "ap-northeast-2", "123456789012"
ECS = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
CLUSTER = f"{ECS}:cluster/triflow-prod"
TASK = f"{ECS}:task/triflow-prod/7e12d648155541fbb8a922c39b586f82"
TARGET_GROUP = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/triflow-prod-backend/ccb1c7ee670051a0"
DEPLOYMENT = "ecs-svc/8646900195280463695"
# It knows exact values, prefix and $or as EventBridge does (user guide, "Comparison operators").
PATTERN = EventPattern(None, EventPatternParser(json.dumps(task_stopped_pattern(CLUSTER))).parse())


def matches(sent: Any) -> bool:
    return PATTERN.matches_event(sent)


def event(
    code: str | None, reason: str | None, container: dict[str, Any] | None = None, **detail: Any
) -> dict[str, Any]:
    """A task of the service backend that stopped."""
    stopped = {
        "attachments": [
            {
                "id": "281fc8d0-aad3-4592-8f75-cce8d9050499",
                "type": "eni",
                "status": "DELETED",
                "details": [
                    {"name": "subnetId", "value": "subnet-0a1b2c3d4e5f60718"},
                    {"name": "privateIPv4Address", "value": "10.0.11.57"},
                ],
            }
        ],
        "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
        "availabilityZone": "ap-northeast-2a",
        "clusterArn": CLUSTER,
        "connectivity": "CONNECTED",
        "containers": [
            {
                "containerArn": f"{ECS}:container/triflow-prod/7e12d648155541fbb8a922c39b586f82/843b051c-10ee-4020",
                "lastStatus": "STOPPED",
                "name": "backend",
                "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/triflow-prod/backend:1.0.0",
                "runtimeId": "7e12d648155541fbb8a922c39b586f82-3367969491",
                "taskArn": TASK,
                "cpu": "0",
                **(container or {}),
            }
        ],
        "cpu": "1024",
        "createdAt": "2026-01-20T05:04:15.061Z",
        "desiredStatus": "STOPPED",
        "executionStoppedAt": "2026-01-20T05:07:00.61Z",
        "group": "service:backend",
        "launchType": "FARGATE",
        "lastStatus": "STOPPED",
        "memory": "2048",
        "overrides": {"containerOverrides": [{"name": "backend"}]},
        "platformVersion": "1.4.0",
        "startedAt": "2026-01-20T05:05:11.677Z",
        "startedBy": DEPLOYMENT,
        "stoppedAt": "2026-01-20T05:07:23.184Z",
        "stoppedReason": reason,
        "stopCode": code,
        "taskArn": TASK,
        "taskDefinitionArn": f"{ECS}:task-definition/triflow-prod-backend:26",
        "updatedAt": "2026-01-20T05:07:23.184Z",
        "version": 6,
        **detail,
    }
    return {
        "version": "0",
        "id": "51a6f4cb-60bd-b181-8ae8-430a485d95af",
        "detail-type": "ECS Task State Change",
        "source": "aws.ecs",
        "account": ACCOUNT,
        "time": "2026-01-20T05:07:23Z",
        "region": REGION,
        "resources": [TASK],
        "detail": {key: value for key, value in stopped.items() if value is not None},
    }


CRASH = ("EssentialContainerExited", "Essential container in task exited")
UNWANTED = {
    "crash": event(*CRASH, {"exitCode": 1}),
    "ends by itself": event(*CRASH, {"exitCode": 0}),
    "out of memory": event(
        *CRASH, {"exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"}
    ),
    "crash of another service": event(*CRASH, {"exitCode": 1}, group="service:worker"),
    "failed health check of the load balancer": event(
        "ServiceSchedulerInitiated",
        f"Task failed ELB health checks in (target-group {TARGET_GROUP})",
        {"exitCode": 143},
    ),
    "failed health check of the container": event(
        "ServiceSchedulerInitiated", "Task failed container health checks", {"exitCode": 137}
    ),
    "failed health check without a code": event(None, "Task failed container health checks", {"exitCode": 137}),
    "image that is not there": event(
        "TaskFailedToStart",
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref",
        startedAt=None,
    ),
    "secret that is not there": event(
        "TaskFailedToStart", "ResourceInitializationError: unable to pull secrets or registry auth", startedAt=None
    ),
    "host that fails": event("InfrastructureHealth", "The infrastructure of the task is impaired"),
}
WANTED = {
    "deployment": event(
        "ServiceSchedulerInitiated", f"Scaling activity initiated by (deployment {DEPLOYMENT})", {"exitCode": 143}
    ),
    "deployment that has to kill": event(
        "ServiceSchedulerInitiated", f"Scaling activity initiated by (deployment {DEPLOYMENT})", {"exitCode": 137}
    ),
    "scale-in": event(
        "ServiceSchedulerInitiated", f"Scaling activity initiated by (deployment {DEPLOYMENT})", {"exitCode": 0}
    ),
    "maintenance of Fargate": event(
        "ServiceSchedulerInitiated",
        "ECS is performing maintenance on the underlying infrastructure hosting the task.",
        {"exitCode": 143},
    ),
    "StopTask by a person": event("UserInitiated", "Task stopped by user", {"exitCode": 143}),
    "StopTask by an operation, with a reason": event("UserInitiated", "the verification of CMP-12", {"exitCode": 143}),
    "one-off task that fails": event(*CRASH, {"exitCode": 1}, group="family:triflow-prod-migrate"),
    "task that is still stopping": event(*CRASH, {"exitCode": 1}, lastStatus="DEPROVISIONING", desiredStatus="STOPPED"),
    "task that starts": event(None, None, lastStatus="RUNNING", desiredStatus="RUNNING"),
    "crash in another stack": event(*CRASH, {"exitCode": 1}, clusterArn=f"{CLUSTER}-2"),
    "another event of ECS": {**event(*CRASH, {"exitCode": 1}), "detail-type": "ECS Service Action"},
    "the same said by somebody else": {**event(*CRASH, {"exitCode": 1}), "source": "my.application"},
}


@pytest.mark.parametrize("name", UNWANTED)
def test_what_nobody_wanted_is_told(name: str) -> None:
    """ALM-7"""
    assert matches(UNWANTED[name])


@pytest.mark.parametrize("name", WANTED)
def test_what_somebody_wanted_passes(name: str) -> None:
    """ALM-7"""
    assert not matches(WANTED[name])
