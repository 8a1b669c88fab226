"""Which engine version a wish means (DB-1)."""

from __future__ import annotations

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.versions import is_newer, newest_version
from hypothesis import given
from hypothesis import strategies as st

OFFERED = ["14.9", "14.18", "14.2", "15.4", "13.20"]


@pytest.mark.parametrize(("wish", "version"), [("14", "14.18"), ("14.9", "14.9"), ("13", "13.20"), ("15.4", "15.4")])
def test_newest_version(wish: str, version: str) -> None:
    assert newest_version(OFFERED, wish) == version


@pytest.mark.parametrize("wish", ["14.1", "14.10", "16", "1"])
def test_wish_not_on_offer_names_what_is(wish: str) -> None:
    with pytest.raises(ValueError, match=r"on offer are: 13\.20, 14\.2, 14\.9, 14\.18, 15\.4$"):
        newest_version(OFFERED, wish)


def test_nothing_on_offer() -> None:
    with pytest.raises(ValueError, match="on offer are: none"):
        newest_version([], "14")


@pytest.mark.parametrize("wish", ["", "14.", "fourteen", "14.x"])
def test_malformed_wish(wish: str) -> None:
    with pytest.raises(ValueError, match="is not a version"):
        newest_version(OFFERED, wish)


@pytest.mark.parametrize(
    ("version", "other", "newer"),
    [
        ("14.18", "14.9", True),
        ("14.9", "14.18", False),
        ("14.9", "14.9", False),
        ("15.1", "14.18", True),
        ("14.18", "14", False),
        ("14.18", "13", True),
        ("14.18", "15", False),
    ],
)
def test_is_newer(version: str, other: str, newer: bool) -> None:
    assert is_newer(version, other) is newer


@given(st.lists(st.integers(0, 40), min_size=1))
def test_newest_minor_is_the_greatest_number(minors: list[int]) -> None:
    assert newest_version([f"14.{minor}" for minor in minors], "14") == f"14.{max(minors)}"
