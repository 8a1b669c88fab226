# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What must hold before anything is written into an account: this run holds the stack's lock, in the stack's account.

The demand is the option ``guard``, which ``stack_defaults`` gives to every module. It is asked for at a module's first
call that writes, so that a run that only reads, or has nothing to change, is asked for none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

READING = ("Describe", "Get", "List", "Head", "Filter", "Lookup", "BatchGet", "BatchCheck")  # names of operations

OPTION: dict[str, Any] = {
    "type": "dict",
    "options": {
        "locked": {"type": "bool", "default": True},
        "account": {"type": "str", "default": ""},
        "read_only": {"type": "bool", "default": False},
    },
}


class Guard:
    """Asks before the first call that writes. ``refuse`` ends the module with a sentence."""

    def __init__(
        self, demand: dict[str, Any] | None, stack: str, client: Callable[[str], Any], refuse: Callable[[str], Any]
    ) -> None:
        self.demand = demand
        self.stack = stack
        self.client = client
        self.refuse = refuse

    def watch(self, client: Any) -> None:
        """Ask before each call of a boto3 client that writes."""
        if self.demand:
            client.meta.events.register("before-call", self._before_call)

    def _before_call(self, model: Any, **_event: Any) -> None:
        if not model.name.startswith(READING):
            self.ask()

    def ask(self) -> None:
        """Refuse to write, unless all is as the demand says."""
        demand, self.demand = self.demand, None
        if not demand:
            return
        if demand.get("read_only"):
            self.refuse(f"Nothing was written: stack_read_only is on, and the stack {self.stack} is only looked at.")
        if not demand["locked"]:
            self.refuse(
                f"Nothing was written: this run does not hold the lock of the stack {self.stack}. Preflight takes it, "
                "and was left out (--start-at-task, --step, --skip-tags). Run the playbook from its start, with --tags "
                "for a part of it. To do without a lock on purpose: -e stack_lock=false"
            )
        if demand["account"]:
            account = self.client("sts").get_caller_identity()["Account"]
            if account != demand["account"]:
                self.refuse(
                    f"Nothing was written: the credentials belong to the account {account}, and stack_account_id is "
                    f"{demand['account']}. Use credentials of the stack's account."
                )
