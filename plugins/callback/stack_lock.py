# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: stack_lock
type: aggregate
version_added: 0.1.0
short_description: Frees the locks of a run when it ends
author: TriFlow AI (@triflow-ai)
description:
  - Frees what the module P(triflow.platform.stack_lock#module) has locked in this run, however the run ends. That is
    success, failure, an error outside of any task, Ctrl-C, SIGTERM, SIGHUP, or an output that nobody reads any more.
    After SIGKILL a lock stays; the next run says how to break it.
  - Remembers what the run holds, and which account preflight has found for each host, for the modules that write.
  - A lock that another run has broken and taken meanwhile is left to that one.
requirements:
  - "Enable it with C(callbacks_enabled = triflow.platform.stack_lock) in C(ansible.cfg)."
"""

import os
import secrets
import threading
import time
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import failures
from ansible_collections.triflow.platform.plugins.plugin_utils import ending, lock, vaulted

SECONDS = 60  # for all locks to be freed, while AWS throttles or does not answer
SECONDS_OF_AN_ENDED_RUN = 8  # who sends a signal sends SIGKILL soon after
CALL_SECONDS = 3  # for AWS to connect, and to answer


class CallbackModule(ending.EndingCallback):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "triflow.platform.stack_lock"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lock.run = secrets.token_hex(4)
        lock.asked = os.pipe()
        self.refused: set[str] = set()  # parameters that others hold
        ending.parts.append(self.free)

    def v2_runner_on_ok(self, result: Any) -> None:
        if result.task.action == "triflow.platform.stack_lock" and "parameter" in result.result:
            taken = vaulted.whole(result)
            lock.held.add((taken["parameter"], taken["region"]))
        if result.task.action == "triflow.platform.account_preflight":
            lock.accounts[result.host.get_name()] = vaulted.whole(result)["identity"]["account"]

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if result.task.action == "triflow.platform.stack_lock":
            self.refused.add(vaulted.whole(result).get("parameter", ""))

    def free(self, _end: ending.End) -> str | None:
        """Free all that is held. Threads do it, since nothing else bounds the time, such as that of a name server."""
        asked = {(name, region) for name, region in lock.asked_for() if name not in self.refused}
        if not lock.held | asked:
            return None
        freeing = [Freeing(name, region, (name, region) in lock.held) for name, region in sorted(lock.held | asked)]
        lock.held.clear()
        for one in freeing:
            one.start()
        begun = time.monotonic()
        for one in freeing:
            while one.is_alive() and time.monotonic() - begun < (
                SECONDS_OF_AN_ENDED_RUN if ending.signals else SECONDS
            ):
                one.join(0.1)
        problems = [one.problem for one in freeing if one.problem]
        for problem in problems:
            self._display.warning(problem)
        return None if problems else "Its lock is freed."


class Freeing(threading.Thread):
    """Frees one lock. `problem` says why it is not freed, or who has it now.

    What was only asked for may be there, or not.
    """

    def __init__(self, name: str, region: str, held: bool) -> None:
        super().__init__(daemon=True)
        self.parameter, self.region, self.held = name, region, held
        self.problem: str | None = self._unfreed(f"AWS has not answered on {self.parameter}.")

    def run(self) -> None:
        try:
            self.problem = self._free()
        except Exception as error:
            self.problem = self._unfreed(failures.explain(error, "ssm", self.parameter).sentence)

    def _free(self) -> str | None:
        # imported only when something is held
        import boto3
        from ansible_collections.triflow.platform.plugins.module_utils import retries
        from botocore.config import Config

        retries.install(SECONDS)
        config = Config(connect_timeout=CALL_SECONDS, read_timeout=CALL_SECONDS)
        ssm = boto3.session.Session().client("ssm", region_name=self.region, config=config)
        held = lock.read(ssm, self.parameter)
        if held and held.key == lock.run:
            lock.delete(ssm, self.parameter, held.key)
            return None
        if not self.held:
            return None
        found = f"It is held by {held.describe()}" if held else "Nobody holds it"
        return f"Somebody broke the lock {self.parameter} of this run. {found}."

    def _unfreed(self, why: str) -> str:
        return (
            f"The lock is not freed: {why} When nothing of this run is left, the next one needs "
            f"-e stack_break_lock={lock.run}"
        )
