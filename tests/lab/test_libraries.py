"""Where PostgreSQL's programs and libraries come from when the machine makes it hard."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

import pytest

from lab import libraries, postgresql
from lab.state import LabError


def test_missing_libraries_are_named_with_their_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "_missing", lambda _unused: {"libxml2.so.2", "libstrange.so.1"})
    with pytest.raises(LabError, match=r"libstrange\.so\.1 \(package unknown\), libxml2\.so\.2 \(package libxml2\)"):
        libraries.provide([], tmp_path)


def test_uuid_library_is_fetched_once_into_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = []

    def fetch(work: Path, package: str) -> Path:
        fetched.append(package)
        library = work / "library"
        library.write_text("library")
        return library

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(libraries, "_missing", lambda _unused: {libraries.UUID_LIBRARY})
    monkeypatch.setattr(libraries, "_fetch", fetch)
    for name in ("one", "two"):
        target = tmp_path / name
        target.mkdir()
        libraries.provide([], target)
        assert (target / libraries.UUID_LIBRARY).read_text() == "library"
    assert fetched == ["libossp-uuid16"]


def test_uuid_library_that_cannot_be_fetched_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "_run", lambda *_unused: "E: Unable to locate package libossp-uuid16")
    monkeypatch.setattr("shutil.which", lambda program: f"/usr/bin/{program}")
    with pytest.raises(LabError, match=r"uuid-ossp needs .* Install the package libossp-uuid16 .* and try again\.$"):
        libraries._fetch(tmp_path, "libossp-uuid16")


def test_installation_that_the_server_user_cannot_read_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = pwd.getpwuid(os.getuid())
    monkeypatch.setattr(postgresql, "_can_read", lambda *_unused: True)
    assert not postgresql._installation(tmp_path, account).is_relative_to(tmp_path)
    monkeypatch.setattr(postgresql, "_can_read", lambda *_unused: False)
    copy = postgresql._installation(tmp_path, account)
    assert copy.is_relative_to(tmp_path)
    version = subprocess.run([copy / "bin/postgres", "--version"], capture_output=True, text=True, check=True)
    assert version.stdout.startswith("postgres (PostgreSQL) 18")
    assert (copy / "share/extension/pg_trgm.control").exists()
    assert (copy / "lib/uuid-ossp.so").exists()
