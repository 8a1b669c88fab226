"""Files that a run leaves: whole, or not there."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.plugin_utils import files


def test_a_file_is_replaced_with_its_access_rights_as_the_umask_has_them(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    before = os.umask(0o027)
    try:
        files.write(str(path), "new")
    finally:
        os.umask(before)
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_half_way_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(self: Path, text: str, **options: Any) -> None:
        with self.open("w", **options) as file:
            file.write(text[:2])
        raise OSError(28, "No space left on device")

    path = tmp_path / "report.json"
    path.write_text("old")
    monkeypatch.setattr(Path, "write_text", fill)
    with pytest.raises(OSError, match="No space left"):
        files.write(str(path), "new text")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_one(tmp_path: Path) -> None:
    target, link = tmp_path / "there.json", tmp_path / "link.json"
    link.symlink_to(target)
    assert files.refusal(str(link)) is None
    files.write(str(link), "text")
    assert link.is_symlink()
    assert target.read_text() == "text"
    files.delete(str(link))
    assert not target.exists()


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    assert files.refusal(str(pipe)) is None
    files.delete(str(pipe))
    files.write(str(pipe), "text")
    reader.join(10)
    assert read == ["text"]
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("report.json", None),
        ("absent/report.json", "No such file or directory"),
        ("file/report.json", "Not a directory"),
        (".", "it is a directory"),
        ("x" * 300, "File name too long"),
    ],
)
def test_why_a_file_cannot_be_written(tmp_path: Path, name: str, why: str | None) -> None:
    (tmp_path / "file").touch()
    assert files.refusal(str(tmp_path / name)) == why
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
