# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a change adds a month: two cost reports compared, line by line: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Report = dict[str, Any]

LIVE = "the live stack"  # the label of what stands in an account


def difference(before: Sequence[Report], after: Sequence[Report], label: str) -> Report:
    """Compare stacks of the same name. ``label`` says what ``before`` is; only lines that differ are listed.

    A stack that was not there costs all that it costs more. One that is only in ``before`` is left out: a report may be
    of more inventories than this run.
    """
    earlier = {item["stack"]: item for item in before}
    stacks = [_stack(item["stack"], earlier.get(item["stack"]), item) for item in after]
    return {"against": label, "stacks": stacks, "adds_krw": sum(item["adds_krw"] for item in stacks)}


def between(stacks: Sequence[Report], name: str) -> Report:
    """Compare each of the other stacks with the one of that name, which is among them."""
    other = {item["stack"]: item for item in stacks}[name]
    compared = [_stack(item["stack"], other, item) for item in stacks if item["stack"] != name]
    return {"against": name, "stacks": compared, "adds_krw": sum(item["adds_krw"] for item in compared)}


def _stack(name: str, before: Report | None, after: Report) -> Report:
    earlier = {line["id"]: line for line in before["lines"]} if before else {}
    later = {line["id"]: line for line in after["lines"]}
    lines = []
    for identifier in [*later, *(identifier for identifier in earlier if identifier not in later)]:
        was, now = (side.get(identifier, {"monthly_usd": 0, "monthly_krw": 0}) for side in (earlier, later))
        if was["monthly_usd"] == now["monthly_usd"] and was["monthly_krw"] == now["monthly_krw"]:
            continue
        known = later.get(identifier) or earlier[identifier]
        lines.append(
            {
                "id": identifier,
                "text_en": known["text_en"],
                "text_ko": known["text_ko"],
                "before_krw": was["monthly_krw"],
                "after_krw": now["monthly_krw"],
                "adds_krw": now["monthly_krw"] - was["monthly_krw"],
            }
        )
    before_krw = before["total_krw"] if before else 0
    return {
        "stack": name,
        "before_krw": before_krw,
        "after_krw": after["total_krw"],
        "adds_krw": after["total_krw"] - before_krw,
        "lines": lines,
    }
