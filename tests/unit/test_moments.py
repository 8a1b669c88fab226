"""Moments as modules return them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from ansible_collections.triflow.platform.plugins.module_utils.moments import iso


def test_utc_without_fractions() -> None:
    assert iso(datetime(2026, 1, 20, 18, 0, 0, 123456, tzinfo=timezone(timedelta(hours=9)))) == (
        "2026-01-20T09:00:00+00:00"
    )
    assert iso(None) is None
