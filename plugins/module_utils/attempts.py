# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a module does when the answer to a write was lost: it looks again, and goes on from what stands.

Whether AWS has carried such a write out is not known. So the module begins anew and reads everything: what it finds as
it is wanted was done, what it does not find is done once more. Reads are late, so what an earlier attempt has begun is
looked for during some seconds before it is done again. A refusal is looked into in the same way, since it may be of
what the lost answer was about: that is there already, or gone already.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import account, retries
from ansible_collections.triflow.platform.plugins.module_utils.consistency import LISTED_SECONDS, Patience
from ansible_collections.triflow.platform.plugins.module_utils.retries import AnswerLost

LOOK_SECONDS = 15  # within which what a write has done is to be seen; after that it is taken for not done
MOST_LOST = 5  # answers to one call


class LookAgain(Exception):
    """The module begins anew, since AWS may not show yet what a write has done."""


@dataclass
class Change:
    """What is done to one resource: an element of what a module returns as ``changes``, with its diff."""

    component: str
    action: str
    fields: list[str]
    identifier: str | None = None  # None for what is to be created
    diff: dict[str, Any] | None = None
    made: bool = False  # whether AWS has answered that it was done, or the first part of it, or it was seen
    attempt: int = 0  # that has seen it last

    @property
    def entry(self) -> dict[str, Any]:
        """The element of ``changes``."""
        return {"component": self.component, "action": self.action, "fields": self.fields}

    def is_of(self, other: Change) -> bool:
        """Whether both are of one resource. What is deleted may have a component's name together with others."""
        both_deleted = self.action == other.action == "delete"
        return self.component == other.component and (not both_deleted or self.identifier == other.identifier)


class Attempts:
    """What all attempts of a module have done so far. A module that does not look again has one attempt."""

    def __init__(self, looks_again: bool = False) -> None:
        self.looks_again = looks_again
        self.number = 1
        self.clients: dict[str, Any] = {}  # of boto3, by their services: each is made once
        self.changes: list[Change] = []
        self.read_first: dict[str, Any] = {}
        self.current: Change | None = None  # that is being written
        self.unsure: Change | None = None  # whose answer was lost last
        self.patience: Patience | None = None  # since then
        self.writes_repeated = retries.writes_repeated()
        self.lost_answers: Counter[Hashable] = Counter()

    def first(self, name: str, value: Any) -> Any:
        """The value that the first attempt had here: what there was before anything was written."""
        return self.read_first.setdefault(name, value)

    def record(self, change: Change) -> Change:
        """Take a change into the account. What an earlier attempt has done to the same resource stays what was done."""
        known = self._earlier(change)
        if known is None:
            self.changes.append(change)
        elif known.action == "none":
            self.changes[self.changes.index(known)] = change
        else:
            known.made = known.made or change.made or change.action == "none"  # it is as it is wanted: that was done
            change = known
        change.attempt = self.number
        account.done(
            [
                {**entry.entry, "action": entry.action if entry.made or entry.action == "none" else account.UNKNOWN}
                for entry in self.changes
            ],
            [entry.diff for entry in self.changes if entry.diff and entry.made],
        )
        return change

    def _earlier(self, change: Change) -> Change | None:
        """What earlier attempts have done to the resource of this change."""
        for known in self.changes:
            if known.attempt < self.number and known.is_of(change):
                return known
        return None

    @contextmanager
    def writing(self, change: Change) -> Iterator[None]:
        """Around the writes of one change, which is recorded when they are done, or an answer was lost."""
        self._look_for(change)
        self.current = change
        try:
            with account.changing(change.entry, change.diff):
                yield
        except (AnswerLost, LookAgain):
            self.unsure = self.record(change)
            raise
        finally:
            self.current = None
        change.made = True
        self.record(change)

    def _look_for(self, change: Change) -> None:
        """Begin anew while what an earlier attempt has begun may only be late. A second deletion does no harm."""
        begun = self._earlier(change)
        if begun is None or begun.action == "none" or change.action == "delete" or self.patience is None:
            return
        may_be_late = change.action == "create" or (begun is self.unsure and begun.action == "update")
        if may_be_late and self.patience.goes_on(LISTED_SECONDS if begun.made else LOOK_SECONDS):
            raise LookAgain

    def answered(self) -> None:
        """AWS has answered to a write. The first one of a creation makes the thing."""
        if self.current:
            self.current.made = True

    def lost(self, call: Hashable) -> bool:
        """Whether the module looks again after the answer to this call was lost, which it does a few times."""
        self.lost_answers[call] += 1
        again = self.looks_again and self.lost_answers[call] < MOST_LOST
        self.patience = Patience("an answer was lost and what stands is looked at") if again else None
        return again

    def excuse(self) -> None:
        """Begin anew instead of failing, as long as it may be of what a lost answer was about."""
        if retries.writes_repeated() > self.writes_repeated:
            # What may be repeated can be refused all the same, being done already, or being done.
            self.writes_repeated = retries.writes_repeated()
            self.lost("a call that was repeated")
        if self.patience and self.patience.goes_on(LOOK_SECONDS):
            raise LookAgain


_current: ContextVar[Attempts | None] = ContextVar("attempts", default=None)


def current() -> Attempts:
    """The attempts of the module that runs in this process."""
    return _current.get() or Attempts()


def looks_again(main: Callable[[], None]) -> Callable[[], None]:
    """The ``main`` of a module that can begin anew at any time: it reads what there is before it writes."""

    @functools.wraps(main)
    def begin() -> None:
        attempts = Attempts(looks_again=True)
        token = _current.set(attempts)
        try:
            while True:
                try:
                    return main()
                except (AnswerLost, LookAgain):
                    attempts.number += 1
        finally:
            _current.reset(token)

    return begin
