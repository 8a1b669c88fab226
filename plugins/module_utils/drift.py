"""What a stack's live state differs in from its variables: pure functions on what a plan has said."""

from __future__ import annotations

import json
from typing import Any


def fields(before: Any, after: Any, name: str) -> dict[str, dict[str, Any]]:
    """``{field: {"before", "after"}}``, a mapping's keys apart: ``tags.Name``."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return {name: {"before": before, "after": after}}
    found: dict[str, dict[str, Any]] = {}
    for key in sorted({**before, **after}):
        if before.get(key) != after.get(key):
            found |= fields(before.get(key), after.get(key), f"{name}.{key}" if name else str(key))
    return found


def find(components: dict[str, dict[str, Any]], resources: list[dict[str, str]] | None) -> dict[str, Any]:
    """The drift of one stack.

    ``components`` is what the plan has said of each component, ``resources`` what carries the stack's tag (None: not
    looked at). Returns ``differs`` (``{component: fields}``), ``missing`` (components) and ``orphans``: what no
    variable asks for, ``{"component", "arn"}`` each.
    """
    planned: dict[str, list[str]] = {"create": [], "update": [], "delete": [], "none": []}
    for component, said in sorted(components.items()):
        planned[said["action"]].append(component)
    wanted = set(components) - set(planned["delete"])
    orphans = [
        {"component": found["component"], "arn": found["arn"]}
        for found in resources or []
        if found["component"] not in wanted and not found["going"]
    ]
    known = {found["component"] for found in orphans}
    orphans += [  # what no tag can show
        {"component": component, "arn": str(components[component]["before"].get("id", ""))}
        for component in planned["delete"]
        if component not in known
    ]
    return {
        "differs": {
            name: fields(components[name]["before"], components[name]["after"], "") for name in planned["update"]
        },
        "missing": planned["create"],
        "orphans": orphans,
    }


def _text(value: Any) -> str:
    if value is None:
        return "(none)"
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _lines(name: str, before: Any, after: Any) -> list[str]:
    """A field in a line, or the elements of a list that are too many (-) and too few (+)."""
    if not (isinstance(before, list) and isinstance(after, list)):
        return [f"    {name}: {_text(before)} -> {_text(after)}"]
    return [
        f"    {name}:",
        *(f"      - {_text(item)}" for item in before if item not in after),
        *(f"      + {_text(item)}" for item in after if item not in before),
    ]


def describe(found: dict[str, Any]) -> list[str]:
    """The lines of the report, none without drift."""
    lines = []
    for component, changed in found["differs"].items():
        lines += [f"  differs: {component} (is -> is to be)"]
        lines += [line for name, pair in changed.items() for line in _lines(name, pair["before"], pair["after"])]
    lines += [f"  missing: {component}" for component in found["missing"]]
    lines += [f"  orphan:  {orphan['component']} {orphan['arn']}".rstrip() for orphan in found["orphans"]]
    return lines
