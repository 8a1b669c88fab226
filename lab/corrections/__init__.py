"""What the emulator does differently from AWS, put right: one module a service and topic.

A correction restores what AWS documents and names the page; it has a test of its own in tests/lab.
"""

from __future__ import annotations

from pathlib import Path


def apply(directory: Path) -> None:
    """Put every correction over moto. `directory` is the lab's state directory, where PostgreSQL's address is found."""
