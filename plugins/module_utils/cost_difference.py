# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a change adds a month: two cost reports compared, line by line: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Report = dict[str, Any]


def difference(before: Sequence[Report], after: Sequence[Report], label: str) -> Report:
    """Compare stacks of the same name. ``label`` says what ``before`` is; only lines that differ are listed.

    A stack that is in one of the two only counts as 0 in the other.
    """
    earlier = {item["stack"]: item for item in before}
    later = {item["stack"]: item for item in after}
    names = [*later, *(name for name in earlier if name not in later)]
    stacks = [_stack(name, earlier.get(name), later.get(name)) for name in names]
    return {"against": label, "stacks": stacks, "adds_krw": sum(item["adds_krw"] for item in stacks)}


def between(stacks: Sequence[Report], name: str) -> Report:
    """Compare each of the other stacks with the one of that name, which is among them."""
    other = {item["stack"]: item for item in stacks}[name]
    compared = [_stack(item["stack"], other, item) for item in stacks if item["stack"] != name]
    return {"against": name, "stacks": compared, "adds_krw": sum(item["adds_krw"] for item in compared)}


def _stack(name: str, before: Report | None, after: Report | None) -> Report:
    earlier = {line["id"]: line for line in before["lines"]} if before else {}
    later = {line["id"]: line for line in after["lines"]} if after else {}
    lines = []
    for identifier in [*later, *(identifier for identifier in earlier if identifier not in later)]:
        was, is_now = (side.get(identifier, {"monthly_usd": 0, "monthly_krw": 0}) for side in (earlier, later))
        if was["monthly_usd"] == is_now["monthly_usd"] and was["monthly_krw"] == is_now["monthly_krw"]:
            continue
        known = later.get(identifier) or earlier[identifier]
        lines.append(
            {
                "id": identifier,
                "text_en": known["text_en"],
                "text_ko": known["text_ko"],
                "before_krw": was["monthly_krw"],
                "after_krw": is_now["monthly_krw"],
                "adds_krw": is_now["monthly_krw"] - was["monthly_krw"],
            }
        )
    before_krw, after_krw = (item["total_krw"] if item else 0 for item in (before, after))
    return {
        "stack": name,
        "before_krw": before_krw,
        "after_krw": after_krw,
        "adds_krw": after_krw - before_krw,
        "lines": lines,
    }
