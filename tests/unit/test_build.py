"""The archive of the collection."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path, PurePath

ROOT = Path(__file__).resolve().parents[2]
ANSIBLE_GALAXY = Path(sys.executable).parent / "ansible-galaxy"


def files_of_the_repository() -> set[str]:
    """What git tracks or would track."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return {name for name in listed if name and (ROOT / name).exists()}


def test_archive_holds_the_repository_without_hidden_files_and_the_link_to_itself(tmp_path: Path) -> None:
    command = [str(ANSIBLE_GALAXY), "collection", "build", "--output-path", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=120)
    (archive,) = tmp_path.glob("triflow-platform-*.tar.gz")
    with tarfile.open(archive) as tar:
        built = {member.name for member in tar if not member.isdir()}

    kept_out = {name for name in files_of_the_repository() if name.startswith((".", "collections/"))}
    assert not any(part.startswith(".") for name in built for part in PurePath(name).parts)
    assert built == files_of_the_repository() - kept_out - {"galaxy.yml"} | {"MANIFEST.json", "FILES.json"}
