# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks over the variables of the dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.limits import Pattern, limit_problems
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem

PATTERNS = {
    # Amazon CloudWatch API reference, PutMetricData.
    "dashboard_custom_namespace": Pattern(
        r"(?!AWS/)[A-Za-z0-9._/#-][A-Za-z0-9._/#:-]{0,254}",
        "CloudWatch does not take it as a namespace of one's own",
        "at most 255 letters, digits and . - _ / # : characters, not beginning with AWS/ or a colon: TriFlow/prod",
    ),
}


def dashboard_problems(variables: Mapping[str, Any]) -> list[Problem]:
    """All that is wrong with them. What is not given is not checked."""
    return limit_problems(variables, PATTERNS, {})
