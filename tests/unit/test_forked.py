"""The connection `forked`: a module's process is a fork, and otherwise like one of its own."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from ansible_collections.triflow.platform.plugins.connection.forked import run_forked as run_and_show
from ansible_collections.triflow.platform.plugins.connection.forked import runs_this_python
from ansible_collections.triflow.platform.plugins.module_utils import progress


def run_forked(source: bytes) -> tuple[int, bytes, bytes]:
    """Run a module that says nothing of its progress."""
    said: list[str] = []
    result = run_and_show(source, said.append)
    assert said == []
    return result


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("print('done')", (0, b"done\n", b"")),
        ("import sys; print('why', file=sys.stderr); sys.exit(3)", (3, b"", b"why\n")),
        ("raise SystemExit", (0, b"", b"")),
        ("raise SystemExit('why')", (1, b"", b"")),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", (-9, b"", b"")),
        ("print(__name__)", (0, b"__main__\n", b"")),
        ("import sys; print(repr(sys.stdin.read()))", (0, b"''\n", b"")),
        # As the controller a module would print its warnings instead of returning them.
        ("from ansible.module_utils import _internal; print(_internal.is_controller)", (0, b"False\n", b"")),
    ],
)
def test_a_module_ends_as_in_a_process_of_its_own(source: str, expected: tuple[int, bytes, bytes]) -> None:
    assert run_forked(source.encode()) == expected


def test_an_error_shows_its_traceback() -> None:
    code, stdout, stderr = run_forked(b"1 / 0")
    assert (code, stdout) == (1, b"")
    assert stderr.endswith(b"ZeroDivisionError: division by zero\n")


def test_more_than_a_pipe_holds_comes_back_from_both_streams() -> None:
    source = "import sys\nfor _ in range(300):\n    print('o' * 999)\n    print('e' * 999, file=sys.stderr)"
    assert run_forked(source.encode()) == (0, (b"o" * 999 + b"\n") * 300, (b"e" * 999 + b"\n") * 300)


def test_what_it_says_is_shown_while_it_runs(tmp_path: Path) -> None:
    """The module goes on only when its first sentence was shown."""
    seen = tmp_path / "seen"
    source = f"""
import pathlib, time
from ansible_collections.triflow.platform.plugins.module_utils import progress
progress.say("asks\\n again")
for _unused in range(500):
    if pathlib.Path({str(seen)!r}).exists():
        break
    time.sleep(0.01)
else:
    raise SystemExit("nobody shows it")
progress.say("Köln")
print("done")
"""
    said: list[str] = []

    def show(sentence: str) -> None:
        said.append(sentence)
        seen.touch()

    assert run_and_show(source.encode(), show) == (0, b"done\n", b"")
    assert said == ["asks again", "Köln"]


def test_who_shows_nothing_stops_no_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module whose run was killed does its work to the end."""
    monkeypatch.setattr(progress, "show", None)
    progress.say("nobody hears it")
    source = """
import json
import os
from ansible_collections.triflow.platform.plugins.module_utils import progress
for number in range(3, 64):
    try:
        os.close(number)
    except OSError:
        pass
progress.say("nobody hears it")
print("done")
"""
    assert run_forked(source.encode()) == (0, b"done\n", b"")


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def test_nothing_of_it_is_left_here() -> None:
    before = open_files()
    run_forked(b"import os, sys; sys.modules['__main__'].left = True; os.environ['TRIFLOW_LEFT'] = '1'")
    assert open_files() == before
    assert not hasattr(sys.modules["__main__"], "left")
    assert "TRIFLOW_LEFT" not in os.environ


@pytest.mark.parametrize(
    ("command", "forked"),
    [
        (f"/bin/sh -c {sys.executable}", True),
        (f"/bin/sh -c 'AWS_REGION=eu-west-1 {sys.executable}'", False),
        (f"/bin/sh -c '{sys.executable} /tmp/module.py'", False),
        ("/bin/sh -c /usr/bin/another-python", False),
        ("/bin/sh -c 'echo ~'", False),
    ],
)
def test_only_a_module_for_this_python_is_forked(command: str, forked: bool) -> None:
    assert runs_this_python(command) is forked


DOES_SOMETHING = """
import os, signal
from ansible_collections.triflow.platform.plugins.module_utils import account
account.done([{"component": "vpc", "action": "create", "fields": []}], [{"after_header": "vpc", "after": {}}])
with account.changing({"component": "endpoint", "action": "create", "fields": []}):
    account.sending()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_module_has_done_is_returned() -> None:
    code, stdout, _stderr = run_forked(DOES_SOMETHING.encode())
    assert code == -9
    result = json.loads(stdout)
    assert result["failed"]
    assert result["changed"]
    assert {change["component"]: change["action"] for change in result["changes"]} == {
        "vpc": "create",
        "endpoint": "unknown",
    }
    assert [diff["after_header"] for diff in result["diff"]] == ["vpc"]
    assert "SIGKILL has ended the module" in result["msg"]


def test_what_a_crashed_module_has_done_is_returned() -> None:
    source = f"""
{DOES_SOMETHING.partition("with account")[0]}
from ansible_collections.triflow.platform.plugins.connection import forked
forked.end_with_sentence(KeyError("Vpc"), "")
"""
    code, stdout, _stderr = run_forked(source.encode())
    assert code == 1
    assert json.loads(stdout)["changes"] == [{"component": "vpc", "action": "create", "fields": []}]
