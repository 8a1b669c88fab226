# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether what a run writes still reaches anybody.

Ansible shows what its workers say in a thread. The first error in writing ends that thread, and the run then waits for
ever for results that nobody takes. So who writes tells the main thread, and so does a pipe whose reader has left,
before anything is written.
"""

from __future__ import annotations

import errno
import functools
import os
import select
import stat
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any, TextIO

GONE = select.POLLERR | select.POLLHUP


def watch(lost: Callable[[OSError], None]) -> None:
    """Have `lost` called, in whatever thread, when nobody reads stdout or stderr any more, or it cannot be written.

    What is written after that goes to nobody, so that nothing else fails by it.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed from the start, as a daemon does it: nobody wants to read it
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
            continue
        for method in ("write", "flush"):
            setattr(stream.buffer, method, _telling(stream, getattr(stream.buffer, method), lost))
        # A line that waits in a buffer is not seen while the run waits, and is lost when it is killed.
        stream.reconfigure(line_buffering=True)
    read = [stream for stream in (sys.stdout, sys.stderr) if _has_a_reader(stream)]
    if read:
        threading.Thread(target=_until_a_reader_leaves, args=(read, lost), daemon=True).start()


def give_up() -> None:
    """Where nobody reads any more, write to nobody from now on."""
    for stream in (sys.stdout, sys.stderr):
        if _gone([stream], 0):
            _discard(stream)


def _discard(stream: TextIO) -> None:
    nobody = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nobody, stream.fileno(), inheritable=False)
    os.close(nobody)


def _telling(stream: TextIO, write: Callable[..., Any], lost: Callable[[OSError], None]) -> Callable[..., Any]:
    process = os.getpid()

    @functools.wraps(write)
    def telling(*args: Any) -> Any:
        try:
            return write(*args)
        except OSError as error:
            if os.getpid() != process:
                raise
            _discard(stream)
            lost(error)
            return None

    return telling


def _has_a_reader(stream: TextIO) -> bool:
    """Whether it is a pipe or a socket. A terminal that is closed sends SIGHUP, and a file is always there."""
    mode = os.fstat(stream.fileno()).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _until_a_reader_leaves(streams: list[TextIO], lost: Callable[[OSError], None]) -> None:
    _gone(streams, None)
    lost(BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)))


def _gone(streams: Iterable[TextIO], milliseconds: int | None) -> bool:
    """Wait until one of these can never be written again. No event is asked for: errors come unasked."""
    poll = select.poll()
    for stream in streams:
        poll.register(stream.fileno(), 0)
    return any(events & GONE for _file, events in poll.poll(milliseconds))
