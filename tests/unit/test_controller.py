"""When an action on the controller looks again."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.triflow.platform.plugins.plugin_utils import controller


class Action(controller.ControllerAction):
    def work(self) -> dict[str, object]:
        return {}


@pytest.mark.parametrize(
    ("timeout", "delay", "looks"),
    [
        (0, 5, [0]),
        (1, 5, [0, 1]),
        (20, 5, [0, 1, 3, 7, 12, 17, 20]),
        (30, 10, [0, 1, 3, 7, 15, 25, 30]),
    ],
)
def test_pauses_grow_to_the_delay_and_the_last_look_is_at_the_deadline(
    timeout: int, delay: int, looks: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(controller, "time", SimpleNamespace(monotonic=lambda: now, sleep=sleep))
    action = Action(None, None, None, None, None, None)
    assert list(action.moments(action.deadline(timeout), delay)) == looks
