# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Texts that come from Ansible Vault, and the hiding of them in all that a run shows.

The callback ``vault`` fills it in the main process. Ansible forks a process for each task from that one, so an action
finds here what not to write into a file.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.executor.task_result import CallbackTaskResult
from ansible.parsing.vault import VaultHelper
from ansible.utils.display import Display
from ansible_collections.triflow.platform.plugins.module_utils.hidden import HIDDEN

try:
    from ansible._internal._datatag._tags import Origin  # there is no public way to ask for a value's file
except ImportError:
    Origin = None

MARK = b"$ANSIBLE_VAULT;"  # an encrypted file begins with it
SHORT = 5  # a shorter text is hidden only where it is all of a value: it is part of too many words
PLAIN = ("true", "false", "yes", "no", "on", "off", "none", "null", "")  # hiding these would tell nothing

texts: set[str] = set()


def collect(variables: Mapping[str, Any]) -> None:
    """Remember all texts among these variables that come from a vault."""
    found = {text for text in _vaulted(variables) if text.lower() not in PLAIN}
    if not found <= texts:
        texts.update(found)
        _pattern.cache_clear()


def _vaulted(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _vaulted(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _vaulted(item)
    elif VaultHelper.get_ciphertext(value, with_tags=False) or _is_in_encrypted_file(value):
        try:
            yield str(value)
        except AnsibleError:  # encrypted for somebody else, so nothing can show it
            return


def _is_in_encrypted_file(value: Any) -> bool:
    origin = Origin.get_tag(value) if Origin else None
    return bool(origin and origin.path and _is_encrypted(origin.path))


@functools.cache
def _is_encrypted(path: str) -> bool:
    try:
        with Path(path).open("rb") as file:
            return file.read(len(MARK)) == MARK
    except OSError:
        return False


@functools.cache
def _pattern() -> re.Pattern[str] | None:
    """All the longer texts, the longest first."""
    longer = sorted((text for text in texts if len(text) >= SHORT), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longer))) if longer else None


def redact(value: Any) -> Any:
    """A value of any shape as it may be shown."""
    if isinstance(value, Mapping):
        return {key: redact(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(item) for item in value]
    if isinstance(value, str):
        pattern = _pattern()
        return HIDDEN if value in texts else pattern.sub(HIDDEN, value) if pattern else value
    if isinstance(value, (int, float)) and len(str(value)) >= SHORT and str(value) in texts:
        return HIDDEN
    return value


def whole(result: CallbackTaskResult) -> dict[str, Any]:
    """A task's result as it is, for a callback that acts on it and does not show it."""
    shown: dict[str, Any] = result.result
    return getattr(result, "whole", shown)


@functools.cache
def hide() -> None:
    """From now on hide the texts in the results that callbacks get, and in what is displayed."""
    read, display = CallbackTaskResult.result.func, Display.display

    def result(self: CallbackTaskResult) -> Any:
        self.whole = read(self)
        return redact(self.whole)

    hiding = functools.cached_property(result)
    hiding.__set_name__(CallbackTaskResult, "result")
    CallbackTaskResult.result = hiding

    @functools.wraps(display)
    def displayed(self: Display, msg: Any, *args: Any, **options: Any) -> Any:
        return display(self, redact(msg), *args, **options)

    Display.display = displayed
