"""The state directory: what runs, where it answers, and the lock that lets one command at a time change it."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lab.process import Process

PROJECT = Path(__file__).resolve().parent.parent
LOCK_SECONDS = 90.0
REGION = "ap-northeast-2"
# The account's root user as the emulator knows it: any key that it has not issued itself.
ACCESS_KEY_ID = "AKIALAPTOPLABEXAMPLE"
SECRET_ACCESS_KEY = "laptop-lab-secret-access-key"


class LabError(Exception):
    """Something the person at the terminal has to know; the message says what and what to do."""


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
    """State as last written; an empty one when there is none or when it is not readable as a state."""
    try:
        content = json.loads((where / "state.json").read_text())
        content["processes"] = [Process(**process) for process in content["processes"]]
        return State(**content)
    except (OSError, ValueError, KeyError, TypeError):
        return State()


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
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    temporary.replace(path)


@contextmanager
def locked(where: Path) -> Iterator[None]:
    """Hold the state directory, created when missing, against other commands; wait at most 90 seconds for it."""
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
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
