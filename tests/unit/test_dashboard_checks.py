"""The dashboard's namespace."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.test_checks import assert_one_problem


@pytest.mark.parametrize(
    ("variable", "value", "reason", "accepted"),
    [
        ("dashboard_custom_namespace", "AWS/ECS", "namespace of one's own", "not beginning with AWS/"),
        ("dashboard_custom_namespace", "TriFlow prod", "namespace of one's own", "TriFlow/prod"),
    ],
)
def test_one_wrong_value_is_one_problem(variable: str, value: Any, reason: str, accepted: str) -> None:
    assert_one_problem(variable, value, reason, accepted)
