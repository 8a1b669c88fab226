"""How far a rollout is, by what DescribeServices shows."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.rollout import (
    Told,
    log_places,
    progress,
    stopped_task,
    told,
    unhealthy_target,
)

FAMILY = "arn:aws:ecs:ap-northeast-2:123456789012:task-definition/triflow-prod-backend"
OLD, NEW = f"{FAMILY}:1", f"{FAMILY}:2"


def deployment(definition: str, state: str, status: str = "PRIMARY", running: int = 2, **more: Any) -> dict[str, Any]:
    return {
        "status": status,
        "taskDefinition": definition,
        "rolloutState": state,
        "runningCount": running,
        "desiredCount": 2,
        "failedTasks": 0,
        **more,
    }


@pytest.mark.parametrize(
    ("deployments", "wanted", "done", "failed", "words"),
    [
        ([deployment(NEW, "COMPLETED")], NEW, True, False, "2 of 2 tasks of triflow-prod-backend:2 run"),
        ([deployment(NEW, "COMPLETED")], None, True, False, "2 of 2 tasks"),
        ([deployment(NEW, "IN_PROGRESS", running=1)], NEW, False, False, "1 of 2 tasks"),
        ([deployment(NEW, "IN_PROGRESS", running=0, failedTasks=2)], NEW, False, False, "run, 2 failed"),
        (
            [deployment(NEW, "IN_PROGRESS", running=0), deployment(OLD, "COMPLETED", "ACTIVE")],
            NEW,
            False,
            False,
            "0 of 2 tasks of triflow-prod-backend:2",
        ),
        ([deployment(NEW, "FAILED", rolloutStateReason="too many")], NEW, False, True, "has failed: too many"),
        (
            [deployment(OLD, "IN_PROGRESS"), deployment(NEW, "FAILED", "ACTIVE", rolloutStateReason="too many")],
            NEW,
            False,
            True,
            "the deployment of triflow-prod-backend:2 has failed: too many",
        ),
        (
            [deployment(OLD, "IN_PROGRESS"), deployment(NEW, "IN_PROGRESS", "ACTIVE")],
            NEW,
            False,
            True,
            "it goes back to triflow-prod-backend:1",
        ),
        ([deployment(OLD, "COMPLETED")], NEW, False, True, "triflow-prod-backend:2 was given up, it runs"),
        ([], NEW, False, True, "the service is ACTIVE"),
    ],
)
def test_progress(deployments: list[dict[str, Any]], wanted: str | None, done: bool, failed: bool, words: str) -> None:
    found = progress({"status": "ACTIVE", "deployments": deployments}, wanted)
    assert (found.done, found.failed) == (done, failed)
    assert words in found.sentence


TOLD = Told("ecs-svc/2", ["ecs-svc/1"])


@pytest.mark.parametrize(
    ("deployments", "done", "failed", "words"),
    [
        ([], False, False, "its new deployment is not listed yet"),
        ([deployment(NEW, "COMPLETED", id="ecs-svc/1")], False, False, "not listed yet"),  # of the same definition
        ([deployment(NEW, "IN_PROGRESS", id="ecs-svc/2")], False, False, "2 of 2 tasks of triflow-prod-backend:2"),
        ([deployment(NEW, "COMPLETED", id="ecs-svc/2")], True, False, "2 of 2 tasks"),
        ([deployment(OLD, "COMPLETED", id="ecs-svc/3")], False, True, "triflow-prod-backend:2 was given up"),
        (
            [deployment(OLD, "IN_PROGRESS", id="ecs-svc/3"), deployment(NEW, "FAILED", "ACTIVE", id="ecs-svc/2")],
            False,
            True,
            "has failed",
        ),
    ],
)
def test_progress_of_a_deployment(deployments: list[dict[str, Any]], done: bool, failed: bool, words: str) -> None:
    found = progress({"status": "ACTIVE", "deployments": deployments}, NEW, TOLD)
    assert (found.done, found.failed) == (done, failed)
    assert words in found.sentence


@pytest.mark.parametrize("deployments", [[], [deployment(OLD, "COMPLETED", id="ecs-svc/0")]])
def test_a_service_that_was_deleted_before_says_nothing_of_the_new_one(deployments: list[dict[str, Any]]) -> None:
    found = progress({"status": "INACTIVE", "deployments": deployments}, NEW, TOLD)
    assert (found.done, found.failed) == (False, False)


def test_what_a_service_was_told() -> None:
    before = {"deployments": [deployment(OLD, "COMPLETED", id="1")]}
    both = [deployment(NEW, "IN_PROGRESS", id="2"), deployment(OLD, "COMPLETED", "ACTIVE", id="1")]
    after = {"deployments": both}
    assert told(before, after) == {"id": "2", "older": ["1"]}
    assert told(None, before) == {"id": "1", "older": []}
    assert told(before, before) is None  # another number of tasks is no deployment


def test_a_service_that_goes_is_none() -> None:
    found = progress({"status": "DRAINING", "deployments": [deployment(NEW, "COMPLETED")]})
    assert found.failed
    assert found.sentence == "the service is DRAINING"


def test_stopped_task_tells_exit_codes_and_reasons() -> None:
    task = {
        "taskArn": "arn:aws:ecs:ap-northeast-2:123456789012:task/triflow-prod/0123",
        "stoppedReason": "Essential container in task exited",
        "containers": [{"name": "backend", "exitCode": 137, "reason": "OutOfMemoryError"}, {"name": "other"}],
    }
    assert stopped_task(task) == "task 0123 stopped: Essential container in task exited (backend exit code 137)"
    never = {**task, "stoppedReason": "CannotPull", "containers": [{"name": "backend", "reason": "CannotPull"}]}
    assert stopped_task(never) == "task 0123 stopped: CannotPull"


@pytest.mark.parametrize(
    ("health", "sentence"),
    [
        ({"State": "healthy"}, None),
        ({"State": "draining", "Reason": "Target.DeregistrationInProgress"}, None),
        (
            {"State": "unhealthy", "Description": "Health checks failed with these codes: [503]"},
            "target 10.0.11.4 is unhealthy: Health checks failed with these codes: [503]",
        ),
        ({"State": "unused", "Reason": "Target.NotInUse"}, "target 10.0.11.4 is unused: Target.NotInUse"),
    ],
)
def test_target(health: dict[str, str], sentence: str | None) -> None:
    assert unhealthy_target({"Target": {"Id": "10.0.11.4"}, "TargetHealth": health}) == sentence


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("unhealthy.draining", None),
        ("unavailable", "target 10.0.11.4 is unavailable: its health is not known"),
        ("lost", "target 10.0.11.4 is lost: this version knows no such status of a target"),
    ],
)
def test_a_target_without_a_reason(state: str, sentence: str | None) -> None:
    """Elastic Load Balancing API reference, TargetHealth."""
    described = {"Target": {"Id": "10.0.11.4"}, "TargetHealth": {"State": state}}
    assert unhealthy_target(described) == sentence


def test_places_of_the_log() -> None:
    options = {"awslogs-group": "/aws/ecs/triflow-backend", "awslogs-stream-prefix": "ecs"}
    logging = {"logDriver": "awslogs", "options": options}
    definition = {"containerDefinitions": [{"name": "backend", "logConfiguration": logging}, {"name": "quiet"}]}
    assert log_places(definition, "a/b/0123") == [("/aws/ecs/triflow-backend", "ecs/backend/0123")]
