"""Runs a playbook against a lab the way a user does, and takes apart what it did."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.conftest import PROJECT, Lab

ANSIBLE_PLAYBOOK = str(Path(sys.executable).parent / "ansible-playbook")
TIMEOUT_SECONDS = 400
played_like_aws = False  # set for each test: tests/integration/conftest.py
HURRIED = PROJECT / "tests/integration/hurried"  # pauses are short there


@dataclass(frozen=True)
class Played:
    """What one run of ansible-playbook gave back. `calls` are the API calls that it made, `seconds` what it took."""

    exit_code: int
    output: str
    results: dict[str, list[dict[str, Any]]]  # of each host, in order
    summary: dict[str, Any]
    calls: list[dict[str, Any]]
    seconds: float

    @property
    def writes(self) -> list[str]:
        """The operations that change something, but for the lock, which is all that is in SSM."""
        return [call["operation"] for call in self.calls if call["write"] and call["service"] != "ssm"]

    def components(self, stack: str) -> dict[str, str]:
        found: dict[str, str] = self.summary["stacks"][stack]["components"]
        return found

    def diffs(self, stack: str) -> dict[str, tuple[Any, Any]]:
        """Before and after of each component that a task showed a diff of."""
        items = [item for result in self.results[stack] for item in result.get("results", [result])]
        shown = [diff for item in items for diff in item.get("diff") or []]
        return {diff["after_header"]: (diff["before"], diff["after"]) for diff in shown}


def environment(lab: Lab, directory: Path) -> dict[str, str]:
    """What ansible-playbook needs to run against the lab, and nothing of the caller's settings."""
    return {
        "PATH": f"{Path(ANSIBLE_PLAYBOOK).parent}:/usr/bin:/bin",
        "HOME": str(directory),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "TRIFLOW_SUMMARY": str(directory / "summary.json"),
        **({"PYTHONPATH": str(HURRIED)} if played_like_aws else {}),
        **lab.environment,
    }


def like_aws(lab: Lab) -> AbstractContextManager[None]:
    """The time of a run, in which the lab is like AWS where the test is to meet that. The test itself it tells all."""
    return lab.like_aws() if played_like_aws else nullcontext()


def play(lab: Lab, directory: Path, *arguments: str, seconds: int = TIMEOUT_SECONDS, **variables: str) -> Played:
    """Run `ansible-playbook <arguments>` from the project's root; `variables` go into its environment.

    `seconds` is the longest that it may take.
    """
    before = len(lab.calls())
    summary = directory / "summary.json"
    summary.unlink(missing_ok=True)
    started = time.monotonic()
    with like_aws(lab):
        done = subprocess.run(
            [ANSIBLE_PLAYBOOK, *arguments],
            cwd=PROJECT,
            env=environment(lab, directory) | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    took = time.monotonic() - started
    assert "{" in done.stdout, done.stdout + done.stderr
    # Progress lines may come before the JSON, the summary follows it.
    start = done.stdout.index('{\n    "custom_stats"')
    output, _end = json.JSONDecoder().raw_decode(done.stdout[start:])
    results: dict[str, list[dict[str, Any]]] = {}
    for task in (task for play in output["plays"] for task in play["tasks"]):
        for host, result in task["hosts"].items():
            results.setdefault(host, []).append(result)
    written = json.loads(summary.read_text(encoding="utf-8")) if summary.exists() else {}
    return Played(done.returncode, done.stdout + done.stderr, results, written, lab.calls()[before:], took)


def against_live(lab: Lab, directory: Path, *arguments: str) -> dict[str, Any]:
    """What the variables of one stack would cost against what stands: the difference of its report, line by line."""
    path = directory / "against-live.json"
    given = ("-e", "cost_against_live=true", "-e", f"cost_json_path={path}")
    run = play(lab, directory, "playbooks/cost.yml", *given, *arguments)
    assert run.exit_code == 0, run.output
    assert run.writes == []
    difference = json.loads(path.read_text(encoding="utf-8"))["difference"]
    assert difference["against"] == "the live stack"
    (stack,) = difference["stacks"]
    return dict(stack)


def kill_at(lab: Lab, directory: Path, operation: str, *arguments: str) -> None:
    """Start a playbook, and kill it and its children when it has called this operation.

    The lock that it leaves is deleted: tests/integration/test_lock.py breaks it as a person does.
    """
    seen = len(lab.calls())
    output = (directory / "killed.log").open("wb")
    with (
        output,
        like_aws(lab),
        subprocess.Popen(
            [ANSIBLE_PLAYBOOK, *arguments],
            cwd=PROJECT,
            env=environment(lab, directory),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        deadline = time.monotonic() + TIMEOUT_SECONDS
        try:
            while not any(call["operation"] == operation for call in lab.calls()[seen:]):
                assert process.poll() is None, (directory / "killed.log").read_text()
                assert time.monotonic() < deadline, f"no {operation} within {TIMEOUT_SECONDS} s"
                time.sleep(0.02)
        finally:
            with suppress(psutil.NoSuchProcess):
                parent = psutil.Process(process.pid)
                for victim in (parent, *parent.children(recursive=True)):
                    victim.kill()
    ssm = lab.aws("ssm")
    for parameter in ssm.describe_parameters()["Parameters"]:
        ssm.delete_parameter(Name=parameter["Name"])
