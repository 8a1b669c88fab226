"""Forward actions of a listener."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.elbv2 import (
    forward_of,
    forward_request,
    weights_problem,
)


def groups(*weights: int) -> list[dict[str, Any]]:
    return [{"target_group_arn": f"arn-{number}", "weight": weight} for number, weight in enumerate(weights)]


@pytest.mark.parametrize(
    ("listed", "stickiness", "problem"),
    [
        (groups(100), None, None),
        (groups(0, 999, 0, 0, 0), 604800, None),
        (groups(1), 0, None),
        ([], None, "target_groups has 0 elements: a listener forwards to 1 to 5"),
        (groups(1, 1, 1, 1, 1, 1), None, "target_groups has 6 elements: a listener forwards to 1 to 5"),
        (groups(1) * 2, None, "target_groups names a target group twice: give each one once"),
        (groups(-1, 1), None, "target_groups has the weights [-1, 1]: each is 0 to 999"),
        (groups(1000), None, "target_groups has the weights [1000]: each is 0 to 999"),
        (groups(0, 0), None, "target_groups has no weight over 0: no request would be answered"),
        (groups(1), -1, "stickiness_duration -1 is not 0 to 604800 seconds"),
    ],
)
def test_weights(listed: list[dict[str, Any]], stickiness: int | None, problem: str | None) -> None:
    assert weights_problem(listed, stickiness) == problem


@pytest.mark.parametrize("duration", [None, 60])
def test_a_forward_action_there_and_back(duration: int | None) -> None:
    forward = {"target_groups": groups(90, 10), "stickiness_duration": duration}
    assert forward_of(forward_request(forward)) == forward


def test_a_duration_that_is_switched_off_is_none() -> None:
    stickiness = {"Enabled": False, "DurationSeconds": 60}
    config = {"TargetGroups": [{"TargetGroupArn": "arn-0"}], "TargetGroupStickinessConfig": stickiness}
    assert forward_of({"ForwardConfig": config}) == {"target_groups": groups(1), "stickiness_duration": None}
