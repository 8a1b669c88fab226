"""sms_messages: what the function for telephones has said about an alarm. It runs on the controller."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail

from tests.conftest import Lab
from tests.modules.controller import Clock, RunAction, clock, run_action

__all__ = ["clock", "run_action"]


class Log:
    """The function's log group, and the action that reads it."""

    def __init__(self, lab: Lab, stack: str, run_action: RunAction) -> None:
        self.logs: Any = lab.aws("logs")
        self.lab, self.run_action = lab, run_action
        self.group, self.alarm = f"/aws/lambda/{stack}-sms", f"{stack}-rds-cpu-high"
        self.since = int(time.time())
        self.logs.create_log_group(logGroupName=self.group)
        self.logs.create_log_stream(logGroupName=self.group, logStreamName="s")

    def write(self, *messages: str, seconds: int = 0) -> None:
        moment = (self.since + seconds) * 1000
        events = [{"timestamp": moment, "message": message} for message in messages]
        self.logs.put_log_events(logGroupName=self.group, logStreamName="s", logEvents=events)

    def say(self, event: str, alarm: str | None = None, seconds: int = 0, **more: str) -> None:
        self.write(json.dumps({"event": event, "about": alarm or self.alarm, **more}), seconds=seconds)

    def run(self, lines: list[str] | None = None, check: bool = False, **options: Any) -> dict[str, Any]:
        given = {"log_group": self.group, "alarm_name": self.alarm, "since": self.since, "count": 1, "seconds": 30}
        return self.run_action("sms_messages", lines, check, **{**given, **options})


@pytest.fixture
def log(lab: Lab, stack: str, run_action: RunAction) -> Log:
    return Log(lab, stack, run_action)


@pytest.mark.usefixtures("clock")
def test_the_ids_are_shown(log: Log) -> None:
    log.write("START RequestId: 1", "[1]")
    log.say("text sent", "another-alarm", to="...1", text_id="x")
    log.say("text sent", seconds=-5, to="...1", text_id="before")
    log.say("text sent", to="...0000", text_id="a")
    log.say("text sent", to="...1111", text_id="b")
    lines: list[str] = []
    result = log.run(lines, count=2)
    assert result["texts"] == [{"to": "...0000", "text_id": "a"}, {"to": "...1111", "text_id": "b"}]
    assert [line.split(" to ", 1)[1] for line in lines] == [
        "...0000 handed over to AWS End User Messaging SMS as a",
        "...1111 handed over to AWS End User Messaging SMS as b",
    ]


def test_what_could_not_be_sent_ends_it_at_once(log: Log, clock: Clock) -> None:
    log.say("text sent", to="...0000", text_id="a")
    log.say("not sent", error="...1111: ConflictException (DESTINATION_PHONE_NUMBER_NOT_VERIFIED)")
    with pytest.raises(AnsibleActionFail, match="DESTINATION_PHONE_NUMBER_NOT_VERIFIED") as caught:
        log.run(count=2)
    assert log.group in str(caught.value)
    assert clock.now == 0


@pytest.mark.usefixtures("clock")
def test_silence_ends_it_in_time(log: Log) -> None:
    log.say("text sent", to="...0000", text_id="a")
    with pytest.raises(AnsibleActionFail, match=r"1 of 2 texts for .* within 30 s: look at log group"):
        log.run(count=2)


def test_a_plan_asks_nothing(log: Log) -> None:
    before = len(log.lab.calls())
    assert log.run(check=True)["texts"] == []
    assert log.lab.calls()[before:] == []
