"""vpc_nat_gateways (NET-4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import placeholders
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags, lose_tags, tag_list, tags

MODULE = "vpc_nat_gateways"


@dataclass(frozen=True)
class Network:
    """A VPC of the test's own."""

    ec2: Any
    vpc: str
    subnets: list[str]
    earlier_addresses: set[str]  # of the account

    def gateways(self) -> list[dict[str, Any]]:
        found = self.ec2.describe_nat_gateways(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["NatGateways"]
        return [item for item in found if item["State"] != "deleted"]

    def addresses(self) -> list[dict[str, Any]]:
        found = self.ec2.describe_addresses()["Addresses"]
        return [item for item in found if item["AllocationId"] not in self.earlier_addresses]


@pytest.fixture
def network(ec2: Any) -> Network:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    cidrs = ("10.0.1.0/24", "10.0.2.0/24")
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"] for cidr in cidrs]
    return Network(ec2, vpc, subnets, {item["AllocationId"] for item in ec2.describe_addresses()["Addresses"]})


def gateway(subnet: str | None, component: str = "nat-gateway-a") -> dict[str, Any]:
    return {"component": component, "subnet_id": subnet}


def test_grammar(lab: Lab, network: Network, stack: str, run_module: RunModule) -> None:
    first, second = network.subnets

    def read() -> dict[str, Any]:
        components = {item["AllocationId"]: tags(item) for item in network.addresses()}
        assert len(components) == len(network.gateways())
        return {
            tags(item)["triflow:component"]: {
                "subnet": item["SubnetId"],
                "address": components[item["NatGatewayAddresses"][0]["AllocationId"]],
                "tags": tags(item),
            }
            for item in network.gateways()
        }

    def state(**more: str) -> dict[str, Any]:
        return {
            f"nat-gateway-{zone}": {
                "subnet": subnet,
                "address": expected_tags(stack, f"elastic-ip-{zone}", **more),
                "tags": expected_tags(stack, f"nat-gateway-{zone}", **more),
            }
            for zone, subnet in (("a", first), ("c", second))
        }

    components = ["elastic-ip-a", "nat-gateway-a", "elastic-ip-c", "nat-gateway-c"]
    case = Case(
        module=MODULE,
        options={"gateways": [gateway(first), gateway(second, "nat-gateway-c")]},
        update={"tags": {"team": "platform"}},
        read=read,
        created=state(),
        updated=state(team="platform"),
        deleted={},
        creates=components,
        updates={name: ["tags"] for name in components},
        deletes=components,
        refused=[
            ({"stack": None}, "stack is not set"),
            ({"gateways": [gateway(first, "nat-a")]}, "component nat-a does not begin with nat-gateway-"),
            ({"gateways": [gateway(None)]}, "nat-gateway-a has no subnet_id"),
            ({"gateways": [{"subnet_id": first}]}, "missing required arguments: component"),
            ({"state": "gone"}, "value of state must be one of"),
        ],
    )
    walk(case, lab, run_module)


def test_address_of_a_killed_run_is_taken_up(network: Network, stack: str, run_module: RunModule) -> None:
    subnet, _unused = network.subnets
    specification = {"ResourceType": "elastic-ip", "Tags": tag_list(expected_tags(stack, "elastic-ip-a"))}
    allocated = network.ec2.allocate_address(Domain="vpc", TagSpecifications=[specification])["AllocationId"]
    result = run_module(MODULE, gateways=[gateway(subnet)])
    assert [change["action"] for change in result["changes"]] == ["none", "create"]
    assert [item["AllocationId"] for item in network.addresses()] == [allocated]
    assert network.gateways()[0]["NatGatewayAddresses"][0]["AllocationId"] == allocated


def test_gateway_and_address_that_lost_their_tags_are_found_by_subnet(network: Network, run_module: RunModule) -> None:
    subnet, _unused = network.subnets
    run_module(MODULE, gateways=[gateway(subnet)])
    lose_tags(network.ec2, network.gateways()[0]["NatGatewayId"], network.addresses()[0]["AllocationId"])
    result = run_module(MODULE, gateways=[gateway(subnet)])
    assert [(change["action"], change["fields"]) for change in result["changes"]] == [("update", ["tags"])] * 2
    assert [tags(network.gateways()[0])["triflow:component"], tags(network.addresses()[0])["triflow:component"]] == [
        "nat-gateway-a",
        "elastic-ip-a",
    ]


def test_another_stack_is_left_alone(network: Network, stack: str, run_module: RunModule) -> None:
    subnet, _unused = network.subnets
    run_module(MODULE, gateways=[gateway(subnet)], stack=f"{stack}-other")
    result = run_module(MODULE, gateways=[gateway(subnet)])
    assert [change["action"] for change in result["changes"]] == ["create", "create"]
    run_module(MODULE, gateways=[gateway(subnet)], state="absent")
    assert [tags(item)["triflow:stack"] for item in [*network.gateways(), *network.addresses()]] == [
        f"{stack}-other"
    ] * 2


def test_only_what_is_tagged_is_deleted(network: Network, run_module: RunModule) -> None:
    subnet, _unused = network.subnets
    run_module(MODULE, gateways=[gateway(subnet)])
    lose_tags(network.ec2, network.gateways()[0]["NatGatewayId"], network.addresses()[0]["AllocationId"])
    assert run_module(MODULE, gateways=[gateway(subnet)], state="absent")["changed"] is False
    assert len(network.gateways()) == len(network.addresses()) == 1


def test_gateway_does_not_move(network: Network, run_module: RunModule) -> None:
    first, second = network.subnets
    run_module(MODULE, gateways=[gateway(first, "nat-gateway-c")])
    # Nothing is done for the other one either: what is refused is refused before the first change.
    result = run_module(MODULE, gateways=[gateway(first), gateway(second, "nat-gateway-c")])
    assert f"cannot become {second}: delete it first" in result["msg"]
    assert len(network.addresses()) == 1


def test_plan_takes_a_subnet_that_is_only_announced(run_module: RunModule) -> None:
    result = run_module(MODULE, check=True, gateways=[gateway(placeholders.make("subnet-", "subnet-public-a"))])
    assert [change["action"] for change in result["changes"]] == ["create", "create"]
    assert placeholders.within(result["resources"]["nat-gateway-a"]["id"])


def test_addresses_are_released_after_the_gateways_are_gone(lab: Lab, network: Network, run_module: RunModule) -> None:
    first, second = network.subnets
    both = [gateway(first), gateway(second, "nat-gateway-c")]
    run_module(MODULE, gateways=both)
    before = len(lab.calls())
    result = run_module(MODULE, gateways=both, state="absent")
    assert [call["operation"] for call in lab.calls()[before:]] == [
        "DescribeNatGateways",
        "DescribeAddresses",
        "DeleteNatGateway",
        "DeleteNatGateway",
        "DescribeNatGateways",
        "ReleaseAddress",
        "ReleaseAddress",
    ]
    assert list(result["waited"]) == ["nat-gateway-a, nat-gateway-c"]


def test_token_is_the_same_for_a_repeat_and_another_one_after_a_deletion(
    network: Network, run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = []
    call = Api.call

    def recording(self: Api, operation: str, /, **parameters: Any) -> dict[str, Any]:
        if operation == "create_nat_gateway":
            tokens.append(parameters["ClientToken"])
            return {"NatGateway": {"NatGatewayId": "nat-0123456789abcdef0"}}
        return call(self, operation, **parameters)

    subnet, _unused = network.subnets
    monkeypatch.setattr(Api, "call", recording)
    for _attempt in range(2):  # the first answer was lost
        run_module(MODULE, gateways=[gateway(subnet)])
    assert len(network.addresses()) == 1
    former = network.ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    network.ec2.delete_nat_gateway(NatGatewayId=former)
    run_module(MODULE, gateways=[gateway(subnet)])
    assert tokens[0] == tokens[1]
    assert tokens[1] != tokens[2]
    assert len(tokens[0]) <= 64
