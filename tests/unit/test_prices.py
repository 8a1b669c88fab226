"""scripts/prices.py against answers in the shape that the AWS Price List API documents. None was recorded from AWS."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import boto3
import pytest
import yaml
from botocore.stub import Stubber

from scripts import prices

TODAY = "2026-11-23"
TEXT = """---
# A comment.
region: ap-northeast-2
prices:
  # NAT
  - id: nat-gateway-hour
    usd: "0.045"
    unit: hour
    record_usd: "0.045"
    source: AmazonEC2 APN2-NatGateway-Hours
    verified: assumed
    date: "2026-01-20"

  # Not in the API
  - id: sms
    usd: "0.03"
    unit: message
    source: AWS End User Messaging pricing
    verified: assumed
    date: "2026-01-20"
"""


def product(*steps: tuple[str, str, str]) -> str:
    """A product of the price list as GetProducts returns it: JSON in a string, steps as (begin, end, USD)."""
    dimensions = {
        f"SKU.JRTCKXETXF.{number}": {
            "unit": "Hrs",
            "beginRange": begin,
            "endRange": end,
            "appliesTo": [],
            "pricePerUnit": {"USD": usd},
        }
        for number, (begin, end, usd) in enumerate(steps)
    }
    term = {"offerTermCode": "JRTCKXETXF", "sku": "SKU", "termAttributes": {}, "priceDimensions": dimensions}
    return json.dumps(
        {
            "product": {"sku": "SKU", "attributes": {}},
            "serviceCode": "X",
            "terms": {"OnDemand": {"SKU.JRTCKXETXF": term}, "Reserved": {"SKU.R": {"priceDimensions": {}}}},
            "version": "1",
        }
    )


FLAT = product(("0", "Inf", "0.0590000000"))
FREE = product(("0", "Inf", "0.0000000000"))
# Steps are not in order in the answers.
STEPS = product(("51200", "Inf", "0.0240000000"), ("0", "51200", "0.0250000000"))


def refreshed(text: str, *answers: list[str]) -> tuple[str, list[str]]:
    client = boto3.client("pricing", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    rows = [row for row in yaml.safe_load(text)["prices"] if prices.query(row, "ap-northeast-2")]
    with Stubber(client) as stubber:
        for row, answer in zip(rows, answers, strict=True):
            expected = prices.query(row, "ap-northeast-2")
            stubber.add_response("get_products", {"FormatVersion": "aws_v1", "PriceList": answer}, expected)
        found = prices.refresh(text, client, TODAY)
        stubber.assert_no_pending_responses()
    return found


def test_a_price_that_differs_is_changed_and_nothing_else() -> None:
    text, said = refreshed(TEXT, [FLAT])
    assert said == ["nat-gateway-hour: 0.045 -> 0.059"]
    assert text == TEXT.replace('usd: "0.045"\n    unit', 'usd: "0.059"\n    unit').replace(
        'verified: assumed\n    date: "2026-01-20"\n\n', f'verified: api\n    date: "{TODAY}"\n\n'
    )


def test_a_price_that_is_the_same_gets_the_day_only() -> None:
    text, said = refreshed(TEXT.replace('usd: "0.045"\n    unit', 'usd: "0.059"\n    unit'), [FLAT, FREE, FLAT])
    assert said == []
    row = yaml.safe_load(text)["prices"][0]
    assert (row["usd"], row["verified"], row["date"]) == ("0.059", "api", TODAY)


@pytest.mark.parametrize(
    ("answer", "why"),
    [([], "no price"), ([FREE], "no price"), ([FLAT, product(("0", "Inf", "0.06"))], "several prices: 0.059, 0.06")],
)
def test_a_row_that_is_not_clear_stays_and_is_named(answer: list[str], why: str) -> None:
    assert refreshed(TEXT, answer) == (TEXT, [f"nat-gateway-hour: stays 0.045, AWS has {why}"])


def test_steps_come_and_go() -> None:
    text, said = refreshed(TEXT, [STEPS])
    assert said == ["nat-gateway-hour: 0.045 -> 0.025, in steps"]
    row = yaml.safe_load(text)["prices"][0]
    assert row["usd"] == "0.025"
    assert row["tiers"] == [{"up_to": 51200, "usd": "0.025"}, {"usd": "0.024"}]
    text, _said = refreshed(text, [FLAT])
    assert "tiers" not in yaml.safe_load(text)["prices"][0]


def test_a_thousand_of_aws_s_units_are_one_of_the_row_s() -> None:
    answer = product(("0", "1000000", "0.0000045"), ("1000000", "Inf", "0.000004"))
    assert prices.tiers_of(answer, 1000) == ((Decimal(1000), Decimal("0.0045")), (None, Decimal("0.004")))


def test_what_is_asked() -> None:
    row = {"source": "AmazonRDS APN2-Multi-AZUsage:db.t4g.medium, twice", "match": {"databaseEngine": "PostgreSQL"}}
    assert prices.query(row, "ap-northeast-2") == {
        "ServiceCode": "AmazonRDS",
        "Filters": [
            {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "ap-northeast-2"},
            {"Type": "TERM_MATCH", "Field": "usagetype", "Value": "APN2-Multi-AZUsage:db.t4g.medium"},
            {"Type": "TERM_MATCH", "Field": "databaseEngine", "Value": "PostgreSQL"},
        ],
    }


def test_the_file_itself_can_be_rewritten_row_by_row() -> None:
    """Each row of the real file, with its own price as AWS's answer: only verified and date change."""
    text = prices.FILE.read_text(encoding="utf-8")
    before = yaml.safe_load(text)["prices"]
    changed: Any = text
    for row in before:
        changed = prices.rewritten(changed, row["id"], prices.current(row), TODAY)
    after = yaml.safe_load(changed)["prices"]
    for row, found in zip(before, after, strict=True):
        assert prices.current(found) == prices.current(row)
        fixed = {"verified": "api", "date": TODAY, "usd": found["usd"]}
        assert found == {**row, **fixed, **({"tiers": found["tiers"]} if "tiers" in row else {})}
    assert [line for line in changed.splitlines() if "#" in line] == [line for line in text.splitlines() if "#" in line]
    assert sum(prices.query(row, "ap-northeast-2") is not None for row in before) > 35
