# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Engine versions of RDS: which of those on offer a wish means (DB-1)."""

from __future__ import annotations

from collections.abc import Iterable


def version_parts(version: str) -> tuple[int, ...]:
    """Return `(14, 18)` for `"14.18"`. Raises ValueError for anything but numbers with dots between."""
    try:
        return tuple(int(part) for part in version.split("."))
    except ValueError as error:
        raise ValueError(
            f"{version!r} is not a version: a major one such as 14 or an exact one such as 14.18"
        ) from error


def version_matches(version: str, wish: str) -> bool:
    """Return whether `version` is what `wish` asks for: `"14"` means any 14.x, `"14.18"` only itself."""
    wanted = version_parts(wish)
    return version_parts(version)[: len(wanted)] == wanted


def is_newer(version: str, other: str) -> bool:
    """Return whether `version` is newer than `other`, compared part by part: a major wish matches all its minors.

    `"14.18"` is newer than `"14.9"` and than `"13"`, but not newer than `"14"`.
    """
    length = len(version_parts(other))
    return version_parts(version)[:length] > version_parts(other)


def newest_version(offered: Iterable[str], wish: str) -> str:
    """Return the newest of the versions on offer that match the wish.

    Raises ValueError naming the versions on offer when none matches.
    """
    versions = sorted(set(offered), key=version_parts)
    matching = [version for version in versions if version_matches(version, wish)]
    if not matching:
        raise ValueError(f"version {wish} is not on offer; on offer are: {', '.join(versions) or 'none'}")
    return matching[-1]
