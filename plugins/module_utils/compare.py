"""Comparison of what is wanted with what is there: pure functions on plain data."""

from __future__ import annotations

import json
from typing import Any


def canonical(value: Any) -> Any:
    """The value with every list in one order, since AWS returns lists in any order."""
    if isinstance(value, dict):
        return {key: canonical(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return sorted((canonical(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value


PARTIAL = ("tags", "parameters")  # keys that belong to others, or to the engine, are left alone


def _same(key: str, live: Any, wanted: Any) -> bool:
    if key in PARTIAL:
        return all((live or {}).get(name) == value for name, value in wanted.items())
    return bool(canonical(live) == canonical(wanted))


def differences(live: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """Names of the wanted keys whose live value differs. A wanted None was not given: it is left as it is."""
    return [key for key, value in wanted.items() if value is not None and not _same(key, live.get(key), value)]


def _shown(key: str, value: Any, wanted: Any) -> Any:
    if key in PARTIAL:
        return {name: (value or {}).get(name) for name, item in wanted.items() if (value or {}).get(name) != item}
    return canonical(value)


def diff(component: str, live: dict[str, Any] | None, wanted: dict[str, Any] | None) -> dict[str, Any]:
    """Ansible's diff of one component: all of it when it comes or goes, else only the fields that differ."""
    if live is None or wanted is None:
        before: dict[str, Any] = canonical(live or {})
        after: dict[str, Any] = canonical({key: value for key, value in (wanted or {}).items() if value is not None})
    else:
        keys = differences(live, wanted)
        before = {key: _shown(key, live.get(key), wanted[key]) for key in keys}
        after = {
            key: canonical(wanted[key]) if key not in PARTIAL else {name: wanted[key][name] for name in before[key]}
            for key in keys
        }
    return {"before_header": component, "after_header": component, "before": before, "after": after}
