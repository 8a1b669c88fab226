"""What ecs_run_task asks of RunTask and shows of it, and the log that it follows."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.action.ecs_run_task import Log, overrides, shown

PLAIN: dict[str, Any] = {
    "service": "backend",
    "command": ["python", "-c", "print(1)"],
    "environment": {},
    "cpu": None,
    "memory": None,
    "started_by": None,
}


@pytest.mark.parametrize(
    ("given", "container", "task"),
    [
        ({}, {}, {}),
        (
            {"environment": {"B": 2, "A": ""}},
            {"environment": [{"name": "A", "value": ""}, {"name": "B", "value": "2"}]},
            {},
        ),
        ({"cpu": 512, "memory": 1024}, {}, {"cpu": "512", "memory": "1024"}),
    ],
)
def test_overrides(given: dict[str, Any], container: dict[str, Any], task: dict[str, Any]) -> None:
    expected = {"name": "worker", "command": ["python", "-c", "print(1)"], **container}
    assert overrides({**PLAIN, **given}, "worker") == {"containerOverrides": [expected], **task}


def test_of_the_environment_only_names_are_shown() -> None:
    found = shown({**PLAIN, "environment": {"TOKEN": "geheim"}, "cpu": 512}, "a/b/triflow:7", "worker")
    assert found == {
        "service": "backend",
        "task_definition": "triflow:7",
        "container": "worker",
        "command": "python -c 'print(1)'",
        "environment": ["TOKEN"],
        "cpu": 512,
    }


class Logs:
    """GetLogEvents: pages of one stream; the token at its end is the one that was given."""

    class exceptions:
        class ResourceNotFoundException(Exception):
            pass

    def __init__(self) -> None:
        self.lines: list[str] | None = None
        self.asked: list[int] = []

    def get_log_events(self, **request: Any) -> dict[str, Any]:
        if self.lines is None:
            raise self.exceptions.ResourceNotFoundException
        assert request["startFromHead"] is True  # with a token, too
        first = int(request.get("nextToken", "0"))
        self.asked.append(first)
        found = self.lines[first : first + 2]
        return {"events": [{"message": f"{line}\n"} for line in found], "nextForwardToken": str(first + len(found))}


def test_each_line_of_a_log_comes_once() -> None:
    logs = Logs()
    log = Log(logs, [("group", "ecs/backend/1")])
    assert log.new() == []
    logs.lines = []
    assert log.new() == []
    logs.lines = ["a", "b", "c"]
    assert log.new() == ["a", "b", "c"]
    assert log.new() == []
    logs.lines += ["d"]
    assert log.new() == ["d"]
    assert log.last == ["a", "b", "c", "d"]


def test_of_a_long_log_the_last_lines_are_kept_and_a_look_ends() -> None:
    logs = Logs()
    logs.lines = [str(number) for number in range(100)]
    log = Log(logs, [("group", "stream")])
    assert len(log.new()) == 40
    assert len(logs.asked) == 20
    while log.new():
        pass
    assert log.last == [str(number) for number in range(50, 100)]


def test_a_container_without_a_log_has_no_lines() -> None:
    assert Log(Logs(), []).new() == []
