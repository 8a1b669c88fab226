"""The record's cost table, reproduced with its own prices and usage (COST-1..10)."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import cost_record

from tests.unit.cost.stacks import KINDS, report, stack

# Record row, its figure, and whether ours is within 1 % of it at the record's prices.
TABLE = [
    ("COST-1", 93_678, True),
    ("COST-2", 320_000, True),
    ("COST-3", 600, True),
    ("COST-4", 42_764, True),
    ("COST-5", 23_374, True),
    ("COST-6", 8_840, True),
    ("COST-7", 15_000, True),
    ("COST-8", 504_256, True),
    ("COST-8", 376_256, True),
    ("COST-8", 313_000, False),  # the record's own table says 376,256
    ("COST-9", 6_051_072, True),
    ("COST-9", 4_815_072, True),
    ("COST-10", 70_000, False),  # no parts are named: what is below says why
    ("COST-10", 120_000, False),
    ("COST-10", 50_000, False),
    ("COST-10", 426_256, False),
]


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = report()["record"]
    return found


def test_every_figure_of_the_record_is_there(rows: list[dict[str, Any]]) -> None:
    assert [(row["record_id"], row["theirs_krw"]) for row in rows] == [row[:2] for row in TABLE]


@pytest.mark.parametrize(("index", "expected"), list(enumerate(TABLE)), ids=str)
def test_figure(rows: list[dict[str, Any]], index: int, expected: tuple[str, int, bool]) -> None:
    row, (_record_id, theirs, close) = rows[index], expected
    assert row["difference_percent"] == pytest.approx((row["ours_krw"] - theirs) / theirs * 100, abs=0.01)
    assert (abs(row["difference_percent"]) <= 1) == close
    assert row["reason_en"]
    assert row["reason_ko"]


def test_three_tasks_cost_what_the_record_says() -> None:
    lines = [line for line in stack(ecs_desired_count=3)["lines"] if line["record_id"] == "COST-1"]
    assert sum(line["record_monthly_krw"] for line in lines) == pytest.approx(140_517, rel=0.01)


def test_the_parts_make_the_total(rows: list[dict[str, Any]]) -> None:
    assert sum(row["ours_krw"] for row in rows[:7]) == pytest.approx(rows[7]["ours_krw"], abs=5)


def test_ours_does_not_follow_the_rate_of_today() -> None:
    today = cost_record.compare([stack(cost_krw_per_usd=1500)])
    assert [row["ours_krw"] for row in today] == [row["ours_krw"] for row in cost_record.compare([stack()])]
    assert today[0]["bill_krw"] == pytest.approx(cost_record.compare([stack()])[0]["bill_krw"] * 1500 / 1300, abs=2)


def test_a_changed_stack_says_that_it_is_changed() -> None:
    row = cost_record.compare([stack(ecs_desired_count=4)])[0]
    assert row["difference_percent"] > 90
    assert cost_record.OTHER_VARIABLES[0] in row["reason_en"]
    assert cost_record.OTHER_VARIABLES[1] in row["reason_ko"]


def test_rows_of_stacks_that_are_not_there_are_left_out() -> None:
    assert {row["record_id"] for row in cost_record.compare([stack("dev")])} == {"COST-10"}
    assert cost_record.compare([stack("nonprod")]) == []
    assert cost_record.compare([stack("prod"), stack("prod")]) == []  # which of them?


def test_nights_save_what_stops_and_nothing_else() -> None:
    for kind in KINDS:
        asleep, awake = (
            {line["id"]: line["monthly_usd"] for line in stack(kind, nights_enabled=nights)["lines"]}
            for nights in (True, False)
        )
        differs = {name for name in awake if asleep[name] < awake[name]}
        services = {"fargate-vcpu", "fargate-memory", "database-hours"}
        assert differs == (set() if kind == "nonprod" else services)
