# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs a module in a fork of ansible-playbook instead of in a Python of its own."""

from __future__ import annotations

DOCUMENTATION = r"""
name: forked
version_added: 0.1.0
short_description: Run modules on this machine without starting Python for each
author: TriFlow AI (@triflow-ai)
description:
  - Like the connection C(local), for modules that run in the Python of C(ansible-playbook) itself. A module runs in a
    process of its own, forked from Ansible's worker, where Ansible and boto3 are imported already. Starting Python and
    importing them is most of what a short module costs.
  - A module that ends with an exception fails with a sentence that says the call of AWS, the reason and what to do. Its
    result has C(crashed) beside C(msg).
  - Whatever is no module for that Python, or needs another user, an C(environment) or C(async), runs as with C(local).
  - The callback P(triflow.platform.preload#callback) imports boto3 once, before the first fork.
options:
  become_success_timeout:
    description: Seconds to wait for C(become) to succeed, as with C(local).
    type: int
    default: 10
    vars:
      - name: ansible_local_become_success_timeout
  become_strip_preamble:
    description: Whether to leave out what C(become) itself prints, as with C(local).
    type: bool
    default: true
    vars:
      - name: ansible_local_become_strip_preamble
extends_documentation_fragment:
  - connection_pipelining
"""

import contextlib
import json
import os
import selectors
import shlex
import signal
import sys
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import NoReturn

from ansible.module_utils import _internal
from ansible.module_utils._internal import _traceback
from ansible.module_utils._internal._ansiballz import _loader
from ansible.plugins.connection.local import Connection as LocalConnection
from ansible.utils.display import Display
from ansible_collections.triflow.platform.plugins.module_utils import account, failures, progress

display = Display()

MARK = b"_ANSIBALLZ_WRAPPER = True"  # in the text of every module that Ansible has wrapped for a Python
CHUNK = 65536  # bytes
KILLED = "If nobody has ended it, memory may have run out: see the machine's log, then run again"


class Connection(LocalConnection):
    """The connection `local`, with modules in forks."""

    transport = "triflow.platform.forked"

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        if in_data and MARK in in_data and not self.become and runs_this_python(cmd):
            return run_forked(in_data, lambda line: display.display(f"  {self._play_context.remote_addr}: {line}"))
        result: tuple[int, bytes, bytes] = super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        return result


def runs_this_python(command: str) -> bool:
    """Whether a shell command only starts the Python that runs here: `/bin/sh -c <python>`."""
    words = shlex.split(command)
    return len(words) == 3 and words[1] == "-c" and shlex.split(words[2]) == [sys.executable]


def run_forked(source: bytes, show: Callable[[str], None]) -> tuple[int, bytes, bytes]:
    """Run a wrapped module. Return its exit code, and what it wrote to stdout and stderr.

    What it says of its progress is shown at once.
    """
    read_stdout, write_stdout = os.pipe()
    read_stderr, write_stderr = os.pipe()
    read_progress, write_progress = os.pipe()
    read_account, write_account = os.pipe()
    process = os.fork()
    if process == 0:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(write_stdout, 1)
        os.dup2(write_stderr, 2)
        progress.show = lambda sentence: _write_line(write_progress, sentence)
        account.begin()
        account.keep = lambda state: _write_line(write_account, json.dumps(state, default=str))
        os._exit(run_module(source))
    os.close(write_stdout)
    os.close(write_stderr)
    os.close(write_progress)
    os.close(write_account)
    written = {read: bytearray() for read in (read_stdout, read_stderr, read_progress, read_account)}
    with selectors.DefaultSelector() as selector:
        for pipe in written:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            for key, _events in selector.select():
                chunk = os.read(key.fd, CHUNK)
                written[key.fd] += chunk
                if key.fd == read_progress:
                    *lines, written[read_progress] = written[read_progress].split(b"\n")
                    for line in lines:
                        show(line.decode())
                if not chunk:
                    selector.unregister(key.fd)
                    os.close(key.fd)
    _process, status = os.waitpid(process, 0)
    code = os.waitstatus_to_exitcode(status)
    *lines, _unfinished = written[read_account].split(b"\n")
    if lines:
        account.take(bytes(lines[-1]))
    stdout = bytes(written[read_stdout])
    if code < 0 and not stdout:
        stdout = _of_killed(-code)
    return code, stdout, bytes(written[read_stderr])


def _of_killed(number: int) -> bytes:
    """What a module that was killed would have returned of what it had done, if it had done anything."""
    done = account.result(account.of_module)
    if not done:
        return b""
    reason = {"msg": f"{signal.Signals(number).name} has ended the module"}
    failure = failures.explain(reason, "Its process", remedy=KILLED)
    return json.dumps({"failed": True, "msg": failure.sentence, "failure": failure.result, **done}).encode()


def _write_line(pipe: int, sentence: str) -> None:
    with contextlib.suppress(OSError):  # the run that would show it was killed: the module still does its work
        os.write(pipe, f"{' '.join(sentence.split())}\n".encode())


def run_module(source: bytes) -> int:
    """Run a wrapped module in this process as its main program, on the file descriptors 0 to 2."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(number, signal.SIG_DFL)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", closefd=False)
    # A module returns its warnings to the controller; as the controller it would print them.
    _internal.is_controller = False
    _loader._handle_exception = end_with_sentence
    main = sys.modules["__main__"] = ModuleType("__main__")
    code = 1
    try:
        exec(compile(source, "<module>", "exec"), main.__dict__)
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def end_with_sentence(raised: BaseException, _profile: str) -> NoReturn:
    """End a module that an exception has left. Ansible's own way out has the exception's words, without its type."""
    failure = failures.explain(raised)
    result = {"failed": True, failures.CRASHED: True, "msg": failure.sentence, "failure": failure.result}
    result |= account.result()
    if _traceback.is_traceback_enabled(_traceback.TracebackEvent.ERROR):
        result["exception"] = "".join(traceback.format_exception(raised))
    print(json.dumps(result))
    raise SystemExit(1)
