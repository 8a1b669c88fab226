"""Prices: steps at their edges, and that the file is whole."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import cost_prices
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.cost.stacks import ROOT, load, prices, stack

ROWS = load(ROOT / "roles/cost/files/prices.yml")["prices"]
QUANTITIES = st.decimals(min_value=0, max_value=10**7, places=3)
PRICES = st.sampled_from(sorted(prices()))


@pytest.mark.parametrize(
    ("price", "quantity", "usd"),
    [
        ("internet-gb", 10, "1.26"),
        ("internet-gb", 10240, "1290.24"),
        ("internet-gb", 10241, "1290.362"),  # the first GB at 0.122
        ("internet-gb", 153601, "18268.268"),  # 1,290.24 + 4,997.12 + 11,980.80 and one at 0.108
        ("s3-standard-gb-month", 51200, "1280"),
        ("s3-standard-gb-month", 51201, "1280.024"),
        ("s3-standard-gb-month", 512001, "12339.223"),
        ("vended-logs-gb", 10240, "7782.4"),
        ("vended-logs-gb", 10241, "7782.78"),
        ("custom-metric-month", 10000, "3000"),
        ("custom-metric-month", 10001, "3000.1"),
        ("logs-ingestion-gb", 100000, "76000"),  # no step
        ("nat-gateway-hour", 0, "0"),
    ],
)
def test_steps_at_their_edges(price: str, quantity: int, usd: str) -> None:
    assert prices()[price].amount(Decimal(quantity)) == Decimal(usd)


@given(PRICES, QUANTITIES, QUANTITIES)
def test_more_never_costs_less_and_nothing_is_negative(name: str, one: Decimal, other: Decimal) -> None:
    price = prices()[name]
    less, more = sorted((one, other))
    assert 0 <= price.amount(less) <= price.amount(more)
    assert 0 <= price.record_amount(less) <= price.record_amount(more)


@given(PRICES, QUANTITIES)
def test_a_quantity_costs_between_its_cheapest_and_its_dearest_step(name: str, quantity: Decimal) -> None:
    steps = [tier.usd for tier in prices()[name].tiers]
    assert quantity * min(steps) <= prices()[name].amount(quantity) <= quantity * max(steps)


def test_rows_have_each_id_once_and_say_where_they_are_from() -> None:
    ids = [row["id"] for row in ROWS]
    assert len(ids) == len(set(ids))
    for row in ROWS:
        assert row["verified"] in ("quoted", "assumed", "api"), row["id"]
        assert row["source"], row["id"]
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", row["date"]), row["id"]


def test_steps_rise_and_begin_with_the_price_itself() -> None:
    for price in prices().values():
        ends = [tier.up_to for tier in price.tiers[:-1]]
        assert ends == sorted(end for end in ends if end is not None), price.id
        assert price.tiers[-1].up_to is None, price.id
    for row in ROWS:
        assert Decimal(row["usd"]) == prices()[row["id"]].usd


def test_no_price_is_there_for_nothing() -> None:
    """Each row belongs to a line, to a class of database or to what may come."""
    sources = "".join((ROOT / f"plugins/module_utils/{name}.py").read_text() for name in ("cost", "cost_lines"))
    for name in prices():
        pattern = re.sub(r"^rds-db\.[\w.]+-(single|multi)-az", "rds-{name}-{zones}", name)
        pattern = re.sub(r"-(single|multi)-az-", "-{zones}-", pattern)
        pattern = re.sub(r"^fargate-(x86|arm)", "fargate-{kind}", pattern)
        assert f'"{pattern}"' in sources, name


def test_rounding_is_half_up_and_once() -> None:
    assert cost_prices.rounded_usd(Decimal("0.125")) == 0.13
    assert cost_prices.rounded_krw(Decimal("0.0005"), Decimal(1000)) == 1
    assert cost_prices.rounded_krw(Decimal("0.00049"), Decimal(1000)) == 0


def test_what_has_no_price_is_noted_and_the_rest_counted() -> None:
    counted, known = stack(rds_instance_class="db.x9.large"), stack()
    lines, others = ({line["id"]: line["monthly_usd"] for line in item["lines"]} for item in (counted, known))
    assert lines == {name: amount for name, amount in others.items() if name != "database-hours"}
    (note,) = counted["notes"]
    assert "Not priced: " in note["text_en"]
    assert "(rds-db.x9.large-multi-az-hour)" in note["text_en"]
    assert "(rds-db.x9.large-multi-az-hour)" in note["text_ko"]
    assert counted["total_usd"] < known["total_usd"]
    assert known["notes"] == []


def test_another_region_is_noted() -> None:
    (note,) = stack(stack_region="us-east-1")["notes"]
    assert note["text_en"] == "Not priced for us-east-1: the prices are those of ap-northeast-2."
