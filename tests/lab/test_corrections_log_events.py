"""FilterLogEvents in the lab."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest

from tests.conftest import Lab
from tests.lab.conftest import refused

NOW = int(time.time() * 1000) - 60_000  # PutLogEvents refuses what is older than two weeks


@pytest.fixture
def logs(lab: Lab) -> Any:
    return lab.aws("logs")


@pytest.fixture
def group(logs: Any) -> str:
    """Two containers' streams whose lines alternate, and another one."""
    name = f"/test/{uuid.uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=name)
    for stream, moments in (("ecs/backend/1", (0, 2, 4)), ("ecs/backend/2", (1, 3, 5)), ("ecs/worker/3", (6,))):
        logs.create_log_stream(logGroupName=name, logStreamName=stream)
        events = [{"timestamp": NOW + moment, "message": f"line {moment}"} for moment in moments]
        logs.put_log_events(logGroupName=name, logStreamName=stream, logEvents=events)
    return name


def lines(answer: dict[str, Any]) -> list[str]:
    return [event["message"] for event in answer["events"]]


def test_events_of_all_streams_come_by_time(logs: Any, group: str) -> None:
    """Ascending by default; interleaved is taken as true; searchedLogStreams is an empty list."""
    answer = logs.filter_log_events(logGroupName=group, interleaved=False)
    assert lines(answer) == [f"line {number}" for number in range(7)]
    assert answer["searchedLogStreams"] == []
    assert "nextToken" not in answer


def test_the_newest_come_first_when_asked_for_and_stay_so_on_the_next_pages(logs: Any, group: str) -> None:
    first = logs.filter_log_events(logGroupName=group, limit=4, startFromHead=False)
    assert lines(first) == ["line 6", "line 5", "line 4", "line 3"]
    second = logs.filter_log_events(logGroupName=group, limit=4, nextToken=first["nextToken"])
    assert lines(second) == ["line 2", "line 1", "line 0"]
    assert "nextToken" not in second


def test_events_of_one_moment_turn_round_too(logs: Any, group: str) -> None:
    events = [{"timestamp": NOW + 9, "message": word} for word in ("first", "second")]
    logs.put_log_events(logGroupName=group, logStreamName="ecs/worker/3", logEvents=events)
    assert lines(logs.filter_log_events(logGroupName=group, startTime=NOW + 9)) == ["first", "second"]
    answer = logs.filter_log_events(logGroupName=group, startTime=NOW + 9, startFromHead=False)
    assert lines(answer) == ["second", "first"]


def test_streams_by_prefix_times_and_pattern(logs: Any, group: str) -> None:
    """startTime and endTime are both inside."""
    of_backend = {"logGroupName": group, "logStreamNamePrefix": "ecs/backend/"}
    assert lines(logs.filter_log_events(**of_backend)) == [f"line {number}" for number in range(6)]
    assert lines(logs.filter_log_events(**of_backend, startTime=NOW + 2, endTime=NOW + 3)) == ["line 2", "line 3"]
    assert lines(logs.filter_log_events(**of_backend, filterPattern='"line 4"')) == ["line 4"]
    assert lines(logs.filter_log_events(logGroupName=group, logStreamNamePrefix="none/")) == []
    with refused("InvalidParameterException"):
        logs.filter_log_events(**of_backend, logStreamNames=["ecs/backend/1"])


def test_a_missing_group_is_an_error(logs: Any) -> None:
    with refused("ResourceNotFoundException"):
        logs.filter_log_events(logGroupName="/test/none")
