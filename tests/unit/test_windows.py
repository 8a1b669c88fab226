"""Windows from a stack's zone to UTC, and their overlap (DB-6, DB-7)."""

from __future__ import annotations

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.windows import (
    DAYS,
    MINUTES_A_DAY,
    MINUTES_A_WEEK,
    parse_daily,
    parse_weekly,
    utc_offset,
    utc_window,
    windows_overlap,
)
from hypothesis import given
from hypothesis import strategies as st

ZONES = st.sampled_from(
    ["UTC", "Asia/Seoul", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati"]
)


def daily(start: int, length: int) -> str:
    return "-".join(f"{minute % MINUTES_A_DAY // 60:02}:{minute % 60:02}" for minute in (start, start + length))


def weekly(start: int, length: int) -> str:
    minutes = [minute % MINUTES_A_WEEK for minute in (start, start + length)]
    return "-".join(f"{DAYS[m // MINUTES_A_DAY]}:{m % MINUTES_A_DAY // 60:02}:{m % 60:02}" for m in minutes)


DAILY = st.builds(daily, st.integers(0, MINUTES_A_DAY - 1), st.integers(30, MINUTES_A_DAY - 1))
WEEKLY = st.builds(weekly, st.integers(0, MINUTES_A_WEEK - 1), st.integers(30, MINUTES_A_DAY - 1))


@pytest.mark.parametrize(
    ("window", "time_zone", "utc"),
    [
        ("03:00-04:00", "Asia/Seoul", "18:00-19:00"),
        ("08:30-09:30", "Asia/Seoul", "23:30-00:30"),
        ("23:30-00:30", "UTC", "23:30-00:30"),
        ("22:00-23:00", "America/Caracas", "02:00-03:00"),
        ("05:00-06:00", "Asia/Kolkata", "23:30-00:30"),
        ("mon:04:00-mon:05:00", "Asia/Seoul", "sun:19:00-sun:20:00"),
        ("Mon:04:00-Mon:05:00", "Asia/Seoul", "sun:19:00-sun:20:00"),
        ("tue:08:30-tue:09:30", "Asia/Seoul", "mon:23:30-tue:00:30"),
        ("sun:22:00-sun:23:00", "America/Caracas", "mon:02:00-mon:03:00"),
        ("sun:23:30-mon:00:30", "UTC", "sun:23:30-mon:00:30"),
        ("wed:05:00-wed:05:30", "Asia/Kathmandu", "tue:23:15-tue:23:45"),
    ],
)
def test_window_in_utc(window: str, time_zone: str, utc: str) -> None:
    assert utc_window(window, time_zone) == utc


@pytest.mark.parametrize(
    ("time_zone", "minutes"),
    [
        ("Europe/Berlin", 60),
        ("America/New_York", -300),
        ("Australia/Sydney", 600),
        ("Europe/Dublin", 0),
        ("Asia/Seoul", 540),
    ],
)
def test_offset_is_the_standard_one_of_either_hemisphere(time_zone: str, minutes: int) -> None:
    assert utc_offset(time_zone) == minutes


@pytest.mark.parametrize(
    ("time_zone", "named"),
    [
        ("Asia/Soul", "Asia/Seoul"),
        ("Seoul", "Asia/Seoul"),
        ("asia/new york", "America/New_York"),
        ("KST", "Asia/Seoul or UTC"),
        ("", "Asia/Seoul or UTC"),
        ("../Asia/Seoul", "Asia/Seoul"),
    ],
)
def test_unknown_zone_names_the_nearest(time_zone: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        utc_window("03:00-04:00", time_zone)


@pytest.mark.parametrize(
    ("window", "accepted"),
    [
        ("3:00-4:00", "hh:mm-hh:mm"),
        ("03:00-24:00", "hh:mm-hh:mm"),
        ("03:60-04:00", "hh:mm-hh:mm"),
        ("03:00", "hh:mm-hh:mm"),
        ("03:00-04:00\n", "hh:mm-hh:mm"),
        ("03:00-03:29", "lasts 29 minutes"),
        ("03:00-03:00", "lasts 0 minutes"),
        ("", "hh:mm-hh:mm"),
        ("mon:04:00", "ddd:hh:mm-ddd:hh:mm"),
        ("mon:04:00-05:00", "ddd:hh:mm-ddd:hh:mm"),
        ("monday:04:00-monday:05:00", "ddd:hh:mm-ddd:hh:mm"),
        ("mon:04:00-mon:04:20", "lasts 20 minutes"),
        ("mon:04:00-tue:04:00", "lasts 1440 minutes"),
        ("mon:05:00-mon:04:00", "lasts 10020 minutes"),
    ],
)
def test_malformed_window_says_what_is_accepted(window: str, accepted: str) -> None:
    with pytest.raises(ValueError, match=accepted):
        utc_window(window, "Asia/Seoul")


@pytest.mark.parametrize(
    ("daily_window", "weekly_window", "overlap"),
    [
        ("03:00-04:00", "mon:04:00-mon:05:00", False),
        ("04:00-05:00", "mon:03:00-mon:04:00", False),
        ("03:00-04:01", "mon:04:00-mon:05:00", True),
        ("03:00-04:00", "mon:03:30-mon:04:30", True),
        ("03:00-06:00", "mon:04:00-mon:05:00", True),
        ("04:15-04:45", "mon:04:00-mon:05:00", True),
        ("23:30-00:30", "sun:00:00-sun:01:00", True),
        ("23:30-00:30", "mon:00:30-mon:01:00", False),
        ("00:00-00:30", "sun:23:45-mon:00:15", True),
        ("12:00-13:00", "sun:23:00-mon:11:00", False),
    ],
)
def test_overlap(daily_window: str, weekly_window: str, overlap: bool) -> None:
    assert windows_overlap(daily_window, weekly_window) is overlap


@given(DAILY, WEEKLY)
def test_overlap_is_a_shared_minute(daily_window: str, weekly_window: str) -> None:
    start, length = parse_daily(daily_window)
    backup = {minute % MINUTES_A_DAY for minute in range(start, start + length)}
    start, length = parse_weekly(weekly_window)
    maintenance = {minute % MINUTES_A_DAY for minute in range(start, start + length)}
    assert windows_overlap(daily_window, weekly_window) is bool(backup & maintenance)


@given(st.one_of(DAILY, WEEKLY), ZONES)
def test_conversion_moves_start_and_end_alike(window: str, time_zone: str) -> None:
    parse, period = (parse_weekly, MINUTES_A_WEEK) if window[0].isalpha() else (parse_daily, MINUTES_A_DAY)
    start, length = parse(window)
    assert parse(utc_window(window, time_zone)) == ((start - utc_offset(time_zone)) % period, length)
