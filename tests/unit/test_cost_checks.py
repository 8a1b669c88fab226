"""What a budget needs, before anything is changed."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.cost_checks import cost_problems

from tests.unit.test_checks import assert_one_problem, problems

ON = {"cost_budget_alarm": True, "cost_budget_krw": 500_000}


def test_a_budget_with_its_alarm_passes() -> None:
    assert problems(**ON) == []
    assert cost_problems({**ON, "cost_budget_krw": 13, "cost_krw_per_usd": 1300}) == []


def test_without_the_alarm_no_budget_is_needed() -> None:
    assert problems(cost_budget_krw=0) == []
    assert problems(cost_budget_krw=0, stack_foundation=True) == []


@pytest.mark.parametrize(
    ("given", "variable", "reason", "accepted"),
    [
        ({"cost_budget_krw": 0}, "cost_budget_krw", "cost_budget_alarm is on", "above 0"),
        ({"cost_budget_krw": 12, "cost_krw_per_usd": 1300}, "cost_budget_krw", "cost_budget_alarm is on", "above 0"),
        ({"cost_budget_krw": -1}, "cost_budget_krw", "cost_budget_alarm is on", "above 0"),
        ({"stack_foundation": True}, "cost_budget_alarm", "no topic of alarms", "false for this stack"),
    ],
)
def test_what_the_alarm_refuses(given: dict[str, Any], variable: str, reason: str, accepted: str) -> None:
    (found,) = problems(**{**ON, **given})
    assert found["variable"] == variable
    assert reason in found["reason"]
    assert accepted in found["accepted"]


@pytest.mark.parametrize("rate", [0, -1300])
def test_a_usd_that_costs_nothing(rate: int) -> None:
    assert_one_problem("cost_krw_per_usd", rate, "more than nothing", "such as 1300")
