"""The lookup guard: what it demands of the modules, by what the callback stack_lock knows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.plugins.loader import lookup_loader
from ansible_collections.triflow.platform.plugins.callback import stack_lock
from ansible_collections.triflow.platform.plugins.plugin_utils import lock

PIN = "123456789012"
REGION = "ap-northeast-2"


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "held", set())
    monkeypatch.setattr(lock, "accounts", {})


def demand(**options: Any) -> dict[str, Any]:
    lookup = lookup_loader.get("triflow.platform.guard")
    (found,) = lookup.run(["triflow-one"], {"inventory_hostname": "one"}, region=REGION, **options)
    return dict(found)


def said(action: str, result: dict[str, Any], host: str = "one") -> None:
    """The callback hears of a task that has ended well."""
    task, named = SimpleNamespace(action=f"triflow.platform.{action}"), SimpleNamespace(get_name=lambda: host)
    heard = SimpleNamespace(task=task, host=named, result=result)
    stack_lock.CallbackModule.v2_runner_on_ok(SimpleNamespace(), heard)  # type: ignore[arg-type]


@pytest.mark.parametrize("switch", [False, "false", "no"])
def test_without_a_lock_on_purpose_it_is_not_asked_for(switch: Any) -> None:
    assert demand() == {"locked": False, "account": "", "read_only": False}
    assert demand(lock=True) == {"locked": False, "account": "", "read_only": False}
    assert demand(lock=switch) == {"locked": True, "account": "", "read_only": False}


def test_the_lock_of_this_stack_is_asked_for() -> None:
    said("stack_lock", {"lock": None})  # in check mode it takes none
    said("stack_lock", {"parameter": lock.parameter("triflow-two"), "region": REGION})
    said("stack_lock", {"parameter": lock.parameter("triflow-one"), "region": "eu-west-1"})
    assert demand()["locked"] is False
    said("stack_lock", {"parameter": lock.parameter("triflow-one"), "region": REGION})
    assert demand()["locked"] is True


def test_the_account_is_asked_for_once() -> None:
    said("account_preflight", {"identity": {"account": PIN}}, host="two")
    assert demand(account=PIN)["account"] == PIN
    said("account_preflight", {"identity": {"account": PIN}})
    assert demand(account=PIN)["account"] == ""
    assert demand(account="999999999999")["account"] == "999999999999"
