"""The summary that the callback prints and writes."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.callback.summary import CallbackModule


def changes(**actions: str) -> list[dict[str, Any]]:
    return [{"component": name, "action": action, "fields": []} for name, action in actions.items()]


def result(content: dict[str, Any], host: str = "triflow-prod") -> Any:
    return SimpleNamespace(
        host=SimpleNamespace(get_name=lambda: host), result=content, task=SimpleNamespace(get_name=lambda: "Database")
    )


class Run:
    """A run of a playbook as the callback sees it."""

    def __init__(self, path: Path | None = None, check: bool = False) -> None:
        self.lines: list[str] = []
        self.callback = CallbackModule(
            display=SimpleNamespace(
                verbosity=0, banner=self.lines.append, display=lambda line, **_unused: self.lines.append(line)
            )
        )
        self.callback.get_option = {"path": path}.get
        self.callback.v2_playbook_on_play_start(SimpleNamespace(check_mode=check))

    def end(self) -> list[str]:
        self.callback.v2_playbook_on_stats(None)
        return self.lines


def test_counts_and_names() -> None:
    run = Run()
    run.callback.v2_runner_on_ok(result({"changes": changes(vpc="create", bucket="none")}))
    run.callback.v2_runner_on_ok(result({"changes": changes(rds="update", nat="delete"), "waited": {"nat": 61}}))
    assert run.end() == [
        "SUMMARY",
        "triflow-prod: 1 created, 1 changed, 1 deleted, 1 unchanged",
        "  create: vpc",
        "  update: rds",
        "  delete: nat",
        "  waited 61 s for nat",
    ]


def test_plan_says_would() -> None:
    run = Run(check=True)
    run.callback.v2_runner_on_ok(result({"changes": changes(vpc="create")}))
    assert run.end() == ["SUMMARY OF THE PLAN", "triflow-prod: would be 1 created", "  create: vpc"]


@pytest.mark.parametrize("order", [("none", "create", "update"), ("update", "create", "none")])
def test_component_that_several_tasks_touch_counts_once(order: tuple[str, ...]) -> None:
    run = Run()
    for action in order:
        run.callback.v2_runner_on_ok(result({"changes": changes(group=action)}))
    assert run.end()[1] == "triflow-prod: 1 created"


def test_items_of_a_loop_are_collected() -> None:
    run = Run()
    items = [{"changes": changes(a="create")}, {"changes": changes(b="none")}, "no result"]
    run.callback.v2_runner_on_ok(result({"results": items}))
    assert run.end()[1] == "triflow-prod: 1 created, 1 unchanged"


def test_stacks_are_apart_and_sorted() -> None:
    run = Run()
    for host in ("triflow-b", "triflow-a"):
        run.callback.v2_runner_on_ok(result({"changes": changes(vpc="none")}, host))
    assert run.end()[1:] == ["triflow-a: 1 unchanged", "triflow-b: 1 unchanged"]


def test_failures_count_unless_they_are_ignored() -> None:
    run = Run()
    run.callback.v2_runner_on_failed(result({"msg": "no quota", "changes": changes(rds="create")}))
    run.callback.v2_runner_on_failed(result({"msg": "never mind"}), ignore_errors=True)
    run.callback.v2_runner_on_unreachable(result({"msg": "gone"}))
    assert run.end()[1:] == [
        "triflow-prod: 1 created, 2 failed",
        "  create: rds",
        "  failed: Database",
        "  failed: Database",
    ]


def test_run_without_components_prints_nothing() -> None:
    run = Run()
    run.callback.v2_runner_on_ok(result({"changed": False}))
    assert run.end() == []


def test_json(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    run = Run(path, check=True)
    run.callback.v2_runner_on_ok(result({"changes": changes(vpc="create"), "waited": {"nat": 61}}))
    run.callback.v2_runner_on_failed(result({"msg": "no quota"}))
    run.end()
    summary = json.loads(path.read_text(encoding="utf-8"))
    assert summary.pop("seconds") >= 0
    assert summary == {
        "mode": "check",
        "stacks": {
            "triflow-prod": {
                "components": {"vpc": "create"},
                "counts": {"created": 1, "changed": 0, "deleted": 0, "unchanged": 0, "failed": 1},
                "failed": [{"task": "Database", "msg": "no quota"}],
                "waited": {"nat": 61},
            }
        },
    }
