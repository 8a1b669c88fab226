"""ecs_logs: which lines it prints, in which order, and how. It runs on the controller."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail

from tests.conftest import Lab
from tests.modules.controller import RunAction, run_action

__all__ = ["run_action"]
TASKS = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210")


class Logs:
    """A log group into which two tasks have written by turns, one line a minute, the newest a minute ago."""

    def __init__(self, lab: Lab, stack: str, run_action: RunAction) -> None:
        self.lab, self.group, self.run_action = lab, f"/aws/ecs/{stack}", run_action
        self.now = int(time.time())
        logs = lab.aws("logs")
        logs.create_log_group(logGroupName=self.group)
        for task in range(2):
            stream = f"ecs/backend/{TASKS[task]}"
            logs.create_log_stream(logGroupName=self.group, logStreamName=stream)
            minutes = [minute for minute in range(10, 0, -1) if minute % 2 == task]
            events = [
                {"timestamp": (self.now - minute * 60) * 1000, "message": f"{self.word(minute)} {minute}\n"}
                for minute in minutes
            ]
            logs.put_log_events(logGroupName=self.group, logStreamName=stream, logEvents=events)

    @staticmethod
    def word(minute: int) -> str:
        return "ERROR" if minute in (3, 8) else "line"

    def run(self, lines: list[str] | None = None, check: bool = False, **options: Any) -> list[str]:
        result = self.run_action("ecs_logs", lines, check, **{"log_group": self.group, **options})
        assert result["changed"] is False
        found: list[str] = result["lines"]
        return found

    def expected(self, minute: int, hours: int = 0) -> str:
        moment = datetime.fromtimestamp(self.now - minute * 60, UTC) + timedelta(hours=hours)
        return f"{moment:%Y-%m-%d %H:%M:%S} backend/{TASKS[minute % 2][:8]} {self.word(minute)} {minute}"

    def failure(self, **options: Any) -> str:
        with pytest.raises(AnsibleActionFail) as caught:
            self.run(**options)
        return str(caught.value)


@pytest.fixture
def logs(lab: Lab, stack: str, run_action: RunAction) -> Logs:
    return Logs(lab, stack, run_action)


def test_lines_of_all_tasks_by_time_in_the_stacks_time_zone(logs: Logs, stack: str) -> None:
    printed: list[str] = []
    found = logs.run(printed, time_zone="Asia/Seoul")
    assert found == [logs.expected(minute, hours=9) for minute in range(10, 0, -1)]
    assert printed == [f"  {stack}: {logs.group}, 60 to 0 minutes ago, Asia/Seoul: 10 lines", *found]


@pytest.mark.parametrize(
    ("options", "minutes"),
    [
        ({"limit": 3}, [3, 2, 1]),
        ({"since": 5}, [4, 3, 2, 1]),  # five minutes are over since the line of five minutes ago was written
        ({"since": 9, "until": 4}, [8, 7, 6, 5, 4]),
        ({"since": 9, "until": 4, "limit": 2}, [5, 4]),
        ({"pattern": "ERROR"}, [8, 3]),
        ({"pattern": ""}, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ({"stream_prefix": "ecs/backend/0"}, [10, 8, 6, 4, 2]),
        ({"stream_prefix": "ecs/worker"}, []),
    ],
)
def test_which_lines(logs: Logs, options: dict[str, Any], minutes: list[int]) -> None:
    assert logs.run(**options) == [logs.expected(minute) for minute in minutes]


def test_it_says_when_there_are_more(logs: Logs, stack: str) -> None:
    printed: list[str] = []
    logs.run(printed, limit=2)
    assert printed[-1] == f"  {stack}: these are the last ones, limit gives more"


def test_it_only_reads_in_check_mode_too(logs: Logs) -> None:
    before = len(logs.lab.calls())
    assert logs.run(check=True) == logs.run()
    assert {call["operation"] for call in logs.lab.calls()[before:]} == {"FilterLogEvents"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"log_group": "/aws/ecs/none"}, "Log group /aws/ecs/none of stack"),
        ({"log_group": "/aws/ecs/none"}, "playbooks/compute.yml makes those of the services"),
        ({"time_zone": "Asia/Soul"}, "time_zone Asia/Soul is not known"),
        ({"since": 5, "until": 5}, "since 5 and until 5 are minutes ago: since is the larger one"),
        ({"until": -1}, "since is the larger one"),
        ({"limit": 0}, "limit 0 is not 1 or more"),
    ],
)
def test_refused(logs: Logs, options: dict[str, Any], message: str) -> None:
    assert message in logs.failure(**options)
