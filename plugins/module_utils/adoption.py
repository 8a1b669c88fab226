# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What has the name of a component and not the stack's tag: refused, or taken over when the user says so."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Foreign:
    """Something that another stack made, or nobody's."""

    component: str  # of ours, that it would be
    shown: str  # its ARN or id, with its name where that does not say it
    owner: str | None  # stack of its tag triflow:stack


def shown(name: str | None, identifier: str) -> str:
    """The id, with the name before it where it does not say the name."""
    return identifier if not name or name in identifier else f"{name} ({identifier})"


def refusal(found: Iterable[Foreign], stack: str, adopt: list[str]) -> str | None:
    """One sentence for each that `adopt` does not name, then how to take them over. None: there is none."""
    refused = [item for item in found if item.component not in adopt]
    if not refused:
        return None
    sentences = [
        f"{item.component}: {item.shown} is there and "
        + (f"belongs to the stack {item.owner}." if item.owner else "has no tag triflow:stack.")
        for item in refused
    ]
    named = json.dumps({"stack_adopt": [item.component for item in refused]})
    return (
        f"Not the stack {stack}'s: {' '.join(sentences)} Nothing was changed. To take over what is listed, with all "
        f"its settings, run again with -e '{named}'; else delete it, or give another name in the variables."
    )
