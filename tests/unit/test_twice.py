"""Which of several that carry the same tags stays."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import twice
from ansible_collections.triflow.platform.plugins.module_utils.twice import Carrier, TwiceError

EMPTY_A, EMPTY_B = Carrier("vpc-0a"), Carrier("vpc-0b")
USED_A, USED_B = Carrier("vpc-0a", ["4 subnets", "1 NAT gateway"]), Carrier("vpc-0b", ["1 subnet"])


@pytest.mark.parametrize(
    ("carriers", "stays", "leftovers"),
    [
        ([EMPTY_A, USED_B], "vpc-0b", ["vpc-0a"]),
        ([USED_B, EMPTY_A], "vpc-0b", ["vpc-0a"]),
        ([USED_A, EMPTY_B], "vpc-0a", ["vpc-0b"]),
        ([EMPTY_B, EMPTY_A], "vpc-0a", ["vpc-0b"]),
        ([EMPTY_B, Carrier("vpc-0c"), EMPTY_A], "vpc-0a", ["vpc-0b", "vpc-0c"]),
        # what AWS sets once is as it is wanted
        ([Carrier("subnet-0a", fits=False), Carrier("subnet-0b")], "subnet-0b", ["subnet-0a"]),
        ([Carrier("subnet-0a", ["1 network interface"], fits=False), Carrier("subnet-0b")], "subnet-0a", ["subnet-0b"]),
        ([USED_A], "vpc-0a", []),
    ],
)  # fmt: skip
def test_choice(carriers: list[Carrier], stays: str, leftovers: list[str]) -> None:
    assert twice.choose("test", "vpc", carriers) == (stays, leftovers)


@pytest.mark.parametrize("carriers", [[USED_A, USED_B], [USED_B, USED_A]])
def test_two_in_use_are_refused_each_with_what_it_holds(carriers: list[Carrier]) -> None:
    with pytest.raises(TwiceError) as refused:
        twice.choose("test", "vpc", carriers)
    sentence = str(refused.value)
    assert sentence.startswith("vpc of stack test is there twice, and more than one is in use: ")
    assert "vpc-0a: 4 subnets, 1 NAT gateway; vpc-0b: 1 subnet." in sentence
    assert "run again" in sentence


def test_what_is_empty_beside_two_in_use_is_named_too() -> None:
    with pytest.raises(TwiceError, match=r"is there 3 times, .*; vpc-0c: nothing\."):
        twice.choose("test", "vpc", [USED_A, Carrier("vpc-0c"), USED_B])


def test_a_report_chooses_the_one_with_the_most_in_it_and_deletes_only_what_is_empty() -> None:
    carriers = [USED_B, Carrier("vpc-0c"), USED_A]
    assert twice.choose("test", "vpc", carriers, refuse=False) == ("vpc-0a", ["vpc-0c"])


def test_what_an_entry_holds_is_unknown_unless_it_says_so() -> None:
    with pytest.raises(TwiceError, match="bucket-a: what it is used for cannot be told; bucket-b"):
        twice.among("test", "bucket", [{"id": "bucket-a"}, {"id": "bucket-b"}])
    entries = [{"id": "vpc-0a", "holds": []}, {"id": "vpc-0b", "holds": ["1 subnet"]}]
    assert twice.among("test", "vpc", entries) == ("vpc-0b", ["vpc-0a"])


def test_several() -> None:
    def entry(identifier: str, component: str | None, stack: str | None = "test", kind: str = "vpc") -> dict[str, Any]:
        return {"id": identifier, "type": kind, "component": component, "stack": stack}

    live = [
        entry("vpc-0a", "vpc"),
        entry("vpc-0b", "vpc"),
        entry("vpc-0c", "vpc", "other"),
        entry("vpc-0d", "vpc", "other"),
        entry("vpc-0e", None, None),
        entry("vpc-0f", None, None),
        entry("igw-0a", "vpc", kind="internet_gateway"),
    ]
    assert [[item["id"] for item in items] for items in twice.several(live, ("test",))] == [["vpc-0a", "vpc-0b"]]


def test_names_of_leftovers() -> None:
    assert twice.component_of(twice.shown("elastic-ip-a", "eipalloc-0b")) == "elastic-ip-a"
    assert twice.component_of("elastic-ip-a") == ""


def test_counted() -> None:
    assert twice.counted(["subnet", "NAT gateway", "subnet"]) == ["2 subnets", "1 NAT gateway"]
