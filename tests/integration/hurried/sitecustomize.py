"""Makes pauses short in the processes of a playbook that a test runs: what AWS takes minutes for the lab counts."""

from __future__ import annotations

import time

LONGEST = 0.2  # seconds
_sleep = time.sleep


def sleep(seconds: float) -> None:
    _sleep(min(seconds, LONGEST))


time.sleep = sleep  # type: ignore[assignment]
