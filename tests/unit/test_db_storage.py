"""When RDS takes a change of a DB instance's storage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.db_storage import (
    growth_refusal,
    last_change,
    least_growth,
    moment_refusal,
)
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


@given(st.integers(20, 65536))
def test_the_least_growth_is_a_tenth_and_not_more(size: int) -> None:
    assert least_growth(size) * 10 >= size * 11
    assert (least_growth(size) - 1) * 10 < size * 11


@pytest.mark.parametrize(
    ("live", "wanted", "accepted"),
    [
        (100, 101, "110 GiB or more, or 100 GiB"),
        (100, 109, "110 GiB or more, or 100 GiB"),
        (125, 130, "138 GiB or more, or 125 GiB"),
        (100, 110, None),
        (100, 100, None),
        (100, 50, None),
    ],
)
def test_growth(live: int, wanted: int, accepted: str | None) -> None:
    found = growth_refusal(live, wanted)
    assert (found and found[1]) == accepted
    assert found is None or f"has {live} GiB, and RDS grows storage by at least 10 %" in found[0]


def test_the_last_change_is_that_of_the_volume() -> None:
    """Amazon RDS user guide, "Amazon RDS event categories and event messages"."""
    messages = [
        "Applying modification to allocated storage.",
        "Finished applying modification to allocated storage.",
        "Finished applying autoscaling-initiated modification to allocated storage.",
        "Finished applying modification to database instance class.",
        "Updated to use DBParameterGroup triflow-prod",
    ]
    events = [{"Message": message, "Date": NOW + timedelta(minutes=at)} for at, message in enumerate(messages)]
    assert last_change(events) == NOW + timedelta(minutes=2)
    assert last_change(events[3:]) is None


@pytest.mark.parametrize(
    ("status", "progress", "hours", "said"),
    [
        ("available", None, None, None),
        ("available", None, 7, None),
        ("available", None, 2, "was changed at 2026-12-01 10:00 UTC, and RDS changes it again only after 6 hours: run"),
        ("storage-full", None, 2, "run again after 2026-12-01 16:00 UTC"),
        (
            "storage-optimization",
            45,
            2,
            r"last change (45 %) and changes it again only afterwards, and not before 2026",
        ),
        ("storage-optimization", None, 9, "only afterwards: run again when the instance is available"),
        ("storage-optimization", "45", None, "(45 %)"),
    ],
)
def test_the_moment(status: str, progress: int | str | None, hours: int | None, said: str | None) -> None:
    changed = None if hours is None else NOW - timedelta(hours=hours)
    refusal = moment_refusal(status, progress, changed, NOW)
    assert refusal is None if said is None else said in (refusal or "")
