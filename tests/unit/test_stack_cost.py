"""The action that counts: what it reads, and what it refuses. The counting itself: test_cost_lines.py."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.triflow.platform.plugins.action.stack_cost import ActionModule
from ansible_collections.triflow.platform.plugins.module_utils.problems import problem

from tests.unit.cost.stacks import ROOT, stack, variables

PRICES = str(ROOT / "roles/cost/files/prices.yml")


def count(monkeypatch: pytest.MonkeyPatch, problems: list[Any] | None = None, **changed: Any) -> dict[str, Any]:
    monkeypatch.setattr(ActionModule, "read", lambda _self, _given: (variables(**changed), problems or []))
    task = SimpleNamespace(args={"prices": PRICES}, check_mode=False, async_val=0)
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
    action = ActionModule(task, connection, None, DataLoader(), None, None)
    given = {"inventory_hostname": "triflow-prod", "group_names": ["fleet", "prod"]}
    result: dict[str, Any] = action.run(task_vars=given)
    return result


def test_the_file_s_prices_and_the_group_count(monkeypatch: pytest.MonkeyPatch) -> None:
    result = count(monkeypatch)
    assert result["cost"] == stack("prod")
    assert (result["changed"], result["failed" if "failed" in result else "changed"]) == (False, False)


def test_what_is_wrong_with_the_variables_is_said_before_anything_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    result = count(monkeypatch, [problem("ecs_memory", 1, "Fargate does not offer it", "2048")])
    assert result["failed"]
    assert "1 problem in the variables of triflow-prod" in result["msg"]
    assert "cost" not in result


def test_a_class_without_a_price_does_not_fail_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    result = count(monkeypatch, rds_instance_class="db.r6g.large")
    assert result["cost"] == stack("prod", rds_instance_class="db.r6g.large")
    assert "rds-db.r6g.large-multi-az-hour" in str(result["cost"]["notes"])
