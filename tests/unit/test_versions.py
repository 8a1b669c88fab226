"""Which engine version a wish means (DB-1)."""

from __future__ import annotations

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.versions import (
    is_newer,
    newest_version,
    version_matches,
    version_parts,
)
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


# As RDS names them, the oldest first: major.minor, its incremental releases, Extended Support and its patches.
EXTENDED = [
    "11.22-rds.20240418",
    "11.22-rds.20241121",
    "14.9",
    "14.22",
    "14.22-R1",
    "14.22-R2",
    "14.22-rds.20270401",
    "14.22-RDS.20270401.R2.20270510",
    "14.22-rds.20270812",
    "15.2",
]


def test_versions_of_extended_support_and_incremental_releases_are_in_order() -> None:
    assert sorted(set(EXTENDED), key=version_parts) == EXTENDED


@pytest.mark.parametrize(
    ("wish", "version"),
    [
        ("11", "11.22-rds.20241121"),
        ("14", "14.22-rds.20270812"),
        ("14.22", "14.22"),
        ("14.22-R1", "14.22-R1"),
        ("14.22-RDS.20270401", "14.22-rds.20270401"),
        ("15", "15.2"),
    ],
)
def test_newest_version_among_those_of_extended_support(wish: str, version: str) -> None:
    assert newest_version(EXTENDED, wish) == version


def test_an_exact_wish_is_not_met_by_a_later_release_of_it() -> None:
    with pytest.raises(ValueError, match=r"14\.22 is not on offer"):
        newest_version(["14.22-rds.20270401", "14.21"], "14.22")


@pytest.mark.parametrize(
    ("version", "other", "newer"),
    [
        ("14.22-rds.20270401", "14", False),
        ("14.22-rds.20270401", "14.22", True),
        ("14.22", "14.22-rds.20270401", False),
        ("14.22-R2", "14.22-R1", True),
        ("14.22-rds.20270812", "14.22-R3", True),
        ("15.2", "14.22-rds.20270401", True),
        ("11.22-rds.20240418", "14", False),
    ],
)
def test_is_newer_for_any_version(version: str, other: str, newer: bool) -> None:
    assert is_newer(version, other) is newer


@given(st.text())
def test_any_version_that_rds_may_name_is_read(suffix: str) -> None:
    assert version_matches(f"14.22-{suffix}", "14")


@given(st.lists(st.integers(0, 40), min_size=1))
def test_newest_minor_is_the_greatest_number(minors: list[int]) -> None:
    assert newest_version([f"14.{minor}" for minor in minors], "14") == f"14.{max(minors)}"
