# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Engine versions of RDS: which of those on offer a wish means (DB-1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api

WISH = re.compile(r"\d+(\.\d+)*(-[\w.]+)?")


def version_parts(version: str) -> tuple[int, ...]:
    """Return the numbers of any version, which put versions in order: `(14, 18)` for `"14.18"`.

    Amazon RDS user guide, "Amazon RDS Extended Support version naming" and "Understanding the RDS for PostgreSQL
    incremental release process": after the minor version may stand `-rds.20270401`, `-rds.20270401.R2.20270510` or
    `-R2`. A date is greater than the number of any incremental release, and those come first.
    """
    return tuple(int(number) for number in re.findall(r"\d+", version))


def major_version(version: str) -> str:
    """Return `"14"` for `"14.18"`: since PostgreSQL 10 the first number alone."""
    return version.partition(".")[0]


def version_matches(version: str, wish: str) -> bool:
    """Return whether `version` is what `wish` asks for: `"14"` means any 14, `"14.18"` only itself."""
    wanted, found = version_parts(wish), version_parts(version)
    return found[:1] == wanted if len(wanted) == 1 else found == wanted


def is_newer(version: str, other: str) -> bool:
    """Return whether `version` is newer than `other`, compared part by part: a major wish matches all its minors.

    `"14.18"` is newer than `"14.9"` and than `"13"`, but not newer than `"14"`.
    """
    wanted, found = version_parts(other), version_parts(version)
    return (found[:1] if len(wanted) == 1 else found) > wanted


def newest_version(offered: Iterable[str], wish: str) -> str:
    """Return the newest of the versions on offer that match the wish.

    Raises ValueError naming the versions on offer when none matches.
    """
    if not WISH.fullmatch(wish):
        raise ValueError(f"{wish!r} is not a version: a major one such as 14 or an exact one such as 14.18")
    versions = sorted(set(offered), key=version_parts)
    matching = [version for version in versions if version_matches(version, wish)]
    if not matching:
        raise ValueError(f"version {wish} is not on offer; on offer are: {', '.join(versions) or 'none'}")
    return matching[-1]


def read_newest(rds: Api, wish: str) -> str:
    """Return the newest version that RDS offers for the wish; raises ValueError naming what is on offer.

    RDS is asked for the wish's family alone: what it offers of other major versions decides nothing.
    """
    major = major_version(wish)
    family: dict[str, Any] = {"Name": "db-parameter-group-family", "Values": [f"postgres{major}"]}
    offered = _offered(rds, Filters=[family])
    if offered:
        return newest_version(offered, wish)
    majors = sorted({major_version(version) for version in _offered(rds)}, key=version_parts)
    raise ValueError(f"version {wish} is not on offer; on offer are the major versions {', '.join(majors) or 'none'}")


def _offered(rds: Api, **parameters: Any) -> list[str]:
    found = rds.pages(
        "describe_db_engine_versions", "DBEngineVersions", on="the engine postgres", Engine="postgres", **parameters
    )
    return [str(version["EngineVersion"]) for version in found]
