"""The drawing of a stack's architecture follows its variables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from ansible_collections.triflow.platform.plugins.plugin_utils import cost_drawing

REPORT = json.loads((Path(__file__).parent / "cost/report.json").read_text(encoding="utf-8"))
PLANS: dict[str, dict[str, Any]] = {stack["stack"]: stack["drawing"] for stack in REPORT["stacks"]}


def draw(name: str, **changes: Any) -> ElementTree.Element:
    return ElementTree.fromstring(cost_drawing.architecture({**PLANS[name], **changes}, {}, name=name))


def texts(drawing: ElementTree.Element) -> list[str]:
    """What an English reader sees."""
    return [element.text or "" for element in drawing.iter("text") if element.get("lang") != "ko"]


def count(drawing: ElementTree.Element, tag: str, kind: str) -> int:
    return sum(element.get("class") == kind for element in drawing.iter(tag))


def test_multi_az_has_a_standby() -> None:
    database = PLANS["triflow-prod"]["database"]
    assert "Standby" in texts(draw("triflow-prod", database={**database, "multi_az": True}))
    assert "Standby" not in texts(draw("triflow-prod", database={**database, "multi_az": False}))


@pytest.mark.parametrize(("kind", "gateways"), [("none", 0), ("single", 1), ("per_zone", 2), ("shared", 1)])
def test_nat_gateways(kind: str, gateways: int) -> None:
    shown = texts(draw("triflow-prod", nat_gateways=kind))
    assert shown.count("NAT gateway") == gateways
    assert ("Outside APIs" in shown) == bool(gateways)


@pytest.mark.parametrize(("tasks", "zones"), [(0, []), (1, [1]), (2, [1, 1]), (5, [3, 2])])
def test_tasks_are_spread_over_the_zones(tasks: int, zones: list[int]) -> None:
    service = {**PLANS["triflow-prod"]["services"][0], "tasks": tasks}
    drawing = draw("triflow-prod", services=[service])
    assert count(drawing, "rect", "task") == tasks
    shown = [text for text in texts(drawing) if text.endswith(" 1 vCPU, 2 GB")]
    assert shown == [f"{here} \u00d7 1 vCPU, 2 GB" for here in zones]


def test_many_tasks_are_counted_and_not_drawn_one_by_one() -> None:
    service = {**PLANS["triflow-prod"]["services"][0], "tasks": 40}
    drawing = draw("triflow-prod", services=[service])
    assert count(drawing, "rect", "task") == 2 * cost_drawing.CHIPS
    assert texts(drawing).count("20 \u00d7 1 vCPU, 2 GB") == 2


def test_all_services_are_drawn_and_make_room() -> None:
    first = PLANS["triflow-prod"]["services"][0]
    one, two = draw("triflow-prod"), draw("triflow-prod", services=[first, {**first, "name": "worker"}])
    assert texts(two).count("Fargate · worker") == 2
    assert float(two.attrib["height"]) > float(one.attrib["height"])


def test_only_served_services_are_joined_to_the_load_balancer() -> None:
    first = PLANS["triflow-prod"]["services"][0]
    worker = {**first, "name": "worker", "load_balanced": False}
    alone, both = draw("triflow-prod", services=[worker]), draw("triflow-prod", services=[worker, first])
    assert count(both, "polygon", "arrow") == count(alone, "polygon", "arrow") + 2
    names = [text for text in texts(both) if text.startswith("Fargate")]
    assert names == ["Fargate · backend"] * 2 + ["Fargate · worker"] * 2


def test_zones_and_their_subnets() -> None:
    drawing = draw(
        "triflow-prod",
        zones=["a", "b", "c"],
        public_subnets=["10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"],
        private_subnets=["10.0.11.0/24", "10.0.12.0/24", "10.0.13.0/24"],
    )
    assert [text for text in texts(drawing) if text.startswith(("Public", "Private"))] == [
        "Public 10.0.1.0/24", "Private 10.0.11.0/24", "Public 10.0.2.0/24", "Private 10.0.12.0/24",
        "Public 10.0.3.0/24", "Private 10.0.13.0/24",
    ]  # fmt: skip


def test_what_another_stack_owns_is_drawn_as_such() -> None:
    own, shared = draw("triflow-staging"), draw("triflow-dev")
    assert count(own, "rect", "vpc") == 1
    assert count(shared, "rect", "vpc other") == 1
    assert "VPC 10.2.0.0/16 · triflow-nonprod" in texts(shared)
    assert "S3 dev/" in texts(shared)


def test_a_foundation_has_a_network_and_a_bucket_only() -> None:
    shown = texts(draw("triflow-nonprod"))
    assert "dev/ · triflow-dev" in shown
    assert not {"Application Load Balancer", "CloudWatch Logs", "Users"} & set(shown)
    assert not any(text.startswith(("Fargate", "RDS")) for text in shown)


def test_nights() -> None:
    assert "stopped at night" in texts(draw("triflow-prod", nights=True))
    assert count(draw("triflow-prod", nights=True), "path", "moon") == 4  # two zones, the database, the legend
    assert count(draw("triflow-prod", nights=False), "path", "moon") == 0


def test_interface_endpoints_are_their_owners() -> None:
    endpoints = ["ecr.api", "ecr.dkr", "logs", "secretsmanager"]
    assert "4 interface endpoints" in texts(draw("triflow-prod", interface_endpoints=endpoints))
    assert "4 interface endpoints" not in texts(draw("triflow-dev", interface_endpoints=endpoints))


@pytest.mark.parametrize(("slack", "sms", "shown"), [(True, True, "Slack, SMS"), (False, False, "e-mail")])
def test_channels(slack: bool, sms: bool, shown: str) -> None:
    assert shown in texts(draw("triflow-prod", slack=slack, sms=sms))


def test_both_languages_say_the_same_number_of_things() -> None:
    drawing = draw("triflow-prod", nights=True, interface_endpoints=["logs"])
    languages = [element.get("lang") for element in drawing.iter("text")]
    assert languages.count("en") == languages.count("ko") > 5
