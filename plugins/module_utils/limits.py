# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a text must look like and a number lie between, and the problems of those that do not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem


class Pattern(NamedTuple):
    """What a text must look like."""

    expression: str
    reason: str
    accepted: str


class Range(NamedTuple):
    """What a number must lie between, both ends included."""

    least: int
    most: int
    unit: str
    reason: str


REGION = r"[a-z]{2}(-[a-z]+)+-\d"
SECONDS = Range(1, 86400, "seconds", "nothing can be waited for that long")


def limit_problems(
    variables: Mapping[str, Any], patterns: Mapping[str, Pattern], ranges: Mapping[str, Range]
) -> list[Problem]:
    """The problems of what these tables name: texts, numbers and lists of numbers. What is not given has none."""
    return _pattern_problems(variables, patterns) + _range_problems(variables, ranges)


def empty_problems(variables: Mapping[str, Any], accepted: Mapping[str, str]) -> list[Problem]:
    """The problems of lists that need an element: ``accepted`` says which, and what is accepted."""
    return [
        problem(name, [], "it is empty", accepted[name])
        for name in accepted
        if variables.get(name) is not None and not variables[name]
    ]


def parse_problems(name: str, value: str | None, parse: Callable[[str], object], accepted: str) -> list[Problem]:
    """The problem of a text that ``parse`` refuses with a ValueError: ``reason: hint``."""
    if value is None:
        return []
    try:
        parse(value)
    except ValueError as error:
        reason, _separator, hint = str(error).rpartition(": ")
        return [problem(name, value, reason, accepted if hint == accepted else f"{accepted}; {hint}")]
    return []


def _pattern_problems(variables: Mapping[str, Any], patterns: Mapping[str, Pattern]) -> list[Problem]:
    return [
        problem(name, variables[name], pattern.reason, pattern.accepted)
        for name, pattern in patterns.items()
        if variables.get(name) is not None and not re.fullmatch(pattern.expression, variables[name])
    ]


def _range_problems(variables: Mapping[str, Any], ranges: Mapping[str, Range]) -> list[Problem]:
    problems = []
    for name, allowed in ranges.items():
        value = variables.get(name)
        for number in value if isinstance(value, list) else [value]:
            if number is not None and not allowed.least <= number <= allowed.most:
                accepted = f"{allowed.least} to {allowed.most} {allowed.unit}".rstrip()
                problems.append(problem(name, number, allowed.reason, accepted))
    return problems
