"""python -m lab start, stop, env, status and reset, and recovery after a crash."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lab.process import processes_of
from tests.conftest import Lab, run_lab, running_lab, start_lab


@pytest.fixture
def own_lab(tmp_path: Path) -> Iterator[Path]:
    """State directory of a running lab that a test may break."""
    directory = tmp_path / "state"
    try:
        start_lab(directory)
        yield directory
    finally:
        run_lab(directory, "stop")


def state(directory: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((directory / "state.json").read_text())
    return content


def pids(directory: Path) -> dict[str, int]:
    return {process["name"]: process["pid"] for process in state(directory)["processes"]}


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    wait_until_gone(pid)


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return
    raise AssertionError(f"{pid} still runs")


def wait_until_none_is_left(directory: Path) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and processes_of(directory):
        time.sleep(0.02)
    assert processes_of(directory) == {}


def assert_works(directory: Path) -> Lab:
    lab = running_lab(directory)
    assert lab.aws("sts").get_caller_identity()["Account"] == "123456789012"
    with psycopg.connect(lab.database_url) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("triflow",)
    return lab


def make_something(lab: Lab) -> None:
    lab.aws("ec2").create_vpc(CidrBlock="10.9.0.0/16")
    with psycopg.connect(lab.database_url) as connection:
        connection.execute("CREATE TABLE something (id int)")


def has_something(lab: Lab) -> tuple[bool, bool]:
    vpcs = lab.aws("ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.9.0.0/16"]}])["Vpcs"]
    with psycopg.connect(lab.database_url) as connection:
        row = connection.execute("SELECT to_regclass('something')").fetchone()
    return bool(vpcs), row != (None,)


def test_second_start_keeps_processes_and_data(own_lab: Path) -> None:
    before = pids(own_lab)
    make_something(running_lab(own_lab))
    again = run_lab(own_lab, "start")
    assert again.returncode == 0, again.stderr
    assert [line.split()[0] for line in again.stdout.splitlines()] == ["emulator", "postgresql"]
    assert pids(own_lab) == before
    assert has_something(running_lab(own_lab)) == (True, True)


@pytest.mark.parametrize("name", ["emulator", "postgresql"])
def test_lone_survivor_is_replaced_by_an_empty_pair(own_lab: Path, name: str) -> None:
    before = pids(own_lab)
    make_something(running_lab(own_lab))
    running_lab(own_lab).save("one")
    kill(before[name])
    assert run_lab(own_lab, "status").returncode == 1
    assert run_lab(own_lab, "env").returncode == 1
    start_lab(own_lab)
    after = pids(own_lab)
    assert not set(before.values()) & set(after.values())
    for pid in before.values():
        wait_until_gone(pid)
    assert len(processes_of(own_lab)) == 3
    assert has_something(assert_works(own_lab)) == (False, False)


def test_pid_of_another_program_is_left_alone(own_lab: Path) -> None:
    content = state(own_lab)
    for process in content["processes"]:
        kill(process["pid"])
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)", str(own_lab)]) as stranger:
        try:
            for process in content["processes"]:
                process["pid"] = stranger.pid
            (own_lab / "state.json").write_text(json.dumps(content))
            assert run_lab(own_lab, "status").returncode == 1
            start_lab(own_lab)
            assert stranger.poll() is None
            assert stranger.pid not in pids(own_lab).values()
            assert_works(own_lab)
        finally:
            stranger.kill()


def test_unreadable_state_of_nothing_starts_afresh(tmp_path: Path) -> None:
    """In a directory whose name is long, and no plain word."""
    directory = tmp_path / f"실험 lab's {'x' * 100}"
    directory.mkdir()
    (directory / "state.json").write_text('{"processes": [{"pid"')
    try:
        start_lab(directory)
        assert_works(directory)
    finally:
        run_lab(directory, "stop")


def test_state_that_does_not_name_what_runs_is_no_reason_to_lose_or_end_it(own_lab: Path, tmp_path: Path) -> None:
    before, whole = state(own_lab), (own_lab / "state.json").read_text()
    (home,) = (Path(process["directory"]) for process in before["processes"] if process["directory"])
    # What cannot be read: nothing is started beside it, and the person learns what runs.
    for broken in (whole[:50], "[]", "{}"):
        (own_lab / "state.json").write_text(broken)
        for command in ("start", "stop", "status", "env"):
            answer = run_lab(own_lab, command)
            assert (answer.returncode, answer.stdout) == (1, ""), command
            assert "cannot be read" in answer.stderr
            assert all(f"(pid {pid})" in answer.stderr for pid in (process["pid"] for process in before["processes"]))
            assert "Traceback" not in answer.stderr
    (own_lab / "state.json").write_text(whole)
    # A copy in another directory: that lab is not this one.
    other = tmp_path / "copied"
    other.mkdir()
    (other / "state.json").write_text(whole)
    answer = run_lab(other, "stop")
    assert (answer.returncode, "another lab" in answer.stderr) == (1, True)
    assert_works(own_lab)
    # A process that has ended, and a directory that is not its.
    gone = tmp_path / "gone"
    gone.mkdir()
    content = json.loads(whole)
    for process in content["processes"]:
        process["started"] = "another boot:1"
    (gone / "state.json").write_text(json.dumps(content))
    assert run_lab(gone, "stop").returncode == 0
    assert not (gone / "state.json").exists()
    assert home.exists()
    assert_works(own_lab)


def test_directory_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgresql").mkdir()
    (tmp_path / "postgresql/letters").write_text("mine")
    tmp_path.chmod(0o755)
    for command in ("start", "stop"):
        answer = run_lab(tmp_path, command)
        assert answer.returncode == 1
        assert "TRIFLOW_LAB_DIR" in answer.stderr
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert [path.name for path in tmp_path.rglob("*")] == ["postgresql", "letters"]
    answer = run_lab(tmp_path / "postgresql/letters", "start")
    assert (answer.returncode, "Traceback" in answer.stderr) == (1, False)
    assert "letters" in answer.stderr


def test_full_disk_is_a_sentence(tmp_path: Path) -> None:
    """A limit of no byte a file stands for it."""
    directory, temporary = tmp_path / "state", tmp_path / "temporary"
    temporary.mkdir()
    answer = subprocess.run(
        ["sh", "-c", f"ulimit -f 0; exec {sys.executable} -m lab start"],
        env={**os.environ, "TRIFLOW_LAB_DIR": str(directory), "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert answer.returncode == 1
    assert "File too large" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert list(temporary.iterdir()) == []
    assert {path.name for path in directory.iterdir()} <= {"lock", "emulator.log", "postgresql.log"}
    assert processes_of(directory) == {}


def test_stop_ends_both_and_may_be_repeated(own_lab: Path) -> None:
    running_lab(own_lab).save("one")
    before = state(own_lab)
    assert len(processes_of(own_lab)) == 4  # PostgreSQL, and of the emulator: the first, what serves and what is saved
    assert run_lab(own_lab, "stop").returncode == 0
    wait_until_none_is_left(own_lab)
    for process in before["processes"]:
        wait_until_gone(process["pid"])
        assert not process["directory"] or not Path(process["directory"]).exists()
    assert not (own_lab / "state.json").exists()
    assert not (own_lab / "postgresql.json").exists()
    assert run_lab(own_lab, "stop").returncode == 0
    printed = run_lab(own_lab, "env")
    assert (printed.returncode, printed.stdout) == (1, "")
    assert "does not run" in printed.stderr


def test_only_the_owner_can_read_the_state(own_lab: Path) -> None:
    assert stat.S_IMODE(own_lab.stat().st_mode) == 0o700
    for name in ("state.json", "postgresql.json", "access.jsonl"):
        assert stat.S_IMODE((own_lab / name).stat().st_mode) == 0o600
    password = json.loads((own_lab / "postgresql.json").read_text())["password"]
    for pid in pids(own_lab).values():
        for source in ("cmdline", "environ"):
            assert password.encode() not in Path(f"/proc/{pid}/{source}").read_bytes()


def test_env_names_account_region_and_database(lab: Lab) -> None:
    printed = lab.command("env").stdout
    assert "unset AWS_PROFILE AWS_SESSION_TOKEN" in printed.splitlines()
    assert lab.environment["AWS_REGION"] == lab.environment["AWS_DEFAULT_REGION"] == "ap-northeast-2"
    assert lab.endpoint_url.startswith("http://127.0.0.1:")
    authority = lab.environment["PGSSLROOTCERT"]
    assert lab.database_url.endswith(f"/triflow?sslmode=verify-full&sslrootcert={authority}")


def test_reset_empties_account_and_database_and_keeps_the_processes(empty_lab: Lab) -> None:
    before = pids(empty_lab.directory)
    make_something(empty_lab)
    assert has_something(empty_lab) == (True, True)
    done = empty_lab.command("reset")
    assert done.returncode == 0, done.stderr
    assert has_something(empty_lab) == (False, False)
    assert pids(empty_lab.directory) == before


def test_failed_start_shows_the_log_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "emulator.log").mkdir()
    started = run_lab(tmp_path, "start")
    assert started.returncode != 0
    assert "emulator.log" in started.stderr
    assert not (tmp_path / "state.json").exists()
