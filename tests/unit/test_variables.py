"""Values that come as text, or in another way than their specification says, are what it says before the first task.

The whole way is walked: an inventory, extra variables, a play, the callback that Ansible calls when the play starts,
and the action that refuses. What is compared is what roles would read.
"""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.splitter import parse_kv
from ansible.playbook.play import Play
from ansible.plugins.loader import action_loader, callback_loader
from ansible.template import Templar
from ansible.utils.vars import load_extra_vars
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

ROOT = Path(__file__).resolve().parents[2]
STACK = "triflow-text"


@dataclass
class Stack:
    """The variables of one host after the start of a play."""

    templar: Templar
    raw: dict[str, Any]
    action: Any

    @functools.cached_property
    def problems(self) -> list[Any]:
        """What preflight says of all variables."""
        _values, problems = self.action.read(self.raw)
        return list(problems)

    def __getitem__(self, name: str) -> Any:
        return self.templar.template(self.raw[name])

    def refusal(self, name: str) -> dict[str, Any]:
        problem: dict[str, Any]
        (problem,) = [problem for problem in self.problems if problem["variable"] == name]
        return problem


Start = Callable[..., Stack]


@pytest.fixture(scope="module")
def loader() -> DataLoader:
    """One for all, since it keeps the specifications and group_vars that it has read."""
    loader = DataLoader()
    loader.set_basedir(str(ROOT))
    return loader


@pytest.fixture
def start(tmp_path: Path, loader: DataLoader, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Start a play on a stack like production's, with `host` in its inventory, `extra` as -e and `play` in the play."""
    monkeypatch.setattr(load_extra_vars, "extra_vars", {}, raising=False)  # which all managers of a process share
    started = itertools.count()

    def start_play(
        host: dict[str, Any] | None = None,
        extra: dict[str, Any] | None = None,
        play: dict[str, Any] | None = None,
        ini: str = "",
        enabled: bool = True,
    ) -> Stack:
        directory = tmp_path / str(next(started))
        directory.mkdir()
        own = {"s3_bucket_name": STACK, "dns_zone_name": f"{STACK}.com"}
        (directory / "hosts.json").write_text(json.dumps({"prod": {"hosts": {STACK: {**own, **(host or {})}}}}))
        (directory / "hosts.ini").write_text(f"[prod]\n{STACK} {ini}\n")
        inventory = InventoryManager(loader, sources=[str(path) for path in sorted(directory.iterdir())])
        manager = VariableManager(loader, inventory, version_info={})
        manager.extra_vars.clear()
        manager.extra_vars.update(extra or {})
        HostVars(inventory, manager, loader)
        entry = {"name": "Roles", "hosts": "all", "gather_facts": False, "vars": play or {}, "tasks": []}
        roles = Play.load(entry, variable_manager=manager, loader=loader)
        callback = callback_loader.get("triflow.platform.variables") if enabled else None
        if callback:
            callback.v2_playbook_on_play_start(roles)
        raw = manager.get_vars(play=roles, host=inventory.get_host(STACK))
        action = action_loader.get("triflow.platform.validate_variables", class_only=True)
        templar = Templar(loader=loader, variables=raw)
        return Stack(templar, raw, action(None, None, None, loader, templar, None))

    return start_play


def given(text: str) -> dict[str, Any]:
    """What Ansible makes of `-e <text>`."""
    parsed: dict[str, Any] = parse_kv(text)
    return parsed


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("alb_access_logs=false", "alb_access_logs", False),
        ("ecr_repositories=backend", "ecr_repositories", ["backend"]),
        ("ecr_repositories=backend,worker", "ecr_repositories", ["backend", "worker"]),
        ("""ecr_repositories='["backend", "worker"]'""", "ecr_repositories", ["backend", "worker"]),
        ("logs_retention_days=14", "logs_retention_days", 14),
        ("autoscaling_services=''", "autoscaling_services", []),
        ("cost_lcu=0.5", "cost_lcu", 0.5),
        ("cost_nat_gb=3", "cost_nat_gb", 3),
        ("""stack_tags='{"Owner": "data"}'""", "stack_tags", {"Owner": "data"}),
        ("stack_tags='Owner=data,Team=platform'", "stack_tags", {"Owner": "data", "Team": "platform"}),
        ("security_groups_load_balancer_ports=443", "security_groups_load_balancer_ports", [443]),
        ("ecs_logs_minutes=15", "ecs_logs_minutes", 15),
    ],
)
def test_text_of_the_command_line(start: Start, text: str, name: str, value: Any) -> None:
    stack = start(extra=given(text))
    assert (stack[name], type(stack[name]) is type(value)) == (value, True)
    assert [problem for problem in stack.problems if problem["variable"] == name] == []


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("rds_engine_version", 14, "14"),
        ("alb_access_logs", "false", False),
        ("ecs_environment", {"PORT": 8080, "DEBUG": True}, {"PORT": "8080", "DEBUG": "true"}),
        ("stack_tags", {"CostCentre": 4711}, {"CostCentre": "4711"}),
        ("alarms_thresholds", {"rds-cpu-high": "90"}, {"rds-cpu-high": 90}),
        (
            "ecs_services",
            [{"name": "backend", "cpu": "512", "readonly_root_filesystem": "false", "environment": {"A": 1}}],
            [{"name": "backend", "cpu": 512, "readonly_root_filesystem": False, "environment": {"A": "1"}}],
        ),
        ("ecs_services", [{"name": "backend", "cpu": None}], [{"name": "backend"}]),
        ("alb_stickiness", {"type": "lb_cookie", "duration": "60"}, {"type": "lb_cookie", "duration": 60}),
    ],
)
def test_value_of_an_inventory(start: Start, name: str, given: Any, value: Any) -> None:
    for stack in (start(host={name: given}), start(extra={name: given}), start(play={name: given})):
        assert json.dumps(stack[name]) == json.dumps(value)
        assert [problem for problem in stack.problems if problem["variable"] == name] == []


def test_text_of_an_ini_inventory(start: Start) -> None:
    stack = start(ini="alb_access_logs=false rds_allocated_storage=100 ecr_repositories=backend rds_engine_version=14")
    names = ("alb_access_logs", "rds_allocated_storage", "ecr_repositories", "rds_engine_version")
    assert [stack[name] for name in names] == [False, 100, ["backend"], "14"]
    assert stack.problems == []


@pytest.mark.parametrize(
    ("name", "given", "value", "reason"),
    [
        ("ecs_environment", {"LEVEL": None}, None, "ecs_environment.LEVEL"),
        ("ecs_environment", {"VERSION": 1.1}, 1.1, "ecs_environment.VERSION"),
        ("ecs_environment", {"NESTED": {"a": "b"}}, {"a": "b"}, "ecs_environment.NESTED"),
        ("stack_tags", {"Owner": None}, None, "stack_tags.Owner"),
        ("stack_tags", {"Owner": ["a"]}, ["a"], "stack_tags.Owner"),
        ("ecs_services", [{"name": "a", "environment": {"X": None}}], None, "ecs_services[0].environment.X"),
        ("stack_name", {"a": "b"}, {"a": "b"}, "mapping"),
        ("rds_allocated_storage", True, True, "true"),
        ("rds_extensions", [1.5], 1.5, "rds_extensions[0]"),
        ("rds_extensions", [None], None, "rds_extensions[0]"),
        ("cost_lcu", "nan", "nan", "number"),
        ("ecr_repositories", "[backend", "[backend", "list"),
        ("ecs_services", "backend", "backend", "mapping"),
    ],
)
def test_refused_value(start: Start, name: str, given: Any, value: Any, reason: str) -> None:
    refusal = start(host={name: given}).refusal(name)
    assert refusal["value"] == value
    assert reason in refusal["reason"]
    assert refusal["accepted"]
