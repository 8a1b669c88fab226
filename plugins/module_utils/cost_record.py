# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The record's own cost table (COST-1..10) next to ours: pure functions.

"Ours" are the lines that the record has too, at the record's prices, usage and rate. What differs by more than 1 % has
its reason in the row. "Bill" is what the same costs at AWS's prices for Seoul; totals have also what the record forgot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

Report = dict[str, Any]
Stacks = Mapping[str, Report]  # by kind
Figure = Callable[[Stacks], float]

RATE = 1300  # KRW per USD, the record's
RESERVED_SHARE = 0.6  # of the database on demand: 192,000 of 320,000 (COST-2)
UPFRONT = 300_000  # COST-2
KINDS = ("prod", "staging", "dev", "nonprod")


class Row(NamedTuple):
    """A figure of the record. ``reason`` is a key of ``REASONS``; ``kinds`` are the stacks that it needs."""

    id: str
    text_en: str
    text_ko: str
    theirs: int
    ours: Figure
    bill: Figure | None
    reason: str
    kinds: tuple[str, ...] = ("prod",)


REASONS = {
    "prices": (
        "The record has the prices of US East, Seoul's are higher.",
        "기록은 미국 동부 단가이고, 서울 단가가 더 높습니다.",
    ),
    "database": (
        "The record has a total without unit prices, which is taken over as one. Seoul's price of a db.t4g.medium, "
        "Multi-AZ, with 100 GB is about 30 % lower.",
        "기록에는 단가 없이 합계만 있어 그대로 옮겼습니다. db.t4g.medium 다중 AZ, 100GB의 서울 가격은 약 30% 낮습니다.",
    ),
    "rounding": ("The record has rounded.", "기록이 반올림했습니다."),
    "logs": (
        "Seoul charges 0.76 USD for a GB of logs, not 0.50. A notification costs far less than in the record.",
        "서울의 로그 수집은 GB당 0.50이 아닌 0.76달러이고, 알림은 기록보다 훨씬 쌉니다.",
    ),
    "transfer": (
        "The record has a total only, which is 1.15 USD a GB. Seoul charges 0.126 USD.",
        "기록에는 합계만 있으며 GB당 1.15달러에 해당합니다. 서울 단가는 0.126달러입니다.",
    ),
    "total": (
        "The bill has Seoul's prices, and what the record forgot.",
        "청구액은 서울 단가이며 기록에서 빠진 항목을 포함합니다.",
    ),
    "reserved": (
        "Only the instance's hours can be reserved, not its storage. The bill has Seoul's prices, and what the record "
        "forgot.",
        "예약은 인스턴스 시간에만 적용되고 스토리지는 제외됩니다. 청구액은 기록에서 빠진 항목을 포함합니다.",
    ),
    "summary": (
        "The record's own table adds up to 376,256. Its summary follows from none of its rows.",
        "기록의 표를 더하면 376,256입니다. 요약의 금액은 어느 항목에서도 나오지 않습니다.",
    ),
    "upfront": (
        "The record adds 300,000 upfront to twelve monthly payments. With all upfront there is no monthly payment for "
        "the instance: the bill has it once.",
        "기록은 선결제 300,000을 월 요금 열두 번에 더했습니다. 전체 선결제에는 인스턴스 월 요금이 없습니다.",
    ),
    "environment": (
        "The record names no parts. Load balancer, database storage, NAT and logs cost what they cost in production, "
        "and more than the record leaves for them.",
        "기록에는 세부 항목이 없습니다. 로드 밸런서, 스토리지, NAT, 로그 비용은 기록의 금액을 넘습니다.",
    ),
    "nights": (
        "At night tasks and the database's hours stop. Load balancers, NAT, addresses and the database's storage are "
        "paid all month, and they alone are more than 50,000.",
        "야간에는 태스크와 데이터베이스 시간만 멈춥니다. 로드 밸런서, NAT, 주소, 스토리지만으로 50,000을 넘습니다.",
    ),
    "environments": (
        "It follows from the rows of the environments. The record has no price for the network that dev shares either.",
        "환경별 항목에서 비롯됩니다. 개발 환경이 함께 쓰는 네트워크의 비용도 기록에 없습니다.",
    ),
}
OTHER_VARIABLES = (
    "The variables or the usage of this stack are not the record's.",
    "이 스택의 변수나 사용량이 기록과 다릅니다.",
)


def _sum(record_id: str, field: str) -> Figure:
    return lambda stacks: sum(
        line[field] for line in stacks["prod"]["lines"] if line["in_record"] and line["record_id"] == record_id
    )


def _of(kind: str, *fields: str) -> Figure:
    def figure(stacks: Stacks) -> float:
        found: Any = stacks[kind]
        for field in fields:
            found = found[field]
        return float(found)

    return figure


def _part(record_id: str, text_en: str, text_ko: str, theirs: int, reason: str) -> Row:
    ours, bill = _sum(record_id, "record_monthly_krw"), _sum(record_id, "monthly_krw")
    return Row(record_id, text_en, text_ko, theirs, ours, bill, reason)


def _reserved(stacks: Stacks) -> float:
    saved = _sum("COST-2", "record_monthly_krw")(stacks) * (1 - RESERVED_SHARE)
    return float(stacks["prod"]["record_total_krw"]) - saved


def _beside_production(stacks: Stacks, field: str) -> float:
    return sum(float(item[field]) for kind, item in stacks.items() if kind != "prod")


ROWS = (
    _part("COST-1", "Fargate, 2 tasks", "Fargate 태스크 2개", 93_678, "prices"),
    _part("COST-2", "Database, on demand", "데이터베이스, 온디맨드", 320_000, "database"),
    _part("COST-3", "S3", "S3", 600, "rounding"),
    _part("COST-4", "NAT gateway", "NAT 게이트웨이", 42_764, "prices"),
    _part("COST-5", "Load balancer", "로드 밸런서", 23_374, "rounding"),
    _part("COST-6", "CloudWatch and SNS", "CloudWatch와 SNS", 8_840, "logs"),
    _part("COST-7", "Data to the internet, 10 GB", "인터넷 전송 10GB", 15_000, "transfer"),
    Row(
        "COST-8",
        "Production, on demand",
        "운영, 온디맨드",
        504_256,
        _of("prod", "record_total_krw"),
        _of("prod", "total_krw"),
        "total",
    ),
    Row(
        "COST-8",
        "Production, database reserved",
        "운영, 데이터베이스 예약",
        376_256,
        _reserved,
        _of("prod", "reserved", "monthly_krw"),
        "reserved",
    ),
    Row("COST-8", "Production, the record's summary", "운영, 기록의 요약", 313_000, _reserved, None, "summary"),
    Row(
        "COST-9",
        "Production, a year on demand",
        "운영, 1년 온디맨드",
        6_051_072,
        lambda stacks: _of("prod", "record_total_krw")(stacks) * 12,
        _of("prod", "on_demand", "year_krw"),
        "total",
    ),
    Row(
        "COST-9",
        "Production, a year with the database reserved",
        "운영, 1년 데이터베이스 예약",
        4_815_072,
        lambda stacks: _reserved(stacks) * 12 + UPFRONT,
        _of("prod", "reserved", "year_krw"),
        "upfront",
    ),
    Row(
        "COST-10",
        "Development, always on",
        "개발, 상시",
        70_000,
        _of("dev", "always_on_record_krw"),
        _of("dev", "always_on_krw"),
        "environment",
        ("dev",),
    ),
    Row(
        "COST-10",
        "Staging, always on",
        "스테이징, 상시",
        120_000,
        _of("staging", "always_on_record_krw"),
        _of("staging", "always_on_krw"),
        "environment",
        ("staging",),
    ),
    Row(
        "COST-10",
        "Development and staging, stopped at night",
        "개발과 스테이징, 야간 중지",
        50_000,
        lambda stacks: _of("dev", "record_total_krw")(stacks) + _of("staging", "record_total_krw")(stacks),
        lambda stacks: _of("dev", "total_krw")(stacks) + _of("staging", "total_krw")(stacks),
        "nights",
        ("dev", "staging"),
    ),
    Row(
        "COST-10",
        "All environments",
        "모든 환경",
        426_256,
        lambda stacks: _reserved(stacks) + _beside_production(stacks, "record_total_krw"),
        lambda stacks: _of("prod", "reserved", "monthly_krw")(stacks) + _beside_production(stacks, "total_krw"),
        "environments",
        ("prod", "staging", "dev"),
    ),
)


def compare(stacks: Sequence[Report]) -> list[Report]:
    """The rows whose stacks are all there. Several stacks of one kind are compared with nothing."""
    by_kind = {kind: [item for item in stacks if item["kind"] == kind] for kind in KINDS}
    single = {kind: found[0] for kind, found in by_kind.items() if len(found) == 1}
    return [_compared(row, single) for row in ROWS if all(kind in single for kind in row.kinds)]


def _compared(row: Row, stacks: Stacks) -> Report:
    ours = round(row.ours(stacks))
    difference = (ours - row.theirs) / row.theirs * 100
    english, korean = REASONS[row.reason]
    # Of these rows ours is the record's figure unless somebody has changed a variable.
    if abs(difference) > 1 and row.id != "COST-10" and row.reason != "summary":
        english, korean = (f"{OTHER_VARIABLES[0]} {english}", f"{OTHER_VARIABLES[1]} {korean}")
    return {
        "record_id": row.id,
        "text_en": row.text_en,
        "text_ko": row.text_ko,
        "theirs_krw": row.theirs,
        "ours_krw": ours,
        "difference_percent": round(difference, 2),
        "bill_krw": None if row.bill is None else round(row.bill(stacks)),
        "reason_en": english,
        "reason_ko": korean,
    }
