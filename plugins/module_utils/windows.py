# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Backup and maintenance windows: from a stack's time zone to UTC, and whether two of them overlap (DB-6, DB-7).

A daily window is `hh:mm-hh:mm`, a weekly one `ddd:hh:mm-ddd:hh:mm`. Both last at least 30 minutes and less than
24 hours, as RDS demands (Amazon RDS API reference, CreateDBInstance, PreferredBackupWindow and
PreferredMaintenanceWindow).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from ansible_collections.triflow.platform.plugins.module_utils.problems import nearest

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_A_DAY = 24 * 60
MINUTES_A_WEEK = 7 * MINUTES_A_DAY
SHORTEST = 30

ACCEPTED_DAILY = "hh:mm-hh:mm, 30 minutes to 24 hours, for example 03:00-04:00"
ACCEPTED_WEEKLY = "ddd:hh:mm-ddd:hh:mm with mon to sun, 30 minutes to 24 hours, for example mon:04:00-mon:05:00"
ACCEPTED_ZONE = "a name of the IANA time zone database, for example Asia/Seoul or UTC"

_TIME = r"([01]\d|2[0-3]):([0-5]\d)"
_DAY = f"({'|'.join(DAYS)})"
_DAILY = re.compile(f"{_TIME}-{_TIME}")
_WEEKLY = re.compile(f"{_DAY}:{_TIME}-{_DAY}:{_TIME}", re.IGNORECASE)


def parse_daily(window: str) -> tuple[int, int]:
    """Return the start, in minutes after midnight, and the length in minutes of a daily window.

    Raises ValueError for a window that is malformed or shorter than 30 minutes.
    """
    match = _DAILY.fullmatch(window)
    if not match:
        raise ValueError(f"{window!r} is not a daily window: {ACCEPTED_DAILY}")
    hour, minute, end_hour, end_minute = (int(part) for part in match.groups())
    start = hour * 60 + minute
    length = (end_hour * 60 + end_minute - start) % MINUTES_A_DAY
    if length < SHORTEST:
        raise ValueError(f"{window!r} lasts {length} minutes: {ACCEPTED_DAILY}")
    return start, length


def parse_weekly(window: str) -> tuple[int, int]:
    """Return the start, in minutes after Monday midnight, and the length in minutes of a weekly window.

    Raises ValueError for a window that is malformed, shorter than 30 minutes, or 24 hours or longer.
    """
    match = _WEEKLY.fullmatch(window)
    if not match:
        raise ValueError(f"{window!r} is not a weekly window: {ACCEPTED_WEEKLY}")
    day, hour, minute, end_day, end_hour, end_minute = match.groups()
    start = _minute_of_week(day, hour, minute)
    length = (_minute_of_week(end_day, end_hour, end_minute) - start) % MINUTES_A_WEEK
    if not SHORTEST <= length < MINUTES_A_DAY:
        raise ValueError(f"{window!r} lasts {length} minutes: {ACCEPTED_WEEKLY}")
    return start, length


def utc_offset(time_zone: str) -> int:
    """Return the zone's standard offset from UTC in minutes, the same in summer and in winter.

    Daylight saving time is left out, so that a window keeps its UTC time all year: AWS would otherwise see a changed
    window twice a year. In a zone that has it, the window is an hour later by the clock while it lasts.

    Raises ValueError for an unknown zone, naming the nearest known ones.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError) as error:
        hint = _nearest_zones(time_zone)
        raise ValueError(f"{time_zone!r} is not a known time zone: {hint or ACCEPTED_ZONE}") from error
    year = datetime.now(UTC).year
    # Clocks go forward in summer: the smaller of the two offsets is the standard one in both hemispheres.
    offsets = [datetime(year, month, 1, tzinfo=zone).utcoffset() or timedelta() for month in (1, 7)]
    return round(min(offsets).total_seconds()) // 60


def utc_window(window: str, time_zone: str) -> str:
    """Return a daily or weekly window of `time_zone` in UTC, the way the RDS API takes it.

    `03:00-04:00` in Asia/Seoul is `18:00-19:00`, `mon:04:00-mon:05:00` is `sun:19:00-sun:20:00`.
    Raises ValueError for a malformed window or an unknown zone.
    """
    if window[:1].isalpha():
        start, length = parse_weekly(window)
        start = (start - utc_offset(time_zone)) % MINUTES_A_WEEK
        return f"{_weekly_text(start)}-{_weekly_text(start + length)}"
    start, length = parse_daily(window)
    start -= utc_offset(time_zone)
    return f"{_daily_text(start)}-{_daily_text(start + length)}"


def windows_overlap(daily: str, weekly: str) -> bool:
    """Return whether a daily and a weekly window of the same zone share a minute. Windows that only touch do not.

    Raises ValueError for a malformed window.
    """
    daily_start, daily_length = parse_daily(daily)
    weekly_start, weekly_length = parse_weekly(weekly)
    # Both last less than a day, so their distance within the day decides.
    ahead = (weekly_start - daily_start) % MINUTES_A_DAY
    return ahead < daily_length or MINUTES_A_DAY - ahead < weekly_length


def _minute_of_week(day: str, hour: str, minute: str) -> int:
    return DAYS.index(day.lower()) * MINUTES_A_DAY + int(hour) * 60 + int(minute)


def _daily_text(minutes: int) -> str:
    hour, minute = divmod(minutes % MINUTES_A_DAY, 60)
    return f"{hour:02}:{minute:02}"


def _weekly_text(minutes: int) -> str:
    return f"{DAYS[minutes % MINUTES_A_WEEK // MINUTES_A_DAY]}:{_daily_text(minutes)}"


def _nearest_zones(time_zone: str) -> str:
    zones = {zone for zone in available_timezones() if "/" in zone}
    city = time_zone.rpartition("/")[2].lower().replace(" ", "_")
    same_city = sorted(zone for zone in zones if zone.rpartition("/")[2].lower() == city)
    return f"did you mean {' or '.join(same_city)}?" if same_city else nearest(time_zone, zones)
