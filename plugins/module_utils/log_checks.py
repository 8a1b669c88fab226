# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks over how long logs are kept, and where their archive is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.triflow.platform.plugins.module_utils.limits import SECONDS, Pattern, Range, limit_problems
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem

Variables = Mapping[str, Any]


class Retention(NamedTuple):
    """The numbers of days that CloudWatch takes as a log group's retention."""

    days: tuple[int, ...]
    source: str


RETENTIONS = (
    Retention(
        (
            *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545),
            *(731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
        ),
        "Amazon CloudWatch Logs API reference, PutRetentionPolicy",
    ),
)
RETENTION_DAYS = RETENTIONS[0].days
RETENTION_VARIABLES = (
    "logs_retention_days",
    "logs_database_retention_days",
    "notifications_log_retention_days",
    "vpc_flow_logs_retention_days",
)

ARCHIVE_PREFIX = Pattern(
    r"(?!tenants/)[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*/",
    "it cannot begin the keys of the archive",
    "a prefix outside tenants/ that ends with a slash: logs-archive/",
)
PATTERNS = {
    "logs_archive_prefix": ARCHIVE_PREFIX,
    "logs_archive_error_prefix": ARCHIVE_PREFIX,
}
RANGES = {
    # Amazon Data Firehose API reference, BufferingHints.
    "logs_archive_buffering_interval": Range(0, 900, "seconds", "Firehose does not take it"),
    "logs_archive_buffering_size": Range(1, 128, "MiB", "Firehose does not take it"),
    "logs_wait_timeout": SECONDS,
}


def log_problems(variables: Variables) -> list[Problem]:
    """All that is wrong with them. What is not given is not checked."""
    return [
        *limit_problems(variables, PATTERNS, RANGES),
        *_retention_problems(variables),
        *_archive_problems(variables),
    ]


def _retention_problems(variables: Variables) -> list[Problem]:
    accepted = f"one of {', '.join(map(str, RETENTION_DAYS))} days"
    return [
        problem(name, variables[name], "CloudWatch Logs does not take it", accepted)
        for name in RETENTION_VARIABLES
        if variables.get(name) is not None and variables[name] not in RETENTION_DAYS
    ]


def _archive_problems(variables: Variables) -> list[Problem]:
    rules = variables.get("s3_prefix_rules")
    if rules is None:
        return []
    below = variables.get("s3_prefix") or ""
    prefixes = [below + rule["prefix"] for rule in rules if rule.get("expiration_days") is not None]
    accepted = "s3_prefix, and a prefix of s3_prefix_rules with expiration_days"
    return [
        problem(name, variables[name], "no lifecycle rule ever deletes what is written there (MON-3)", accepted)
        for name in ("logs_archive_prefix", "logs_archive_error_prefix")
        if re.fullmatch(ARCHIVE_PREFIX.expression, variables.get(name) or "") and variables[name] not in prefixes
    ]
