# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks over the variables of the notifications (MON-8): names of topics, addresses and numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.limits import SECONDS, Pattern, Range, limit_problems
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem
from ansible_collections.triflow.platform.plugins.module_utils.sms_regions import TEXTING

ADDRESS = re.compile(r"[^@\s,;<>]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")  # ITU-T E.164: country code first, at most 15 digits
LISTS = {
    "notifications_email_addresses": (ADDRESS, "it is no e-mail address", "one address each, such as name@example.com"),
    "notifications_phone_numbers": (
        NUMBER,
        "it is no telephone number as E.164 writes it",
        "+, country code and number, digits only and in quotes, such as '+821000000000'",
    ),
}
PATTERNS = {
    # AWS Lambda developer guide, "Lambda runtimes": those in which a function can be created.
    "notifications_function_runtime": Pattern(
        r"python3\.1[0-4]", "Lambda creates no function of it", "python3.10 to python3.14"
    ),
}
RANGES = {
    "notifications_wait_timeout": SECONDS,
    # AWS KMS API reference, ScheduleKeyDeletion.
    "notifications_key_recovery_days": Range(7, 30, "days", "KMS does not take it"),
}


def notification_problems(variables: Mapping[str, Any]) -> list[Problem]:
    """All that is wrong with them. What is not given is not checked."""
    problems = limit_problems(variables, PATTERNS, RANGES)
    days = variables.get("notifications_secret_recovery_days")
    if days is not None and days != 0 and not 7 <= days <= 30:
        reason = "Secrets Manager does not take it"
        accepted = "7 to 30 days, or 0 to delete at once"
        problems.append(problem("notifications_secret_recovery_days", days, reason, accepted))
    region = variables.get("notifications_sms_region")
    if region is not None and region not in TEXTING:
        reason = "AWS End User Messaging has no SMS there"
        problems.append(problem("notifications_sms_region", region, reason, f"one of {', '.join(TEXTING)}"))
    for variable, (pattern, reason, accepted) in LISTS.items():
        values = variables.get(variable) or []
        problems += [problem(variable, value, reason, accepted) for value in values if not pattern.fullmatch(value)]
        problems += [
            problem(variable, value, "it is there twice", "each one once")
            for value in sorted(set(values))
            if values.count(value) > 1
        ]
    return problems
