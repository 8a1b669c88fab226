"""EventBridge in the lab: how many targets a rule has, and whether a pattern matches."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from tests.conftest import Lab
from tests.lab.conftest import refused

TOPIC = "arn:aws:sns:ap-northeast-2:123456789012:test"
EVENT = {
    "id": "7bf73129-1428-4cd3-a780-95db273d1602",
    "detail-type": "ECS Task State Change",
    "source": "aws.ecs",
    "account": "123456789012",
    "time": "2026-01-20T00:00:00Z",
    "region": "ap-northeast-2",
    "resources": [],
    "detail": {"lastStatus": "STOPPED"},
}


@pytest.fixture
def events(lab: Lab) -> Any:
    return lab.aws("events")


def test_a_rule_has_five_targets(events: Any) -> None:
    """EventBridge quotas, "Targets per rule"; PutTargets, LimitExceededException."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    events.put_rule(Name=name, EventPattern=json.dumps({"source": ["aws.ecs"]}))
    targets = [{"Id": str(number), "Arn": TOPIC} for number in range(6)]
    with refused("LimitExceededException"):
        events.put_targets(Rule=name, Targets=targets)
    events.put_targets(Rule=name, Targets=targets[:5])
    with refused("LimitExceededException"):
        events.put_targets(Rule=name, Targets=targets[5:])
    events.put_targets(Rule=name, Targets=targets[2:4])
    assert len(events.list_targets_by_rule(Rule=name)["Targets"]) == 5


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ({"source": ["aws.ecs"]}, True),
        ({"source": ["aws.ecs"], "detail": {"lastStatus": ["STOPPED"]}}, True),
        ({"source": ["aws.ecs"], "detail": {"lastStatus": ["RUNNING"]}}, False),
        ({"source": ["aws.rds"]}, False),
    ],
)
def test_a_pattern_is_tried(events: Any, pattern: dict[str, Any], matches: bool) -> None:
    """TestEventPattern."""
    answer = events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(EVENT))
    assert answer["Result"] is matches


def test_a_pattern_that_is_none(events: Any) -> None:
    """TestEventPattern: InvalidEventPatternException; the event needs its mandatory fields."""
    for pattern in ("no JSON", json.dumps({"source": "aws.ecs"})):
        with refused("InvalidEventPatternException"):
            events.test_event_pattern(EventPattern=pattern, Event=json.dumps(EVENT))
    with refused("ValidationException"):
        events.test_event_pattern(EventPattern=json.dumps({"source": ["aws.ecs"]}), Event="no JSON")
    with refused("ValidationException"):
        without_id = {name: value for name, value in EVENT.items() if name != "id"}
        events.test_event_pattern(EventPattern=json.dumps({"source": ["aws.ecs"]}), Event=json.dumps(without_id))
