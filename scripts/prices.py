"""Compare roles/cost/files/prices.yml with the AWS Price List API, and with --write put its prices into the file.

    python scripts/prices.py            # says what differs
    python scripts/prices.py --write    # and changes the rows: usd, tiers, verified and date

It needs credentials with pricing:GetProducts, and nothing calls it. A row takes part when its source begins with a
service code and a usage type, such as "AmazonEC2 APN2-NatGateway-Hours". `match` has further attributes of the product,
and `times` how many of AWS's units are one of the row's. Where AWS has no price for a row, or several, the row stays as
it is and is named. The record's prices (record_usd) are never touched.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).resolve().parent.parent / "roles/cost/files/prices.yml"
SOURCE = re.compile(r"(A\w+) (APN2-[\w:./-]*\w)")
ENDPOINT_REGION = "us-east-1"  # where the API answers, for all regions
MOST_PRODUCTS = 1000  # of a row, that are looked at

Tiers = tuple[tuple[Decimal | None, Decimal], ...]  # (up to, USD), the last one up to nothing


class UnclearError(Exception):
    """AWS has no price for a row, or several that differ. The message says which."""


def query(row: Mapping[str, Any], region: str) -> dict[str, Any] | None:
    """What to ask GetProducts for a row, None for one that has no usage type."""
    found = SOURCE.match(row["source"])
    if found is None:
        return None
    attributes = {"regionCode": region, "usagetype": found[2], **row.get("match", {})}
    filters = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in attributes.items()]
    return {"ServiceCode": found[1], "Filters": filters}


def tiers_of(product: str, times: int) -> Tiers:
    """The steps of a product's on-demand price, in the row's units (AWS Price List user guide, "Price list")."""
    terms = json.loads(product)["terms"].get("OnDemand", {})
    dimensions = [dimension for term in terms.values() for dimension in term["priceDimensions"].values()]
    dimensions.sort(key=lambda dimension: Decimal(dimension["beginRange"]))
    return tuple(
        (
            None if dimension["endRange"] == "Inf" else Decimal(dimension["endRange"]) / times,
            Decimal(dimension["pricePerUnit"]["USD"]) * times,
        )
        for dimension in dimensions
    )


def price_of(products: Iterable[str], times: int) -> Tiers:
    """The one price of all products. Those that are free, as for a free tier, are left out. Raises ``UnclearError``."""
    prices = {tiers for tiers in (tiers_of(product, times) for product in products) if any(usd for _end, usd in tiers)}
    if len(prices) != 1:
        shown = sorted(str(plain(tiers[0][1])) for tiers in prices)
        raise UnclearError(f"several prices: {', '.join(shown)}" if shown else "no price")
    return prices.pop()


def plain(value: Decimal) -> str:
    """A number as people write it: no exponent, no zeros at the end."""
    return f"{value.normalize():f}"


def current(row: Mapping[str, Any]) -> Tiers:
    steps = row.get("tiers") or [{"usd": row["usd"]}]
    return tuple((Decimal(step["up_to"]) if "up_to" in step else None, Decimal(step["usd"])) for step in steps)


def rewritten(text: str, name: str, tiers: Tiers, today: str) -> str:
    """The file with one row changed, all comments kept."""
    begin = text.index(f"  - id: {name}\n")
    following = re.compile(r"^(  - id: |\n|  #)", re.MULTILINE).search(text, begin + 1)
    end = following.start() if following else len(text)
    row = re.sub(r"    tiers: .*\n", "", text[begin:end])
    row = re.sub(r'    usd: ".*"\n', f'    usd: "{plain(tiers[0][1])}"\n{written(tiers)}', row)
    row = re.sub(r"    verified: \w+\n", "    verified: api\n", row)
    row = re.sub(r'    date: ".*"', f'    date: "{today}"', row)
    return text[:begin] + row + text[end:]


def written(tiers: Tiers) -> str:
    if len(tiers) == 1:
        return ""
    steps = [
        f'{{up_to: {plain(end)}, usd: "{plain(usd)}"}}' if end else f'{{usd: "{plain(usd)}"}}' for end, usd in tiers
    ]
    return f"    tiers: [{', '.join(steps)}]\n"


def refresh(text: str, client: Any, today: str) -> tuple[str, list[str]]:
    """The file as AWS's prices have it, and a sentence for each row that changes or is not clear."""
    content = yaml.safe_load(text)
    said = []
    for row in content["prices"]:
        asked = query(row, content["region"])
        if asked is None:
            continue
        pages = client.get_paginator("get_products").paginate(**asked, PaginationConfig={"MaxItems": MOST_PRODUCTS})
        try:
            tiers = price_of((product for page in pages for product in page["PriceList"]), row.get("times", 1))
        except UnclearError as error:
            said.append(f"{row['id']}: stays {row['usd']}, AWS has {error}")
            continue
        if tiers != current(row):
            said.append(f"{row['id']}: {row['usd']} -> {plain(tiers[0][1])}" + (", in steps" if len(tiers) > 1 else ""))
        text = rewritten(text, row["id"], tiers, today)
    return text, said


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="change the file")
    options = parser.parse_args(arguments)
    import boto3

    today = datetime.now(UTC).date().isoformat()
    text, said = refresh(FILE.read_text(encoding="utf-8"), boto3.client("pricing", region_name=ENDPOINT_REGION), today)
    print("\n".join(said) or "Nothing differs.")
    if options.write:
        FILE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
