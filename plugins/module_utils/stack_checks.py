# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks over the variables of the stack itself: its name, its place, its tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import windows
from ansible_collections.triflow.platform.plugins.module_utils.aws_tags import ROUTE_53, TAG_RULES, tag_problems
from ansible_collections.triflow.platform.plugins.module_utils.limits import (
    REGION,
    Pattern,
    Range,
    limit_problems,
    parse_problems,
)
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem

Variables = Mapping[str, Any]

PATTERNS = {
    # The longest identifier made from it is that of an RDS instance, which starts with a letter and has no "--".
    "stack_name": Pattern(
        r"(?=.{3,40}$)[a-z]([a-z0-9]|-(?!-))*[a-z0-9]",
        "it is no name for a stack",
        "3 to 40 lower-case letters, digits and single hyphens, from a letter to a letter or digit: triflow-prod",
    ),
    "stack_account_id": Pattern(r"\d{12}", "it is no AWS account ID", "12 digits, in quotes"),
}
RANGES = {"stack_retry_seconds": Range(1, 3600, "seconds", "no call can be repeated for that long")}


def stack_problems(variables: Variables) -> list[Problem]:
    """All that is wrong with them. What is not given is not checked."""
    zone = variables.get("stack_time_zone")
    return [
        *limit_problems(variables, PATTERNS, RANGES),
        *parse_problems("stack_time_zone", zone, windows.utc_offset, windows.ACCEPTED_ZONE),
        *_region_problems(variables),
        *_tag_problems(variables),
    ]


def _region_problems(variables: Variables) -> list[Problem]:
    region = variables.get("stack_region")
    if region is None or re.fullmatch(REGION, region):
        return []
    if re.fullmatch(f"{REGION}[a-z]", region):
        reason = "it is an availability zone, and not the region that it is in"
        return [problem("stack_region", region, reason, f"did you mean {region[:-1]}?")]
    return [problem("stack_region", region, "it is not written like an AWS region", "a region such as ap-northeast-2")]


def _tag_problems(variables: Variables) -> list[Problem]:
    services = {rule.service for rule in TAG_RULES}
    if variables.get("stack_foundation") or variables.get("dns_zone") == "adopt":
        services -= {ROUTE_53}  # an adopted zone is not tagged
    return tag_problems(variables.get("stack_tags") or {}, services)
