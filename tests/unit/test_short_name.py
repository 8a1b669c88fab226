"""The filter short_name: names that Elastic Load Balancing takes."""

from __future__ import annotations

import re

import pytest
from ansible_collections.triflow.platform.plugins.filter.short_name import FilterModule

short_name = FilterModule().filters()["short_name"]


@pytest.mark.parametrize("name", ["triflow-prod", "x" * 32])
def test_what_is_short_enough_stays(name: str) -> None:
    assert short_name(name) == name


@pytest.mark.parametrize("name", ["triflow-a-customer-with-a-long-name", "x" * 22 + "-" + "y" * 20, "x" * 100])
def test_what_is_too_long_keeps_its_beginning(name: str) -> None:
    shortened = short_name(name)
    assert re.fullmatch(r"[a-z-]{1,23}[a-z]-[0-9a-f]{8}|x{22,23}-[0-9a-f]{8}", shortened)
    assert len(shortened) <= 32
    assert "--" not in shortened
    assert name.startswith(shortened[:-9])


def test_two_long_names_stay_different() -> None:
    assert short_name("x" * 40 + "-backend") != short_name("x" * 40 + "-canary")
