# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A problem with an input, in the one shape that every preflight stage reports."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, TypedDict


class Problem(TypedDict):
    """What is wrong with one variable: its name, its value, why it is refused and what would be accepted."""

    variable: str
    value: Any
    reason: str
    accepted: str


def problem(variable: str, value: Any, reason: str, accepted: str) -> Problem:
    """Return one problem."""
    return Problem(variable=variable, value=value, reason=reason, accepted=accepted)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return "did you mean a or b?" for the known names most like `name`, or an empty string."""
    matches = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(matches)}?" if matches else ""


def describe_problems(headline: str, problems: Sequence[Problem]) -> str:
    """Return the problems as text: the headline, then for each its variable, value, reason and what is accepted."""
    lines = [headline]
    for found in problems:
        lines.append(f"- {found['variable']}: {found['value']!r}")
        lines.append(f"    refused:  {found['reason']}")
        lines.append(f"    accepted: {found['accepted']}")
    return "\n".join(lines)
