"""Whole plans of a stack whose variables come as text, against that of the same stack in plain YAML.

tests/unit/test_variables.py goes through every variable. Here those that a plan shows reach it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.conftest import Lab
from tests.integration.playbook import Played, play

YAML, INI = "triflow-yaml", "triflow-text"
SITE = ("site.yml", "--check", "--diff")
PLAIN: dict[str, Any] = {
    "alarms_thresholds": {"rds-cpu-high": 85},
    "alb_access_logs": False,
    "alb_deletion_protection": False,
    "alb_stickiness": {"type": "lb_cookie", "duration": 600},
    "autoscaling_max_capacity": 4,
    "autoscaling_services": ["backend"],
    "cost_budget_alarm": False,
    "dashboard_custom_metrics": False,
    "ecr_repositories": ["backend", "worker"],
    "ecs_environment": {"PORT": "8080", "DEBUG": "true"},
    "ecs_execute_command": False,
    "ecs_services": [
        {
            "name": "backend",
            "container_port": 8000,
            "target_group": "backend",
            "cpu": 512,
            "memory": 1024,
            "readonly_root_filesystem": False,
            "environment": {"WORKERS": "4"},
        }
    ],
    "logs_retention_days": 30,
    "notifications_email_addresses": ["a@triflow-ai.com", "b@triflow-ai.com"],
    "rds_allocated_storage": 120,
    "rds_engine_version": "14",
    "rds_extensions": ["vector", "pg_trgm"],
    "rds_multi_az": False,
    "s3_prefix_rules": [
        {"prefix": "logs-archive/", "expiration_days": 100},
        {"prefix": "logs-archive-errors/", "expiration_days": 100},
    ],
    "security_groups_load_balancer_ports": [80, 443],
    "stack_tags": {"CostCentre": "4711"},
    "vpc_flow_logs": False,
    "vpc_interface_endpoints": True,
}


def other(value: Any) -> Any:
    """The same with text for numbers and switches, and with numbers and switches for text."""
    if isinstance(value, dict):
        return {key: other(item) for key, item in value.items()}
    if isinstance(value, list):
        return [other(item) for item in value]
    if isinstance(value, str):
        return int(value) if value.isdigit() else {"true": True}.get(value, value)
    return str(value).lower()


def text(value: Any, write: Callable[[Any], str] = json.dumps) -> str:
    """A value as somebody types it. What is nested has to be written as something that can be read again."""
    if isinstance(value, dict) or (isinstance(value, list) and isinstance(value[0], dict)):
        return write(other(value))
    return ",".join(map(str, value)) if isinstance(value, list) else str(value).lower()


def own(stack: str) -> dict[str, str]:
    return {"s3_bucket_name": stack, "dns_zone_name": f"{stack}.com"}


@pytest.fixture(scope="module")
def runs(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> tuple[Played, Played]:
    """Both inventories in one run, and the first stack again with its variables on the command line."""
    lab.reset()
    directory = tmp_path_factory.mktemp("text")
    plain, bare, ini = (directory / name for name in ("plain.yml", "bare.yml", "text.ini"))
    plain.write_text(yaml.safe_dump({"prod": {"hosts": {YAML: {**own(YAML), **PLAIN}}}}))
    bare.write_text(yaml.safe_dump({"prod": {"hosts": {YAML: own(YAML)}}}))
    # Ansible reads a literal of Python there, or else text.
    words = {**own(INI), **{name: text(value, repr) for name, value in PLAIN.items()}}
    ini.write_text(f"[prod]\n{INI} {' '.join(f'{name}={shlex.quote(word)}' for name, word in words.items())}\n")
    given = [word for name, value in PLAIN.items() for word in ("-e", f"{name}={shlex.quote(text(value))}")]
    return (
        play(lab, directory, *SITE, "-i", str(plain), "-i", str(ini)),
        play(lab, directory, *SITE, "-i", str(bare), *given),
    )


def shown(run: Played, stack: str) -> dict[str, Any]:
    """What a plan says of each component, with one name for all stacks."""
    found = {"components": run.components(stack), "diffs": run.diffs(stack)}
    plan: dict[str, Any] = json.loads(json.dumps(found).replace(stack, "triflow-stack"))
    return plan


def test_the_plans_show_the_values(runs: tuple[Played, Played]) -> None:
    run, _command_line = runs
    assert run.exit_code == 0, run.output
    plan = shown(run, YAML)["diffs"]
    assert plan["log-group-backend"][1]["retention"] == 30
    assert {"repository-backend", "repository-worker", "endpoint-logs"} <= plan.keys()
    assert "flow-log" not in plan


def test_text_of_an_inventory_gives_the_same_plan(runs: tuple[Played, Played]) -> None:
    run, _command_line = runs
    assert shown(run, INI) == shown(run, YAML)


def test_text_of_the_command_line_gives_the_same_plan(runs: tuple[Played, Played]) -> None:
    run, command_line = runs
    assert command_line.exit_code == 0, command_line.output
    assert shown(command_line, YAML) == shown(run, YAML)


def test_no_value_comes_back_in_a_result(runs: tuple[Played, Played]) -> None:
    """Such as an address that a diff does not show either."""
    for run in runs:
        assert "a@triflow-ai.com" not in run.output
