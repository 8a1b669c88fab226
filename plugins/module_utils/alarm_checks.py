# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks over the table of alarms: what CloudWatch takes, and what the table has to be in itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import alarms
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, nearest, problem

Variables = Mapping[str, Any]
Row = Mapping[str, Any]

TABLE = "alarms_definitions"
DAY = 86400
HOUR = 3600
STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")


def alarm_problems(variables: Variables) -> list[Problem]:
    """All that is wrong with the variables of the alarms. What is not given is not checked."""
    rows: list[dict[str, Any]] = variables.get(TABLE) or []
    services = [str(service["name"]) for service in variables.get("ecs_services") or []]
    return [found for row in rows for found in _row_problems(row)] + list(
        _name_problems(alarms.names(rows, services), variables.get("alarms_thresholds") or {})
    )


def _row_problems(row: Row) -> Iterator[Problem]:
    name = row["name"]
    if (alarms.SERVICE in name) != (row["of"] == "service"):
        reason = f"an alarm of each service, and no other, has {alarms.SERVICE} in its name"
        yield problem(TABLE, name, reason, f"of: service with ecs-{alarms.SERVICE}-memory-high, or neither")
    if bool(row.get("expression")) != bool(row.get("metrics")):
        yield problem(TABLE, name, "it has one of expression and metrics", "both, or neither")
    # Amazon CloudWatch API reference, PutMetricAlarm.
    if row["statistic"] not in STATISTICS and not re.fullmatch(r"p(\d{1,2}(\.\d{1,10})?|100)", row["statistic"]):
        accepted = f"{', '.join(STATISTICS)}, or a percentile such as p95"
        yield problem(TABLE, row["statistic"], f"CloudWatch does not take it as the statistic of {name}", accepted)
    for option, longest in (("summary", 1024), ("metric", 255), ("expression", 2048)):
        if len(row.get(option) or "") > longest:
            reason = f"{option} of {name} has more than the {longest} characters that CloudWatch takes"
            yield problem(TABLE, row[option], reason, "a shorter one")
    period, periods = row["period"], row["periods"]
    if period not in (10, 20, 30) and (period < 60 or period % 60):
        yield problem(
            TABLE, period, f"CloudWatch does not take it as the period of {name}", "10, 20, 30 or n * 60 seconds"
        )
        return
    most = (DAY if period < HOUR else 7 * DAY) // period
    if not 1 <= periods <= most:
        reason = f"CloudWatch does not look back that far, and period of {name} is {period} seconds"
        yield problem(TABLE, periods, reason, f"1 to {most} periods")


def _name_problems(names: list[str], thresholds: Mapping[str, Any]) -> Iterator[Problem]:
    for name in sorted(set(names)):
        if names.count(name) > 1:
            yield problem(TABLE, name, "it is there twice", "each name once")
    for name, value in sorted(thresholds.items()):
        if name not in names:
            accepted = nearest(name, names) or f"one of {', '.join(names)}"
            yield problem("alarms_thresholds", name, "there is no alarm of that name", accepted)
        elif isinstance(value, bool) or not isinstance(value, (int, float)):
            reason = f"it is no number, for the threshold of {name}"
            yield problem("alarms_thresholds", value, reason, "a number in the metric's unit")
