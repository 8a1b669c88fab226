"""metric_alarm_state: an alarm on purpose."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.test_metric_alarms import COMPONENT, alarm

MODULE = "metric_alarm_state"
REASON = "A test. Nothing is wrong."


@pytest.fixture
def name(stack: str, run_module: RunModule) -> str:
    """An alarm of the stack, which has no data yet."""
    run_module("metric_alarms", alarms=[alarm(stack)])
    return f"{stack}-cpu-high"


def state(lab: Lab, name: str) -> tuple[str, str]:
    (described,) = lab.aws("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return described["StateValue"], described["StateReason"]


def options(name: str, **more: Any) -> dict[str, Any]:
    return {"alarm_name": name, "state_values": ["ALARM", "OK"], "state_reason": REASON, **more}


def states_set(lab: Lab, run: Any) -> list[str]:
    """The operations with which the run wrote."""
    before = len(lab.calls())
    run()
    return [call["operation"] for call in lab.calls()[before:] if call["write"]]


def test_sets_each_state_in_turn(lab: Lab, name: str, run_module: RunModule) -> None:
    results: list[dict[str, Any]] = []
    writes = states_set(lab, lambda: results.append(run_module(MODULE, **options(name))))
    assert writes == ["SetAlarmState", "SetAlarmState"]
    assert state(lab, name) == ("OK", REASON)
    (result,) = results
    assert result["changed"] is True
    assert result["changes"] == [{"component": COMPONENT, "action": "update", "fields": ["state_value"]}]
    (diff,) = result["diff"]
    assert (diff["before"], diff["after"]) == (
        {"state_value": "INSUFFICIENT_DATA"},
        {"state_value": "ALARM, then OK"},
    )


def test_check_mode_says_what_it_would_do(lab: Lab, name: str, run_module: RunModule) -> None:
    results: list[dict[str, Any]] = []
    assert states_set(lab, lambda: results.append(run_module(MODULE, check=True, **options(name)))) == []
    assert state(lab, name)[0] == "INSUFFICIENT_DATA"
    assert results[0]["diff"][0]["after"] == {"state_value": "ALARM, then OK"}
    assert results[0]["changed"] is True


def test_a_real_alarm_is_not_called_over(lab: Lab, name: str, run_module: RunModule) -> None:
    """From ALARM to ALARM sends nothing, and the OK after it would be false."""
    lab.aws("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="real")
    result = run_module(MODULE, **options(name))
    assert result["failed"] is True
    assert "is in the state ALARM" in result["msg"]
    assert state(lab, name) == ("ALARM", "real")


def test_an_alarm_of_another_stack_is_refused(lab: Lab, name: str, run_module: RunModule) -> None:
    result = run_module(MODULE, **options(name, stack="another"))
    assert result["failed"] is True
    assert f"the alarm {name} does not carry the tag of stack another" in result["msg"]
    assert state(lab, name)[0] == "INSUFFICIENT_DATA"


def test_an_alarm_that_is_not_there(stack: str, run_module: RunModule) -> None:
    result = run_module(MODULE, **options(f"{stack}-nothing"))
    assert result["failed"] is True
    assert f"there is no alarm {stack}-nothing: run playbooks/observability.yml first" in result["msg"]
