"""Two hosts of one run that need the same name."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.claims import Claim
from ansible_collections.triflow.platform.plugins.module_utils.conflicts import Host, twice_problems

SEOUL, TOKYO = "ap-northeast-2", "ap-northeast-1"
ONE, TWO = "111111111111", "222222222222"


def claim(kind: str, name: str, **more: Any) -> Claim:
    return {"component": "it", "kind": kind, "name": name, "variable": "its_variable", **more}  # type: ignore[typeddict-item]


STACKS = (f"stack-{number}" for number in count())  # another for each host, unless it is given


def host(*claims: Claim, region: str = SEOUL, account_id: str | None = None, stack: str | None = None) -> Host:
    return Host(list(claims), region, account_id, stack or next(STACKS))


@pytest.mark.parametrize(
    ("kind", "place", "clash"),
    [
        ("bucket", {}, True),
        ("bucket", {"region": TOKYO}, True),
        ("bucket", {"account_id": TWO}, True),  # in all of AWS
        ("hosted_zone", {"region": TOKYO}, True),
        ("hosted_zone", {"account_id": TWO}, False),
        ("role", {"region": TOKYO}, True),
        ("database", {"region": TOKYO}, False),
        ("database", {"account_id": TWO}, False),
        ("database", {"account_id": ONE}, True),
        ("database", {"account_id": None}, True),  # it may be the same
        ("topic", {}, True),
    ],
)
def test_where_a_name_is_given_once(kind: str, place: dict[str, Any], clash: bool) -> None:
    problems = twice_problems(
        host(claim(kind, "one"), claim(kind, "own"), account_id=ONE), {"other": host(claim(kind, "one"), **place)}
    )
    assert [problem["value"] for problem in problems] == (["one"] if clash else [])
    for problem in problems:
        assert problem["variable"] == "its_variable"
        assert "the host other of this run" in problem["reason"]


@pytest.mark.parametrize(
    ("range_", "owner", "clash"),
    [
        ("10.0.1.0/24", "shared", True),
        ("10.0.0.0/20", "shared", True),
        ("10.0.2.0/24", "shared", False),
        ("10.0.1.0/24", "another", False),
    ],
)
def test_ranges_of_one_vpc(range_: str, owner: str, clash: bool) -> None:
    this = host(claim("subnet", "10.0.1.0/24", vpc_owner="shared"))
    other = host(claim("subnet", range_, vpc_owner=owner))
    assert bool(twice_problems(this, {"other": other})) is clash


def test_another_kind_of_the_same_name_is_none() -> None:
    assert twice_problems(host(claim("role", "one")), {"other": host(claim("bucket", "one"))}) == []


def test_the_same_stack_is_one_problem() -> None:
    this = host(claim("role", "one"), claim("database", "one"), stack="one", account_id=ONE)
    (problem,) = twice_problems(this, {"other": host(claim("role", "one"), stack="one", region=TOKYO)})
    assert (problem["variable"], problem["value"]) == ("stack_name", "one")
    assert "the host other of this run" in problem["reason"]
    assert twice_problems(this, {"other": host(stack="one", account_id=TWO)}) == []
