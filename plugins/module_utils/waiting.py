# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waits for a goal of WAITERS, or of botocore's waiters, to an end in time that holds whatever AWS answers.

botocore's own loop counts questions and not seconds, ends at the first question that fails, and forgets what the ones
before it have said.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import consistency, retries
from ansible_collections.triflow.platform.plugins.module_utils.waiters import WAITERS

Answer = dict[str, Any]


class Unreached(Exception):
    """The goal: it will never be reached, or was not in time."""

    def __init__(self, seen: Answer | None, never: bool, refused: Exception | None = None) -> None:
        super().__init__()
        self.seen = seen  # what AWS has answered last
        self.never = never
        self.refused = refused  # why the last question was not answered


def until_reached(
    client: Any,
    name: str,
    request: dict[str, Any],
    deadline: float,
    delay: int | None = None,
    report: Callable[[Answer, float], None] | None = None,
) -> float:
    """The seconds that it took. ``report`` gets each answer, with the seconds until then.

    A question that fails by what passes is asked again until the deadline; any other ends the wait at once.
    """
    from botocore import xform_name
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.waiter import WaiterModel, create_waiter_with_client

    if name in WAITERS:
        waiter = create_waiter_with_client(name, WaiterModel({"version": 2, "waiters": WAITERS}), client)
    else:
        waiter = client.get_waiter(name)
    ask = getattr(client, xform_name(waiter.config.operation))
    begun, seen = time.monotonic(), None
    while True:
        refused = None
        try:
            with retries.until(deadline):
                answer = ask(**request)
        except ClientError as error:
            refused, answer = error, error.response
        except BotoCoreError as error:
            if not retries.passes(error):
                raise
            raise Unreached(seen, never=False, refused=error) from error
        waited = time.monotonic() - begun
        state = next((item.state for item in waiter.config.acceptors if item.matcher_func(answer)), "")
        if refused is None:
            seen = answer
            if report:
                report(answer, waited)
        elif not state and retries.passes(refused):
            raise Unreached(seen, never=False, refused=refused) from refused
        elif not state and waited >= consistency.seconds_unknown(refused):
            raise refused
        if state == "success":
            return waited
        left = deadline - time.monotonic()
        if state == "failure" or left <= 0:
            raise Unreached(seen, state == "failure", refused)
        time.sleep(min(delay or waiter.config.delay, left))
