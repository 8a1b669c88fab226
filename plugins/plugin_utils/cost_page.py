# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The report of costs as one HTML page that asks for nothing else: pure but for reading its template.

The template is roles/cost/templates/cost.html.j2, with its style and its script beside it. Jinja escapes every value;
the page's policy lets run nothing but this style and this script.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jinja2
from ansible_collections.triflow.platform.plugins.module_utils import cost_difference
from ansible_collections.triflow.platform.plugins.plugin_utils import cost_drawing
from markupsafe import Markup

Report = Mapping[str, Any]
Stack = Mapping[str, Any]
Line = Mapping[str, Any]

TEMPLATES = Path(__file__).parents[2] / "roles/cost/templates"
GROUPS = {
    "compute": ("Compute", "컴퓨팅"),
    "database": ("Database", "데이터베이스"),
    "storage": ("Storage", "스토리지"),
    "network": ("Network", "네트워크"),
    "load_balancing": ("Load balancing", "로드 밸런싱"),
    "monitoring": ("Monitoring", "모니터링"),
    "security": ("Keys and secrets", "키와 보안 암호"),
}
# Boxes of the drawing, and the beginnings of the ids of the lines that each one costs.
PARTS = {
    "load_balancer": ("load-balancer-",),
    "nat": ("nat-gateway-",),
    "tasks": ("fargate-",),
    "database": ("database-",),
    "endpoints": ("endpoint-",),
    "bucket": ("s3-", "access-logs"),
    "logs": ("logs-", "log-archive"),
    "alarms": ("alarms", "notifications", "sms", "slack-"),
}
# How far a price was checked (roles/cost/files/prices.yml).
VERIFIED = {
    "quoted": ("seen quoted from the AWS Price List", "AWS 가격표 인용에서 확인"),
    "assumed": ("assumed, not verified", "추정, 확인되지 않음"),
}
AGAINST = {cost_difference.LIVE: "계정에 있는 스택"}  # labels of a difference that are no names
SHADES = 4  # more stacks than these are not told apart in a bar


def html(report: Report) -> str:
    """The page of a report, as the module ``cost`` makes it."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {
        "won": won,
        "dollars": dollars,
        "price": price,
        "signed": signed,
        "number": number,
        "hash": source_hash,
    }
    stacks = report["stacks"]
    return environment.get_template("cost.html.j2").render(
        style=Markup((TEMPLATES / "cost.css").read_text(encoding="utf-8")),
        script=Markup((TEMPLATES / "cost.js").read_text(encoding="utf-8")),
        report=report,
        stacks=stacks,
        groups=groups(stacks),
        legend=[(item["stack"], swatch(index)) for index, item in enumerate(stacks)] if shaded(stacks) else [],
        drawings={item["stack"]: drawing(item) for item in stacks},
        descriptions={item["stack"]: in_words(item["drawing"], item["stack"]) for item in stacks},
        forgotten=forgotten(stacks),
        switches=switches(stacks),
        prices=prices(stacks),
        VERIFIED=VERIFIED,
        against=AGAINST,
    )


def groups(stacks: Sequence[Stack]) -> list[dict[str, Any]]:
    """What each part costs in all stacks and in each, the dearest first, with its bar."""
    found = dict.fromkeys(line["group"] for item in stacks for line in item["lines"])
    amounts = {
        group: [sum_of(line for line in item["lines"] if line["group"] == group) for item in stacks] for group in found
    }
    largest = max(map(sum, amounts.values()), default=0)
    everything = sum(map(sum, amounts.values()))
    return [
        {
            "id": group,
            "names": GROUPS[group],
            "krw": sum(amounts[group]),
            "share": share(sum(amounts[group]), everything),
            "amounts": amounts[group],
            "bar": bar_of(amounts[group] if shaded(stacks) else [sum(amounts[group])], largest),
        }
        for group in sorted(amounts, key=lambda group: -sum(amounts[group]))
    ]


def forgotten(stacks: Sequence[Stack]) -> list[dict[str, Any]]:
    """Lines that the record does not have, of all stacks together, the dearest first."""
    found: dict[str, dict[str, Any]] = {}
    for line in (line for item in stacks for line in item["lines"] if not line["in_record"]):
        row = found.setdefault(line["id"], {**line, "monthly_krw": 0, "monthly_usd": 0.0})
        row["monthly_krw"] += line["monthly_krw"]
        row["monthly_usd"] = round(row["monthly_usd"] + line["monthly_usd"], 2)
    return sorted((row for row in found.values() if row["monthly_krw"]), key=lambda row: -row["monthly_krw"])


def switches(stacks: Sequence[Stack]) -> list[dict[str, Any]]:
    """What each switch that is off would add, stack by stack: None where it is on or there is none."""
    found = {row["id"]: row for item in stacks for row in item["switches"]}
    adds = [{row["id"]: row["adds_krw"] for row in item["switches"]} for item in stacks]
    return [{**row, "adds": [of_stack.get(name) for of_stack in adds]} for name, row in found.items()]


def prices(stacks: Sequence[Stack]) -> list[Line]:
    """One line for each price that is used."""
    found = {(line["price_source"], line["unit_price_usd"]): line for item in stacks for line in item["lines"]}
    return [found[key] for key in sorted(found)]


def shaded(stacks: Sequence[Stack]) -> bool:
    """Whether a bar tells the stacks apart."""
    return 1 < len(stacks) <= SHADES


def bar_of(amounts: Sequence[int], largest: int) -> Markup:
    """One row of the chart. Lengths are shares of its width, so that it fits any screen."""
    svg = ElementTree.Element("svg", {"height": "18", "aria-hidden": "true"})
    begin = 0.0
    for index, amount in enumerate(amounts):
        width = 100 * amount / largest if largest else 0.0
        place = {"x": f"{begin:.2f}%", "y": "1", "width": f"{width:.2f}%", "height": "16"}
        if amount:
            ElementTree.SubElement(svg, "rect", {**place, "class": f"shade{index + 1}"})
        begin += width
    return Markup(ElementTree.tostring(svg, encoding="unicode"))


def swatch(index: int) -> Markup:
    """A stack's colour, for the legend."""
    svg = ElementTree.Element("svg", {"viewBox": "0 0 14 14", "aria-hidden": "true"})
    place = {"x": "1", "y": "1", "width": "12", "height": "12"}
    ElementTree.SubElement(svg, "rect", {**place, "class": f"shade{index + 1}"})
    return Markup(ElementTree.tostring(svg, encoding="unicode"))


def won(amount: int) -> str:
    """KRW as it is written: ₩1,234."""
    return f"{'-' if amount < 0 else ''}₩{abs(amount):,}"


def signed(amount: int) -> str:
    """What a change adds: +₩1,234."""
    return f"{'+' if amount > 0 else ''}{won(amount)}"


def dollars(amount: float) -> str:
    """USD with cents: $1,234.50."""
    return f"${amount:,.2f}"


def price(usd: float) -> str:
    """A unit's price, with as many digits as it has: $0.045."""
    digits = f"{usd:.10f}".rstrip("0")
    return f"${usd:,.2f}" if len(digits.partition(".")[2]) < 2 else f"${digits}"


def number(amount: float) -> str:
    """A number with at most four digits after the point: 1,460."""
    text = f"{amount:,.4f}".rstrip("0").rstrip(".")
    return text or "0"


def source_hash(source: str) -> str:
    """What a policy names an inline script or style by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


def drawing(stack: Stack) -> Markup:
    """The architecture of a stack with what its parts cost."""
    amounts = {
        part: sum_of(line for line in stack["lines"] if line["id"].startswith(beginnings))
        for part, beginnings in PARTS.items()
    }
    shown = {part: won(amount) for part, amount in amounts.items() if amount}
    return Markup(cost_drawing.architecture(stack["drawing"], shown, name=stack["stack"]))


def share(amount: int, whole: int) -> str:
    """Per cent, without pretending that little is nothing."""
    percent = 100 * amount / whole if whole else 0
    return f"{percent:.0f} %" if percent >= 0.5 or not amount else "< 1 %"


def sum_of(lines: Iterable[Line]) -> int:
    """KRW a month."""
    return sum(line["monthly_krw"] for line in lines)


def in_words(plan: Mapping[str, Any], name: str) -> tuple[str, str]:
    """What the drawing shows, in English and Korean, for those who do not see it."""
    zones = len(plan["zones"])
    english = [f"Architecture of {name}", f"a network over {zones} zones, NAT gateways: {plan['nat_gateways']}"]
    korean = [f"{name} 아키텍처", f"가용 영역 {zones}개의 네트워크, NAT 게이트웨이: {plan['nat_gateways']}"]
    for service in plan.get("services", []):
        english.append(f"{service['tasks']} Fargate tasks of {service['name']}")
        korean.append(f"{service['name']} Fargate 태스크 {service['tasks']}개")
    if "database" in plan:
        both = plan["database"]["multi_az"]
        english.append(f"PostgreSQL on {plan['database']['class']}, {'Multi-AZ' if both else 'Single-AZ'}")
        korean.append(f"{plan['database']['class']} PostgreSQL, {'다중 AZ' if both else '단일 AZ'}")
    english.append(f"bucket {plan['bucket']}")
    korean.append(f"버킷 {plan['bucket']}")
    return "; ".join(english), "; ".join(korean)
