"""Another order of what has none."""

from __future__ import annotations

from typing import Any


def reversed_lists(value: Any) -> Any:
    """The value with every list in it turned round, since AWS promises no order."""
    if isinstance(value, dict):
        return {key: reversed_lists(item) for key, item in value.items()}
    if isinstance(value, list):
        return [reversed_lists(item) for item in reversed(value)]
    return value
