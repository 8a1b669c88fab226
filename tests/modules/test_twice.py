"""What carries a component's tags twice, made with boto3: who stays, what goes, and what is refused."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.triflow.platform.plugins.action.stock import ActionModule

from tests.conftest import Lab
from tests.modules.conftest import RunModule, ShowAnswer
from tests.modules.controller import RunAction, run_action
from tests.modules.tagging import expected_tags, tag_list
from tests.modules.twice import KINDS, Address, FlowLog, Key, Kind, SecurityGroup, World, Zone

__all__ = ["run_action"]


@pytest.fixture(autouse=True)
def _stock_modules(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Stock modules run in this process."""

    def execute(_self: Any, module_name: str, module_args: dict[str, Any], **_unused: Any) -> dict[str, Any]:
        collection, name = module_name.rsplit(".", 1)
        module = importlib.import_module(f"ansible_collections.{collection}.plugins.modules.{name}")
        capsys.readouterr()
        with patch_module_args({**module_args, "_ansible_check_mode": False}), pytest.raises(SystemExit):
            module.main()
        result: dict[str, Any] = json.loads(capsys.readouterr().out)
        return result

    monkeypatch.setattr(ActionModule, "_execute_module", execute)


@pytest.fixture
def world(lab: Lab, stack: str, run_module: RunModule, run_action: RunAction) -> World:
    made = World(lab, stack, run_module, run_action)
    made.vpc = made.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made.subnets = [
        made.ec2.create_subnet(VpcId=made.vpc, CidrBlock=f"10.0.{number}.0/24")["Subnet"]["SubnetId"]
        for number in (101, 102)
    ]
    return made


NAMES = [type(kind).__name__ for kind in KINDS]


def writes(world: World, run: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    before = len(world.lab.calls())
    result = run()
    return result, [call["operation"] for call in world.lab.calls()[before:] if call["write"]]


def assert_that_one_stays(world: World, kind: Kind, stays: str) -> None:
    """The plan shows the deletion, the run does it, and then there is nothing to do."""
    gone = next(identifier for identifier in world.made if identifier != stays)
    before = kind.there(world)
    plan, written = writes(world, lambda: kind.run(world, stays, check=True))
    assert not plan.get("failed"), plan["msg"]
    assert written == []
    assert kind.there(world) == before == {stays, gone}
    name = f"{kind.component} ({gone})"
    assert {"component": name, "action": "delete", "fields": []} in plan["changes"]
    (shown,) = [diff for diff in plan["diff"] if diff["after_header"] == name]
    assert shown["before"]
    assert shown["after"] == {}

    done = kind.run(world, stays, check=False)
    assert not done.get("failed"), done["msg"]
    assert done["changes"] == plan["changes"]
    assert done["diff"] == plan["diff"]
    assert kind.there(world) == {stays}
    again, written = writes(world, lambda: kind.run(world, stays, check=False))
    assert not again.get("failed"), again["msg"]
    assert (again["changed"], written) == (False, [])


@pytest.mark.parametrize("kind", [*KINDS, FlowLog()], ids=[*NAMES, "FlowLog"])
def test_of_two_that_are_not_used_the_one_with_the_smallest_id_stays(world: World, kind: Kind) -> None:
    for number in (0, 1):
        world.made.append(kind.make(world, number))
    assert_that_one_stays(world, kind, min(world.made))


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_the_one_that_is_used_stays(world: World, kind: Kind) -> None:
    """It is the one with the greatest id, which would go if none were used."""
    for other in (0, 1):
        world.made.append(kind.make(world, other))
    number = world.made.index(max(world.made))
    kind.use(world, world.made[number], 1 if isinstance(kind, Address) else number)
    assert_that_one_stays(world, kind, world.made[number])


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_two_that_are_used_are_refused(world: World, kind: Kind) -> None:
    for number in (0, 1):
        world.made.append(kind.make(world, number))
        kind.use(world, world.made[-1], number)
    before = kind.there(world)
    for check in (True, False):
        result, written = writes(world, lambda check=check: kind.run(world, world.made[0], check=check))  # type: ignore[misc]
        assert result.get("failed")
        assert f"{kind.component} of stack {world.stack} is there twice" in result["msg"]
        for identifier in world.made:
            assert f"{identifier}: " in result["msg"]
            assert f"{identifier}: nothing" not in result["msg"]
        assert written == []
    assert kind.there(world) == before


@pytest.mark.parametrize("kind", [*KINDS, FlowLog()], ids=[*NAMES, "FlowLog"])
def test_all_of_them_are_taken_down(world: World, kind: Kind) -> None:
    for number in (0, 1):
        world.made.append(kind.make(world, number))
    result = kind.run(world, world.made[0], check=False, state="absent")
    assert not result.get("failed"), result["msg"]
    assert kind.there(world) == set()


@pytest.mark.parametrize("is_used", [False, True])
def test_a_group_of_another_vpc_goes_or_is_refused(world: World, is_used: bool) -> None:
    kind = SecurityGroup()
    world.made.append(kind.make(world, 0))
    own, world.vpc = world.vpc, world.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    world.made.append(kind.make(world, 1))
    if is_used:
        subnet = world.ec2.create_subnet(VpcId=world.vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        world.ec2.create_network_interface(SubnetId=subnet, Groups=[world.made[1]])
    world.vpc = own
    if not is_used:
        assert_that_one_stays(world, kind, world.made[0])
        return
    result = kind.run(world, world.made[0], check=True)
    assert f"{world.made[0]}: in the stack's VPC {own}" in result["msg"]
    assert f"{world.made[1]}: 1 network interface" in result["msg"]


def test_of_two_zones_none_goes_while_nobody_can_say_which_one_is_asked(world: World) -> None:
    """The account has no zone above them."""
    route53, kind = world.lab.aws("route53"), Zone()
    name = f"app.{world.stack}.com"
    for number in (0, 1):
        made = route53.create_hosted_zone(Name=name, CallerReference=f"{world.stack}-{number}")["HostedZone"]["Id"]
        world.made.append(made.removeprefix("/hostedzone/"))
        labels = tag_list(expected_tags(world.stack, kind.component))
        route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=world.made[-1], AddTags=labels)
    result = kind.run(world, world.made[0], check=False)
    assert f"{world.made[0]}: whether the zone above names it cannot be told" in result["msg"]
    assert kind.there(world) == set(world.made)


def test_certificates(world: World, show_answer: ShowAnswer) -> None:
    """Of two for the same names the one with the smallest ARN stays; two in use are refused."""
    acm, domain = world.lab.aws("acm"), f"{world.stack}.com"
    labels = tag_list(expected_tags(world.stack, "certificate"))

    def run(check: bool) -> dict[str, Any]:
        return world.run_module("acm_certificate", check=check, domain_name=domain)

    for number in (0, 1):
        made = acm.request_certificate(
            DomainName=domain, ValidationMethod="DNS", Tags=labels, IdempotencyToken=f"token{number}"
        )
        world.made.append(made["CertificateArn"])
    show_answer("DescribeCertificate", lambda answer: answer["Certificate"].update(InUseBy=["the balancer"]))
    for check in (True, False):
        result, written = writes(world, lambda check=check: run(check))  # type: ignore[misc]
        assert written == []
        for arn in world.made:
            assert f"{arn}: used by the balancer" in result["msg"]
    show_answer("DescribeCertificate", lambda answer: answer["Certificate"].update(InUseBy=[]))
    plan, done = run(check=True), run(check=False)
    assert plan["changes"] == done["changes"]
    listed = {item["CertificateArn"] for item in acm.list_certificates()["CertificateSummaryList"]}
    assert listed & set(world.made) == {min(world.made)}
    assert run(check=False)["changed"] is False


def test_a_report_names_what_is_in_use_twice_and_goes_on(world: World) -> None:
    kind, guard = Address(), {"read_only": True}
    for number in (0, 1):
        world.made.append(kind.make(world, number))
    kind.use(world, world.made[0], 0)
    kind.use(world, world.made[1], 1)
    gateways = [{"component": "nat-gateway-a", "subnet_id": world.subnets[0]}]
    report = world.run_module("vpc_nat_gateways", check=True, gateways=gateways, guard=guard)
    assert not report.get("failed"), report["msg"]
    assert {change["action"] for change in report["changes"]} <= {"none", "update"}
    run, written = writes(
        world, lambda: world.run_module("vpc_nat_gateways", gateways=gateways, guard=guard, tags={"a": "b"})
    )
    assert "is there twice" in run["msg"]
    assert written == []


def test_a_key_without_its_alias_is_found_while_its_tags_are_listed_late(world: World) -> None:
    kms = world.lab.aws("kms")
    alias = f"alias/{world.stack}"
    with world.lab.like_aws():
        arn = Key().make(world, 0)
        world.run_module("stack_info", services=[], key_aliases=[alias])
        before = len(world.lab.calls())
        live = world.run_module("stack_info", services=[], key_aliases=[alias])["live"]
        calls = [call["operation"] for call in world.lab.calls()[before:]]
    assert [entry["id"] for entry in live] == [arn]
    assert "ListKeys" in calls
    kms.create_alias(AliasName=alias, TargetKeyId=arn)
    before = len(world.lab.calls())
    world.run_module("stack_info", services=[], key_aliases=[alias])
    calls = [call["operation"] for call in world.lab.calls()[before:]]
    assert sorted(calls) == ["DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus", "GetResources"]


def test_what_is_there_once_costs_no_further_call(world: World) -> None:
    gateways = [{"component": "nat-gateway-a", "subnet_id": world.subnets[0]}]
    world.run_module("vpc_nat_gateways", gateways=gateways)
    before = len(world.lab.calls())
    assert world.run_module("vpc_nat_gateways", gateways=gateways)["changed"] is False
    calls = [call["operation"] for call in world.lab.calls()[before:]]
    assert sorted(calls) == ["DescribeAddresses", "DescribeNatGateways"]
