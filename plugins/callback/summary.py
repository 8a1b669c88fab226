# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: summary
type: aggregate
version_added: 0.1.0
short_description: Says at the end what a run did, or would do, to each stack
author: TriFlow AI (@triflow-ai)
description:
  - Counts the stack's components that were created, changed, deleted, left alone or failed, and the seconds waited.
  - With the environment variable C(TRIFLOW_SUMMARY) set to a path, writes the same there as JSON, however the run ends.
    The file of an earlier run is deleted when a run begins, and one is there again when the run has ended.
requirements:
  - "Enable it with C(callbacks_enabled = triflow.platform.summary) in C(ansible.cfg)."
options:
  path:
    description: Where to write the JSON. Nothing is written without it.
    type: path
    env:
      - name: TRIFLOW_SUMMARY
    ini:
      - section: callback_triflow_summary
        key: path
"""

import json
import time
from datetime import UTC, datetime
from typing import Any

from ansible import context
from ansible_collections.triflow.platform.plugins.module_utils import failures
from ansible_collections.triflow.platform.plugins.plugin_utils import ending, files, recorded, vaulted

WORDS = {"create": "created", "update": "changed", "delete": "deleted", "none": "unchanged", "unknown": "unknown"}
MESSAGE = 1000  # characters of a failure's message: call, resource, reason and remedy
EXIT_CODE = 5  # Ansible's own for options that are bad or incomplete
LOCALHOST = ("localhost", ["localhost"])  # as a play that has not run yet has it, text or list


class CallbackModule(ending.EndingCallback):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "triflow.platform.summary"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.started = datetime.now(UTC).isoformat(timespec="seconds")
        self.begun = time.monotonic()
        self.check_mode = bool(context.CLIARGS.get("check"))
        self.of_stacks: bool | None = None  # None until a playbook says by its hosts whether it is about stacks
        self.running: dict[str, str] = {}  # {host: task}
        self.stacks: dict[str, dict[str, Any]] = {}
        recorded.enabled = True
        self.summary: dict[str, Any] = {}
        ending.parts.append(self.end)
        ending.prints.append(self.show)

    def v2_playbook_on_start(self, playbook: Any) -> None:
        if self.of_stacks or all(play.hosts in LOCALHOST for play in playbook.get_plays()):
            self.of_stacks = bool(self.of_stacks)
            return
        self.of_stacks = True
        path = self.get_option("path")
        if not path:
            return
        refusal = files.refusal(path)
        if refusal:
            self._display.error(f"Nothing was changed: TRIFLOW_SUMMARY is {path}, which cannot be written: {refusal}.")
            self.set_option("path", None)
            raise SystemExit(EXIT_CODE)
        files.delete(path)

    def _stack(self, host: str) -> dict[str, Any]:
        return self.stacks.setdefault(host, {"components": {}, "failed": [], "stopped": [], "waited": {}})

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        self.running[host.get_name()] = task.get_name()

    def _collect(self, result: Any) -> None:
        self.check_mode = self.check_mode or result.task.check_mode is True
        host = result.host.get_name()
        self.running.pop(host, None)
        whole = vaulted.whole(result)
        recorded.record(host, whole)
        if host in recorded.components:
            actions = {name: known["action"] for name, known in recorded.components[host].items()}
            self._stack(host)["components"] = actions
        for item in recorded.items(whole):
            waited = {name: seconds for name, seconds in item.get("waited", {}).items() if seconds}
            if waited:
                self._stack(host)["waited"].update(waited)

    def v2_runner_on_ok(self, result: Any) -> None:
        self._collect(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._collect(result)
        if not ignore_errors:
            task = result.task.get_name()
            self._stack(result.host.get_name())["failed"] += [
                {"task": f"{task} ({item})" if item else task, "msg": sentence}
                for item, sentence in failures.messages(result.result)
            ]

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self.v2_runner_on_failed(result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self.running.pop(result.host.get_name(), None)

    def end(self, end: ending.End) -> None:
        """Write the summary."""
        if self.of_stacks is False and not self.stacks:
            return
        if end.by:
            for host, task in self.running.items():
                self._stack(host)["stopped"].append(task)
        for stack in self.stacks.values():
            actions = list(stack["components"].values())
            stack["counts"] = {word: actions.count(action) for action, word in WORDS.items()}
            stack["counts"]["failed"] = len(stack["failed"])
        self.summary = {
            "mode": "check" if self.check_mode else "run",
            "result": end.result,
            "ended": end.by,
            "started": self.started,
            "seconds": round(time.monotonic() - self.begun, 1),
            "stacks": self.stacks,
        }
        path = self.get_option("path")
        if path:
            try:
                files.write(path, json.dumps(self.summary, indent=2, sort_keys=True) + "\n")
            except OSError as error:
                self._display.warning(f"TRIFLOW_SUMMARY is {path}, which is not written: {error.strerror}.")

    def show(self) -> None:
        if not self.stacks:
            return
        self._display.banner("SUMMARY OF THE PLAN" if self.check_mode else "SUMMARY")
        for host, stack in sorted(self.summary["stacks"].items()):
            counts = ", ".join(f"{number} {word}" for word, number in stack["counts"].items() if number)
            self._display.display(
                f"{host}: {'would be ' if self.check_mode and counts else ''}{counts or 'nothing done'}"
            )
            for action in ("create", "update", "delete", "unknown"):
                names = [name for name, done in stack["components"].items() if done == action]
                if names:
                    self._display.display(f"  {action}: {', '.join(names)}")
            for component, seconds in stack["waited"].items():
                self._display.display(f"  waited {seconds} s for {component}")
            for failure in stack["failed"]:
                first = next(iter(str(failure["msg"]).splitlines()), "")[:MESSAGE]
                self._display.display(f"  failed: {failure['task']}{first and ': '}{first}", color="red")
            for task in stack["stopped"]:
                self._display.display(f"  stopped: {task}, whose changes are not counted", color="red")
