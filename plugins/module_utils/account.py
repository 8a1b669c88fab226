# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What this process has done so far, for the result of a module or an action that fails, dies or is killed.

What is being changed when it ends is counted as changed when AWS has carried out one of its calls. It is ``unknown``
when a call was sent and never answered, and nothing when all were refused. Events of botocore say so, of stock modules
too: ``install`` gives them to every session that is made from then on.
"""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable, Iterator
from typing import Any, TypedDict

from ansible_collections.triflow.platform.plugins.module_utils.guard import READING

UNKNOWN = "unknown"

Change = dict[str, Any]


class State(TypedDict):
    """What is done, and what is being done. It goes through the pipe of the connection ``forked`` as JSON."""

    changes: list[Change]
    diff: list[dict[str, Any]]
    pending: Change | None
    pending_diff: dict[str, Any] | None
    sent: bool  # a call that writes has gone out, and no answer has come
    carried_out: bool  # one has been


def _empty() -> State:
    return State(changes=[], diff=[], pending=None, pending_diff=None, sent=False, carried_out=False)


state = _empty()
of_module = _empty()  # of the last module that this process has run in a fork
keep: Callable[[State], None] | None = None  # tells whoever outlives this process


@functools.cache
def install() -> None:
    """Follow the calls of all boto3 clients that are made from now on in this process and in its forks."""
    import botocore

    botocore.register_initializer(_follow)


def begin() -> None:
    """A module or an action begins."""
    state.update(_empty())
    of_module.update(_empty())


@contextlib.contextmanager
def changing(change: Change, diff: dict[str, Any] | None = None) -> Iterator[None]:
    """Around the calls of one change. Whoever leaves it well says what was done with ``done``."""
    state.update({"pending": change, "pending_diff": diff, "sent": False, "carried_out": False})
    yield
    state.update({"pending": None, "pending_diff": None, "sent": False, "carried_out": False})


def done(changes: list[Change], diff: list[dict[str, Any]]) -> None:
    """All that is done so far."""
    state.update({"changes": list(changes), "diff": list(diff)})
    _tell()


def sending() -> None:
    """A call that writes goes out."""
    state["sent"] = True
    _tell()


def answered(carried_out: bool) -> None:
    """Its answer has come."""
    state.update({"sent": False, "carried_out": state["carried_out"] or carried_out})
    _tell()


def take(line: bytes) -> None:
    """What a module in a fork has said last. One that runs again goes on from what it did before."""
    before = of_module["carried_out"]
    of_module.update(json.loads(line))
    of_module["carried_out"] |= before


def result(of: State | None = None) -> dict[str, Any]:
    """``changed``, ``changes`` and ``diff`` for the result of what fails now. Empty when nothing was looked at."""
    known = of or state
    changes, diff = [*known["changes"]], [*known["diff"]]
    if known["pending"] and (known["carried_out"] or known["sent"]):
        action = known["pending"]["action"] if known["carried_out"] else UNKNOWN
        changes.append({**known["pending"], "action": action})
        diff += [known["pending_diff"]] if known["pending_diff"] and known["carried_out"] else []
    if not changes:
        return {}
    return {"changed": any(change["action"] != "none" for change in changes), "changes": changes, "diff": diff}


def _tell() -> None:
    if keep:
        keep(state)


def _follow(session: Any) -> None:
    events = session.get_component("event_emitter")
    events.register_last("before-call", _before_call)  # after whoever refuses to send it
    events.register("after-call", _after_call)
    events.register("after-call-error", _after_call_error)


def _before_call(model: Any, **_event: Any) -> None:
    if not model.name.startswith(READING):
        sending()


def _after_call(http_response: Any, model: Any, **_event: Any) -> None:
    # What a 5xx has done is not known.
    if not model.name.startswith(READING) and http_response.status_code < 500:
        answered(http_response.status_code < 300)


def _after_call_error(exception: BaseException, **_event: Any) -> None:
    from ansible_collections.triflow.platform.plugins.module_utils import retries

    if state["sent"] and not retries.lost(exception):
        answered(False)
