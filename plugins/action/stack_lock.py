# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import getpass
import os
import socket
from datetime import UTC, datetime
from typing import Any, ClassVar

from ansible import context
from ansible.errors import AnsibleActionFail
from ansible_collections.triflow.platform.plugins.plugin_utils import lock
from ansible_collections.triflow.platform.plugins.plugin_utils.controller import ControllerAction

# AWS Systems Manager API reference, DeleteParameter: seconds before the same name can be created again.
DELETED_SECONDS = 30


def holder(awx_job: str) -> str:
    """Who runs this: user@host, with the job of AWX."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}" + (f" (AWX job {awx_job})" if awx_job else "")


class ActionModule(ControllerAction):
    purpose = "take the lock"
    needs_lock = False
    options: ClassVar[dict[str, Any]] = {
        "break_run": {"type": "str", "default": ""},
        "awx_job": {"type": "str", "default": ""},
    }

    def work(self) -> dict[str, Any]:
        ssm, name = self.client("ssm"), lock.parameter(self.args["stack"])
        if self._task.check_mode:
            held = lock.read(ssm, name)
            warnings = [f"Stack {self.args['stack']} is locked: {self._described(ssm, name, held)}."] if held else []
            return {"changed": False, "lock": held.shown if held else None, "warnings": warnings}
        if lock.run is None:
            raise self.failure(
                f"Stack {self.args['stack']} is not locked, since nothing would free it: the callback that does is not "
                "enabled. Set callbacks_enabled = triflow.platform.stack_lock in ansible.cfg, or run from the "
                "project's root."
            )
        mine = {
            "run": lock.run,
            "host": self.host,
            "holder": holder(self.args["awx_job"]),
            "playbook": " ".join(context.CLIARGS.get("args", ())),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        lock.ask(name, self.args["region"])
        self._take(ssm, name, mine)
        return {"changed": False, "lock": mine, "parameter": name, "region": self.args["region"]}

    def _take(self, ssm: Any, name: str, mine: dict[str, str]) -> None:
        # Of two that break one lock at once, both may delete it. Neither creates it before it has slept, so what they
        # delete is never the other's new lock.
        broken = False
        for _seconds in self.moments(self.deadline(DELETED_SECONDS)):
            if lock.take(ssm, name, mine):
                return
            held = lock.read(ssm, name)
            if held and held.entry and held.entry["run"] == mine["run"]:
                if held.entry.get("host") != mine["host"]:
                    raise self.failure(
                        f"Stack {self.args['stack']} is locked: the host {held.entry.get('host')} of this run has it "
                        f"already. Give {mine['host']} a stack_name of its own."
                    )
                return  # the answer to its creation was lost, and it was asked for again
            if held and held.key != self.args["break_run"]:
                raise self._refusal(held, self._described(ssm, name, held))
            if held and not broken:
                lock.delete(ssm, name, held.key)
                self.say(f"broke the lock: {held.describe()}")
                broken = True
        raise self.failure(
            f"The lock of stack {self.args['stack']} was deleted, and AWS does not create it anew within "
            f"{DELETED_SECONDS} seconds. Run again."
        )

    @staticmethod
    def _described(ssm: Any, name: str, held: lock.Held) -> str:
        return held.describe("" if held.entry else lock.author(ssm, name))

    def _refusal(self, held: lock.Held, described: str) -> AnsibleActionFail:
        if held.entry:
            advice = "Wait until that run ends. If it is dead, break its lock"
        else:
            advice = "Ask whoever wrote it what it is for. If nobody needs it any more, break it"
        sentences = [
            f"Stack {self.args['stack']} is locked: {described}.",
            f"{advice}: -e stack_break_lock={held.key}",
        ]
        if self.args["break_run"]:
            sentences.insert(1, f"Nothing was broken: stack_break_lock={self.args['break_run']} is another lock's.")
        return self.failure(*sentences, lock=held.shown, parameter=lock.parameter(self.args["stack"]))
