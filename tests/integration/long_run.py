"""A run that holds the lock of a stack for as long as a test wants."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from tests.conftest import PROJECT, Lab
from tests.integration.playbook import ANSIBLE_PLAYBOOK, environment

STACK = "triflow-prod"
LOCK = f"/triflow/{STACK}/lock"
INVENTORY = ("-i", "inventories/prod")
SECONDS = 60
MARK = "TRIFLOW_TEST_RUN"  # the variable by which the processes of one run are known
# It says by a file that it waits, and goes on when the other is there.
WAIT = f"""
    - name: Wait
      ansible.builtin.shell: >-
        touch waits; for second in $(seq {SECONDS}); do if [ -e go ]; then exit 0; fi; sleep 1; done; exit 1
      args:
        chdir: "{{{{ playbook_dir }}}}"
"""


def held(lab: Lab) -> dict[str, str] | None:
    ssm = lab.aws("ssm")
    try:
        entry: dict[str, str] = json.loads(ssm.get_parameter(Name=LOCK)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        return None
    return entry


# The tests may run under nohup, which a command inherits.
TERMINAL = (
    sys.executable,
    "-c",
    "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])",
)


class LongRun:
    """A run that holds the lock, and waits for `go`.

    `command` is what starts ansible-playbook, and `options` replace those of its process.
    """

    def __init__(self, lab: Lab, directory: Path, playbook: str, command: tuple[str, ...] = (), **options: Any) -> None:
        self.lab, self.directory = lab, directory
        (directory / "long.yml").write_text(playbook)
        self.log = directory / "long.log"
        self.mark = uuid.uuid4().hex
        with self.log.open("wb") as log:
            self.process: Any = psutil.Popen(
                [*TERMINAL, *command, ANSIBLE_PLAYBOOK, str(directory / "long.yml"), *INVENTORY],
                cwd=PROJECT,
                env=environment(lab, directory) | {"ANSIBLE_STDOUT_CALLBACK": "default", MARK: self.mark},
                **({"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log} | options),
            )

    def until_it_waits(self) -> dict[str, str]:
        """Return the lock that it has taken."""
        deadline = time.monotonic() + SECONDS
        while not (self.directory / "waits").exists():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        entry = held(self.lab)
        assert entry
        return entry

    def end(self, number: signal.Signals | None = None) -> int:
        """Let it go on, or send it a signal. Return its exit code."""
        if number is None:
            (self.directory / "go").touch()
        else:
            self.process.send_signal(number)
        return int(self.process.wait(SECONDS))

    def left(self) -> list[str]:
        """The commands of its processes that still run, wherever they are in the tree of processes."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get(MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(" ".join(process.cmdline()))
        return found

    def until_none_is_left(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while left := self.left():
            assert time.monotonic() < deadline, left
            time.sleep(0.05)

    def kill(self) -> None:
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get(MARK) == self.mark:
                    process.kill()
        self.process.wait(SECONDS)


@contextmanager
def long_run(
    lab: Lab, directory: Path, playbook: str, command: tuple[str, ...] = (), **options: Any
) -> Iterator[LongRun]:
    run = LongRun(lab, directory, playbook, command, **options)
    try:
        yield run
    finally:
        run.kill()
