"""Start, stop, look at and empty the pair of emulator and PostgreSQL."""

from __future__ import annotations

import os
import select
import shlex
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from lab.process import Process, end, is_running, last_lines, processes_of, started
from lab.state import (
    ACCESS_KEY_ID,
    OWNER,
    PROJECT,
    REGION,
    SECRET_ACCESS_KEY,
    LabError,
    State,
    authority,
    directory,
    load,
    locked,
    save,
    save_aws_config,
)

if TYPE_CHECKING:
    from lab.postgresql import Remember

EMULATOR_SECONDS = 120
NAMES = ("emulator", "postgresql")
SWITCH = "/moto-api/aws-like"
SAVED = "/moto-api/saved"


def start() -> int:
    """Start emulator and PostgreSQL, both empty, unless both run; a lone survivor of a crash is ended first."""
    where = directory()
    with locked(where):
        state = load(where)
        if not _runs(state):
            _end_all(where, state)
            state = _start_pair(where)
    for process in state.processes:
        print(f"{process.name:<11} {process.address}")
    return 0


def stop() -> int:
    where = directory()
    if not where.exists():
        return 0
    with locked(where):
        _end_all(where, load(where))
    return 0


def env() -> int:
    state = running_state(directory())
    variables = {
        "AWS_ENDPOINT_URL": state.endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "DATABASE_URL": state.database_url,
        "PGSSLROOTCERT": str(authority(directory())),
    }
    print("unset AWS_PROFILE AWS_SESSION_TOKEN")
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def status() -> int:
    state = load(directory())
    processes = {process.name: process for process in state.processes}
    for name in NAMES:
        process = processes.get(name)
        if process and is_running(process):
            print(f"{name:<11} {process.address} (pid {process.pid})")
        else:
            print(f"{name:<11} does not run")
    runs = _runs(state)
    if runs:
        print(f"{'aws-like':<11} {aws_like(state.endpoint_url)}")
    return 0 if runs else 1


def reset() -> int:
    """Empty the account and the database; processes, addresses, passwords and the access log stay."""
    empty(directory(), running_state(directory()).endpoint_url)
    return 0


def empty(where: Path, endpoint_url: str) -> None:
    """Empty the account and the database of the lab that runs there."""
    from lab.database import Server

    request = urllib.request.Request(f"{endpoint_url}/moto-api/reset", method="POST")
    with urllib.request.urlopen(request, timeout=60):
        pass
    Server.of(where).reset()


def aws_like(endpoint_url: str, word: str | None = None) -> str:
    """Whether the switch of the emulator there is on or off; ``word`` sets it (lab/aws_like)."""
    data = None if word is None else word.encode()
    request = urllib.request.Request(f"{endpoint_url}{SWITCH}", data=data, method="PUT" if data else "GET")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return str(answer.read().decode())


def running_state(where: Path) -> State:
    state = load(where)
    if not _runs(state):
        raise LabError("The lab does not run: start it with `make lab` (python -m lab start).")
    return state


def _runs(state: State) -> bool:
    """Both processes run and the emulator answers."""
    running = {process.name for process in state.processes if is_running(process)}
    return running == set(NAMES) and bool(state.database_url) and _answers(state.endpoint_url)


def _answers(endpoint_url: str, seconds: float = 10) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint_url}/moto-api/config", timeout=seconds):
            return True
    except (OSError, urllib.error.URLError):
        return False


def _end_all(where: Path, state: State) -> None:
    """End this lab's processes, and remove what was theirs. What the state file names is not always this lab's."""
    ours = [process for process in state.processes if _is_of(where, process)]
    for process in state.processes:
        if process not in ours and is_running(process):
            raise LabError(
                f"{where}/state.json names the {process.name} of another lab (pid {process.pid}, {process.marker}). "
                "Stop that one from its own directory, or remove this file."
            )
    for process in ours:
        try:
            end(process)
        except RuntimeError as error:
            raise LabError(str(error)) from error
        if process.directory:
            shutil.rmtree(process.directory, ignore_errors=True)
    for name in ("state.json", "aws.config", "postgresql.json", authority(where).name):
        (where / name).unlink(missing_ok=True)


def _is_of(where: Path, process: Process) -> bool:
    """Whether it was started for this state directory: its command line says so, its log, or its own directory."""
    if process.marker == str(where) or process.pid in processes_of(where):
        return True
    try:
        return bool(process.directory) and Path(process.directory, OWNER).read_text() == str(where)
    except OSError:
        return False


def _start_pair(where: Path) -> State:
    """Start both side by side. Each process is in the state file as soon as it exists, so that none can be lost."""
    from lab import postgresql

    state = State(access_log=str(where / "access.jsonl"))
    remember = remembering(where, state)
    try:
        with ThreadPoolExecutor(max_workers=1) as executor:
            database = executor.submit(postgresql.start, where, remember)
            state.endpoint_url = _start_emulator(where, remember)
            if os.environ.get("TRIFLOW_LAB_AWS_LIKE"):
                aws_like(state.endpoint_url, "on")
            state.database_url = database.result()
        save(where, state)
        save_aws_config(where, state)
    except BaseException:
        _end_all(where, state)
        raise
    return state


def remembering(where: Path, state: State) -> Remember:
    """What puts a process in the state file, in the place of the one that had its name."""
    guard = Lock()

    def remember(process: Process) -> None:
        with guard:
            others = [known for known in state.processes if known.name != process.name]
            state.processes = sorted([*others, process], key=lambda known: NAMES.index(known.name))
            save(where, state)

    return remember


def _start_emulator(where: Path, remember: Remember) -> str:
    """Start the emulator and return its endpoint once it answers."""
    log = where / "emulator.log"
    receive, send = os.pipe()
    with os.fdopen(receive, "rb") as announcement, log.open("wb") as output:
        try:
            child = subprocess.Popen(
                [sys.executable, "-m", "lab.emulator", str(where), str(send)],
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[send],
                start_new_session=True,
            )
        finally:
            os.close(send)
        process = Process("emulator", child.pid, started(child.pid), str(where), "", str(log))
        remember(process)
        # The emulator writes its port once it listens; the pipe closes without a word when it dies before that.
        ready, _unused, _unused = select.select([announcement], [], [], EMULATOR_SECONDS)
        port = announcement.readline().strip().decode() if ready else ""
    endpoint_url = f"http://127.0.0.1:{port}"
    if not port or not _answers(endpoint_url, EMULATOR_SECONDS):
        ended = ready and not port
        why = f"ended with code {child.wait(10)}" if ended else f"did not answer within {EMULATOR_SECONDS} seconds"
        raise LabError(f"The emulator did not start: it {why}. The end of {log}:\n{last_lines(log)}")
    remember(Process(**{**process.__dict__, "address": endpoint_url}))
    return endpoint_url
