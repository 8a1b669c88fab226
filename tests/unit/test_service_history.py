"""What a service ran before, by its service deployments."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import service_history

START = datetime(2026, 1, 20, 18, 0, 0, 123456, tzinfo=timezone(timedelta(hours=9)))  # as boto3 gives it: local time
FAMILY = "arn:aws:ecs:ap-northeast-2:123456789012:task-definition/triflow-prod-backend"


def briefs(*ran: tuple[int, str]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Deployments of these revisions of the family with these statuses, the oldest first."""
    found = [
        {"createdAt": START + timedelta(hours=hour), "status": status, "targetServiceRevisionArn": f"revision-{hour}"}
        for hour, (_unused, status) in enumerate(ran)
    ]
    return found, {f"revision-{hour}": f"{FAMILY}:{number}" for hour, (number, _unused) in enumerate(ran)}


def primary(number: int, state: str = "COMPLETED") -> dict[str, Any]:
    return {"taskDefinition": f"{FAMILY}:{number}", "rolloutState": state}


OK, BACK, STOPPED, GOES = "SUCCESSFUL", "ROLLBACK_SUCCESSFUL", "STOPPED", "IN_PROGRESS"


@pytest.mark.parametrize(
    ("ran", "live", "stable", "previous"),
    [
        ([(1, OK)], primary(1), 1, None),
        ([(1, OK), (2, OK)], primary(2), 2, 1),
        ([(1, OK), (2, OK), (2, OK)], primary(2), 2, 1),  # a new deployment of the same
        ([(1, OK), (2, OK), (3, GOES)], primary(3, "IN_PROGRESS"), 2, 1),
        ([(1, OK), (2, OK), (3, BACK)], primary(2), 2, 1),
        ([(1, OK), (2, STOPPED), (3, OK)], primary(3), 3, 1),
        ([(1, OK), (2, OK), (1, OK)], primary(1), 1, 2),  # a rollback that a person asked for
        ([(1, "ROLLBACK_FAILED")], primary(1, "FAILED"), None, None),
        ([(1, GOES)], primary(1, "IN_PROGRESS"), None, None),
        ([], primary(1), 1, None),  # older than the history
        ([(2, BACK)], primary(1), 1, None),
    ],
)
def test_what_is_stable_and_what_was_before(
    ran: list[tuple[int, str]], live: dict[str, Any], stable: int | None, previous: int | None
) -> None:
    found, definitions = briefs(*ran)
    found = service_history.newest_first(found)
    now = service_history.stable(found, definitions, live)
    assert now == (stable and f"{FAMILY}:{stable}")
    before = service_history.previous(found, definitions, {now, live["taskDefinition"]})
    assert before == (previous and f"{FAMILY}:{previous}")


def test_a_revision_that_aws_does_not_describe_is_passed_over() -> None:
    """DescribeServiceRevisions: MISSING."""
    found, definitions = briefs((1, OK), (2, OK), (3, OK))
    found = service_history.newest_first(found)
    del definitions["revision-2"]
    assert service_history.stable(found, definitions, primary(3)) == f"{FAMILY}:2"
    assert service_history.shown(found, definitions)[0]["task_definition"] is None


def test_what_is_looked_at() -> None:
    """Those that are shown, then the successful ones, each once."""
    found, _unused = briefs(*[(number, BACK if number % 2 else OK) for number in range(14)])
    found = service_history.newest_first(found)
    assert service_history.revisions(found) == [f"revision-{hour}" for hour in [*range(13, 3, -1), 2, 0]]
    assert service_history.revisions(found * 2) == service_history.revisions(found)


def test_what_is_shown() -> None:
    found, definitions = briefs(*[(number, OK) for number in range(12)])
    found = service_history.newest_first(found)
    found[0] |= {"finishedAt": found[0]["createdAt"] + timedelta(minutes=5), "statusReason": "because"}
    newest, *older = service_history.shown(found, definitions)
    assert newest == {
        "at": "2026-01-20T20:00:00+00:00",
        "finished_at": "2026-01-20T20:05:00+00:00",
        "status": "SUCCESSFUL",
        "reason": "because",
        "task_definition": f"{FAMILY}:11",
    }
    assert len(older) == 9
    assert (older[0]["finished_at"], older[0]["reason"]) == (None, None)
