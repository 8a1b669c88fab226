"""The variables of the four environments as the inventories have them, and the prices: for the tests of cost."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.triflow.platform.plugins.module_utils import cost, cost_prices
from jinja2 import Environment

ROOT = Path(__file__).resolve().parents[3]
KINDS = ("prod", "staging", "dev", "nonprod")
RATE = {"krw_per_usd": 1300, "date": "2026-01-20"}
TEMPLATES_IN_TEMPLATES = 3


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}


@cache
def prices() -> dict[str, cost_prices.Price]:
    return cost_prices.load(load(ROOT / "roles/cost/files/prices.yml")["prices"])


@cache
def _variables(kind: str) -> dict[str, Any]:
    files = [*ROOT.glob("roles/*/defaults/main.yml"), *ROOT.glob("group_vars/all/*.yml")]
    files += sorted(ROOT.glob(f"group_vars/{kind}/*.yml"))
    found = {name: value for path in files for name, value in load(path).items()}
    ((host, own),) = load(ROOT / f"inventories/{kind}/hosts.yml")[kind]["hosts"].items()
    # What needs Ansible's own variables or filters is of no account here.
    found = {name: value for name, value in {**found, **own}.items() if "[0]" not in str(value)} | {"stack_name": host}
    for _time in range(TEMPLATES_IN_TEMPLATES):
        found = {name: _rendered(value, found) for name, value in found.items()}
    return found


def _rendered(value: Any, given: dict[str, Any]) -> Any:
    return Environment().from_string(value).render(given) if isinstance(value, str) and "{{" in value else value


def variables(kind: str = "prod", **changed: Any) -> dict[str, Any]:
    """Variables of an environment, some of them changed."""
    return {**_variables(kind), **changed}


def stack(kind: str = "prod", **changed: Any) -> dict[str, Any]:
    return cost.stack(f"triflow-{kind}", kind, variables(kind, **changed), prices())


def report() -> dict[str, Any]:
    """All four environments."""
    return cost.report([stack(kind) for kind in KINDS], RATE)
