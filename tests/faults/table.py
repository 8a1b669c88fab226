"""Writes what the bench has measured into docs/faults.md: `python -m tests.faults.table`."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from tests.conftest import PROJECT
from tests.faults.bench import PARTS, RESULTS, SITE
from tests.faults.test_lost_answers import AT_ONCE, TOGETHER

PAGE = PROJECT / "docs/faults.md"
FAULTS = (
    "answer lost",
    "connection cut before the call",
    "access denied",
    "expired credentials",
    "20 % throttled, 5 % 500 and 503",
    "70 s without an answer",
    "HTML page with 200",
    "truncated answer",
    "answers lost while reads are late",
    "PostgreSQL",
    "SIGKILL",
)
START, END = "<!-- measured -->", "<!-- end of what is measured -->"
PER_CALL = {
    "answer lost": "answer lost",
    "connection cut before the call": "cut before",
    f"answer lost{AT_ONCE}": "lost, in a whole run",
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
    ended = {(item["case"], item["call"], item["fault"]): item["ended"] for item in found if item["fault"] in PER_CALL}
    columns = {fault: title for fault, title in PER_CALL.items() if any(key[2] == fault for key in ended)}
    order = {str(part): number for number, part in enumerate(PARTS)}
    rows = sorted({key[:2] for key in ended if key[0] in order}, key=lambda row: (order[row[0]], row[1]))
    of_parts = {call for _part, call in rows}
    rows += sorted((case, call) for case, call, _fault in ended if case not in order and call not in of_parts)
    lines = ["| part | call | " + " | ".join(columns.values()) + " |", "| --- | --- |" + " --- |" * len(columns)]
    for part, call in rows:
        known = [ended.get((part, call, fault), ended.get((SITE[0], call, fault), "not run")) for fault in columns]
        lines.append(f"| {part} | `{call}` | {' | '.join(known)} |")
    return lines


def measured(found: list[dict[str, Any]]) -> str:
    said = [
        f"- {item['fault']}, {item['call']}: {line}."
        for item in found
        for line in item["said"]
        if item["fault"].startswith("20 %")
    ]
    kills = sum(len(item["said"]) for item in found if item["fault"] == "SIGKILL")
    missing = [fault for fault in FAULTS if fault not in {item["fault"] for item in found}]
    parts = (
        [f"Measured on {datetime.now(UTC):%Y-%m-%d}: {len(found)} cases, with {kills} runs killed."],
        by_fault(found),
        [f"Not run in this measurement: {', '.join(missing)}."] if missing else [],
        said,
        ["Each call that writes, in the order of the parts of a first run:"],
        by_call(found),
    )
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def main() -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, _start, rest = page.partition(START)
    _old, _end, after = rest.partition(END)
    PAGE.write_text(f"{before}{START}\n{measured(outcomes())}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
