"""Processes that outlive the command that started them: recognised again, and ended, by id."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Process:
    """One started process as the state file keeps it.

    `started` is the boot and the start time in clock ticks as /proc gives them, empty where there is no /proc.
    `marker` is the part of its command line that tells it from other programs. `directory` is what belongs to this
    process alone and goes when it ends, empty for nothing.
    """

    name: str
    pid: int
    started: str
    marker: str
    address: str
    log: str
    directory: str = ""


def started(pid: int) -> str:
    """Boot id and start time of a process, empty when it does not run (a zombie does not) or /proc is missing."""
    try:
        # The name in parentheses may hold spaces and parentheses: the fields are counted from its end.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    state, start_time = fields[0], fields[19]
    return "" if state in "ZX" else f"{boot}:{start_time}"


def command_line(pid: int) -> str:
    """Arguments of a process joined with spaces, empty when it does not run."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            return ""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, timeout=10, check=False
    )
    return listed.stdout.strip()


def processes_of(where: Path) -> dict[int, str]:
    """What looks like emulator or server of a state directory, by its command line and its log: pid and name."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        words = command_line(int(entry.name))
        if f"lab.emulator {where} " in words:
            found[int(entry.name)] = "emulator"
        elif "/bin/postgres -D " in words and _log(entry) == where / "postgresql.log":
            found[int(entry.name)] = "postgresql"
    return found


def _log(entry: Path) -> Path | None:
    try:
        return (entry / "fd/2").readlink()
    except OSError:  # it has ended, or is somebody else's
        return None


def is_running(process: Process) -> bool:
    """True only for the very process that was started: same command line and, where it can be read, same start."""
    if process.marker not in command_line(process.pid):
        return False
    return started(process.pid) == process.started


def end(process: Process) -> None:
    """End a process that `is_running` recognises: SIGTERM, or SIGQUIT for PostgreSQL, then SIGKILL after 10 seconds."""
    # SIGQUIT is PostgreSQL's immediate shutdown: its data goes away with it, so nothing needs a checkpoint.
    polite = signal.SIGQUIT if process.name == "postgresql" else signal.SIGTERM
    for number, patience in ((polite, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
        if not is_running(process):
            return
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + patience
        while is_running(process) and time.monotonic() < deadline:
            _reap(process.pid)
            time.sleep(0.02)
    if is_running(process):
        raise RuntimeError(f"{process.name} (pid {process.pid}) does not end.")


def _reap(pid: int) -> None:
    """Collect the exit status when the process is a child of this one."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def last_lines(log: Path, count: int = 20) -> str:
    """Last lines of a log file, empty when it cannot be read."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return ""


def say(text: str) -> None:
    """Write to the log, unless the disk is full."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)
