"""What watch_alarms says of alarms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.action.watch_alarms import in_alarm

SEOUL = timezone(timedelta(hours=9))
SINCE = datetime(2026, 1, 20, 12, 0, 5, tzinfo=SEOUL)


def alarm(name: str, state: str, **more: Any) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "StateValue": state,
        "StateReason": f"{name} is {state}",
        "StateTransitionedTimestamp": SINCE,
        "StateUpdatedTimestamp": SINCE + timedelta(hours=1),
        **more,
    }


@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_other_states_are_no_failure(state: str) -> None:
    assert in_alarm([alarm("a", state)], begun=True) == []


def test_each_alarm_has_a_sentence_by_its_name() -> None:
    found = in_alarm([alarm("b", "ALARM"), alarm("c", "OK"), alarm("a", "ALARM")], begun=True)
    assert found == [f"alarm {name} went off at 2026-01-20 03:00:05 UTC: {name} is ALARM" for name in ("a", "b")]


def test_one_from_before_says_so() -> None:
    without = alarm(
        "a", "ALARM", StateTransitionedTimestamp=None, StateUpdatedTimestamp=datetime(2026, 1, 1, tzinfo=UTC)
    )
    (sentence,) = in_alarm([without], begun=False)
    assert sentence == "alarm a was in ALARM before the watch began, since 2026-01-01 00:00:00 UTC: a is ALARM"
