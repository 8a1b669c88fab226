"""The parts of a run's end: an output that nobody reads, and locks that AWS is asked to free."""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from ansible_collections.triflow.platform.plugins.callback import stack_lock
from ansible_collections.triflow.platform.plugins.plugin_utils import ending, lock, output

SECONDS = 10
MINE = {"run": "1f0c5e9a", "holder": "ops@workstation", "playbook": "site.yml", "since": "2026-01-20T03:00:00+00:00"}
NAMES = ("/triflow/triflow-a/lock", "/triflow/triflow-b/lock")


class Streams:
    """Two pipes as stdout and stderr, and the errors that they had."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.errors: list[OSError] = []
        self.told = threading.Event()
        self.readers = {}
        for name in ("stdout", "stderr"):
            reader, writer = os.pipe()
            self.readers[name] = os.fdopen(reader)
            monkeypatch.setattr(sys, name, os.fdopen(writer, "w"))

    def lost(self, error: OSError) -> None:
        self.errors.append(error)
        self.told.set()


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Streams]:
    """Within a test, since pytest has streams of its own for each of a test's phases."""
    with monkeypatch.context() as patch:
        pipes = Streams(patch)
        writers = (sys.stdout, sys.stderr)
        output.watch(pipes.lost)
        yield pipes
    for stream in (*writers, *pipes.readers.values()):
        stream.close()


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_reader_who_leaves_is_noticed_before_anything_is_written(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with watched(monkeypatch) as streams:
        assert not streams.told.wait(0.1)
        streams.readers[name].close()
        assert streams.told.wait(SECONDS)
    assert streams.errors[0].errno == errno.EPIPE


def test_what_is_written_afterwards_fails_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with watched(monkeypatch) as streams:
        streams.readers["stdout"].close()
        print("x" * 100_000)
        sys.stdout.flush()
        output.give_up()
        print("to nobody")
        assert streams.told.wait(SECONDS)
        print("to somebody", file=sys.stderr)
        assert streams.readers["stderr"].readline() == "to somebody\n"


def test_a_line_is_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with watched(monkeypatch) as streams:
        print("waits for the database")
        assert streams.readers["stdout"].readline() == "waits for the database\n"


def test_an_output_that_was_closed_from_the_start_is_nobodys_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    told: list[OSError] = []
    output.watch(told.append)
    print("to nobody")
    output.give_up()
    assert told == []
    sys.stdout.close()
    sys.stderr.close()


class Locks:
    """Stands for SSM: what is held, and how a lock is read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entries = dict.fromkeys(NAMES, MINE)
        self.silent = threading.Event()  # set once AWS answers
        self.silent.set()
        monkeypatch.setattr(lock, "run", MINE["run"])
        monkeypatch.setattr(lock, "held", {(name, "ap-northeast-2") for name in NAMES})
        monkeypatch.setattr(lock, "read", self.read)
        monkeypatch.setattr(lock, "delete", lambda _client, name, _key: self.entries.pop(name))
        monkeypatch.setattr(boto3.session.Session, "client", lambda *_unused, **_options: None)

    def read(self, _client: Any, name: str) -> lock.Held | None:
        self.silent.wait(SECONDS)
        entry = self.entries.get(name)
        return lock.Held(entry, "", "String", 1, "") if entry else None


@pytest.fixture
def locks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Locks]:
    found = Locks(monkeypatch)
    yield found
    found.silent.set()
    for thread in threading.enumerate():
        if isinstance(thread, stack_lock.Freeing):
            thread.join(SECONDS)


def free(monkeypatch: pytest.MonkeyPatch, signals: list[int]) -> tuple[str | None, list[str]]:
    """What the callback gives back, and the warnings."""
    monkeypatch.setattr(ending, "parts", [])
    monkeypatch.setattr(ending, "signals", signals)
    warnings: list[str] = []
    callback = stack_lock.CallbackModule(display=SimpleNamespace(verbosity=0, warning=warnings.append))
    monkeypatch.setattr(lock, "run", MINE["run"])
    return callback.free(ending.End("ok")), warnings


def test_all_locks_are_freed(monkeypatch: pytest.MonkeyPatch, locks: Locks) -> None:
    assert free(monkeypatch, []) == ("Its lock is freed.", [])
    assert (locks.entries, lock.held) == ({}, set())


def test_a_lock_of_another_run_is_left_to_it(monkeypatch: pytest.MonkeyPatch, locks: Locks) -> None:
    locks.entries[NAMES[1]] = {**MINE, "run": "0b0b0b0b"}
    said, warnings = free(monkeypatch, [])
    assert said is None
    assert warnings == [
        f"Somebody broke the lock {NAMES[1]} of this run. It is held by site.yml of ops@workstation, since "
        "2026-01-20T03:00:00+00:00, run 0b0b0b0b."
    ]
    assert list(locks.entries) == [NAMES[1]]


@pytest.mark.parametrize(("limit", "signals"), [("SECONDS", []), ("SECONDS_OF_AN_ENDED_RUN", [15])])
def test_silence_of_aws_does_not_hold_the_end_up(
    monkeypatch: pytest.MonkeyPatch, locks: Locks, limit: str, signals: list[int]
) -> None:
    locks.silent.clear()
    monkeypatch.setattr(stack_lock, limit, 0.2)
    said, warnings = free(monkeypatch, signals)
    assert said is None
    assert warnings == [
        f"The lock is not freed: AWS has not answered on {name}. When nothing of this run is left, the next one needs "
        "-e stack_break_lock=1f0c5e9a"
        for name in NAMES
    ]


def test_what_aws_refuses_is_said(monkeypatch: pytest.MonkeyPatch, locks: Locks) -> None:
    def refuse(*_unused: Any) -> None:
        raise ValueError("it is a web page")

    monkeypatch.setattr(lock, "read", refuse)
    said, warnings = free(monkeypatch, [])
    assert said is None
    assert all(warning.startswith("The lock is not freed: ") and "it is a web page" in warning for warning in warnings)
    assert len(warnings) == 2
    assert list(locks.entries) == list(NAMES)
