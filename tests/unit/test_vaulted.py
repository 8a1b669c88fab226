"""What is taken for a vault's value, and where it is hidden."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible._internal._datatag._tags import Origin, VaultedValue
from ansible.executor.task_result import CallbackTaskResult
from ansible.utils.display import Display
from ansible_collections.triflow.platform.plugins.plugin_utils import vaulted


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vaulted, "texts", set())
    monkeypatch.setattr(CallbackTaskResult, "result", CallbackTaskResult.result)
    monkeypatch.setattr(Display, "display", Display.display)
    vaulted.hide.cache_clear()
    vaulted._pattern.cache_clear()


def secret(text: str) -> str:
    tagged: str = VaultedValue(ciphertext="cipher").tag(text)
    return tagged


def test_values_of_any_depth_are_found_and_hidden_within_texts() -> None:
    vaulted.collect({"a": [{"b": secret("swordfish")}], "c": "plain", "d": secret("12345678")})
    assert vaulted.redact({"x": ["to swordfish", 12345678, 1, True, None], "y": "plain"}) == {
        "x": ["to (hidden)", "(hidden)", 1, True, None],
        "y": "plain",
    }


def test_what_is_short_or_a_switch_is_not_hidden_within_texts() -> None:
    vaulted.collect({"pin": secret("7355"), "switch": secret("true")})
    assert vaulted.redact(["7355", "a 7355", 7355, "true"]) == ["(hidden)", "a 7355", 7355, "true"]


def test_the_values_of_an_encrypted_file_are_found(tmp_path: Path) -> None:
    whole, plain = tmp_path / "whole.yml", tmp_path / "plain.yml"
    whole.write_text("$ANSIBLE_VAULT;1.1;AES256\n00")
    plain.write_text("a: b")
    of = [Origin(path=str(path), line_num=1).tag(text) for path, text in ((whole, "swordfish"), (plain, "mackerel"))]
    vaulted.collect({"values": of})
    assert vaulted.texts == {"swordfish"}


def test_one_text_within_another_leaves_no_rest() -> None:
    vaulted.collect({"a": secret("sword"), "b": secret("swordfish")})
    assert vaulted.redact("swordfish sword") == "(hidden) (hidden)"


def test_callbacks_and_the_display_get_none_and_those_that_act_get_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    vaulted.collect({"a": secret("swordfish")})
    shown: list[str] = []
    monkeypatch.setattr(Display, "display", lambda _self, msg: shown.append(msg))
    vaulted.hide()
    result: dict[str, Any] = {"parameter": "/triflow/swordfish/lock"}
    utr = SimpleNamespace(as_result_dict=lambda **_unused: result, no_log=False)
    given: Any = CallbackTaskResult(SimpleNamespace(), SimpleNamespace(no_log=False), utr)
    assert vaulted.whole(given) == result
    assert given.result == {"parameter": "/triflow/(hidden)/lock"}
    Display().display("a swordfish")
    assert shown == ["a (hidden)"]


def test_without_a_vault_a_result_is_whole() -> None:
    given: Any = SimpleNamespace(result={"a": 1})
    assert vaulted.whole(given) is given.result
