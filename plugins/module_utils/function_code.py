# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The zip file of a Lambda function: the same bytes for the same sources, on any machine and at any time."""

from __future__ import annotations

import base64
import hashlib
import io
import stat
import zipfile
from pathlib import Path

EARLIEST = (1980, 1, 1, 0, 0, 0)  # that a zip file can name
UNIX = 3


def sources(directory: Path) -> list[Path]:
    """The files that belong to the function, without what Python and editors leave behind."""
    return sorted(
        path
        for path in directory.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(directory).parts)
    )


def zip_directory(directory: Path) -> bytes:
    """The directory as a zip file. Nothing is compressed, since what compression gives depends on the library."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for path in sources(directory):
            entry = zipfile.ZipInfo(path.relative_to(directory).as_posix(), EARLIEST)
            entry.create_system = UNIX
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, path.read_bytes())
    return content.getvalue()


def code_sha256(code: bytes) -> str:
    """The digest as AWS Lambda gives it, CodeSha256 of FunctionConfiguration."""
    return base64.b64encode(hashlib.sha256(code).digest()).decode()
