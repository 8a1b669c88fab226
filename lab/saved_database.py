"""Copies of PostgreSQL's data directory: databases, roles and settings, as they were.

A copy is taken of the running server, whose sessions go on (PostgreSQL documentation, "Making a Base Backup Using the
Low Level API"). A database that nothing was written to since is not copied again: the write-ahead log says so. Nor is
a file: size and time of its last change say so.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from psycopg import Connection, Error

from lab.database import Server
from lab.postgresql import Remember, account_of_server, give, installation_of, run
from lab.process import Process, end
from lab.state import LabError, State

ERRORS = (OSError, Error)  # what a save or load may fail with
POSITION = "SELECT pg_current_wal_insert_lsn()::text"
SESSIONS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
OF_THE_PROCESS = ("postmaster.pid", "postmaster.opts")
SURE = 10**9  # nanoseconds: a file that was changed so shortly before may be changed without its time telling it
STOP = """
SELECT substring(labelfile FROM 'file ([0-9A-F]+)'), pg_walfile_name(lsn), labelfile
FROM pg_backup_stop(wait_for_archive => false)
"""


def save(where: Path, state: State) -> int:
    """The number of a copy of the database as it is; `state` gets to know it."""
    home = _process(state).directory
    with Server.of(where).connect() as connection:
        if not _is_as_copied(connection, state):
            number = max((0, state.copy, *state.saved.values())) + 1
            target = _place(home, number)
            try:
                _copy_running(connection, Path(home, "data"), target, _place(home, state.copy))
            except BaseException:
                shutil.rmtree(target, ignore_errors=True)
                raise
            state.copy, state.position = number, _position(connection)
    return state.copy


def load(where: Path, state: State, number: int, remember: Remember) -> None:
    """Give the server the copy's data. No session outlives it."""
    with Server.of(where).connect() as connection:
        if state.copy == number and _is_as_copied(connection, state):
            connection.execute(SESSIONS)
            if _is_as_copied(connection, state):  # still, after the last session has gone
                return
    process = _process(state)
    home = Path(process.directory)
    end(process)
    _put_back(_place(home, number), home / "data")
    account = account_of_server()
    server = run(where, home, installation_of(home, account), account, Server.of(where), remember)
    if not server:
        raise LabError(
            f"PostgreSQL's address {process.address} was taken while the lab was loaded: python -m lab start"
        )
    with server.connect() as connection:
        connection.execute(SESSIONS)  # a first look at these tables tidies them, which the log would tell as a change
        state.copy, state.position = number, _position(connection)


def forget(state: State) -> None:
    """Remove the copies that nobody needs."""
    home = _process(state).directory
    needed = {str(number) for number in (state.copy, *state.saved.values())}
    for copy in Path(home, "saved").iterdir():
        if copy.name not in needed:
            shutil.rmtree(copy, ignore_errors=True)


def _process(state: State) -> Process:
    return next(process for process in state.processes if process.name == "postgresql")


def _place(home: Path | str, number: int) -> Path:
    return Path(home, "saved", str(number))


def _position(connection: Connection[Any]) -> str:
    row = connection.execute(POSITION).fetchone()
    return str(row[0]) if row else ""


def _is_as_copied(connection: Connection[Any], state: State) -> bool:
    return bool(state.copy) and _position(connection) == state.position


def _copy_running(connection: Connection[Any], data: Path, target: Path, last: Path) -> None:
    """A base backup: the files in any order, then the part of the log that makes them whole.

    A file that is as in the last copy is a link to it: nothing writes to a copy.
    """
    target.mkdir(mode=0o700, parents=True)
    connection.execute("SELECT pg_backup_start('lab', fast => true)")
    _copy(data, target, last)
    first, end_of_log, label = connection.execute(STOP).fetchone() or ("", "", "")
    (target / "backup_label").write_text(label)
    for segment in (data / "pg_wal").iterdir():
        if first <= segment.name <= end_of_log:
            shutil.copy2(segment, target / "pg_wal")
    account = account_of_server()
    if account:
        give(target.parent, account)


def _copy(data: Path, target: Path, last: Path) -> None:
    sure = time.time_ns() - SURE
    for place, directories, files in data.walk():
        there = target / place.relative_to(data)
        for name in directories:
            (there / name).mkdir(mode=0o700)
        if place.name == "pg_wal":
            continue
        for name in files:
            with suppress(FileNotFoundError):  # the server removes some
                if name not in OF_THE_PROCESS and not _link(place / name, last / place.relative_to(data) / name, there):
                    shutil.copy2(place / name, there)
                    if (place / name).stat().st_mtime_ns > sure:
                        os.utime(there / name, (0, 0))  # as no other file


def _link(file: Path, copied: Path, there: Path) -> bool:
    if not _is_same(file, copied):
        return False
    os.link(copied, there / file.name)
    return True


def _is_same(file: Path, copied: Path) -> bool:
    try:
        ours, theirs = file.stat(), copied.stat()
    except FileNotFoundError:
        return False
    return (ours.st_size, ours.st_mtime_ns) == (theirs.st_size, theirs.st_mtime_ns)


def _put_back(copy: Path, data: Path) -> None:
    """Make the data of the server, which does not run, what the copy is."""
    for place, directories, files in copy.walk():
        there = data / place.relative_to(copy)
        for entry in there.iterdir():
            if entry.is_dir() and entry.name not in directories:
                shutil.rmtree(entry)
            elif not entry.is_dir() and entry.name not in files:
                entry.unlink()
        for name in directories:
            (there / name).mkdir(mode=0o700, exist_ok=True)
        for name in files:
            if not _is_same(there / name, place / name):
                shutil.copy2(place / name, there)
    account = account_of_server()
    if account:
        give(data, account)
