# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The end of a run, whatever it is: success, failure, an error outside of any task, a signal, an output without reader.

Callbacks add what is to be done then. It is done once, in the main process, and a signal that comes meanwhile waits for
it. Ansible's own handlers send a signal on to the workers. On SIGTERM they then kill the process, so that nothing else
happens at its end, and they know no SIGHUP.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from errno import EIO, EPIPE, errorcode
from types import FrameType
from typing import Any, Literal, NamedTuple

from ansible import constants, context
from ansible.errors import ExitCode
from ansible.plugins.callback import CallbackBase
from ansible.utils.display import Display
from ansible_collections.triflow.platform.plugins.plugin_utils import output

WORKERS_SECONDS = 2  # for the workers to end by themselves
ALL_SECONDS = 12  # of an end by a signal, whatever hangs
SCREEN_SECONDS = 3  # of which to print what was done, for a reader who does not read
UNWINDING_SECONDS = 5  # of Ansible itself after Ctrl-C
PR_SET_PDEATHSIG = 1  # prctl(2)
SENTENCES = {
    "SIGINT": "SIGINT (Ctrl-C) ended this run.",
    "SIGHUP": "SIGHUP ended this run: its terminal was closed.",
    "SIGPIPE": "SIGPIPE ended this run: nobody reads its output any more.",
}


class End(NamedTuple):
    """How a run ended: `by` is the signal's name, or that of the error which its output had."""

    result: Literal["ok", "failed", "ended"]
    by: str | None = None


parts: list[Callable[[End], str | None]] = []  # what to do, in order; each may give a sentence for the end by a signal
prints: list[Callable[[], str | None]] = []  # what to print after that
signals: list[int] = []  # that came, the first one first; 0 for an error of the output that is no signal's


@dataclass
class Main:
    """The main process."""

    process: int | None = None  # None until it is watched
    nohup: bool = False  # whether it was started to outlive its terminal
    lost: OSError | None = None  # why its output is not read or written any more
    begun: bool = False  # whether the parts are being done, or are done


main = Main()


class EndingCallback(CallbackBase):
    """A callback that has a part in the end of the run."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.playbooks = len(context.CLIARGS.get("args", ()))  # that have not ended

    def set_options(self, *args: Any, **kwargs: Any) -> None:
        super().set_options(*args, **kwargs)
        watch()  # Ansible has set its own handlers before

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self.playbooks -= 1
        if self.playbooks <= 0:  # the next one of this command is of the same run
            finish(End("failed" if stats.failures or stats.dark else "ok"))


def watch() -> None:
    """Take the end of this process over."""
    if main.process == os.getpid():
        return
    main.process = os.getpid()
    # An error outside of any task ends the run without statistics.
    atexit.register(finish, End("failed"))
    main.nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    for number in (signal.SIGINT, signal.SIGTERM, *(() if main.nohup else (signal.SIGHUP,))):
        signal.signal(number, _signalled)
    output.watch(_lost)
    if sys.platform == "linux":
        _end_forks_with_their_parent()


def finish(end: End) -> list[str]:
    """End what still runs, do all parts, and print what there is to print, once. Return the parts' sentences."""
    if main.begun or os.getpid() != main.process:
        return []
    main.begun = True
    _end_workers()
    sentences = [_done(part, end) for part in parts]
    if end.result == "ended":
        signal.alarm(SCREEN_SECONDS)
    for print_it in prints:
        _done(print_it)
    if signals and end.result != "ended":
        _leave(signals[0])
    return [sentence for sentence in sentences if sentence]


def _done(part: Callable[..., str | None], *given: End) -> str | None:
    """Do a part, whatever another one meets."""
    try:
        return part(*given)
    except Exception as error:
        with contextlib.suppress(Exception):
            Display().warning(f"This run's end is not complete: {error}")
    return None


def _lost(error: OSError) -> None:
    """Let the main thread know. Its handler sees by `lost` that no signal was meant."""
    if main.lost or (main.nohup and error.errno == EIO):  # its terminal is closed
        return
    main.lost = error
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


def _signalled(number: int, _frame: FrameType | None) -> None:
    if os.getpid() != main.process:  # a fork that has not set its own handlers yet
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        return
    lost = main.lost
    if lost:
        number = {EPIPE: int(signal.SIGPIPE), EIO: int(signal.SIGHUP)}.get(lost.errno or 0, 0)
    signals.append(number)
    if main.begun or len(signals) > 1:
        return  # what is being done ends soon, and so does Ansible after it
    # Whatever hangs, such as a reader who does not read.
    signal.signal(signal.SIGALRM, lambda *_unused: _leave(number))
    signal.alarm(ALL_SECONDS)
    name = errorcode[lost.errno or 0] if lost and not number else signal.Signals(number).name
    output.give_up()
    said = finish(End("ended", name))
    with contextlib.suppress(Exception):
        unwritable = f"This run was ended, since its output cannot be written: {lost.strerror}." if lost else ""
        why = SENTENCES.get(name) or unwritable or f"{name} ended this run."
        Display().error(" ".join([why, "What it was doing was stopped.", *said, "Run again: it goes on from here."]))
        sys.stdout.flush()
    if number != signal.SIGINT:
        _leave(number)
    signal.alarm(UNWINDING_SECONDS)
    atexit.register(signal.alarm, 0)  # then it is over; Python takes its handlers away after that
    raise KeyboardInterrupt


def _end_workers() -> None:
    """Each of Ansible's workers ends what it has started, which is in its process group."""
    workers = multiprocessing.active_children()
    for worker in workers:
        worker.terminate()
    deadline = time.monotonic() + WORKERS_SECONDS
    for worker in workers:
        worker.join(max(0, deadline - time.monotonic()))
    for worker in workers:
        if worker.pid:
            with contextlib.suppress(OSError):  # there is none left
                os.killpg(worker.pid, signal.SIGKILL)


def _leave(number: int) -> None:
    """End this process at once, as this signal ends one."""
    shutil.rmtree(constants.DEFAULT_LOCAL_TMP, ignore_errors=True)
    if number == signal.SIGINT:
        os._exit(ExitCode.KEYBOARD_INTERRUPT)
    if number == 0:
        os._exit(ExitCode.GENERIC_ERROR)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _end_forks_with_their_parent() -> None:
    """After SIGKILL nothing is done in this process. Linux then ends the workers, and they end their modules."""
    import ctypes

    prctl = ctypes.CDLL(None).prctl
    parent = 0
    followed = {main.process}  # and its workers. What a module starts to outlive it does not follow it

    def remember() -> None:
        nonlocal parent
        parent = os.getpid()

    def follow() -> None:
        if parent not in followed:
            return
        if parent == main.process:
            followed.add(os.getpid())
        prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
        if os.getppid() != parent:  # it has ended before this
            os.kill(os.getpid(), signal.SIGTERM)

    os.register_at_fork(before=remember, after_in_child=follow)
