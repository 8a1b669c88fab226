"""What differs between the live state and the wanted one, and how the diff shows it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.compare import canonical, diff, differences
from hypothesis import given
from hypothesis import strategies as st

from tests.shuffle import reversed_lists

SCALARS = st.one_of(st.booleans(), st.integers(), st.text(max_size=3))
STATES = st.dictionaries(
    st.sampled_from(["cidr", "rules", "policy", "versioning"]),
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
        max_leaves=8,
    ),
)


@pytest.mark.parametrize(
    ("live", "wanted", "fields"),
    [
        ({"cidr": "10.0.0.0/16"}, {"cidr": "10.0.0.0/16"}, []),
        ({"cidr": "10.0.0.0/16"}, {"cidr": "10.1.0.0/16"}, ["cidr"]),
        ({"cidr": "10.0.0.0/16", "id": "vpc-1"}, {"cidr": "10.0.0.0/16"}, []),
        ({"retention": None}, {"retention": 14}, ["retention"]),
        ({}, {"retention": 14}, ["retention"]),
        ({"retention": 14}, {"retention": None}, []),
        ({"enabled": True}, {"enabled": False}, ["enabled"]),
        ({"subnets": ["a", "b"]}, {"subnets": ["b", "a"]}, []),
        ({"subnets": ["a", "b"]}, {"subnets": ["b"]}, ["subnets"]),
        ({"subnets": ["a"]}, {"subnets": []}, ["subnets"]),
        ({"rules": [{"to": ["x", "y"]}, {"port": 443}]}, {"rules": [{"port": 443}, {"to": ["y", "x"]}]}, []),
        ({"rules": [{"port": None}]}, {"rules": [{"port": 80}]}, ["rules"]),
        ({"tags": {"Name": "a", "theirs": "x"}}, {"tags": {"Name": "a"}}, []),
        ({"tags": {"Name": "b"}}, {"tags": {"Name": "a"}}, ["tags"]),
        ({"tags": None}, {"tags": {"Name": "a"}}, ["tags"]),
        ({"parameters": {"work_mem": "1", "rds.force_ssl": "1"}}, {"parameters": {"work_mem": "1"}}, []),
    ],
)
def test_differences(live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
    assert differences(live, wanted) == fields


@given(STATES)
def test_order_of_lists_makes_no_difference(state: dict[str, Any]) -> None:
    assert differences(state, reversed_lists(state)) == []


@given(STATES, STATES)
def test_diff_shows_the_fields_that_differ_and_no_other(live: dict[str, Any], wanted: dict[str, Any]) -> None:
    shown = diff("vpc", live, wanted)
    assert list(shown["before"]) == list(shown["after"]) == differences(live, wanted)
    for key in shown["before"]:
        assert shown["before"][key] != shown["after"][key]
        assert shown["after"][key] == canonical(wanted[key])


@pytest.mark.parametrize(
    ("live", "wanted", "before", "after"),
    [
        (None, {"cidr": "a", "policy": None}, {}, {"cidr": "a"}),
        ({"id": "vpc-1", "cidr": "a"}, None, {"id": "vpc-1", "cidr": "a"}, {}),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, {"b": 2}, {"b": 3}),
        ({"l": ["b", "a"]}, {"l": ["c", "b"]}, {"l": ["a", "b"]}, {"l": ["b", "c"]}),
        (
            {"tags": {"Name": "a", "theirs": "x", "team": "old"}},
            {"tags": {"Name": "a", "team": "new", "cost": "1"}},
            {"tags": {"team": "old", "cost": None}},
            {"tags": {"team": "new", "cost": "1"}},
        ),
    ],
)
def test_diff(live: Any, wanted: Any, before: dict[str, Any], after: dict[str, Any]) -> None:
    headers = {"before_header": "vpc", "after_header": "vpc"}
    assert diff("vpc", live, wanted) == {**headers, "before": before, "after": after}
