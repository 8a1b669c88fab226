# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moments as modules return them: a pure function."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(moment: datetime | None) -> str | None:
    """The moment in UTC, such as ``2026-01-20T09:00:00+00:00``."""
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None
