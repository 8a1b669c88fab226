# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs triflow.platform.cost_report on the controller, see the module of that name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.triflow.platform.plugins.module_utils import cost, cost_difference, cost_text
from ansible_collections.triflow.platform.plugins.plugin_utils import cost_page, files, vaulted

ARGUMENTS = {
    "stacks": {"type": "list", "elements": "dict", "required": True},
    "rate": {
        "type": "dict",
        "required": True,
        "options": {"krw_per_usd": {"type": "float", "required": True}, "date": {"type": "str", "required": True}},
    },
    "budget_action": {"type": "str", "choices": ["warn", "refuse"], "default": "warn"},
    "against": {"type": "path"},
    "against_revision": {"type": "str"},
    "revision_report": {"type": "dict"},
    "against_stack": {"type": "str"},
    "live_stacks": {"type": "list", "elements": "dict"},
    "json_path": {"type": "path"},
    "markdown_path": {"type": "path"},
    "html_path": {"type": "path"},
}


class ActionModule(ActionBase):
    """Prints and writes the report; over a budget it warns or fails."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        _unused, args = self.validate_argument_spec(argument_spec=ARGUMENTS)
        report = cost.report(args["stacks"], args["rate"])
        compared = difference(report["stacks"], args)
        if compared:
            report["difference"] = compared
        self._display.display(cost_text.terminal(report))
        texts = {"json_path": as_json, "markdown_path": cost_text.markdown, "html_path": cost_page.html}
        for name, text in texts.items():
            if args[name]:
                try:
                    files.write(args[name], vaulted.redact(text(report)))
                except OSError as error:
                    raise AnsibleActionFail(f"cost_{name}: {args[name]} cannot be written: {error.strerror}") from error
        over = cost.over_budget(report)
        refused = bool(over) and args["budget_action"] == "refuse"
        if over and not refused:
            result["warnings"] = over
        return {
            **result,
            "changed": False,
            "failed": refused,
            "report": report,
            **({"msg": " ".join(over)} if refused else {}),
        }


def as_json(report: dict[str, Any]) -> str:
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def difference(stacks: list[dict[str, Any]], args: dict[str, Any]) -> dict[str, Any] | None:
    """What changed since an earlier report or revision, or what differs from an account or another stack, if asked."""
    if args["live_stacks"]:
        return cost_difference.difference(args["live_stacks"], stacks, cost_difference.LIVE)
    if args["against_revision"]:
        return cost_difference.difference(args["revision_report"]["stacks"], stacks, args["against_revision"])
    if args["against"]:
        return cost_difference.difference(earlier(args["against"]), stacks, Path(args["against"]).name)
    if args["against_stack"]:
        names = [stack["stack"] for stack in stacks]
        if args["against_stack"] not in names:
            message = f"cost_against_stack: no stack {args['against_stack']} in this run, which has {', '.join(names)}."
            raise AnsibleActionFail(message)
        return cost_difference.between(stacks, args["against_stack"])
    return None


def earlier(path: str) -> list[dict[str, Any]]:
    """The stacks of an earlier report. Raises ``AnsibleActionFail`` for a file that is none."""
    try:
        stacks: list[dict[str, Any]] = json.loads(Path(path).read_text(encoding="utf-8"))["stacks"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AnsibleActionFail(f"cost_against: {path} is no report of playbooks/cost.yml: {error}") from error
    return stacks
