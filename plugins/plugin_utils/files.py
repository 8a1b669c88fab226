# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files that a run leaves for whoever comes after it: whole, or not there."""

from __future__ import annotations

import os
from pathlib import Path


def refusal(path: str) -> str | None:
    """Why no file can be written there, or None. Found by writing one beside it, which is taken away again."""
    target = _target(path)
    beside = _beside(target)
    try:
        if target.is_dir():
            return "it is a directory"
        if not _is_special(target):
            beside.touch(exist_ok=False)
            beside.unlink()
    except OSError as error:
        return str(error.strerror)
    return None


def delete(path: str) -> None:
    """Take away what an earlier run has left there."""
    target = _target(path)
    if not _is_special(target):
        target.unlink(missing_ok=True)


def write(path: str, text: str) -> None:
    """Write a file that is there only when all of it is."""
    target = _target(path)
    if _is_special(target):
        target.write_text(text, encoding="utf-8")
        return
    beside = _beside(target)
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _target(path: str) -> Path:
    return Path(os.path.realpath(path))  # resolve() raises on a loop of links


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}")


def _is_special(target: Path) -> bool:
    """Whether it is a pipe or a device, such as /dev/stdout, which nothing can take the place of."""
    return target.exists() and not target.is_file()
