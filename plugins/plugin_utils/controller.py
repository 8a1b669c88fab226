# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The base of the actions that ask AWS from the controller, so that a person sees how it goes."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, NoReturn

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.triflow.platform.plugins.module_utils import failures, progress
from ansible_collections.triflow.platform.plugins.module_utils.guard import OPTION, Guard
from ansible_collections.triflow.platform.plugins.plugin_utils.explained import Explained, explained

FIRST_DELAY = 1  # seconds between the first two looks
DELAY = 5  # the most between two


class ControllerAction(ActionBase):
    _supports_check_mode = True

    purpose: ClassVar[str]  # what it cannot do when AWS refuses: "follow the rollout"
    options: ClassVar[dict[str, Any]]  # argument spec, without what every action of ours takes
    either: ClassVar[tuple[str, ...]] = ()  # options of which exactly one is given
    needs_lock: ClassVar[bool] = True  # to write

    args: dict[str, Any]
    clients: dict[str, Any]
    guard: Guard
    seen: str = ""  # the last known state of what is followed
    host: str  # of the inventory

    @abstractmethod
    def work(self) -> dict[str, Any]:
        """The result. What AWS refuses needs no care: it fails the action with the purpose and AWS's words."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        # imported only by an action that asks AWS
        from ansible_collections.triflow.platform.plugins.module_utils import retries

        super().run(tmp, task_vars)
        common = {
            "stack": {"type": "str", "required": True},
            "tags": {"type": "dict", "default": {}},
            "adopt": {"type": "list", "elements": "str", "default": []},
            "retry_seconds": retries.OPTION,
            "guard": OPTION,
            "region": {"type": "str", "required": True},
        }
        either = [self.either] if self.either else []
        _unused, self.args = self.validate_argument_spec(
            argument_spec={**common, **self.options}, mutually_exclusive=either, required_one_of=either
        )
        retries.install(self.args["retry_seconds"])
        progress.show = self.say
        self.clients = {}
        self.host = str((task_vars or {}).get("inventory_hostname", ""))
        demand = None if self._task.check_mode else self.args["guard"]
        if demand and not self.needs_lock:
            demand = {**demand, "locked": True}
        self.guard = Guard(demand, self.args["stack"], self.client, self._refuse)
        try:
            return self.work()
        except AnsibleError:
            raise
        except Exception as error:
            raise explained(error, stack=self.args["stack"], purpose=self.purpose) from error

    def client(self, service: str) -> Any:
        """The boto3 client of a service, made once."""
        import boto3  # only when there is something to ask: a plan often has nothing

        if service not in self.clients:
            self.clients[service] = boto3.client(service, region_name=self.args["region"])
            self.guard.watch(self.clients[service])
        return self.clients[service]

    def deadline(self, seconds: int) -> float:
        """The end of a time that begins now, for ``moments``."""
        return time.monotonic() + seconds

    def moments(self, deadline: float, delay: int = DELAY) -> Iterator[float]:
        """When to look, as seconds since the first look: at once, ever less often, and at the deadline.

        The pauses double from one second to ``delay``: what takes a moment is not waited for longer than that.
        """
        begun = time.monotonic()
        pause = min(FIRST_DELAY, delay)
        while True:
            yield time.monotonic() - begun
            left = deadline - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(pause, left))
            pause = min(2 * pause, delay)

    @contextmanager
    def following(self, what: str, deadline: float, look: str) -> Iterator[None]:
        """Reads within are repeated until the deadline: one that fails says nothing of what is followed.

        One that fails even so, or by what does not pass, ends it with ``unseen`` in the result: who follows it must not
        take that for a failure of what is followed. ``look`` says where a person sees it.
        """
        from ansible_collections.triflow.platform.plugins.module_utils import retries

        begun = time.monotonic()
        try:
            with retries.until(deadline):
                yield
        except AnsibleError:
            raise
        except Exception as error:
            if not retries.passes(error):
                refused = explained(error, stack=self.args["stack"], purpose=self.purpose)
                refused.result["unseen"] = True
                raise refused from error
            failure = failures.explain(error)
            last = f"Last it was: {self.seen}" if self.seen else "Nothing was seen of it"
            sentence = (
                f"{what} of stack {self.args['stack']} was not seen to its end: AWS could not be asked for "
                f"{time.monotonic() - begun:.0f} s. {last}. {failure.sentence} {look}"
            )
            raise Explained(sentence, result={"unseen": True, "failure": failure.result}) from error

    def see(self, state: str, seconds: float, limit: int) -> None:
        """Say the state of what is followed, and remember it."""
        self.seen = state
        self.say(f"{state} ({seconds:.0f} s of at most {limit} s)")

    def say(self, sentence: str) -> None:
        self._display.display(f"  {self.args['stack']}: {sentence}")

    def failure(self, *sentences: str, **result: Any) -> AnsibleActionFail:
        """To be raised: the first sentence with the others below it, and what the result has besides."""
        return Explained("\n  ".join(sentences), result=result)

    def _refuse(self, sentence: str) -> NoReturn:
        raise self.failure(sentence)
