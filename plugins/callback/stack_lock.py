# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: stack_lock
type: aggregate
version_added: 0.1.0
short_description: Frees the locks of a run when it ends
author: TriFlow AI (@triflow-ai)
description:
  - Frees what the module P(triflow.platform.stack_lock#module) has locked in this run, when the run has ended well, has
    failed, or was ended by Ctrl-C or SIGTERM. After SIGKILL a lock stays; the next run says how to break it.
  - Remembers what the run holds, and which account preflight has found for each host, for the modules that write.
  - A lock that another run has broken and taken meanwhile is left to that one.
requirements:
  - "Enable it with C(callbacks_enabled = triflow.platform.stack_lock) in C(ansible.cfg)."
"""

import atexit
import os
import secrets
import signal
from types import FrameType
from typing import Any

from ansible import context
from ansible.plugins.callback import CallbackBase
from ansible_collections.triflow.platform.plugins.plugin_utils import lock, vaulted

FREEING_SECONDS = 10  # how long a call is repeated: whoever has pressed Ctrl-C waits for it


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "triflow.platform.stack_lock"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lock.run = secrets.token_hex(4)
        self.playbooks = len(context.CLIARGS.get("args", ()))  # that have not ended
        self.process = os.getpid()
        # Ctrl-C ends the run without statistics, and so does an error outside of any task.
        atexit.register(self._free)
        # On SIGTERM Ansible's handler kills this process, and nothing would run at its end.
        self.handler: Any = signal.signal(signal.SIGTERM, self._terminated)

    def v2_runner_on_ok(self, result: Any) -> None:
        if result.task.action == "triflow.platform.stack_lock" and "parameter" in result.result:
            taken = vaulted.whole(result)
            lock.held.add((taken["parameter"], taken["region"]))
        if result.task.action == "triflow.platform.account_preflight":
            lock.accounts[result.host.get_name()] = vaulted.whole(result)["identity"]["account"]

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self.playbooks -= 1
        if self.playbooks <= 0:  # the next one of this command runs under the same lock
            self._free()

    def _free(self) -> None:
        if not lock.held or os.getpid() != self.process:
            return
        # imported only when something is held
        import boto3
        from ansible_collections.triflow.platform.plugins.module_utils import failures, retries

        retries.install(FREEING_SECONDS)
        for name, region in list(lock.held):
            try:
                ssm = boto3.client("ssm", region_name=region)
                held = lock.read(ssm, name)
                if held and held.key == lock.run:
                    lock.delete(ssm, name)
                else:
                    found = f"It is held by {held.describe()}" if held else "Nobody holds it"
                    self._display.warning(f"Somebody broke the lock {name} of this run. {found}.")
            except Exception as error:  # whatever it is: nobody else says how the lock is freed
                failure = failures.explain(error, "ssm", name)
                self._display.warning(
                    f"The lock is not freed: {failure.sentence} The next run needs -e stack_break_lock={lock.run}"
                )
            lock.held.discard((name, region))  # SIGTERM may have freed it in between

    def _terminated(self, number: int, frame: FrameType | None) -> None:
        self._free()
        self.handler(number, frame)
