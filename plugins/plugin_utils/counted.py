# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an action has done to its component when it fails: what it called itself, and its stock module in a fork."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.triflow.platform.plugins.module_utils import account, compare

Run = Callable[..., dict[str, Any]]


def counted(run: Run) -> Run:
    """The ``run`` of an action on one component. Its failure has ``changes`` in its result, as a module's has."""

    @functools.wraps(run)
    def counting(self: Any, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        account.install()
        account.begin()
        try:
            return run(self, tmp, task_vars)
        except AnsibleActionFail as error:
            error.result.update(_done(self._task.args))
            raise

    return counting


def _done(args: dict[str, Any]) -> dict[str, Any]:
    component, options = args.get("component"), args.get("options") or {}
    there = any(entry.get("component") == component for entry in args.get("live") or [])
    action = "delete" if args.get("state") == "absent" else "update" if there else "create"
    state, module = account.state, account.of_module
    state["pending"] = {"component": component, "action": action, "fields": []}
    state["pending_diff"] = compare.diff(str(component), None, options) if action == "create" else None
    state["carried_out"] |= module["carried_out"]
    state["sent"] |= module["sent"]
    return account.result()
