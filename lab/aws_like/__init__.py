"""The lab's switch: late, busy and passing as AWS is. Off, the emulator answers each read at once and with everything.

What it adds is documented by AWS, but would be in the way of whoever looks at a lab by hand: reads that are late
(`late_reads.py`), service-linked roles that a fresh account lacks (`service_roles.py`), throttled lists
(`throttling.py`), and what corrections ask `on()` for.
"""

from __future__ import annotations

import time

ANSWERS = 2  # how many answers are late, or refused, after a write

_words = {"off"}  # of the switch
_kept = [0.0]  # seconds for which the state was kept away (lab/saved_states.py)


def on() -> bool:
    return "on" in _words


def turn(word: str) -> None:
    _words.clear()
    _words.add(word)


def now() -> float:
    """Seconds of a clock that stands still while the state is kept away, so that what was late then is late after."""
    return time.monotonic() - _kept[0]


def was_kept(seconds: float) -> None:
    _kept[0] += seconds
