# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stacks cost a month, next to the record's own figures (COST-1..10): pure functions.

Amounts are exact until a line, a sum or a year is written down; each is rounded once, USD to cents and KRW to
whole won, so the lines of a bill may add up to a won or two more or less than its total.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import cost_built, cost_lines, cost_record
from ansible_collections.triflow.platform.plugins.module_utils.cost_built import HOURS, MONTHS, Variables
from ansible_collections.triflow.platform.plugins.module_utils.cost_lines import Line, number
from ansible_collections.triflow.platform.plugins.module_utils.cost_prices import Price, rounded_krw, rounded_usd
from ansible_collections.triflow.platform.plugins.module_utils.cost_texts import SWITCHES as SWITCH_TEXTS

Prices = Mapping[str, Price]
Report = dict[str, Any]

REGION = "ap-northeast-2"  # of the prices
RESERVED = "rds-reserved-one-year-share"
RECORD_RATE = Decimal(cost_record.RATE)


# What can be switched on, by the id of its text.
SWITCHES: Mapping[str, Mapping[str, Any]] = {
    "nat-per-zone": {"vpc_nat_gateways": "per_zone"},
    "interface-endpoints": {"vpc_interface_endpoints": True},
    "flow-logs": {"vpc_flow_logs": True},
    "multi-az": {"rds_multi_az": True},
    "access-logs": {"alb_access_logs": True},
    "container-insights": {"ecs_container_insights": "enabled"},
    "custom-metrics": {"dashboard_custom_metrics": True},
}
OF_THE_VPC = ("nat-per-zone", "interface-endpoints", "flow-logs")  # its owner's
SMALL_CLASS_VCPUS = 2  # of all classes db.t4g


def priced(lines: Iterable[Line], prices: Prices) -> list[tuple[Line, Price]]:
    """The lines that have a price, each with it. The others are in the notes."""
    return [(line, prices[line.price]) for line in lines if line.price in prices]


def total(lines: Iterable[Line], prices: Prices) -> Decimal:
    """USD a month at AWS's prices, exact."""
    return sum((price.amount(line.quantity) for line, price in priced(lines, prices)), Decimal(0))


def record_total(lines: Iterable[Line], prices: Prices) -> Decimal:
    """USD a month of what the record's table has, at its prices, exact."""
    return sum(
        (price.record_amount(line.quantity) for line, price in priced(lines, prices) if line.text.in_record), Decimal(0)
    )


def _notes(lines: Iterable[Line], prices: Prices, region: str) -> list[Report]:
    """What the amounts leave out, and where they are not the region's."""
    notes = [
        {
            "text_en": f"Not priced: {line.text.en} ({line.price}).",
            "text_ko": f"가격 없음: {line.text.ko} ({line.price}).",
        }
        for line in lines
        if line.price not in prices
    ]
    if region != REGION:
        notes.append(
            {
                "text_en": f"Not priced for {region}: the prices are those of {REGION}.",
                "text_ko": f"{region} 가격 없음: {REGION}의 가격입니다.",
            }
        )
    return notes


def stack(name: str, kind: str, given: Variables, prices: Prices) -> Report:
    """What one stack costs.

    ``kind`` is its group in the inventory: prod, staging, dev, nonprod, or empty.
    """
    rate = number(given["cost_krw_per_usd"])
    lines = cost_lines.lines(given)
    always_on = {**given, "nights_enabled": False}
    amount = total(lines, prices)
    return {
        "stack": name,
        "kind": kind,
        "foundation": given["stack_foundation"],
        "lines": [_line(line, price, rate) for line, price in priced(lines, prices)],
        "notes": _notes(lines, prices, given["stack_region"]),
        "total_usd": rounded_usd(amount),
        "total_krw": rounded_krw(amount, rate),
        "not_in_record_krw": rounded_krw(total([line for line in lines if not line.text.in_record], prices), rate),
        "record_total_krw": rounded_krw(record_total(lines, prices), RECORD_RATE),
        "always_on_krw": rounded_krw(total(cost_lines.lines(always_on), prices), rate),
        "always_on_record_krw": rounded_krw(record_total(cost_lines.lines(always_on), prices), RECORD_RATE),
        "on_demand": _year(amount, rate),
        "reserved": _reserved(amount, lines, prices, rate),
        "switches": _switches(given, prices, rate),
        "budget_krw": given["cost_budget_krw"],
        "drawing": _drawing(given),
    }


def live(name: str, found: Mapping[str, Any], given: Variables, prices: Prices) -> Report:
    """What of an account's stack a difference needs, with the usage of the variables. ``found``: ``from_live``."""
    rate = number(given["cost_krw_per_usd"])
    lines = cost_lines.lines_of(cost_built.from_live(found, given), given)
    return {
        "stack": name,
        "lines": [_line(line, price, rate) for line, price in priced(lines, prices)],
        "notes": _notes(lines, prices, given["stack_region"]),
        "total_krw": rounded_krw(total(lines, prices), rate),
    }


def _line(line: Line, price: Price, rate: Decimal) -> Report:
    amount = price.amount(line.quantity)
    record = price.record_amount(line.quantity) if line.text.in_record else None
    return {
        "id": line.id,
        "record_id": line.text.record_id,
        "group": line.text.group,
        "text_en": line.text.en,
        "text_ko": line.text.ko,
        "quantity": round(float(line.quantity), 4),
        "unit": price.unit,
        "unit_price_usd": float(price.usd),
        "record_unit_price_usd": None
        if price.record_usd is None or not line.text.in_record
        else float(price.record_usd),
        "monthly_usd": rounded_usd(amount),
        "monthly_krw": rounded_krw(amount, rate),
        "record_monthly_krw": None if record is None else rounded_krw(record, RECORD_RATE),
        "in_record": line.text.in_record,
        "note_en": line.note_en,
        "note_ko": line.note_ko,
        "price_source": price.source,
        "price_verified": price.verified,
        "price_date": price.date,
    }


def _year(amount: Decimal, rate: Decimal) -> Report:
    return {
        "monthly_usd": rounded_usd(amount),
        "monthly_krw": rounded_krw(amount, rate),
        "upfront_krw": 0,
        "year_krw": rounded_krw(amount * MONTHS, rate),
    }


def _reserved(amount: Decimal, lines: Sequence[Line], prices: Prices, rate: Decimal) -> Report:
    """With the database's hours reserved for a year, all paid at once (COST-2, COST-9): also those that it sleeps."""
    hours = [line for line in lines if line.id == "database-hours"]
    on_demand = total(hours, prices)
    year = sum((price.amount(HOURS) for _line, price in priced(hours, prices)), Decimal(0))
    year *= MONTHS * prices[RESERVED].usd
    monthly = amount - on_demand
    return {
        "monthly_usd": rounded_usd(monthly + year / MONTHS),
        "monthly_krw": rounded_krw(monthly + year / MONTHS, rate),
        "upfront_krw": rounded_krw(year, rate),
        "year_krw": rounded_krw(monthly * MONTHS + year, rate),
    }


def _switches(given: Variables, prices: Prices, rate: Decimal) -> list[Report]:
    """What each switch that is off would add a month, also what no role builds yet (OPT-1, OPT-3)."""
    now = total(cost_lines.lines(given), prices)
    own_vpc = given["vpc_owner"] == given["stack_name"]
    added: dict[str, Decimal] = {}
    for name, variables in SWITCHES.items():
        offered = own_vpc if name in OF_THE_VPC else not given["stack_foundation"]
        if offered and any(given[variable] != value for variable, value in variables.items()):
            added[name] = total(cost_lines.lines({**given, **variables}), prices) - now
    if not given["stack_foundation"]:
        added |= {
            name: sum((prices[price].amount(quantity) for price, quantity in uses), Decimal(0))
            for name, uses in _later(given).items()
        }
    return [
        {
            "id": name,
            "record_id": SWITCH_TEXTS[name].record_id,
            "text_en": SWITCH_TEXTS[name].en,
            "text_ko": SWITCH_TEXTS[name].ko,
            "adds_usd": rounded_usd(amount),
            "adds_krw": rounded_krw(amount, rate),
        }
        for name, amount in added.items()
    ]


def _later(given: Variables) -> dict[str, list[tuple[str, Decimal]]]:
    """Ids of prices and quantities of what may come."""
    _services, up = cost_built.hours_up(given)
    vcpus = SMALL_CLASS_VCPUS * (2 if given["rds_multi_az"] else 1)
    later = {
        "redis": [("cache-t4g-small-hour", HOURS)],
        "waf": [
            ("web-acl-month", Decimal(1)),
            ("web-acl-rule-month", Decimal(2)),  # DDoS and SQL injection
            ("web-acl-request-million", number(given["cost_requests_million"])),
        ],
    }
    if given["rds_instance_class"].startswith("db.t4g."):
        later["extended-support"] = [("rds-extended-support-vcpu-hour", vcpus * up)]
    return later


def _drawing(given: Variables) -> Report:
    """What the architecture's drawing shows: the stack's own parts, and whose VPC and bucket it uses."""
    network = {
        "vpc_owner": given["vpc_owner"],
        "vpc_cidr": given["vpc_cidr"],
        "zones": list(given["vpc_availability_zones"]),
        "public_subnets": list(given["vpc_public_subnet_cidrs"]),
        "private_subnets": list(given["vpc_private_subnet_cidrs"]),
        "nat_gateways": given["vpc_nat_gateways"],
        "interface_endpoints": list(given["vpc_interface_endpoint_services"])
        if given["vpc_interface_endpoints"]
        else [],
        "flow_logs": given["vpc_flow_logs"],
        "bucket": given["s3_bucket_name"],
        "bucket_owner": given["s3_owner"],
        "bucket_prefix": given["s3_prefix"],
    }
    if given["stack_foundation"]:
        return {**network, "shares": dict(given["s3_shares"])}
    return {
        **network,
        "domain": given["dns_domain_name"],
        "access_logs": given["alb_access_logs"],
        "services": [
            {
                "name": service["name"],
                "tasks": cost_built.tasks_of(service, given),
                "max_tasks": given["autoscaling_max_capacity"]
                if service["name"] in given["autoscaling_services"]
                else None,
                "cpu": service.get("cpu") or given["ecs_cpu"],
                "memory": service.get("memory") or given["ecs_memory"],
                "load_balanced": bool(service.get("target_group")),
            }
            for service in given["ecs_services"]
        ],
        "database": {
            "class": given["rds_instance_class"],
            "engine_version": given["rds_engine_version"],
            "multi_az": given["rds_multi_az"],
            "storage_gb": given["rds_allocated_storage"],
        },
        "alarms": cost_built.alarm_metrics(given)[0],
        "slack": given["notifications_slack"],
        "sms": bool(given["notifications_phone_numbers"]),
        "container_insights": given["ecs_container_insights"] != "disabled",
        "log_retention_days": given["logs_retention_days"],
        "nights": given["nights_enabled"],
    }


def report(stacks: Sequence[Report], rate: Mapping[str, Any]) -> Report:
    """All stacks side by side (COST-10). ``rate`` has ``krw_per_usd`` and its ``date``."""
    usd = sum((number(item["total_usd"]) for item in stacks), Decimal(0))
    return {
        "region": REGION,
        "rate": dict(rate),
        "stacks": list(stacks),
        "total_usd": float(usd),
        "total_krw": sum(item["total_krw"] for item in stacks),
        "reserved_krw": sum(
            item["reserved" if item["kind"] == "prod" else "on_demand"]["monthly_krw"] for item in stacks
        ),
        "record": cost_record.compare(stacks),
    }


def over_budget(report: Report) -> list[str]:
    """A sentence for each stack that costs more than its budget."""
    return [
        f"{stack['stack']} costs {stack['total_krw']:,} KRW a month, {stack['total_krw'] - stack['budget_krw']:,} more "
        f"than its budget of {stack['budget_krw']:,} KRW (cost_budget_krw)."
        for stack in report["stacks"]
        if 0 < stack["budget_krw"] < stack["total_krw"]
    ]
