"""Runs the collection's actions as Ansible does on the controller, against the lab, on a clock of their own."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import botocore.endpoint
import pytest
from ansible_collections.triflow.platform.plugins.module_utils import retries, waiting
from ansible_collections.triflow.platform.plugins.plugin_utils import controller

from tests.conftest import Lab

RunAction = Callable[..., dict[str, Any]]


class Clock:
    """A clock that goes on only when somebody sleeps, and may then make something happen."""

    def __init__(self) -> None:
        self.now = 0.0
        self.events: list[tuple[float, Callable[[], object]]] = []

    def at(self, second: float, event: Callable[[], object]) -> None:
        self.events.append((second, event))

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        due = [entry for entry in self.events if entry[0] <= self.now]
        self.events = [entry for entry in self.events if entry[0] > self.now]
        for _unused, event in due:
            event()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Nobody really sleeps in an action: the clock goes on instead."""
    made = Clock()
    time = SimpleNamespace(monotonic=lambda: made.now, sleep=made.sleep)
    for module in (controller, retries, waiting, botocore.endpoint):
        monkeypatch.setattr(module, "time", time)
    return made


@pytest.fixture
def run_action(lab: Lab, stack: str, monkeypatch: pytest.MonkeyPatch) -> RunAction:
    """``run_action(name, lines=None, check=False, host="host", **options)``; it displays to ``lines``."""
    for name, value in lab.environment.items():
        monkeypatch.setenv(name, value)

    def run(
        name: str, /, lines: list[str] | None = None, check: bool = False, host: str = "host", **options: Any
    ) -> dict[str, Any]:
        module = importlib.import_module(f"ansible_collections.triflow.platform.plugins.action.{name}")
        given = {"stack": stack, "region": lab.environment["AWS_REGION"], **options}
        arguments = {option: value for option, value in given.items() if value is not None}
        task = SimpleNamespace(args=arguments, check_mode=check, async_val=0)
        connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
        action = module.ActionModule(task, connection, None, None, None, None)
        action._display = SimpleNamespace(display=(lines if lines is not None else []).append)
        result: dict[str, Any] = action.run(task_vars={"inventory_hostname": host})
        return result

    return run
