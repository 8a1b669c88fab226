# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.triflow.platform.plugins.module_utils import drift
from ansible_collections.triflow.platform.plugins.plugin_utils import files, recorded, vaulted


class ActionModule(ActionBase):
    """Says what the tasks before it would have changed, and fails when there is something."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _unused, args = self.validate_argument_spec(
            argument_spec={
                "resources": {"type": "list", "elements": "dict"},
                "path": {"type": "path"},
            }
        )
        stack = (task_vars or {})["inventory_hostname"]
        if not recorded.enabled:
            raise AnsibleActionFail(
                f"Cannot tell the drift of {stack}: the callback that records what differs is not enabled. Set "
                "callbacks_enabled = triflow.platform.summary in ansible.cfg, or run from the project's root."
            )
        found = drift.find(recorded.components.get(stack, {}), args["resources"])
        drifted = any(found.values())
        report = {"stack": stack, "time": datetime.now(UTC).isoformat(timespec="seconds"), "drift": drifted, **found}
        if args["path"]:
            text = json.dumps(vaulted.redact(report), indent=2, sort_keys=True) + "\n"
            try:
                files.write(args["path"], text)
            except OSError as error:
                raise AnsibleActionFail(
                    f"drift_report_path: {args['path']} cannot be written: {error.strerror}"
                ) from error
        lines = drift.describe(found)
        if args["resources"] is None:
            lines.append("  orphans: not looked for, since tags chose only some of the roles")
        counts = ", ".join(f"{len(found[kind])} {word}" for kind, word in WORDS.items() if found[kind])
        headline = f"{stack}: {counts or 'no drift'}"
        self._display.display("\n".join([headline, *lines]))
        if drifted:
            stay = "orphans stay, and what is there twice and in use ends the run" if found["twice"] else "orphans stay"
            raise AnsibleActionFail(f"{stack} drifted: {counts}. To repair it, run site.yml; {stay}.")
        return {"changed": False, "report": report}


WORDS = {"differs": "differ", "missing": "missing", "twice": "there twice", "orphans": "orphans"}
