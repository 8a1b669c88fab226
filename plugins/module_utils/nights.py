# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When a stack is up and when it sleeps (ENV-6), and the schedules that make it so: pure functions.

The ``settings`` are the variables of the role ``nights`` without their prefix, with ``time_zone``. All times are the
clock's in that zone, whatever daylight saving time does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ansible_collections.triflow.platform.plugins.module_utils.moments import iso
from ansible_collections.triflow.platform.plugins.module_utils.windows import DAYS

Settings = dict[str, Any]

DATABASE_LAG = timedelta(minutes=10)  # the database stops after the services, whose tasks then have ended
LONGEST_SLEEP = 31  # days back in which the evening is looked for that stay_up_until puts off
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
ANY_DAY = date(2000, 1, 1)  # to count with times


@dataclass(frozen=True)
class Hours:
    """When the services, or the database, are up. All times are naive: the clock's in the zone."""

    zone: ZoneInfo
    days: frozenset[str]
    holidays: frozenset[date]
    start: time
    stop: time
    stay: datetime | None  # up from the last evening before it, and down from it on

    def works(self, day: date) -> bool:
        return DAYS[day.weekday()] in self.days and day not in self.holidays

    def ordinary(self, local: datetime) -> bool:
        """Whether it is up without ``stay``."""
        return self.works(local.date()) and self.start <= local.time() < self.stop

    def evening(self) -> date | None:
        """The day whose stop ``stay`` puts off: the last one that ended before it."""
        if self.stay is None:
            return None
        days = (self.stay.date() - count * DAY for count in range(LONGEST_SLEEP))
        return next((day for day in days if self.works(day) and datetime.combine(day, self.stop) <= self.stay), None)

    def is_up(self, instant: datetime) -> bool:
        local = instant.astimezone(self.zone).replace(tzinfo=None)
        if self.ordinary(local):
            return True
        evening = self.evening()
        if evening is None or self.stay is None:
            return False
        return datetime.combine(evening, self.stop) <= local < self.stay

    def utc(self, local: datetime) -> datetime:
        return local.replace(tzinfo=self.zone).astimezone(UTC)


@dataclass(frozen=True)
class Event:
    """A recurring start or stop between two instants, or a stop that happens once."""

    name: str  # start, stop, start-20261224, stop-once-20261123
    starts: bool
    expression: str  # cron() or at(), as Application Auto Scaling and EventBridge Scheduler both take it
    begin: datetime | None = None
    end: datetime | None = None


def hours(settings: Settings) -> tuple[Hours, Hours]:
    """The hours of the services and those of the database, which begin earlier and end later."""
    begin, until = (datetime.combine(ANY_DAY, time.fromisoformat(settings[name])) for name in ("up_from", "up_until"))
    stay = datetime.fromisoformat(settings["stay_up_until"]) if settings["stay_up_until"] else None
    zone, days = ZoneInfo(settings["time_zone"]), frozenset(settings["up_days"])
    holidays = frozenset(date.fromisoformat(day) for day in settings["holidays"])
    lead = timedelta(minutes=settings["database_lead_minutes"])
    services = Hours(zone, days, holidays, begin.time(), until.time(), stay)
    database = Hours(
        zone, days, holidays, (begin - lead).time(), (until + DATABASE_LAG).time(), stay and stay + DATABASE_LAG
    )
    return services, database


def wanted(settings: Settings, instant: datetime) -> dict[str, bool]:
    """Whether the services and the database are to be up at an instant, which knows its time zone."""
    services, database = hours(settings)
    return {"services": services.is_up(instant), "database": database.is_up(instant)}


def _starts(subject: Hours) -> Iterator[Event]:
    """One recurring start between two holidays, since a cron expression knows none."""
    days = ",".join(day.upper() for day in DAYS if day in subject.days)
    expression = f"cron({subject.start.minute} {subject.start.hour} ? * {days} *)"
    begin: date | None = None
    for holiday in sorted(day for day in subject.holidays if DAYS[day.weekday()] in subject.days):
        if begin is None or any(subject.works(begin + count * DAY) for count in range((holiday - begin).days)):
            yield _between(subject, "start", expression, begin, holiday)
        begin = holiday + DAY
    yield _between(subject, "start", expression, begin, None)


def _between(subject: Hours, name: str, expression: str, begin: date | None, end: date | None) -> Event:
    return Event(
        f"{name}-{begin:%Y%m%d}" if begin else name,
        True,
        expression,
        subject.utc(datetime.combine(begin, time.min)) if begin else None,
        subject.utc(datetime.combine(end, time.min)) if end else None,
    )


def _stops(subject: Hours) -> Iterator[Event]:
    """Every night, also after days off: what somebody started goes down again, and what RDS restarts after 7 days."""
    expression = f"cron({subject.stop.minute} {subject.stop.hour} * * ? *)"
    evening = subject.evening()
    if evening is None or subject.stay is None:
        yield Event("stop", False, expression)
        return
    yield Event("stop", False, expression, end=subject.utc(datetime.combine(evening, time.min)))
    if not subject.ordinary(subject.stay):
        name = f"stop-once-{subject.stay:%Y%m%d}"
        yield Event(name, False, f"at({subject.stay:%Y-%m-%dT%H:%M:%S})", end=subject.utc(subject.stay))
    yield Event(f"stop-{subject.stay:%Y%m%d}", False, expression, begin=subject.utc(subject.stay + MINUTE))


def events(subject: Hours, now: datetime) -> list[Event]:
    """All that is not over."""
    return [event for event in (*_starts(subject), *_stops(subject)) if event.end is None or event.end > now]


def _times(event: Event, now: datetime) -> dict[str, str | None]:
    """``start`` and ``end`` as the modules take them: empty for none. A start that is over is not given."""
    once = event.expression.startswith("at(")
    over = event.begin is not None and event.begin <= now
    return {"start": None if over else iso(event.begin) or "", "end": "" if once else iso(event.end) or ""}


def scheduled_actions(services: list[str], settings: Settings, now: datetime) -> list[dict[str, Any]]:
    """The option ``actions`` of the module ``scheduled_actions``: capacity 0 at night, that of the variables by day."""
    by_day = (settings["min_capacity"], settings["max_capacity"])
    found = []
    for service in services:
        for event in events(hours(settings)[0], now):
            least, most = by_day if event.starts else (0, 0)
            found.append(
                {
                    "component": f"scheduled-action-{service}-{event.name}",
                    "resource_id": f"service/{settings['cluster']}/{service}",
                    "name": f"{settings['stack']}-{service}-{event.name}",
                    "schedule": event.expression,
                    "timezone": settings["time_zone"],
                    "min_capacity": least,
                    "max_capacity": most,
                    **_times(event, now),
                }
            )
    return found


def schedules(settings: Settings, now: datetime) -> list[dict[str, Any]]:
    """The option ``schedules`` of the module ``schedules``: start and stop of the database.

    A stop is never tried again: by then somebody may have started the database on purpose.
    """
    return [
        {
            "component": f"schedule-database-{event.name}",
            "name": f"database-{event.name}",
            "schedule_expression": event.expression,
            "timezone": settings["time_zone"],
            "target_arn": f"arn:aws:scheduler:::aws-sdk:rds:{'start' if event.starts else 'stop'}DBInstance",
            "role_arn": settings["role_arn"],
            "input": {"DbInstanceIdentifier": settings["db_instance_identifier"]},
            "retry_attempts": 3 if event.starts else 0,
            **_times(event, now),
        }
        for event in events(hours(settings)[1], now)
    ]
