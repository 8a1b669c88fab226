"""The tags that make the state."""

from __future__ import annotations

from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.tags import from_aws, tags_of, to_aws
from hypothesis import given
from hypothesis import strategies as st


def test_own_tags_cannot_be_overridden_and_values_are_text() -> None:
    extra: dict[str, Any] = {"triflow:stack": "other", "triflow:component": "x", "Name": "x", "cost-center": 42}
    assert tags_of("triflow-prod", "vpc", extra) == {
        "Name": "triflow-prod-vpc",
        "triflow:stack": "triflow-prod",
        "triflow:component": "vpc",
        "cost-center": "42",
    }


def test_no_further_tags() -> None:
    assert set(tags_of("triflow-prod", "vpc")) == {"Name", "triflow:stack", "triflow:component"}


def test_shape_of_aws() -> None:
    assert to_aws({"b": "2", "a": "1"}) == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    assert from_aws(None) == from_aws([]) == {}


@given(st.dictionaries(st.text(), st.text()))
def test_there_and_back(tags: dict[str, str]) -> None:
    assert from_aws(to_aws(tags)) == tags
