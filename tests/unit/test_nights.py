"""When a stack is up (ENV-6), and whether the schedules make it so."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import nights

SETTINGS: dict[str, Any] = {
    "stack": "triflow-dev",
    "cluster": "triflow-dev",
    "min_capacity": 1,
    "max_capacity": 2,
    "db_instance_identifier": "triflow-dev-db",
    "role_arn": "arn:aws:iam::123456789012:role/triflow-dev-nights",
    "time_zone": "Asia/Seoul",
    "up_days": ["mon", "tue", "wed", "thu", "fri"],
    "up_from": "08:00",
    "up_until": "20:00",
    "holidays": [],
    "stay_up_until": "",
    "database_lead_minutes": 20,
}
DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


def at(text: str, zone: str = "Asia/Seoul") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


# Monday 2026-11-23 to Sunday 2026-11-29 in KST: services, database
WEEK = [
    ("2026-11-23 00:00", False, False),
    ("2026-11-23 07:39", False, False),
    ("2026-11-23 07:40", False, True),
    ("2026-11-23 07:59", False, True),
    ("2026-11-23 08:00", True, True),
    ("2026-11-23 19:59", True, True),
    ("2026-11-23 20:00", False, True),
    ("2026-11-23 20:09", False, True),
    ("2026-11-23 20:10", False, False),
    ("2026-11-23 23:59", False, False),
    ("2026-11-24 12:00", True, True),
    ("2026-11-25 12:00", True, True),
    ("2026-11-26 12:00", True, True),
    ("2026-11-27 12:00", True, True),
    ("2026-11-27 20:30", False, False),
    ("2026-11-28 12:00", False, False),
    ("2026-11-29 12:00", False, False),
    ("2026-11-30 08:00", True, True),
]


@pytest.mark.parametrize(("instant", "services", "database"), WEEK)
def test_a_week_in_kst(instant: str, services: bool, database: bool) -> None:
    assert nights.wanted(SETTINGS, at(instant)) == {"services": services, "database": database}


@pytest.mark.parametrize(
    ("change", "zone", "instant", "services"),
    [
        # the same instant, seen from where it is asked: 23:00 UTC is 08:00 KST of the next day
        ({}, "UTC", "2026-11-22 23:00", True),
        ({}, "UTC", "2026-11-23 10:59", True),
        ({}, "UTC", "2026-11-23 11:00", False),
        # New York goes back to winter time on 2026-11-01 and to summer time on 2026-03-08
        ({"time_zone": "America/New_York"}, "UTC", "2026-10-30 12:00", True),
        ({"time_zone": "America/New_York"}, "UTC", "2026-11-02 12:59", False),
        ({"time_zone": "America/New_York"}, "UTC", "2026-11-02 13:00", True),
        ({"time_zone": "America/New_York"}, "UTC", "2026-03-09 12:00", True),
        ({"time_zone": "Europe/Berlin"}, "UTC", "2026-03-27 07:00", True),
        ({"time_zone": "Europe/Berlin"}, "UTC", "2026-03-30 06:00", True),
        ({"time_zone": "Europe/Berlin"}, "UTC", "2026-03-30 05:59", False),
        # holidays and other days
        ({"holidays": ["2026-12-25"]}, "Asia/Seoul", "2026-12-25 12:00", False),
        ({"holidays": ["2026-12-25"]}, "Asia/Seoul", "2026-12-24 12:00", True),
        ({"up_days": ["sat"]}, "Asia/Seoul", "2026-11-28 12:00", True),
        ({"up_days": ["sat"]}, "Asia/Seoul", "2026-11-27 12:00", False),
        # stay up: only the last evening before is put off, the next one is as ever
        ({"stay_up_until": "2026-11-24 23:30"}, "Asia/Seoul", "2026-11-23 22:00", False),
        ({"stay_up_until": "2026-11-24 23:30"}, "Asia/Seoul", "2026-11-24 23:29", True),
        ({"stay_up_until": "2026-11-24 23:30"}, "Asia/Seoul", "2026-11-24 23:30", False),
        ({"stay_up_until": "2026-11-24 23:30"}, "Asia/Seoul", "2026-11-25 12:00", True),
        ({"stay_up_until": "2026-11-24 23:30"}, "Asia/Seoul", "2026-11-25 20:00", False),
        ({"stay_up_until": "2026-11-25 02:00"}, "Asia/Seoul", "2026-11-25 01:59", True),
        ({"stay_up_until": "2026-11-29 18:00"}, "Asia/Seoul", "2026-11-28 03:00", True),
        ({"stay_up_until": "2026-11-29 18:00"}, "Asia/Seoul", "2026-11-29 18:00", False),
        ({"stay_up_until": "2026-11-25 10:00"}, "Asia/Seoul", "2026-11-25 03:00", True),
        ({"stay_up_until": "2026-11-25 10:00"}, "Asia/Seoul", "2026-11-25 11:00", True),
        ({"stay_up_until": "2026-11-25 20:00"}, "Asia/Seoul", "2026-11-25 20:00", False),
    ],
)
def test_cases(change: dict[str, Any], zone: str, instant: str, services: bool) -> None:
    assert nights.wanted({**SETTINGS, **change}, at(instant, zone))["services"] is services


# ---- the replay: what AWS makes of the schedules, minute by minute, without the functions under test


def fires(expression: str, zone: str, minute: datetime) -> bool:
    local = minute.astimezone(ZoneInfo(zone))
    once = re.fullmatch(r"at\((.+)\)", expression)
    if once:
        return local.replace(tzinfo=None) == datetime.fromisoformat(once[1])
    cron = re.fullmatch(r"cron\((\d+) (\d+) (\S) \* (\S+) \*\)", expression)
    assert cron, expression
    of_month, of_week = cron[3], cron[4]
    assert sorted((of_month, "?")) == sorted(("*", "?")) if of_week == "?" else of_month == "?", expression
    return (local.minute, local.hour) == (int(cron[1]), int(cron[2])) and (
        of_week == "?" or DAYS[local.weekday()] in of_week.split(",")
    )


def replay(entries: list[dict[str, Any]], up: bool, now: datetime, weeks: int) -> dict[datetime, bool]:
    """Whether it is up at each full hour, when these schedules alone start and stop it."""
    states = {}
    for count in range(weeks * 7 * 24 * 60):
        minute = now + timedelta(minutes=count)
        fired = [
            entry
            for entry in entries
            if (not entry["start"] or minute >= datetime.fromisoformat(entry["start"]))
            and (not entry["end"] or minute < datetime.fromisoformat(entry["end"]))
            and fires(entry["expression"], entry["timezone"], minute)
        ]
        assert len(fired) <= 1 or len({entry["up"] for entry in fired}) == 1, f"start and stop at {minute}"
        up = fired[0]["up"] if fired else up
        if minute.minute == 0:
            states[minute] = up
    return states


def played(settings: dict[str, Any], now: datetime, weeks: int) -> dict[str, dict[datetime, bool]]:
    actions = [
        {**entry, "expression": entry["schedule"], "up": entry["max_capacity"] > 0}
        for entry in nights.scheduled_actions(["backend"], settings, now)
    ]
    schedules = [
        {**entry, "expression": entry["schedule_expression"], "up": entry["target_arn"].endswith(":startDBInstance")}
        for entry in nights.schedules(settings, now)
    ]
    begin = nights.wanted(settings, now)
    return {
        "services": replay(actions, begin["services"], now, weeks),
        "database": replay(schedules, begin["database"], now, weeks),
    }


@pytest.mark.parametrize(
    ("change", "now"),
    [
        ({}, "2026-11-23 12:00"),
        ({}, "2026-11-28 03:00"),
        ({"time_zone": "America/New_York"}, "2026-10-26 15:00"),
        ({"time_zone": "America/New_York"}, "2026-03-02 15:00"),
        ({"time_zone": "Europe/Berlin", "up_days": ["sat", "sun", "mon"]}, "2026-10-20 15:00"),
        ({"time_zone": "UTC", "up_from": "00:30", "up_until": "22:00"}, "2026-11-23 12:00"),
        ({"holidays": ["2026-12-03", "2026-12-04", "2026-12-08"]}, "2026-11-30 12:00"),
        ({"holidays": ["2026-12-08", "2026-12-03"]}, "2026-12-03 12:00"),  # on a holiday
        ({"holidays": ["2026-12-05", "2026-12-07", "2026-12-11", "2026-12-14"]}, "2026-12-01 12:00"),  # empty weekend
        ({"stay_up_until": "2026-11-24 23:30"}, "2026-11-24 15:00"),
        ({"stay_up_until": "2026-11-24 23:30"}, "2026-11-23 15:00"),  # ahead of time
        ({"stay_up_until": "2026-11-24 23:30"}, "2026-11-24 21:00"),
        ({"stay_up_until": "2026-11-24 23:30"}, "2026-11-25 01:00"),  # over
        ({"stay_up_until": "2026-11-25 10:00"}, "2026-11-24 15:00"),  # ends by day
        ({"stay_up_until": "2026-11-25 07:50"}, "2026-11-24 15:00"),  # the database would have been started already
        ({"stay_up_until": "2026-11-29 20:00"}, "2026-11-27 15:00"),  # at the time of an evening's stop
        ({"stay_up_until": "2026-11-24 20:05"}, "2026-11-24 15:00"),
        ({"stay_up_until": "2026-12-06 12:00", "holidays": ["2026-12-04", "2026-12-10"]}, "2026-12-02 15:00"),
    ],
)
def test_the_schedules_make_it_so(change: dict[str, Any], now: str) -> None:
    settings = {**SETTINGS, **change}
    found = played(settings, at(now, settings["time_zone"]).astimezone(UTC), weeks=3)
    wrong = {
        f"{subject} {hour}": up
        for subject, states in found.items()
        for hour, up in states.items()
        if nights.wanted(settings, hour)[subject] is not up
    }
    assert len(found["services"]) == 3 * 7 * 24
    assert wrong == {}


def test_what_is_over_drops_out_and_the_rest_keeps_its_name() -> None:
    """So that a later run finds nothing to do."""
    settings = {**SETTINGS, "holidays": ["2026-12-03", "2026-12-08"], "stay_up_until": "2026-12-01 22:00"}

    def times(now: str) -> dict[str, tuple[str | None, str | None]]:
        found = nights.schedules(settings, at(now))
        return {entry["name"]: (entry["start"], entry["end"]) for entry in found}

    after = "2026-12-01T13:11:00+00:00"  # the database's last minute is ten minutes later
    assert times("2026-11-30 12:00") == {
        "database-start": ("", "2026-12-02T15:00:00+00:00"),
        "database-start-20261204": ("2026-12-03T15:00:00+00:00", "2026-12-07T15:00:00+00:00"),
        "database-start-20261209": ("2026-12-08T15:00:00+00:00", ""),
        "database-stop": ("", "2026-11-30T15:00:00+00:00"),
        "database-stop-once-20261201": ("", ""),
        "database-stop-20261201": (after, ""),
    }
    assert times("2026-12-04 12:00") == {
        "database-start-20261204": (None, "2026-12-07T15:00:00+00:00"),
        "database-start-20261209": ("2026-12-08T15:00:00+00:00", ""),
        "database-stop-20261201": (None, ""),
    }


def test_what_is_asked_of_aws() -> None:
    now = at("2026-11-23 12:00")
    start, stop = nights.scheduled_actions(["backend"], SETTINGS, now)
    assert (start["schedule"], start["min_capacity"], start["max_capacity"]) == (
        "cron(0 8 ? * MON,TUE,WED,THU,FRI *)",
        1,
        2,
    )
    assert (stop["schedule"], stop["min_capacity"], stop["max_capacity"]) == ("cron(0 20 * * ? *)", 0, 0)
    assert start["resource_id"] == "service/triflow-dev/backend"
    assert (start["timezone"], start["name"]) == ("Asia/Seoul", "triflow-dev-backend-start")
    up, down = nights.schedules(SETTINGS, now)
    assert up["target_arn"] == "arn:aws:scheduler:::aws-sdk:rds:startDBInstance"
    assert down["target_arn"] == "arn:aws:scheduler:::aws-sdk:rds:stopDBInstance"
    assert (up["schedule_expression"], down["schedule_expression"]) == (
        "cron(40 7 ? * MON,TUE,WED,THU,FRI *)",
        "cron(10 20 * * ? *)",
    )
    assert up["input"] == down["input"] == {"DbInstanceIdentifier": "triflow-dev-db"}
    assert (up["retry_attempts"], down["retry_attempts"]) == (3, 0)
