"""Shared libraries that PostgreSQL's programs need and that the machine may lack."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from lab.state import LabError

# Debian's and Ubuntu's package of each library that the server or one of its extensions is linked with.
PACKAGES = {
    "libossp-uuid.so.16": "libossp-uuid16",
    "libxml2.so.2": "libxml2",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "liblz4.so.1": "liblz4-1",
    "libzstd.so.1": "libzstd1",
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "libz.so.1": "zlib1g",
}
UUID_LIBRARY = "libossp-uuid.so.16"
FETCH_SECONDS = 120
LDD_SECONDS = 60


def provide(programs: list[Path], target: Path) -> None:
    """Make every library of the programs loadable: only libossp-uuid is fetched, into `target`, without root.

    Raises LabError that names the missing libraries and their packages.
    """
    missing = _missing(programs)
    if UUID_LIBRARY in missing:
        shutil.copy(_uuid_library(), target / UUID_LIBRARY)
        missing.remove(UUID_LIBRARY)
    if missing:
        named = ", ".join(f"{name} (package {PACKAGES.get(name, 'unknown')})" for name in sorted(missing))
        raise LabError(f"PostgreSQL needs shared libraries that this machine lacks: {named}. Install them.")


def _missing(programs: list[Path]) -> set[str]:
    """Names that the dynamic linker does not find; nothing where there is no ldd."""
    ldd = shutil.which("ldd")
    if not ldd:
        return set()
    # Not the caller's LD_LIBRARY_PATH: the server does not get it either.
    listed = subprocess.run(
        [ldd, *map(str, programs)],
        capture_output=True,
        text=True,
        timeout=LDD_SECONDS,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
    )
    if listed.returncode != 0:
        raise LabError(f"ldd cannot read PostgreSQL's programs: {listed.stderr.strip() or listed.stdout.strip()}")
    return set(re.findall(r"^\s*(\S+) => not found", listed.stdout, re.MULTILINE))


def _uuid_library() -> Path:
    """The library from the user's cache, where it is put once for all clones."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "triflow-lab"
    library = cache / UUID_LIBRARY
    if not library.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as work:
            fetched = _fetch(Path(work), PACKAGES[UUID_LIBRARY])
            fetched.replace(library)
    return library


def _fetch(work: Path, package: str) -> Path:
    """Download and unpack the package with apt, with the machine's package lists or else with lists of its own."""
    (work / "lists/partial").mkdir(parents=True)
    (work / "archives/partial").mkdir(parents=True)
    private = ["-o", f"Dir::State::Lists={work}/lists", "-o", f"Dir::Cache={work}", "-o", "APT::Sandbox::User="]
    attempts = (
        [["apt-get", "-qq", "download", package]],
        [["apt-get", "-qq", *private, "update"], ["apt-get", "-qq", *private, "download", package]],
    )
    problem = "apt-get and dpkg-deb are not there"
    if shutil.which("apt-get") and shutil.which("dpkg-deb"):
        for commands in attempts:
            problem = next((error for error in (_run(command, work) for command in commands) if error), "")
            archive = next(work.glob(f"{package}_*.deb"), None)
            if archive:
                problem = _run(["dpkg-deb", "-x", str(archive), str(work / "tree")], work)
                found = next((work / "tree").rglob(UUID_LIBRARY), None)
                if found and not problem:  # of a broken archive it unpacks a part
                    return found.resolve()
                archive.unlink()
    raise LabError(
        f"The extension uuid-ossp needs {UUID_LIBRARY}, which could not be fetched ({problem}). "
        f"Install the package {package} (its name on Debian and Ubuntu) and try again."
    )


def _run(command: list[str], work: Path) -> str:
    """Run one command; its last line of error, or an empty text when it succeeded."""
    try:
        done = subprocess.run(
            command,
            cwd=work,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=FETCH_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"{command[0]} took more than {FETCH_SECONDS} seconds"
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or [f"{command[0]} failed"])[-1]
