"""Checks over the variables of the nights (ENV-6)."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.checks import variable_problems
from ansible_collections.triflow.platform.plugins.module_utils.nights_checks import nights_problems

GOOD: dict[str, Any] = {
    "nights_enabled": True,
    "nights_up_days": ["mon", "tue", "wed", "thu", "fri"],
    "nights_up_from": "08:00",
    "nights_up_until": "20:00",
    "nights_holidays": ["2026-12-25"],
    "nights_stay_up_until": "",
    "nights_database_lead_minutes": 20,
    "ecs_services": [{"name": "backend"}],
    "autoscaling_services": ["backend"],
}


def test_what_is_accepted() -> None:
    assert nights_problems(GOOD, ["dev"]) == []
    assert nights_problems({}, ["prod"]) == []
    assert nights_problems({**GOOD, "nights_enabled": False, "autoscaling_services": []}, ["prod"]) == []


def test_production_is_refused_with_all_other_checks() -> None:
    (found,) = variable_problems({"nights_enabled": True}, ["prod"], {})
    assert (found["variable"], found["value"]) == ("nights_enabled", True)
    assert "production is always on" in found["reason"]


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("autoscaling_services", [], "without its database"),
        ("nights_up_days", [], "empty"),
        ("nights_up_days", ["mon", "mon"], "twice"),
        ("nights_up_from", "8:00", "no time"),
        ("nights_up_until", "24:00", "no time"),
        ("nights_up_until", "1200", "no time"),
        ("nights_up_until", "08:00", "not after nights_up_from"),
        ("nights_up_until", "23:50", "the next day"),
        ("nights_up_from", "00:10", "the day before"),
        ("nights_holidays", ["2026-02-30"], "no date"),
        ("nights_holidays", ["20261225"], "no date"),
        ("nights_stay_up_until", "23:30", "no moment"),
        ("nights_stay_up_until", "2026-11-31 23:30", "no moment"),
        ("nights_database_lead_minutes", 241, "no more"),
        # a Tuesday: the database starts at 07:40 and is stopped 10 minutes after the services
        ("nights_stay_up_until", "2026-11-24 06:31", "right before its start, at 07:40"),
        ("nights_stay_up_until", "2026-11-24 07:59", "right before its start"),
    ],
)
def test_what_is_refused(variable: str, value: Any, reason: str) -> None:
    (found,) = nights_problems({**GOOD, variable: value}, ["dev"])
    assert found["variable"] == variable
    assert reason in found["reason"]
    assert found["accepted"]


@pytest.mark.parametrize(
    "stay", ["2026-11-24 06:30", "2026-11-24 08:00", "2026-11-24 20:05", "2026-11-28 07:00", "2026-12-25 07:30"]
)
def test_a_stay_that_leaves_the_database_time(stay: str) -> None:
    assert nights_problems({**GOOD, "nights_stay_up_until": stay}, ["dev"]) == []


def test_a_night_that_is_too_short() -> None:
    hours = {"nights_up_from": "00:30", "nights_up_until": "23:45", "nights_database_lead_minutes": 0}
    (found,) = nights_problems({**GOOD, **hours}, ["dev"])
    assert "less than 60 minutes" in found["reason"]
