# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Prices as data (roles/cost/files/prices.yml), and what a quantity costs at one: pure functions.

All money is ``decimal.Decimal`` in USD until it is rounded for a report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")
WON = Decimal(1)


@dataclass(frozen=True)
class Tier:
    """A step of a price: what a unit costs up to so many units a month. The last one has no end."""

    up_to: Decimal | None
    usd: Decimal


@dataclass(frozen=True)
class Price:
    """One row of the file. ``record_usd`` is the decision record's price, None where it has none."""

    id: str
    unit: str
    tiers: tuple[Tier, ...]
    record_usd: Decimal | None
    source: str
    verified: str
    date: str

    @property
    def usd(self) -> Decimal:
        """What the first unit costs."""
        return self.tiers[0].usd

    def amount(self, quantity: Decimal) -> Decimal:
        """USD for so many units in a month, each at the price of the step that it falls into."""
        total, begin = Decimal(0), Decimal(0)
        for tier in self.tiers:
            end = quantity if tier.up_to is None else min(quantity, tier.up_to)
            if end > begin:
                total += (end - begin) * tier.usd
                begin = end
        return total

    def record_amount(self, quantity: Decimal) -> Decimal:
        """USD at the record's price, or at AWS's where the record has none."""
        return self.amount(quantity) if self.record_usd is None else quantity * self.record_usd


def load(rows: Iterable[Mapping[str, Any]]) -> dict[str, Price]:
    """The prices by their ids. Figures are text in the file: YAML's numbers are binary."""
    prices: dict[str, Price] = {}
    for row in rows:
        steps = row.get("tiers") or [{"usd": row["usd"]}]
        prices[row["id"]] = Price(
            id=row["id"],
            unit=str(row["unit"]),
            tiers=tuple(
                Tier(Decimal(step["up_to"]) if "up_to" in step else None, Decimal(step["usd"])) for step in steps
            ),
            record_usd=Decimal(row["record_usd"]) if "record_usd" in row else None,
            source=row["source"],
            verified=row["verified"],
            date=row["date"],
        )
    return prices


def rounded_usd(amount: Decimal) -> float:
    """Cents, as JSON writes a number."""
    return float(amount.quantize(CENT, ROUND_HALF_UP))


def rounded_krw(amount: Decimal, rate: Decimal) -> int:
    """Whole won for an amount in USD."""
    return int((amount * rate).quantize(WON, ROUND_HALF_UP))
