# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stack's architecture as an SVG drawing, made from what the report says of its variables: pure functions.

Colours and fonts are the page's (roles/cost/templates/cost.css): shapes carry classes only. A text in two languages
is two elements with ``lang``, of which the page shows one. Lengths are the drawing's own units, about one pixel.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

Plan = Mapping[str, Any]  # what the report says under `drawing`
Amounts = Mapping[str, str]  # of a part, such as "nat": what it costs a month, as it is to be shown

ZONE = 250  # width of a zone
GAP = 14
MARGIN = 44  # left of the VPC, for the way out to the internet
SIDE = 212  # width of the services beside the VPC
VPC_TOP = 84
PUBLIC_TOP = VPC_TOP + 62
PUBLIC_HEIGHT = 142
PRIVATE_TOP = PUBLIC_TOP + PUBLIC_HEIGHT + 22
SERVICE_HEIGHT = 66
DATABASE_HEIGHT = 62
ENDPOINTS_HEIGHT = 32
TASKS_GAP = 30  # between the tasks and the database
CHIPS = 4  # tasks drawn one by one in a zone; more are counted


def architecture(plan: Plan, amounts: Amounts, *, name: str) -> str:
    """Draw a stack.

    ``plan`` is its ``drawing`` in the report, and ``name`` its own. ``amounts`` are shown in the boxes of
    ``load_balancer``, ``nat``, ``tasks``, ``database``, ``endpoints``, ``bucket``, ``logs`` and ``alarms``.
    """
    zones = plan["zones"]
    services = plan.get("services", [])
    endpoints = plan["interface_endpoints"] and plan["vpc_owner"] == name
    drawing = _Drawing()
    database_top = PRIVATE_TOP + 38 + len(services) * (SERVICE_HEIGHT + 8) - 8 + TASKS_GAP
    inside = database_top + DATABASE_HEIGHT if "database" in plan else PRIVATE_TOP + 30
    private_height = inside + (ENDPOINTS_HEIGHT + 12 if endpoints else 0) + 12 - PRIVATE_TOP
    bottom = PRIVATE_TOP + private_height + GAP
    width = len(zones) * (ZONE + GAP) + GAP
    _vpc(drawing, plan, name, width, bottom)
    for index, zone in enumerate(zones):
        _zone(drawing, plan, index, zone, private_height)
    _nat(drawing, plan, amounts)
    if endpoints:
        _endpoints(drawing, plan, amounts, inside + 12, width)
    if "database" in plan:
        _load_balancer(drawing, plan, amounts, width)
        _tasks(drawing, plan, amounts)
        _database(drawing, plan, amounts, database_top)
    edge = MARGIN + width
    height = max(bottom + GAP, _side(drawing, plan, amounts, name, edge))
    return drawing.svg(edge + 46 + SIDE + 4, height)


def _vpc(drawing: _Drawing, plan: Plan, name: str, width: int, bottom: int) -> None:
    owner = plan["vpc_owner"]
    drawing.box(MARGIN, VPC_TOP, width, bottom - VPC_TOP, "vpc" if owner == name else "vpc other")
    of_owner = "" if owner == name else f" · {owner}"
    drawing.text(MARGIN + GAP, VPC_TOP + 22, f"VPC {plan['vpc_cidr']}{of_owner}", kind="strong")
    if plan.get("nights"):
        right = MARGIN + width - GAP - 70
        _asleep(drawing, right - 118, VPC_TOP + 10)
        drawing.text(right - 98, VPC_TOP + 22, "stopped at night", "야간 중지", kind="label")


def _zone(drawing: _Drawing, plan: Plan, index: int, zone: str, private_height: int) -> None:
    left = _zone_left(index)
    drawing.text(left + ZONE / 2, PUBLIC_TOP - 10, zone, kind="label middle")
    for top, height, kind, (english, korean) in (
        (PUBLIC_TOP, PUBLIC_HEIGHT, "public", ("Public", "퍼블릭")),
        (PRIVATE_TOP, private_height, "private", ("Private", "프라이빗")),
    ):
        cidr = plan[f"{kind}_subnets"][index]
        drawing.box(left, top, ZONE, height, kind)
        drawing.text(left + 12, top + 20, f"{english} {cidr}", f"{korean} {cidr}", kind="label")


def _nat(drawing: _Drawing, plan: Plan, amounts: Amounts) -> None:
    kind, zones = plan["nat_gateways"], len(plan["zones"])
    gateways = {"none": 0, "per_zone": zones}.get(kind, 1)
    top, bus = PUBLIC_TOP + 88, PUBLIC_TOP + 78
    if gateways:
        drawing.box(12, 10, 190, 44, "outside")
        drawing.text(107, 29, "Outside APIs", "외부 API", kind="strong middle")
        drawing.text(107, 45, "Anthropic, ECR", kind="label middle")
    for index in range(gateways):
        left = _zone_left(index) + 12
        drawing.wire([(left + 20, top), (left + 20, bus), (26, bus), (26, 56)], arrow=index == 0)
        shared = kind == "shared"
        drawing.box(left, top, 160, 42, "part other" if shared else "part")
        drawing.text(left + 10, top + 18, "NAT gateway", "NAT 게이트웨이", kind="strong")
        all_of_them = amounts.get("nat", "") if index == 0 else ""
        drawing.text(left + 10, top + 34, plan["vpc_owner"] if shared else all_of_them, kind="label")
    if gateways:
        for index in _zones_with_tasks(plan):
            own = index if kind == "per_zone" else 0
            start, end, level = _zone_left(index) + 155, _zone_left(own) + 155, PRIVATE_TOP - 11
            drawing.wire([(start, PRIVATE_TOP + 38), (start, level), (end, level), (end, top + 43)], arrow=True)


def _endpoints(drawing: _Drawing, plan: Plan, amounts: Amounts, top: int, width: int) -> None:
    left, count = MARGIN + 2 * GAP, len(plan["interface_endpoints"])
    drawing.box(left, top, width - 4 * GAP, ENDPOINTS_HEIGHT, "part")
    drawing.text(left + 12, top + 20, f"{count} interface endpoints", f"인터페이스 엔드포인트 {count}개", kind="strong")
    drawing.text(MARGIN + width - 2 * GAP - 12, top + 20, amounts.get("endpoints", ""), kind="label end")


def _load_balancer(drawing: _Drawing, plan: Plan, amounts: Amounts, width: int) -> None:
    users, top = _zone_left(len(plan["zones"]) - 1) + ZONE - 50, PUBLIC_TOP + 30
    drawing.box(users - 100, 10, 200, 44, "outside")
    drawing.text(users, 29, "Users", "사용자", kind="strong middle")
    drawing.text(users, 45, plan["domain"], kind="label middle")
    drawing.wire([(users, 54), (users, top - 1)], arrow=True)
    drawing.box(MARGIN + 2 * GAP, top, width - 4 * GAP, 40, "part")
    drawing.text(MARGIN + 2 * GAP + 12, top + 25, "Application Load Balancer", kind="strong")
    drawing.text(MARGIN + width - 2 * GAP - 12, top + 25, amounts.get("load_balancer", ""), kind="label end")
    served = {**plan, "services": [item for item in plan["services"] if item["load_balanced"]]}
    for index in _zones_with_tasks(served):
        x = _zone_left(index) + ZONE - 40
        drawing.wire([(x, top + 40), (x, PRIVATE_TOP + 37)], arrow=True)


def _tasks(drawing: _Drawing, plan: Plan, amounts: Amounts) -> None:
    zones = len(plan["zones"])
    nearest = sorted(plan["services"], key=lambda item: not item["load_balanced"])
    for row, service in enumerate(nearest):
        top = PRIVATE_TOP + 38 + row * (SERVICE_HEIGHT + 8)
        size = f"{service['cpu'] / 1024:g} vCPU, {service['memory'] / 1024:g} GB"
        for zone in range(zones):
            left = _zone_left(zone) + 12
            here = _tasks_in(zone, service, zones)
            drawing.box(left, top, ZONE - 24, SERVICE_HEIGHT, "part" if here else "part other")
            drawing.text(left + 10, top + 19, f"Fargate · {service['name']}", kind="strong")
            for chip in range(min(here, CHIPS)):
                drawing.box(left + 10 + chip * 18, top + 29, 13, 13, "task")
            chips_end = left + 10 + min(here, CHIPS) * 18 + (4 if here else 0)
            english, korean = (f"{here} \u00d7 {size}",) * 2 if here else ("no task now", "현재 태스크 없음")
            drawing.text(chips_end, top + 40, english, korean, kind="label")
            if zone == 0 and row == 0:
                drawing.text(left + 10, top + 58, amounts.get("tasks", ""), kind="label")
            if zone == zones - 1 and service["max_tasks"]:
                most = service["max_tasks"]
                drawing.text(
                    left + ZONE - 34, top + 58, f"up to {most} tasks", f"최대 {most}개까지 확장", kind="label end"
                )
            if plan["nights"]:
                _asleep(drawing, left + ZONE - 44, top + 8)


def _database(drawing: _Drawing, plan: Plan, amounts: Amounts, top: int) -> None:
    database, zones = plan["database"], len(plan["zones"])
    left, bus = _zone_left(0) + 12, top - 11
    for zone in _zones_with_tasks(plan):
        x = _zone_left(zone) + ZONE / 2
        drawing.wire([(x, top - TASKS_GAP), (x, bus), (left + 113, bus), (left + 113, top - 1)], arrow=True)
    drawing.box(left, top, ZONE - 24, DATABASE_HEIGHT, "part")
    drawing.text(left + 10, top + 19, f"RDS PostgreSQL {database['engine_version']}", kind="strong")
    drawing.text(left + 10, top + 36, f"{database['class']}, {database['storage_gb']} GiB", kind="label")
    drawing.text(left + 10, top + 53, amounts.get("database", ""), kind="label")
    if plan["nights"]:
        _asleep(drawing, left + ZONE - 44, top + 8)
    if database["multi_az"] and zones > 1:
        standby = _zone_left(1) + 12
        drawing.box(standby, top, ZONE - 24, DATABASE_HEIGHT, "part")
        drawing.text(standby + 10, top + 19, "Standby", "대기 인스턴스", kind="strong")
        drawing.text(standby + 10, top + 36, "Multi-AZ, copied at once", "다중 AZ, 동기식 복제", kind="label")
        drawing.wire([(left + ZONE - 24, top + 31), (standby - 2, top + 31)], arrow=True, dashed=True)


def _side(drawing: _Drawing, plan: Plan, amounts: Amounts, name: str, edge: int) -> int:
    """Services outside the VPC; the lowest point."""
    left, inside, top = edge + 46, edge - GAP, PUBLIC_TOP
    own = plan["bucket_owner"] == name
    drawing.box(left, top, SIDE, 62, "part" if own else "part other")
    drawing.text(left + 12, top + 20, f"S3 {plan['bucket_prefix']}", kind="strong")
    drawing.text(left + 12, top + 37, plan["bucket"], kind="label")
    drawing.text(left + 12, top + 53, amounts.get("bucket", ""), kind="label")
    drawing.wire([(inside, top + 31), (left - 2, top + 31)], arrow=True)
    if "alarms" not in plan:
        return _shares(drawing, plan, left, top + 62)
    logs, alarms, people = top + 116, top + 200, top + 300
    drawing.wire([(left + 40, logs), (left + 40, top + 64)], arrow=True)
    drawing.text(left + 52, logs - 22, "Firehose", kind="label")
    for y, english, korean, part in (
        (logs, "CloudWatch Logs", "CloudWatch Logs", "logs"),
        (alarms, f"{plan['alarms']} CloudWatch alarms", f"CloudWatch 경보 {plan['alarms']}개", "alarms"),
    ):
        drawing.box(left, y, SIDE, 44, "part")
        drawing.text(left + 12, y + 19, english, korean, kind="strong")
        drawing.text(left + 12, y + 35, amounts.get(part, ""), kind="label")
        drawing.wire([(inside, y + 22), (left - 2, y + 22)], arrow=True)
    drawing.wire([(left + 40, alarms + 44), (left + 40, people - 2)], arrow=True)
    drawing.text(left + 52, people - 24, "SNS", kind="label")
    drawing.box(left, people, SIDE, 44, "outside")
    drawing.text(left + 12, people + 19, "People on duty", "담당자", kind="strong")
    channels = ", ".join(word for word, used in (("Slack", plan["slack"]), ("SMS", plan["sms"])) if used)
    drawing.text(left + 12, people + 35, channels or "e-mail", channels or "이메일", kind="label")
    return people + 44 + GAP


def _shares(drawing: _Drawing, plan: Plan, left: int, top: int) -> int:
    """Whose the prefixes of a shared bucket are; the lowest point."""
    for count, (stack, prefix) in enumerate(plan.get("shares", {}).items()):
        drawing.text(left + 12, top + 22 + count * 18, f"{prefix} · {stack}", kind="label")
    return top + 22 + len(plan.get("shares", {})) * 18


def _tasks_in(zone: int, service: Mapping[str, Any], zones: int) -> int:
    """Fargate spreads a service's tasks evenly over the zones (CMP-3)."""
    return len(range(zone, service["tasks"], zones))


def _zones_with_tasks(plan: Plan) -> list[int]:
    zones = len(plan["zones"])
    return [zone for zone in range(zones) if any(_tasks_in(zone, item, zones) for item in plan.get("services", []))]


def _zone_left(index: int) -> int:
    return MARGIN + GAP + index * (ZONE + GAP)


def _asleep(drawing: _Drawing, x: float, y: float) -> None:
    """A moon: this part is stopped at night."""
    drawing.add("path", {"d": f"M{x + 9:g} {y:g}a8 8 0 1 0 7 12a7 7 0 0 1-7-12z", "class": "moon"})


class _Drawing:
    """Shapes in the order in which they are painted: wires below boxes below texts."""

    def __init__(self) -> None:
        self._layers: dict[str, list[ElementTree.Element]] = {"box": [], "wire": [], "text": []}

    def add(self, tag: str, attributes: dict[str, str], text: str = "", layer: str = "text") -> None:
        element = ElementTree.Element(tag, attributes)
        element.text = text or None
        self._layers[layer].append(element)

    def box(self, x: float, y: float, width: float, height: float, kind: str) -> None:
        radius = "3" if kind == "task" else "8"
        place = {"x": f"{x:g}", "y": f"{y:g}", "width": f"{width:g}", "height": f"{height:g}", "rx": radius}
        self.add("rect", {**place, "class": kind}, layer="box")

    def text(self, x: float, y: float, english: str, korean: str | None = None, *, kind: str) -> None:
        if not english:
            return
        place = {"x": f"{x:g}", "y": f"{y:g}", "class": kind}
        if korean is None or korean == english:
            self.add("text", place, english)
            return
        self.add("text", {**place, "lang": "en"}, english)
        self.add("text", {**place, "lang": "ko"}, korean)

    def wire(self, points: list[tuple[float, float]], *, arrow: bool = False, dashed: bool = False) -> None:
        kind = "wire dashed" if dashed else "wire"
        self.add("polyline", {"points": " ".join(f"{x:g},{y:g}" for x, y in points), "class": kind}, layer="wire")
        if arrow:
            (x0, y0), (x, y) = points[-2:]
            across, down = (x > x0) - (x < x0), (y > y0) - (y < y0)
            base_x, base_y = x - 7 * across, y - 7 * down
            corners = [(x, y), (base_x + 4 * down, base_y + 4 * across), (base_x - 4 * down, base_y - 4 * across)]
            self.add(
                "polygon", {"points": " ".join(f"{a:g},{b:g}" for a, b in corners), "class": "arrow"}, layer="wire"
            )

    def svg(self, width: float, height: float) -> str:
        root = ElementTree.Element("svg", {"viewBox": f"0 0 {width:g} {height:g}", "class": "architecture"})
        root.set("width", f"{width:g}")
        root.set("height", f"{height:g}")
        root.set("aria-hidden", "true")
        for layer in self._layers.values():
            root.extend(layer)
        return ElementTree.tostring(root, encoding="unicode")
