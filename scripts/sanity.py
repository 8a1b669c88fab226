"""Run `ansible-test sanity` on a copy of the files that git tracks or would track. Extra arguments go to ansible-test.

ansible-test wants the collection below ansible_collections/<namespace>/<name>/ and makes one virtual environment for
each of its tests. It fetches pip for them from a server of its own and passes none of pip's settings on. So its
packages are downloaded here, with pip as it is configured on this machine, and offered to ansible-test as a directory
of wheels, in a home directory of its own. Downloads and environments are kept in .cache/sanity.

No test is skipped and nothing is ignored. `pslint` finds no PowerShell here and so does nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import ansible_test
import yaml
from ansible.release import __version__ as ansible_version
from ansible_test._internal.host_configs import VirtualPythonConfig
from ansible_test._internal.python_requirements import get_venv_packages

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
CACHE = ROOT / ".cache" / "sanity" / f"{ansible_version}-{PYTHON_VERSION}"
WHEELS = CACHE / "wheels"
HOME = CACHE / "home"
TIMEOUT_SECONDS = 900

# Stands for get-pip.py: puts pip into the environment whose Python runs it. Unpacked from its wheel, pip can be run.
GET_PIP = """\
import sysconfig, zipfile
zipfile.ZipFile({wheel!r}).extractall(sysconfig.get_path("purelib"))
"""


def download() -> None:
    """Fill the cache: wheels, pip's settings and the script that ansible-test would download. Done once a version."""
    if (CACHE / "complete").exists():
        return
    shutil.rmtree(CACHE, ignore_errors=True)
    pip = get_venv_packages(VirtualPythonConfig(version=PYTHON_VERSION, path=sys.executable))["pip"]
    fetch = [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--dest", str(WHEELS)]
    # All at once: the tests agree on the versions of what several of them need.
    for requirements in sorted(Path(ansible_test.__path__[0], "_data", "requirements").glob("sanity.*.txt")):
        fetch += ["--requirement", str(requirements)]
    subprocess.run([*fetch, f"pip=={pip}"], check=True)

    settings = HOME / ".config" / "pip" / "pip.conf"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"[global]\nno-index = true\nfind-links = {WHEELS.as_uri()}\n")
    script = HOME / ".ansible" / "test" / "cache" / f"get_pip_{pip.replace('.', '_')}.py"
    script.parent.mkdir(parents=True)
    script.write_text(GET_PIP.format(wheel=str(next(WHEELS.glob("pip-*.whl")))))
    (CACHE / "complete").touch()


def lay_out(collections: Path) -> Path:
    """Put a copy of the project, and links to what it depends on, where ansible-test looks. Return the copy's path."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    collection = collections / "triflow" / "platform"
    for name in filter(None, listed):
        source, target = ROOT / name, collection / name
        if source.is_symlink() or source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    for dependency in yaml.safe_load((ROOT / "galaxy.yml").read_text())["dependencies"]:
        installed = Path(sysconfig.get_path("purelib"), "ansible_collections", *dependency.split("."))
        link = collections.joinpath(*dependency.split("."))
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(installed)
    return collection


def main() -> int:
    download()
    with tempfile.TemporaryDirectory(prefix="sanity-") as directory:
        collection = lay_out(Path(directory, "ansible_collections"))
        command = [
            str(BIN / "ansible-test"),
            "sanity",
            "--local",
            "--python",
            PYTHON_VERSION,
            "--color",
            "no",
            *sys.argv[1:],
        ]
        environment = {"HOME": str(HOME), "PATH": f"{BIN}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
        return subprocess.run(command, cwd=collection, env=environment, check=False, timeout=TIMEOUT_SECONDS).returncode


if __name__ == "__main__":
    sys.exit(main())
