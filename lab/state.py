"""The state directory: what runs, where it answers, and the lock that lets one command at a time change it."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lab.process import Process, processes_of

PROJECT = Path(__file__).resolve().parent.parent
OWNER = "lab"  # file in the server's directory that names the state directory
LOCK_SECONDS = 90.0
# What a directory may hold in which no lab has been started yet.
FILES = frozenset({"state.json", "aws.config", "texts.jsonl", "access.jsonl", "emulator.log", "postgresql.log"})
REMEDIES = {
    errno.ENOSPC: "The disk is full: make room.",
    errno.EDQUOT: "The disk's quota is used up: make room.",
    errno.EFBIG: "Files may not grow so large: see `ulimit -f`.",
    errno.EROFS: "Name a directory that can be written to: TRIFLOW_LAB_DIR.",
    errno.EACCES: "Name a directory of your own: TRIFLOW_LAB_DIR.",
    errno.EPERM: "It is somebody else's. Name a directory of your own: TRIFLOW_LAB_DIR.",
}
REGION = "ap-northeast-2"
# The account's root user as the emulator knows it: any key that it has not issued itself.
ACCESS_KEY_ID = "AKIALAPTOPLABEXAMPLE"
SECRET_ACCESS_KEY = "laptop-lab-secret-access-key"


class LabError(Exception):
    """Something the person at the terminal has to know; the message says what and what to do."""


def sentence(error: OSError) -> str:
    """What the system refused, and what to do about it."""
    file = f" ({error.filename})" if error.filename else ""
    return f"The lab cannot go on: {error.strerror or error}{file}. {REMEDIES.get(error.errno or 0, '')}".rstrip()


@dataclass
class State:
    """Content of state.json; empty while nothing runs.

    `saved` has the number of the database's copy for each name that the lab was saved under. `copy` is the one that the
    database is still as, if its write-ahead log ends at `position`.
    """

    endpoint_url: str = ""
    database_url: str = ""
    access_log: str = ""
    processes: list[Process] = field(default_factory=list)
    saved: dict[str, int] = field(default_factory=dict)
    copy: int = 0
    position: str = ""


def directory() -> Path:
    """State directory: $TRIFLOW_LAB_DIR, or `.lab` in the project's root."""
    return Path(os.environ.get("TRIFLOW_LAB_DIR") or PROJECT / ".lab").absolute()


def authority(where: Path) -> Path:
    """The certificate of the lab's own authority, which has signed PostgreSQL's: what clients verify it with."""
    return where / "ca.crt"


def load(where: Path) -> State:
    """State as last written; an empty one when there is none, or none that can be read and nothing runs."""
    file = where / "state.json"
    try:
        content = json.loads(file.read_text())
        content["processes"] = [Process(**process) for process in content["processes"]]
        return State(**content)
    except FileNotFoundError:
        return State()
    except (OSError, ValueError, KeyError, TypeError) as error:
        running = processes_of(where)
        if not running:
            return State()
        listed = ", ".join(f"{command} (pid {pid})" for pid, command in running.items())
        raise LabError(
            f"{file} cannot be read ({error}), and these look like this lab's: {listed}. End them with "
            f"`kill {' '.join(map(str, running))}`, remove {file}, and start the lab again."
        ) from error


def save(where: Path, state: State) -> None:
    write_private(where / "state.json", json.dumps(asdict(state), indent=2) + "\n")


def save_aws_config(where: Path, state: State) -> None:
    """Write `aws.config`, for programs that start before the lab: AWS_CONFIG_FILE can name it in advance."""
    lines = (
        "[default]",
        f"endpoint_url = {state.endpoint_url}",
        f"region = {REGION}",
        f"aws_access_key_id = {ACCESS_KEY_ID}",
        f"aws_secret_access_key = {SECRET_ACCESS_KEY}",
    )
    write_private(where / "aws.config", "\n".join(lines) + "\n")


def read_json(path: Path) -> Any:
    return json.loads(path.read_text())


def write_private(path: Path, content: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def locked(where: Path) -> Iterator[None]:
    """Hold the state directory, created when missing, against other commands; wait at most 90 seconds for it."""
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    foreign = [] if (where / "lock").exists() else sorted({entry.name for entry in where.iterdir()} - FILES)
    if foreign:
        raise LabError(
            f"{where} is no directory of the lab's: it holds {foreign[0]}. Name another one: TRIFLOW_LAB_DIR."
        )
    where.chmod(0o700)
    descriptor = os.open(where / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise LabError(f"Another command has held {where} for {LOCK_SECONDS:.0f} seconds.") from None
                time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)
