"""Reads that are late: after a write, the next answers about it still are what they were before.

A change is taken back in moto's own storage while a late read is answered, and put there again. So moto itself says
that the thing is not there, or lists it still, in its own words, with any filter, by its name and by its tags.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any

from lab.aws_like import ANSWERS, now
from lab.aws_like.late_reads_table import ROWS, Late, Store

# AWS is late by seconds.
SECONDS = 30.0
GLOBAL = ("iam:", "s3:")  # services whose things are in all regions


@dataclass
class Change:
    """One entry of a storage that a write has made, changed or deleted, and the reads that do not know it yet."""

    store: Store
    key: Any
    before: Any  # the entry, MISSING when the write made it
    attributes: dict[str, Any]  # what the entry was, as far as it is late
    left: dict[str, int]  # answers of each read
    region: str | None  # None: everywhere
    until: float

    def is_late_for(self, call: str, region: str) -> bool:
        return self.left.get(call, 0) > 0 and self.region in (None, region) and now() < self.until

    @contextmanager
    def taken_back(self) -> Iterator[None]:
        """The storage as it was before the write."""
        there = _get(self.store, self.key)
        if there is not MISSING and there is self.before:
            current = _state(there, tuple(self.attributes))
            _set_state(there, self.attributes)
            try:
                yield
            finally:
                _set_state(there, current)
            return
        _put(self.store, self.key, self.before)
        try:
            yield
        finally:
            _put(self.store, self.key, there)


MISSING = object()


def _entries(store: Store) -> dict[Any, Any]:
    return {id(item): item for item in store} if isinstance(store, list) else dict(store)


def _get(store: Store, key: Any) -> Any:
    return _entries(store).get(key, MISSING)


def _put(store: Store, key: Any, value: Any) -> None:
    """Make the entry this value, or take it out."""
    if isinstance(store, list):
        store[:] = [item for item in store if id(item) != key]
        if value is not MISSING:
            store.append(value)
    elif value is MISSING:
        store.pop(key, None)
    else:
        store[key] = value


def _state(entry: Any, attributes: tuple[str, ...]) -> dict[str, Any]:
    """A copy of what is late of an entry: all of a dictionary, the named attributes of an object."""
    if isinstance(entry, dict):
        return dict(entry)
    return {name: copy.deepcopy(getattr(entry, name, None)) for name in attributes}


def _set_state(entry: Any, state: dict[str, Any]) -> None:
    if isinstance(entry, dict):
        entry.clear()
        entry.update(state)
    else:
        for name, value in state.items():
            setattr(entry, name, value)


class LateReads:
    """What writes have changed lately, and who does not know it yet."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        # One read at a time finds the storage as it was. A write waits until it is as it is.
        self.lock = RLock()

    def answer(self, call: str, region: str, ask: Callable[[], tuple[int, list[bytes]]]) -> list[bytes]:
        """What moto answers to a call, a service and operation such as `ec2:CreateVpc`."""
        rows = [row for row in ROWS if call in row.writes]
        late = [change for change in self.changes if change.is_late_for(call, region)]
        if not rows and not late:
            return ask()[1]
        with self.lock:
            photographs = [(row, [(store, _photograph(row, store)) for store in row.stores(region)]) for row in rows]
            status, body = self._late(call, late, ask)
            if status < 400:
                for row, stores in photographs:
                    self._remember(row, region, stores)
        return body

    def _late(
        self, call: str, late: list[Change], ask: Callable[[], tuple[int, list[bytes]]]
    ) -> tuple[int, list[bytes]]:
        if not late:
            return ask()
        change, *more = late
        change.left[call] -= 1
        with change.taken_back():
            return self._late(call, more, ask)

    def _remember(self, row: Late, region: str, stores: list[tuple[Store, dict[Any, Any]]]) -> None:
        self.changes = [change for change in self.changes if change.until > now() and any(change.left.values())]
        known = {id(store): photograph for store, photograph in stores}
        for store in row.stores(region):  # a storage may be one that the write has made
            before, after = known.get(id(store), {}), _entries(store)
            for key in before.keys() | after.keys():
                entry, attributes = before.get(key, (MISSING, {}))
                there = after.get(key, MISSING)
                if entry is there and _state(there, row.attributes) == attributes:
                    continue
                left = dict.fromkeys(row.reads, ANSWERS)
                where = None if row.writes[0].startswith(GLOBAL) else region
                self.changes.append(Change(store, key, entry, attributes, left, where, now() + SECONDS))


def _photograph(row: Late, store: Store) -> dict[Any, tuple[Any, dict[str, Any]]]:
    return {key: (entry, _state(entry, row.attributes)) for key, entry in _entries(store).items()}
