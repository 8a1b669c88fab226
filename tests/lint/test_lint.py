"""The linters as tests, so that `make test` is one run with one result. `make lint` shows their output as it comes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 900


@pytest.mark.parametrize("target", ["lint-sanity", "lint-ansible", "lint-mypy", "lint-ruff", "lint-shell"])
def test_lint(target: str) -> None:
    # The outer make's flags name a job server that this make cannot reach.
    environment = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    }
    done = subprocess.run(
        ["make", target],
        cwd=ROOT,
        env=environment,
        text=True,
        capture_output=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"make {target}\n{done.stdout}{done.stderr}", pytrace=False)
