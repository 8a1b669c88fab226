"""Writes what the bench has measured into docs/faults.md: `python -m tests.faults.table`."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from tests.conftest import PROJECT
from tests.faults.bench import PARTS, RESULTS
from tests.faults.test_lost_answers import TOGETHER

PAGE = PROJECT / "docs/faults.md"
START, END = "<!-- measured -->", "<!-- end of what is measured -->"
PER_CALL = {
    "answer lost": "answer lost",
    "connection cut before the call": "cut before",
    f"answer lost{TOGETHER}": "lost, with all others",
    f"connection cut before the call{TOGETHER}": "cut, with all others",
}


def outcomes() -> list[dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]
    return [{**item, "ended": "failed" if item["ended"].startswith("failed") else item["ended"]} for item in found]


def by_fault(found: list[dict[str, Any]]) -> list[str]:
    lines = ["| fault | cases | outcome | minutes |", "| --- | --- | --- | --- |"]
    for fault in dict.fromkeys(item["fault"] for item in found):
        items = [item for item in found if item["fault"] == fault]
        ended = ", ".join(f"{number} {word}" for word, number in Counter(item["ended"] for item in items).most_common())
        minutes = sum(item["seconds"] for item in items) / 60
        lines.append(f"| {fault} | {len(items)} | {ended} | {minutes:.1f} |")
    return lines


def by_call(found: list[dict[str, Any]]) -> list[str]:
    """What became of each call that writes, in the order of a first run."""
    order = {str(part): number for number, part in enumerate(PARTS)}
    ended = {(item["case"], item["call"], item["fault"]): item["ended"] for item in found if item["fault"] in PER_CALL}
    calls = sorted({key[:2] for key in ended}, key=lambda key: (order[key[0]], key[1]))
    lines = ["| part | call | " + " | ".join(PER_CALL.values()) + " |", "| --- | --- |" + " --- |" * len(PER_CALL)]
    for part, call in calls:
        cells = " | ".join(ended.get((part, call, fault), "not run") for fault in PER_CALL)
        lines.append(f"| {part} | `{call}` | {cells} |")
    return lines


def measured(found: list[dict[str, Any]]) -> str:
    said = [
        f"- {item['fault']}, {item['call']}: {line}."
        for item in found
        for line in item["said"]
        if item["fault"].startswith("20 %")
    ]
    kills = sum(len(item["said"]) for item in found if item["fault"] == "SIGKILL")
    parts = (
        [f"Measured on {datetime.now(UTC):%Y-%m-%d}: {len(found)} cases, with {kills} runs killed."],
        by_fault(found),
        said,
        ["Each call that writes, in the order of the parts of a first run:"],
        by_call(found),
    )
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def main() -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(START)
    _old, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{START}\n{measured(outcomes())}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
