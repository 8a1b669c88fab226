"""vpc_route_tables (NET-2, NET-3, NET-4)."""

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

MODULE = "vpc_route_tables"
EVERYWHERE = "0.0.0.0/0"
S3 = "com.amazonaws.ap-northeast-2.s3"


@dataclass(frozen=True)
class Network:
    """A VPC of the test's own, with two subnets, an internet gateway and a NAT gateway."""

    ec2: Any
    vpc: str
    subnets: list[str]
    internet_gateway: str
    nat_gateway: str

    def tables(self) -> list[dict[str, Any]]:
        """The VPC's route tables without its main one."""
        found = self.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["RouteTables"]
        return [table for table in found if not any(item["Main"] for item in table["Associations"])]

    def table(self, component: str) -> dict[str, Any]:
        (found,) = (table for table in self.tables() if tags(table).get("triflow:component") == component)
        return found

    def state(self) -> dict[str, Any]:
        """Component: its subnets, its routes by destination, and a tag of the stack's own."""
        return {
            tags(table)["triflow:component"]: (
                subnets_of(table),
                {
                    route.get("DestinationCidrBlock") or route["DestinationPrefixListId"]: route.get("GatewayId")
                    or route["NatGatewayId"]
                    for route in table["Routes"]
                    if route.get("GatewayId") != "local"
                },
                tags(table).get("team"),
            )
            for table in self.tables()
        }

    def foreign_table(self, *subnets: str, **more: str) -> str:
        """A table that somebody made by hand, with these subnets and tags."""
        specification = [{"ResourceType": "route-table", "Tags": tag_list(more)}] if more else []
        table = self.ec2.create_route_table(VpcId=self.vpc, TagSpecifications=specification)["RouteTable"]
        identifier: str = table["RouteTableId"]
        for subnet in subnets:
            self.ec2.associate_route_table(RouteTableId=identifier, SubnetId=subnet)
        return identifier


@pytest.fixture
def network(ec2: Any) -> Network:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    cidrs = ("10.0.1.0/24", "10.0.2.0/24")
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"] for cidr in cidrs]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    nat = ec2.create_nat_gateway(SubnetId=subnets[0], ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    return Network(ec2, vpc, subnets, gateway, nat)


def subnets_of(table: dict[str, Any]) -> set[str]:
    return {item["SubnetId"] for item in table["Associations"]}


def public(network: Network, *subnets: str, **options: Any) -> dict[str, Any]:
    routes = [{"destination_cidr_block": EVERYWHERE, "gateway_id": network.internet_gateway}]
    return {"component": "route-table-public", "subnet_ids": list(subnets), "routes": routes, **options}


def private(network: Network, *subnets: str, **options: Any) -> dict[str, Any]:
    routes = [{"destination_cidr_block": EVERYWHERE, "nat_gateway_id": network.nat_gateway}]
    return {"component": "route-table-private", "subnet_ids": list(subnets), "routes": routes, **options}


def test_grammar(lab: Lab, network: Network, run_module: RunModule) -> None:
    first, second = network.subnets
    peered = {"destination_cidr_block": "10.9.0.0/16", "nat_gateway_id": network.nat_gateway}
    internet, nat = network.internet_gateway, network.nat_gateway
    turned = [{"destination_cidr_block": EVERYWHERE, "gateway_id": internet}, peered]
    route = {"destination_cidr_block": EVERYWHERE}
    case = Case(
        module=MODULE,
        options={"vpc_id": network.vpc, "route_tables": [public(network, first), private(network, second)]},
        # the tables swap their subnets, one gets another target and one more route
        update={
            "route_tables": [public(network, second), private(network, first, routes=turned)],
            "tags": {"team": "platform"},
        },
        read=network.state,
        created={
            "route-table-public": ({first}, {EVERYWHERE: internet}, None),
            "route-table-private": ({second}, {EVERYWHERE: nat}, None),
        },
        updated={
            "route-table-public": ({second}, {EVERYWHERE: internet}, "platform"),
            "route-table-private": ({first}, {EVERYWHERE: internet, "10.9.0.0/16": nat}, "platform"),
        },
        deleted={},
        creates=["route-table-public", "route-table-private"],
        updates={
            "route-table-public": ["subnet_ids", "tags"],
            "route-table-private": ["subnet_ids", "routes", "tags"],
        },
        deletes=["route-table-public", "route-table-private"],
        refused=[
            ({"stack": None}, "stack is not set"),
            ({"vpc_id": None}, "vpc_id"),
            ({"route_tables": [public(network, component="public")]}, "public does not begin with route-table-"),
            ({"route_tables": [public(network, first), private(network, first)]}, f"{first} is in route-table-"),
            ({"route_tables": [public(network, routes=[route])]}, "one of the following is required"),
            ({"route_tables": [public(network, routes=turned + turned)]}, "has two routes to"),
            (
                {"route_tables": [public(network, routes=[{**peered, "destination_cidr_block": "10.9.0.1/16"}])]},
                "10.9.0.1/16 of route-table-public is not an IPv4 range without host bits",
            ),
            (
                {"route_tables": [public(network, routes=[{**peered, "gateway_id": internet}])]},
                "mutually exclusive",
            ),
        ],
    )
    walk(case, lab, run_module)


def test_what_was_changed_by_hand_is_put_right(network: Network, run_module: RunModule) -> None:
    first, second = network.subnets
    options = {"vpc_id": network.vpc, "route_tables": [public(network, first), private(network, second)]}
    run_module(MODULE, **options)
    network.foreign_table(second)
    table = network.table("route-table-private")["RouteTableId"]
    network.foreign_table()
    network.ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.8.0.0/16", GatewayId=network.internet_gateway)
    ours = network.table("route-table-public")
    network.ec2.replace_route_table_association(
        AssociationId=ours["Associations"][0]["RouteTableAssociationId"], RouteTableId=network.foreign_table()
    )
    foreign = network.ec2.create_subnet(VpcId=network.vpc, CidrBlock="10.0.3.0/24")["Subnet"]["SubnetId"]
    network.ec2.associate_route_table(RouteTableId=ours["RouteTableId"], SubnetId=foreign)

    plan = run_module(MODULE, check=True, **options)
    result = run_module(MODULE, **options)
    assert [(change["action"], change["fields"]) for change in result["changes"]] == [
        ("update", ["subnet_ids"]),
        ("update", ["routes"]),
    ]
    assert plan["changes"] == result["changes"]
    assert plan["diff"] == result["diff"]
    public_diff, private_diff = result["diff"]
    assert (public_diff["before"], public_diff["after"]) == ({"subnet_ids": [foreign]}, {"subnet_ids": [first]})
    assert {"destination_cidr_block": "10.8.0.0/16", "gateway_id": network.internet_gateway} in (
        private_diff["before"]["routes"]
    )
    (route,) = private_diff["after"]["routes"]
    assert route["nat_gateway_id"] == network.nat_gateway
    tables = {name: network.table(name) for name in ("route-table-public", "route-table-private")}
    assert [subnets_of(table) for table in tables.values()] == [{first}, {second}]
    assert "10.8.0.0/16" not in {route.get("DestinationCidrBlock") for route in tables["route-table-private"]["Routes"]}
    assert run_module(MODULE, **options)["changed"] is False


def test_routes_of_endpoints_and_of_the_vpc_are_left_alone(network: Network, run_module: RunModule) -> None:
    first, _unused = network.subnets
    options = {"vpc_id": network.vpc, "route_tables": [private(network, first, routes=[])]}
    table = run_module(MODULE, **options)["resources"]["route-table-private"]["id"]
    network.ec2.create_vpc_endpoint(VpcId=network.vpc, ServiceName=S3, RouteTableIds=[table])
    assert run_module(MODULE, **options)["changed"] is False
    network.ec2.create_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE, NatGatewayId=network.nat_gateway)
    (diff,) = run_module(MODULE, **options)["diff"]
    assert diff["before"] == {"routes": [{"destination_cidr_block": EVERYWHERE, "nat_gateway_id": network.nat_gateway}]}
    left = network.table("route-table-private")["Routes"]
    assert [route.get("GatewayId", "")[:5] for route in left] == ["local", "vpce-"]


def test_what_is_not_given_is_left_as_it_is(network: Network, run_module: RunModule) -> None:
    first, _unused = network.subnets
    run_module(MODULE, vpc_id=network.vpc, route_tables=[private(network, first)])
    before = network.state()
    assert run_module(MODULE, vpc_id=network.vpc, route_tables=[{"component": "route-table-private"}])["changed"] is (
        False
    )
    assert network.state() == before


def test_run_goes_on_where_a_killed_one_stopped(
    network: Network, run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _unused = network.subnets
    options = {"vpc_id": network.vpc, "route_tables": [private(network, first)]}
    call = Api.call

    def killed(self: Api, operation: str, /, **parameters: Any) -> dict[str, Any]:
        if operation != "create_route_table":
            self.module.fail_json(msg="killed")
        return call(self, operation, **parameters)

    with monkeypatch.context() as patch:
        patch.setattr(Api, "call", killed)
        assert run_module(MODULE, **options)["msg"] == "killed"
    assert network.state() == {"route-table-private": (set(), {}, None)}
    result = run_module(MODULE, **options)
    assert [(change["action"], change["fields"]) for change in result["changes"]] == [
        ("update", ["subnet_ids", "routes"])
    ]
    assert network.state() == {"route-table-private": ({first}, {EVERYWHERE: network.nat_gateway}, None)}


def test_routes_are_replaced_and_subnets_moved_without_a_gap(lab: Lab, network: Network, run_module: RunModule) -> None:
    first, second = network.subnets
    run_module(MODULE, vpc_id=network.vpc, route_tables=[public(network, first), private(network, second)])
    other = network.ec2.create_nat_gateway(SubnetId=first, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    routes = [{"destination_cidr_block": EVERYWHERE, "nat_gateway_id": other}]
    before = len(lab.calls())
    run_module(
        MODULE, vpc_id=network.vpc, route_tables=[public(network, second), private(network, first, routes=routes)]
    )
    assert [call["operation"] for call in lab.calls()[before:]] == [
        "DescribeRouteTables",
        "ReplaceRouteTableAssociation",
        "ReplaceRoute",
        "ReplaceRouteTableAssociation",
    ]
    assert network.state() == {
        "route-table-public": ({second}, {EVERYWHERE: network.internet_gateway}, None),
        "route-table-private": ({first}, {EVERYWHERE: other}, None),
    }


@pytest.mark.parametrize("changed_tag", ["all", "component"])
def test_table_that_lost_its_tag_is_found_by_its_subnets(
    network: Network, run_module: RunModule, changed_tag: str
) -> None:
    first, second = network.subnets
    options = {"vpc_id": network.vpc, "route_tables": [private(network, first, second)]}
    made = run_module(MODULE, **options)["resources"]["route-table-private"]["id"]
    if changed_tag == "all":
        lose_tags(network.ec2, made)
    else:
        network.ec2.create_tags(Resources=[made], Tags=tag_list({"triflow:component": "route-table-mine"}))
    result = run_module(MODULE, **options)
    assert [(change["action"], change["fields"]) for change in result["changes"]] == [("update", ["tags"])]
    assert [table["RouteTableId"] for table in network.tables()] == [made]


def test_table_that_serves_others_too_is_not_taken(network: Network, run_module: RunModule) -> None:
    first, second = network.subnets
    foreign = network.foreign_table(first, second)
    result = run_module(MODULE, vpc_id=network.vpc, route_tables=[private(network, first)])
    assert result["changes"][0]["action"] == "create"
    (left,) = (table for table in network.tables() if table["RouteTableId"] == foreign)
    assert (subnets_of(left), tags(left)) == ({second}, {})
    assert subnets_of(network.table("route-table-private")) == {first}


def test_table_of_another_component_of_the_list_is_not_taken(network: Network, run_module: RunModule) -> None:
    first, second = network.subnets
    made = run_module(MODULE, vpc_id=network.vpc, route_tables=[public(network, second)])["resources"]
    result = run_module(MODULE, vpc_id=network.vpc, route_tables=[public(network, first), private(network, second)])
    assert [change["action"] for change in result["changes"]] == ["update", "create"]
    assert network.table("route-table-public")["RouteTableId"] == made["route-table-public"]["id"]
    assert subnets_of(network.table("route-table-private")) == {second}


def test_another_stack_is_left_alone(network: Network, run_module: RunModule) -> None:
    first, _unused = network.subnets
    run_module(MODULE, vpc_id=network.vpc, route_tables=[public(network, first)], stack="other")
    result = run_module(MODULE, vpc_id=network.vpc, route_tables=[private(network, first)])
    assert result["changes"][0]["action"] == "create"
    run_module(MODULE, vpc_id=network.vpc, route_tables=[], state="absent")
    (left,) = network.tables()
    assert tags(left) == expected_tags("other", "route-table-public")


def test_absent_without_a_list_takes_all_of_the_stack(network: Network, run_module: RunModule) -> None:
    first, second = network.subnets
    run_module(MODULE, vpc_id=network.vpc, route_tables=[public(network, first), private(network, second)])
    private_table = network.table("route-table-private")["RouteTableId"]
    network.ec2.create_tags(Resources=[private_table], Tags=tag_list({"triflow:component": "mine"}))
    foreign = network.foreign_table()
    result = run_module(MODULE, vpc_id=network.vpc, route_tables=[], state="absent")
    assert [(change["component"], change["action"]) for change in result["changes"]] == [
        ("route-table-public", "delete"),
        ("mine", "delete"),
    ]
    assert [table["RouteTableId"] for table in network.tables()] == [foreign]


def test_only_what_is_tagged_is_deleted(network: Network, run_module: RunModule) -> None:
    first, _unused = network.subnets
    options = {"vpc_id": network.vpc, "route_tables": [private(network, first)]}
    lose_tags(network.ec2, run_module(MODULE, **options)["resources"]["route-table-private"]["id"])
    assert run_module(MODULE, **options, state="absent")["changed"] is False
    assert len(network.tables()) == 1


def test_plan_takes_ids_that_are_only_announced(lab: Lab, run_module: RunModule) -> None:
    before = len(lab.calls())
    announced = {kind: placeholders.make(f"{kind}-", kind) for kind in ("vpc", "subnet", "igw")}
    routes = [{"destination_cidr_block": EVERYWHERE, "gateway_id": announced["igw"]}]
    table = {"component": "route-table-public", "subnet_ids": [announced["subnet"]], "routes": routes}
    result = run_module(MODULE, check=True, vpc_id=announced["vpc"], route_tables=[table])
    assert [change["action"] for change in result["changes"]] == ["create"]
    assert placeholders.within(result["resources"]["route-table-public"]["id"])
    assert lab.calls()[before:] == []


def test_one_call_reads_them_all(lab: Lab, network: Network, run_module: RunModule) -> None:
    first, second = network.subnets
    options = {"vpc_id": network.vpc, "route_tables": [public(network, first), private(network, second)]}
    run_module(MODULE, **options)
    before = len(lab.calls())
    run_module(MODULE, **options)
    assert [call["operation"] for call in lab.calls()[before:]] == ["DescribeRouteTables"]
