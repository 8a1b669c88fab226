"""A run that is ended from outside ends within seconds: no process is left, the lock is free, it says what was done."""

from __future__ import annotations

import array
import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROJECT, Lab
from tests.integration.long_run import INVENTORY, STACK, WAIT, LongRun, held, long_run
from tests.integration.playbook import ANSIBLE_PLAYBOOK, environment

SECONDS = 15  # within which everything is over on a busy machine
LONG = f"""
- hosts: all
  gather_facts: false
  tasks:
    - triflow.platform.stack_lock: {{stack: "{{{{ stack_name }}}}", region: "{{{{ stack_region }}}}"}}{WAIT}
"""
LOUD = """
- hosts: all
  gather_facts: false
  tasks:
    - triflow.platform.stack_lock: {stack: "{{ stack_name }}", region: "{{ stack_region }}"}
    - ansible.builtin.debug: {msg: "{{ 'x' * 100000 }}"}
      loop: [1, 2, 3]
"""
PIPE_IS_FULL = 60_000  # bytes, of 65,536
ENDED = "What it was doing was stopped. Its lock is freed. Run again: it goes on from here."


def written(directory: Path) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads((directory / "summary.json").read_text(encoding="utf-8"))
    return summary


def waiting_bytes(pipe: Any) -> int:
    """How much nobody has read yet."""
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


@contextmanager
def waiting(lab: Lab, directory: Path, command: tuple[str, ...] = (), **options: Any) -> Iterator[LongRun]:
    """A run that holds the lock and waits, with the summary of an earlier one where its own will be."""
    (directory / "summary.json").write_text('{"result": "ok"}')
    with long_run(lab, directory, LONG, command, **options) as run:
        run.until_it_waits()
        assert not (directory / "summary.json").exists()
        assert len(run.left()) > 2
        yield run


def check(run: LongRun, begun: float, ended: str) -> None:
    """What holds for a run that has ended, however it was ended."""
    run.until_none_is_left(SECONDS)
    assert time.monotonic() - begun < SECONDS
    assert held(run.lab) is None
    summary = written(run.directory)
    assert (summary["result"], summary["ended"], summary["mode"]) == ("ended", ended, "run")
    assert summary["stacks"][STACK]["stopped"] == ["Wait"]


@pytest.mark.parametrize(
    ("number", "exit_code", "why"),
    [
        (signal.SIGINT, 99, "SIGINT (Ctrl-C) ended this run."),
        (signal.SIGTERM, -signal.SIGTERM, "SIGTERM ended this run."),
        (signal.SIGHUP, -signal.SIGHUP, "SIGHUP ended this run: its terminal was closed."),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_signal_ends_it(lab: Lab, directory: Path, number: signal.Signals, exit_code: int, why: str) -> None:
    with waiting(lab, directory) as run:
        begun = time.monotonic()
        assert run.end(number) == exit_code
        check(run, begun, number.name)
        said = run.log.read_text()
    assert f"{why} {ENDED}" in " ".join(said.split())
    assert f"{STACK}: nothing done" in said
    assert "  stopped: Wait, whose changes are not counted" in said
    assert "Traceback" not in said


def test_ctrl_c_twice_is_as_good_as_once(lab: Lab, directory: Path) -> None:
    with waiting(lab, directory) as run:
        begun = time.monotonic()
        run.process.send_signal(signal.SIGINT)
        assert run.end(signal.SIGINT) == 99
        check(run, begun, "SIGINT")
        assert "Traceback" not in run.log.read_text()


def test_it_ends_when_the_reader_of_its_output_leaves(lab: Lab, directory: Path) -> None:
    log = (directory / "errors.log").open("wb")
    with log, waiting(lab, directory, stdout=subprocess.PIPE, stderr=log) as run:
        begun = time.monotonic()
        run.process.stdout.readline()
        run.process.stdout.close()
        assert run.process.wait(SECONDS) == -signal.SIGPIPE
        check(run, begun, "SIGPIPE")
    said = " ".join((directory / "errors.log").read_text().split())
    assert f"SIGPIPE ended this run: nobody reads its output any more. {ENDED}" in said
    assert "BrokenPipeError" not in said


def test_a_reader_who_does_not_read_holds_nothing_up(lab: Lab, directory: Path) -> None:
    with long_run(lab, directory, LOUD, stdout=subprocess.PIPE) as run:
        deadline = time.monotonic() + 4 * SECONDS
        while held(lab) is None or waiting_bytes(run.process.stdout) < PIPE_IS_FULL:
            assert run.process.poll() is None, run.log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        begun = time.monotonic()
        assert run.end(signal.SIGTERM) == -signal.SIGTERM
        run.until_none_is_left(SECONDS)
        assert time.monotonic() - begun < SECONDS
        assert held(lab) is None
    assert (written(directory)["result"], written(directory)["ended"]) == ("ended", "SIGTERM")


def test_it_ends_when_its_terminal_is_closed(lab: Lab, directory: Path) -> None:
    ours, its = pty.openpty()
    shell = (sys.executable, "-c", "import os, sys, fcntl, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY); "
             "os.execv(sys.argv[1], sys.argv[1:])")  # fmt: skip
    with waiting(lab, directory, shell, stdin=its, stdout=its, stderr=its) as run:
        os.close(its)
        begun = time.monotonic()
        os.close(ours)
        assert run.process.wait(SECONDS) == -signal.SIGHUP
        check(run, begun, "SIGHUP")


def test_it_ends_when_nobody_can_write_its_output(lab: Lab, directory: Path) -> None:
    with Path("/dev/full").open("wb") as full, long_run(lab, directory, LONG, stdout=full) as run:
        assert run.process.wait(4 * SECONDS) == 1
        run.until_none_is_left(SECONDS)
        assert held(lab) is None
        assert "its output cannot be written: No space left on device" in " ".join(run.log.read_text().split())
    assert (written(directory)["result"], written(directory)["ended"]) == ("ended", "ENOSPC")


def test_nohup_outlives_its_terminal(lab: Lab, directory: Path) -> None:
    with waiting(lab, directory, ("nohup",)) as run:
        run.process.send_signal(signal.SIGHUP)
        assert run.end() == 0, run.log.read_text()
        assert held(lab) is None
    summary = written(directory)
    assert (summary["result"], summary["ended"], summary["stacks"]) == ("ok", None, {})


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has ended")
def test_what_it_runs_ends_with_it_when_it_is_killed(lab: Lab, directory: Path) -> None:
    with waiting(lab, directory) as run:
        assert run.end(signal.SIGKILL) == -signal.SIGKILL
        run.until_none_is_left(SECONDS)
        assert held(lab)
    assert not (directory / "summary.json").exists()


@pytest.mark.parametrize("arguments", [("-i", "inventories/absent"), (*INVENTORY, "-e", "vpc_cidr=no")])
def test_a_run_that_fails_early_writes_a_summary_that_says_so(
    lab: Lab, directory: Path, arguments: tuple[str, ...]
) -> None:
    path = directory / "summary.json"
    path.write_text('{"result": "ok"}')
    command = [ANSIBLE_PLAYBOOK, "playbooks/network.yml", *arguments]
    subprocess.run(command, cwd=PROJECT, env=environment(lab, directory), timeout=4 * SECONDS, check=False)
    assert (written(directory)["result"], written(directory)["ended"]) == ("failed", None)


def test_a_summary_that_cannot_be_written_is_refused_before_anything_is_done(lab: Lab, directory: Path) -> None:
    path = directory / "absent" / "summary.json"
    before = len(lab.calls())
    with long_run(lab, directory, LONG, ("env", f"TRIFLOW_SUMMARY={path}")) as run:
        assert run.process.wait(4 * SECONDS) == 5
        said = " ".join(run.log.read_text().split())
    assert (
        f"Nothing was changed: TRIFLOW_SUMMARY is {path}, which cannot be written: No such file or directory." in said
    )
    assert lab.calls()[before:] == []
