"""Fixtures that the tests of all parts share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from lab import lifecycle, saved
from lab.process import last_lines

LAB_SECONDS = 600  # more than what a start may take that has to fetch a library first
PROJECT = Path(__file__).resolve().parent.parent
# Files with one stack, which goes from one to the next, and so in one process: tests/integration/conftest.py.
SERVICES = tuple(f"tests/integration/test_{name}.py" for name in ("release", "compute", "edge", "flow_logs"))
# The longest first, so that the processes of a run end together.
PARTS = ("integration", "faults", "lint", "browser", "modules", "lab", "unit")
ORDER = ("tests/molecule", *SERVICES, *(f"tests/{part}" for part in PARTS))
# One session for all clients: it reads each service's model once.
AWS: Any = boto3.Session()

# How fast a busy machine makes examples says nothing of the code.
settings.register_profile("triflow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("triflow")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each file, or files with one stack, to one process. (xdist's loadgroup does not take pytest's node IDs.)"""

    def scope(nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if nodeid.startswith("tests/faults/"):
            return nodeid  # each begins from a state of its own
        return SERVICES[0] if file in SERVICES else file

    config.option.loadscopereorder = False  # it would begin with the files of the most tests
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = scope
    return scheduler


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        file = item.nodeid.partition("::")[0]
        return next(number for number, start in enumerate(ORDER) if file.startswith(start))

    items.sort(key=place)


@dataclass(frozen=True)
class Lab:
    """A running lab. `environment` is what `python -m lab env` exports; `directory` is its state directory."""

    directory: Path
    environment: dict[str, str]

    @property
    def endpoint_url(self) -> str:
        return self.environment["AWS_ENDPOINT_URL"]

    @property
    def database_url(self) -> str:
        return self.environment["DATABASE_URL"]

    def aws(self, service: str, **options: Any) -> Any:
        """boto3 client of a service; `options` replace its settings, for instance the access key."""
        settings = {
            "endpoint_url": self.endpoint_url,
            "region_name": self.environment["AWS_REGION"],
            "aws_access_key_id": self.environment["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": self.environment["AWS_SECRET_ACCESS_KEY"],
        }
        return AWS.client(service, **(settings | options))

    def calls(self) -> list[dict[str, Any]]:
        """Every API call so far, oldest first, as the access log has it (lab/access_log.py)."""
        lines = (self.directory / "access.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def command(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m lab <name>` on this lab."""
        return run_lab(self.directory, name, *arguments)

    def reset(self) -> None:
        """Empty the account and the database."""
        lifecycle.empty(self.directory, self.endpoint_url)

    def save(self, name: str) -> None:
        """Keep account and database as they are, under a name."""
        saved.save(self.directory, name)

    def load(self, name: str) -> None:
        """Make account and database what they were when they were saved under the name."""
        saved.load(self.directory, name)

    @contextmanager
    def like_aws(self) -> Iterator[None]:
        """Turn the lab's switch on (lab/aws_like), and off at the end."""
        before = lifecycle.aws_like(self.endpoint_url)
        lifecycle.aws_like(self.endpoint_url, "on")
        try:
            yield
        finally:
            lifecycle.aws_like(self.endpoint_url, before)


def run_lab(directory: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lab", name, *arguments],
        cwd=PROJECT,
        env={**os.environ, "TRIFLOW_LAB_DIR": str(directory)},
        capture_output=True,
        text=True,
        timeout=LAB_SECONDS,
        check=False,
    )


def start_lab(directory: Path) -> None:
    """Start a lab. A start that fails says why, with the ends of the logs, which go away with passed runs."""
    started = run_lab(directory, "start")
    if started.returncode != 0:
        logs = [f"{name}:\n{last_lines(directory / name)}" for name in ("emulator.log", "postgresql.log")]
        pytest.fail("\n".join(["The lab did not start.", started.stdout + started.stderr, *logs]), pytrace=False)


def running_lab(directory: Path) -> Lab:
    """The lab of a state directory, with the variables that a shell has after `eval "$(python -m lab env)"`."""
    exports = run_lab(directory, "env")
    assert exports.returncode == 0, exports.stderr
    # The shell itself reads the exports, so that their quoting is tested too.
    printed = subprocess.run(
        ["sh", "-c", f"{exports.stdout}\nenv -0"], capture_output=True, text=True, timeout=30, check=True
    ).stdout
    variables = dict(line.split("=", 1) for line in printed.split("\0") if "=" in line)
    wanted = (line.split()[1].split("=")[0] for line in exports.stdout.splitlines() if line.startswith("export "))
    return Lab(directory, {name: variables[name] for name in wanted})


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab of its own for the whole run, or the running one whose state directory TRIFLOW_TEST_LAB_DIR names."""
    given = os.environ.get("TRIFLOW_TEST_LAB_DIR")
    if given:
        yield running_lab(Path(given))
        return
    directory = tmp_path_factory.mktemp("lab")
    try:
        start_lab(directory)
        yield running_lab(directory)
    finally:
        run_lab(directory, "stop")


@pytest.fixture
def empty_lab(lab: Lab) -> Lab:
    """The lab with nothing in its account and database."""
    lab.reset()
    return lab
