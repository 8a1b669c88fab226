"""The summary that the callback prints and writes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.callback.summary import CallbackModule
from ansible_collections.triflow.platform.plugins.plugin_utils import ending, recorded
from ansible_collections.triflow.platform.plugins.plugin_utils.ending import End

OK = End("ok")


def changes(**actions: str) -> list[dict[str, Any]]:
    return [{"component": name, "action": action, "fields": []} for name, action in actions.items()]


def result(content: dict[str, Any], host: str = "triflow-prod", check: bool = False) -> Any:
    return SimpleNamespace(
        host=SimpleNamespace(get_name=lambda: host),
        result=content,
        task=SimpleNamespace(get_name=lambda: "Database", check_mode=check),
    )


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded, "components", {})
    monkeypatch.setattr(ending, "parts", [])
    monkeypatch.setattr(ending, "prints", [])


class Run:
    """A run of a playbook as the callback sees it."""

    def __init__(self, path: Path | None = None) -> None:
        self.lines: list[str] = []
        self.callback = CallbackModule(
            display=SimpleNamespace(
                verbosity=0,
                banner=self.lines.append,
                display=lambda line, **_unused: self.lines.append(line),
                error=self.lines.append,
                warning=self.lines.append,
            )
        )
        options = {"path": path and str(path)}
        self.callback.get_option = options.get
        self.callback.set_option = options.__setitem__

    def end(self, end: End = OK) -> list[str]:
        self.callback.end(end)
        self.callback.show()
        return self.lines

    def begin(self, hosts: str | list[str]) -> None:
        """A playbook with this under ``hosts``, which Ansible makes a list of when the play runs."""
        play = SimpleNamespace(hosts=hosts)
        self.callback.v2_playbook_on_start(SimpleNamespace(get_plays=lambda: [play]))


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
    run = Run()
    run.callback.v2_runner_on_ok(result({"changes": changes(vpc="create")}, check=True))
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
        "  failed: Database: no quota",
        "  failed: Database: gone",
    ]


@pytest.mark.parametrize(
    ("msg", "shown"),
    [
        ("no quota\n  ask for more", "Database: no quota"),
        ("x" * 1400, "Database: " + "x" * 1000),
        ("", "Database"),
        (None, "Database"),
    ],
)
def test_a_failure_shows_the_first_line_of_its_message(msg: str | None, shown: str) -> None:
    run = Run()
    run.callback.v2_runner_on_failed(result({} if msg is None else {"msg": msg}))
    assert run.end()[-1] == f"  failed: {shown}"


def test_a_loop_s_failures_are_those_of_its_items() -> None:
    run = Run()
    items = [
        {"item": "one", "msg": "no quota", "failed": True},
        {"item": "two", "changes": changes(two="create")},
        {"item": {"name": "three"}, "_ansible_item_label": "three", "msg": "", "exception": "x", "failed": True},
    ]
    run.callback.v2_runner_on_failed(result({"msg": "One or more items failed", "results": items}))
    lines = run.end()
    assert lines[1:3] == ["triflow-prod: 1 created, 2 failed", "  create: two"]
    assert lines[3] == "  failed: Database (one): no quota"
    assert lines[4].startswith("  failed: Database (three): It failed: x. ")


@pytest.mark.parametrize(
    "content",
    [
        {"msg": None, "exception": "Traceback\n  more\nKeyError: 'id'"},
        {
            "msg": "MODULE FAILURE\nSee stdout/stderr for the exact error",
            "module_stderr": "x\nKeyError: 'id'\n",
            "rc": 1,
        },
    ],
)
def test_a_module_that_died_is_told_by_what_it_left(content: dict[str, Any]) -> None:
    run = Run()
    run.callback.v2_runner_on_failed(result(content))
    assert run.end()[-1].startswith("  failed: Database: It failed: KeyError: 'id'. It is a fault of the module")


def test_run_without_components_prints_nothing() -> None:
    run = Run()
    run.callback.v2_runner_on_ok(result({"changed": False}))
    assert run.end() == []


def test_json(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    run = Run(path)
    run.callback.v2_runner_on_ok(result({"changes": changes(vpc="create"), "waited": {"nat": 61}}, check=True))
    run.callback.v2_runner_on_failed(result({"msg": "no quota"}))
    run.end()
    summary = json.loads(path.read_text(encoding="utf-8"))
    assert summary.pop("seconds") >= 0
    assert datetime.now(UTC) - datetime.fromisoformat(summary.pop("started")) < timedelta(minutes=5)
    assert summary == {
        "mode": "check",
        "result": "ok",
        "ended": None,
        "stacks": {
            "triflow-prod": {
                "components": {"vpc": "create"},
                "counts": {"created": 1, "changed": 0, "deleted": 0, "unchanged": 0, "unknown": 0, "failed": 1},
                "failed": [{"task": "Database", "msg": "no quota"}],
                "stopped": [],
                "waited": {"nat": 61},
            }
        },
    }


def test_what_differs_is_recorded_for_other_actions() -> None:
    run = Run()
    shown = {
        "before_header": "vpc",
        "after_header": "vpc",
        "before": {"dns_support": False},
        "after": {"dns_support": True},
    }
    run.callback.v2_runner_on_ok(result({"changes": changes(vpc="update", subnet="none"), "diff": [shown]}))
    run.callback.v2_runner_on_ok(result({"results": [{"changes": changes(vpc="none")}]}))
    assert recorded.enabled
    assert recorded.components == {
        "triflow-prod": {
            "vpc": {"action": "update", "before": {"dns_support": False}, "after": {"dns_support": True}},
            "subnet": {"action": "none", "before": {}, "after": {}},
        }
    }


def test_a_task_that_ran_when_the_run_was_ended_is_named(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    run = Run(path)
    for host, name in (("triflow-a", "Database"), ("triflow-b", "Bucket"), ("triflow-c", "Zone"), ("triflow-d", "VPC")):
        run.callback.v2_runner_on_start(
            SimpleNamespace(get_name=lambda host=host: host), SimpleNamespace(get_name=lambda name=name: name)
        )
    run.callback.v2_runner_on_ok(result({"changes": changes(bucket="create")}, "triflow-b"))
    run.callback.v2_runner_on_skipped(result({}, "triflow-c"))
    run.callback.v2_runner_on_failed(result({"msg": "no quota"}, "triflow-d"))
    assert run.end(End("ended", "SIGTERM")) == [
        "SUMMARY",
        "triflow-a: nothing done",
        "  stopped: Database, whose changes are not counted",
        "triflow-b: 1 created",
        "  create: bucket",
        "triflow-d: 1 failed",
        "  failed: Database: no quota",
    ]
    summary = json.loads(path.read_text(encoding="utf-8"))
    assert (summary["result"], summary["ended"]) == ("ended", "SIGTERM")
    assert summary["stacks"]["triflow-a"]["stopped"] == ["Database"]


def test_the_file_of_an_earlier_run_goes_first_and_a_run_without_stacks_writes_one(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    path.write_text("the last success")
    run = Run(path)
    run.begin("all")
    assert list(tmp_path.iterdir()) == []
    run.begin("localhost")
    assert run.end(End("failed")) == []
    assert json.loads(path.read_text(encoding="utf-8"))["result"] == "failed"


@pytest.mark.parametrize("hosts", ["localhost", ["localhost"]])
def test_a_playbook_for_localhost_alone_leaves_the_file_to_whom_it_belongs(
    hosts: str | list[str], tmp_path: Path
) -> None:
    path = tmp_path / "summary.json"
    path.write_text("of the run that it looks at")
    run = Run(path)
    run.begin(hosts)
    assert run.end() == []
    assert path.read_text() == "of the run that it looks at"


def test_a_path_that_cannot_be_written_is_refused_once(tmp_path: Path) -> None:
    run = Run(tmp_path)
    with pytest.raises(SystemExit) as left:
        run.begin("all")
    assert left.value.code == 5
    assert run.end(End("failed")) == [
        f"Nothing was changed: TRIFLOW_SUMMARY is {tmp_path}, which cannot be written: it is a directory."
    ]


def test_what_cannot_be_written_at_the_end_is_said(tmp_path: Path) -> None:
    path = tmp_path / "there" / "summary.json"
    path.parent.mkdir()
    run = Run(path)
    run.begin("all")
    path.parent.rmdir()
    assert run.end() == [f"TRIFLOW_SUMMARY is {path}, which is not written: No such file or directory."]
