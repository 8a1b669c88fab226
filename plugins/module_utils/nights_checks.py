# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks over the variables of the nights (ENV-6): where they may be, and hours that services and database can keep."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import nights
from ansible_collections.triflow.platform.plugins.module_utils.limits import SECONDS, limit_problems
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem

Variables = Mapping[str, Any]

CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d ([01]\d|2[0-3]):[0-5]\d")
DAY_MINUTES = 24 * 60
LAG_MINUTES = nights.DATABASE_LAG // timedelta(minutes=1)
SHORTEST_STOP = 60  # minutes: RDS takes some to stop, and starts nothing that is still stopping
LONGEST_LEAD = 240
RANGES = {"nights_wait_timeout": SECONDS}


def nights_problems(variables: Variables, groups: Collection[str]) -> list[Problem]:
    """All that is wrong with them. What is not given is not checked."""
    problems = [*limit_problems(variables, {}, RANGES), *_place_problems(variables, groups), *_form_problems(variables)]
    return problems or [*_hour_problems(variables), *_stay_problems(variables)]


def _place_problems(variables: Variables, groups: Collection[str]) -> Iterator[Problem]:
    if not variables.get("nights_enabled"):
        return
    if "prod" in groups:
        yield problem("nights_enabled", True, "production is always on (ENV-6)", "false for a host of the group prod")
    scaled = variables.get("autoscaling_services")
    for service in variables.get("ecs_services") or []:
        if scaled is not None and service["name"] not in scaled:
            reason = "the service would go on without its database: only what scales can be put to sleep"
            yield problem("autoscaling_services", service["name"], reason, "every service of ecs_services")


def _form_problems(variables: Variables) -> Iterator[Problem]:
    days = variables.get("nights_up_days")
    if days is not None and (not days or len(set(days)) < len(days)):
        yield problem("nights_up_days", days, "it is empty or names a day twice", "one or more of mon to sun")
    for variable in ("nights_up_from", "nights_up_until"):
        value = variables.get(variable)
        if value is not None and not CLOCK.fullmatch(value):
            yield problem(variable, value, "it is no time of the day", 'hh:mm, in quotes: "08:00"')
    for value in variables.get("nights_holidays") or []:
        if not _is_date(value):
            yield problem("nights_holidays", value, "it is no date", 'YYYY-MM-DD, in quotes: "2026-12-25"')
    stay = variables.get("nights_stay_up_until")
    if stay and not (MOMENT.fullmatch(stay) and _is_date(stay[:10])):
        yield problem("nights_stay_up_until", stay, "it is no moment", 'YYYY-MM-DD hh:mm, in quotes, or ""')
    lead = variables.get("nights_database_lead_minutes")
    if lead is not None and not 0 <= lead <= LONGEST_LEAD:
        reason = "the database needs some minutes to start, and no more"
        yield problem("nights_database_lead_minutes", lead, reason, f"0 to {LONGEST_LEAD} minutes")


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _hour_problems(variables: Variables) -> Iterator[Problem]:
    begin, until, lead = (variables.get(f"nights_{name}") for name in ("up_from", "up_until", "database_lead_minutes"))
    if begin is None or until is None or lead is None:
        return
    if _minutes(begin) >= _minutes(until):
        yield problem("nights_up_until", until, f"it is not after nights_up_from, {begin}", "a later time of the day")
    first, last = _minutes(begin) - lead, _minutes(until) + LAG_MINUTES
    if first < 0:
        reason = f"the database would start {lead} minutes before, the day before"
        yield problem("nights_up_from", begin, reason, f"00:{lead % 60:02} or later" if lead < 60 else "a later time")
    if last >= DAY_MINUTES:
        reason = f"the database stops {LAG_MINUTES} minutes later, the next day"
        yield problem("nights_up_until", until, reason, f"before 23:{60 - LAG_MINUTES}")
    elif DAY_MINUTES - last + first < SHORTEST_STOP:
        reason = f"the database would be stopped for less than {SHORTEST_STOP} minutes"
        yield problem("nights_up_until", until, reason, "an earlier time, or a later nights_up_from")


def _stay_problems(variables: Variables) -> Iterator[Problem]:
    """A database that is stopped right before its start would stay down all day."""
    names = ("up_days", "up_from", "up_until", "holidays", "stay_up_until", "database_lead_minutes")
    settings = {name: variables.get(f"nights_{name}") for name in names}
    if any(value is None for value in settings.values()) or not settings["stay_up_until"]:
        return
    services, database = nights.hours({**settings, "time_zone": "UTC"})
    stay = datetime.fromisoformat(settings["stay_up_until"])
    stopped, start = stay + nights.DATABASE_LAG, datetime.combine(stay.date(), database.start)
    for begin in (start, start + nights.DAY):
        near = begin - timedelta(minutes=SHORTEST_STOP) < stopped and stay < datetime.combine(begin, services.start)
        if near and database.works(begin.date()):
            reason = f"the database would be stopped right before its start, at {database.start:%H:%M}"
            yield problem(
                "nights_stay_up_until",
                settings["stay_up_until"],
                reason,
                f"{services.start:%H:%M} of that day or later, or an hour earlier",
            )
