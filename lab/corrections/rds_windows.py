"""RDS backup and maintenance windows: moto refuses windows that merely touch and takes malformed backup windows."""

from __future__ import annotations

import re
from typing import Any

import moto.rds.models

from lab.corrections.override import override

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60
WEEK = 7 * DAY
BACKUP = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
MAINTENANCE = re.compile(
    r"(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):([0-5]\d)-(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):([0-5]\d)"
)


def refusal(maintenance: str, backup: str) -> str | None:
    """Why RDS refuses the two windows, None when it takes them.

    CreateDBInstance, PreferredBackupWindow and PreferredMaintenanceWindow: formats hh24:mi-hh24:mi and
    ddd:hh24:mi-ddd:hh24:mi in UTC, at least 30 minutes each, not overlapping. An end that is the other's start
    does not overlap.
    """
    daily = BACKUP.fullmatch(backup)
    if not daily:
        return (
            f"Invalid backup window format: {backup}. Should be specified as a range hh24:mi-hh24:mi "
            "(24H Clock UTC). Example: 23:45-00:15"
        )
    weekly = MAINTENANCE.fullmatch(maintenance.lower())
    if not weekly:
        return (
            f"Invalid maintenance window format: {maintenance}. Should be specified as a range "
            "ddd:hh24:mi-ddd:hh24:mi (24H Clock UTC). Example: Sun:23:45-Mon:00:15"
        )
    hour, minute, end_hour, end_minute = map(int, daily.groups())
    backup_start = hour * 60 + minute
    backup_length = (end_hour * 60 + end_minute - backup_start) % DAY
    if backup_length < 30:
        return "The backup window must be at least 30 minutes."
    day, hours, minutes, end_day, end_hours, end_minutes = weekly.groups()
    start = DAYS.index(day) * DAY + int(hours) * 60 + int(minutes)
    length = (DAYS.index(end_day) * DAY + int(end_hours) * 60 + int(end_minutes) - start) % WEEK
    if length < 30:
        return "The maintenance window must be at least 30 minutes."
    if length >= DAY:
        return "Maintenance window must be less than 24 hours."
    # Of two intervals on a circle, one begins inside the other when they overlap.
    for number in range(7):
        distance = (number * DAY + backup_start - start) % WEEK
        if distance < length or (start - number * DAY - backup_start) % WEEK < backup_length:
            return "The backup window and maintenance window must not overlap."
    return None


@override(moto.rds.models, "valid_preferred_maintenance_window")
def _valid_windows(_unused: Any, maintenance_window: str, backup_window: str) -> str | None:
    return refusal(maintenance_window, backup_window)
