"""vpc_endpoints (NET-5)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import placeholders
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk
from tests.modules.tagging import lose_tags, tags

MODULE = "vpc_endpoints"
S3 = "com.amazonaws.ap-northeast-2.s3"
LOGS = "com.amazonaws.ap-northeast-2.logs"
READ_ONLY = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": "*"}]}
READ_WRITE = {
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"}]
}


@dataclass(frozen=True)
class Network:
    """A VPC of the test's own."""

    ec2: Any
    vpc: str
    subnets: list[str]
    route_tables: list[str]
    groups: list[str]

    def endpoints(self) -> list[dict[str, Any]]:
        found = self.ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["VpcEndpoints"]
        return [item for item in found if item["State"] != "deleted"]


@pytest.fixture
def network(ec2: Any) -> Network:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})  # private DNS needs it
    cidrs = ("10.0.1.0/24", "10.0.2.0/24")
    return Network(
        ec2,
        vpc,
        [ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"] for cidr in cidrs],
        [ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _unused in cidrs],
        [ec2.create_security_group(VpcId=vpc, GroupName=name, Description=name)["GroupId"] for name in ("one", "two")],
    )


def s3(network: Network, **options: Any) -> dict[str, Any]:
    required = {"component": "endpoint-s3", "type": "gateway", "service_name": S3}
    return {**required, "route_table_ids": network.route_tables[:1], **options}


def logs(network: Network, **options: Any) -> dict[str, Any]:
    required = {"component": "endpoint-logs", "type": "interface", "service_name": LOGS, "private_dns_enabled": True}
    return {**required, "subnet_ids": network.subnets, "security_group_ids": network.groups[:1], **options}


def test_grammar(lab: Lab, network: Network, run_module: RunModule) -> None:
    def read() -> dict[str, Any]:
        return {
            item["ServiceName"]: {
                "component": tags(item)["triflow:component"],
                "type": item["VpcEndpointType"],
                "route_tables": sorted(item["RouteTableIds"]),
                "subnets": sorted(item["SubnetIds"]),
                "groups": sorted(group["GroupId"] for group in item["Groups"]),
                "private_dns": item["PrivateDnsEnabled"],
                "policy": json.loads(item["PolicyDocument"])["Statement"],
                "team": tags(item).get("team"),
            }
            for item in network.endpoints()
        }

    everything = [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]
    created = {
        S3: {
            "component": "endpoint-s3",
            "type": "Gateway",
            "route_tables": network.route_tables[:1],
            "subnets": [],
            "groups": [],
            "private_dns": False,
            "policy": READ_ONLY["Statement"],
            "team": None,
        },
        LOGS: {
            "component": "endpoint-logs",
            "type": "Interface",
            "route_tables": [],
            "subnets": sorted(network.subnets),
            "groups": network.groups[:1],
            "private_dns": True,
            "policy": everything,
            "team": None,
        },
    }
    updated = {
        S3: {
            **created[S3],
            "route_tables": sorted(network.route_tables),
            "policy": READ_WRITE["Statement"],
            "team": "platform",
        },
        LOGS: {
            **created[LOGS],
            "subnets": network.subnets[:1],
            "groups": network.groups[1:],
            "private_dns": False,
            "team": "platform",
        },
    }
    changed_s3 = s3(network, policy=READ_WRITE, route_table_ids=network.route_tables)
    changed_logs = logs(
        network, subnet_ids=network.subnets[:1], security_group_ids=network.groups[1:], private_dns_enabled=False
    )
    case = Case(
        module=MODULE,
        options={"vpc_id": network.vpc, "endpoints": [s3(network, policy=READ_ONLY), logs(network)]},
        update={"endpoints": [changed_s3, changed_logs], "tags": {"team": "platform"}},
        read=read,
        created=created,
        updated=updated,
        deleted={},
        creates=["endpoint-s3", "endpoint-logs"],
        updates={
            "endpoint-s3": ["route_table_ids", "policy", "tags"],
            "endpoint-logs": ["subnet_ids", "security_group_ids", "private_dns_enabled", "tags"],
        },
        deletes=["endpoint-s3", "endpoint-logs"],
        refused=[
            ({"endpoints": [s3(network, component="s3")]}, "component s3 does not begin with endpoint-"),
            ({"endpoints": [s3(network, type="Gateway")]}, "value of type must be one of: gateway, interface"),
            ({"endpoints": [{"component": "endpoint-s3"}]}, "missing required arguments: service_name, type"),
            ({"vpc_id": None}, "missing required arguments: vpc_id"),
        ],
    )
    walk(case, lab, run_module)


def test_route_tables_are_added_and_removed_in_place(network: Network, run_module: RunModule) -> None:
    run_module(MODULE, vpc_id=network.vpc, endpoints=[s3(network)])
    (before,) = network.endpoints()
    result = run_module(MODULE, vpc_id=network.vpc, endpoints=[s3(network, route_table_ids=network.route_tables[1:])])
    assert result["changes"] == [{"component": "endpoint-s3", "action": "update", "fields": ["route_table_ids"]}]
    (after,) = network.endpoints()
    assert after["VpcEndpointId"] == before["VpcEndpointId"]
    assert after["RouteTableIds"] == network.route_tables[1:]


def test_what_is_not_given_is_left_as_it_is(network: Network, run_module: RunModule) -> None:
    run_module(MODULE, vpc_id=network.vpc, endpoints=[s3(network, policy=READ_ONLY)])
    bare = {"component": "endpoint-s3", "type": "gateway", "service_name": S3}
    assert run_module(MODULE, vpc_id=network.vpc, endpoints=[bare])["changed"] is False
    assert json.loads(network.endpoints()[0]["PolicyDocument"]) == READ_ONLY


def test_policy_in_another_spelling_is_the_same(network: Network, run_module: RunModule) -> None:
    run_module(MODULE, vpc_id=network.vpc, endpoints=[s3(network, policy=READ_ONLY)])
    (statement,) = READ_ONLY["Statement"]
    spelled = {"Statement": [{**statement, "Action": "s3:GetObject", "Principal": {"AWS": "*"}, "Resource": ["*"]}]}
    assert run_module(MODULE, vpc_id=network.vpc, endpoints=[s3(network, policy=spelled)])["changed"] is False


def test_only_what_differs_is_sent(network: Network, run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    run_module(MODULE, vpc_id=network.vpc, endpoints=[logs(network, policy=READ_ONLY)])
    sent = []
    call = Api.call

    def recording(self: Api, operation: str, /, **parameters: Any) -> dict[str, Any]:
        if operation == "modify_vpc_endpoint":
            sent.append(set(parameters) - {"on", "VpcEndpointId"})
        return call(self, operation, **parameters)

    monkeypatch.setattr(Api, "call", recording)
    options: dict[str, Any] = {}
    for change in ({"policy": READ_WRITE}, {"subnet_ids": network.subnets[:1]}, {"private_dns_enabled": False}):
        options.update(change)
        run_module(MODULE, vpc_id=network.vpc, endpoints=[logs(network, **options)])
    assert sent == [{"PolicyDocument"}, {"RemoveSubnetIds"}, {"PrivateDnsEnabled"}]


def test_it_waits_for_what_it_deleted(network: Network, run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    run_module(MODULE, vpc_id=network.vpc, endpoints=[s3(network), logs(network)])
    ids = {item["VpcEndpointId"] for item in network.endpoints()}
    waited = []

    def wait(_api: Api, name: str, /, timeout: int, **parameters: Any) -> float:
        waited.append((name, timeout, *parameters["VpcEndpointIds"]))
        return 1.5

    monkeypatch.setattr(Api, "wait", wait)
    result = run_module(MODULE, vpc_id=network.vpc, endpoints=[s3(network)], state="absent", wait_timeout=30)
    assert result["waited"] == {"endpoint-s3": 1.5, "endpoint-logs": 1.5}
    assert {("vpc_endpoint_deleted", 30, identifier) for identifier in ids} == set(waited)


@pytest.mark.parametrize("lost", [True, False])
def test_endpoint_with_other_tags_is_found_by_its_service(network: Network, run_module: RunModule, lost: bool) -> None:
    run_module(MODULE, vpc_id=network.vpc, endpoints=[s3(network)])
    (before,) = network.endpoints()
    if lost:
        lose_tags(network.ec2, before["VpcEndpointId"])
    else:
        network.ec2.create_tags(
            Resources=[before["VpcEndpointId"]], Tags=[{"Key": "triflow:component", "Value": "mine"}]
        )
    result = run_module(MODULE, vpc_id=network.vpc, endpoints=[s3(network)])
    assert result["changes"] == [{"component": "endpoint-s3", "action": "update", "fields": ["tags"]}]
    (after,) = network.endpoints()
    assert after["VpcEndpointId"] == before["VpcEndpointId"]
    assert tags(after)["triflow:component"] == "endpoint-s3"


def test_another_stack_is_left_alone(network: Network, stack: str, run_module: RunModule) -> None:
    run_module(MODULE, vpc_id=network.vpc, endpoints=[s3(network)], stack=f"{stack}-other")
    others = s3(network, route_table_ids=network.route_tables[1:])
    assert run_module(MODULE, vpc_id=network.vpc, endpoints=[others])["changes"][0]["action"] == "create"
    run_module(MODULE, vpc_id=network.vpc, endpoints=[])
    run_module(MODULE, vpc_id=network.vpc, endpoints=[others], state="absent")
    assert [tags(item)["triflow:stack"] for item in network.endpoints()] == [f"{stack}-other"]


def test_only_what_is_tagged_is_deleted(network: Network, run_module: RunModule) -> None:
    network.ec2.create_vpc_endpoint(VpcId=network.vpc, ServiceName=S3, VpcEndpointType="Gateway")
    assert run_module(MODULE, vpc_id=network.vpc, endpoints=[s3(network)], state="absent")["changed"] is False
    assert len(network.endpoints()) == 1


@pytest.mark.parametrize("purge", [True, False])
def test_what_is_not_listed_goes_with_purge_only(network: Network, run_module: RunModule, purge: bool) -> None:
    run_module(MODULE, vpc_id=network.vpc, endpoints=[s3(network), logs(network)])
    options = {"vpc_id": network.vpc, "endpoints": [s3(network)], "purge": purge}
    plan = run_module(MODULE, check=True, **options)
    assert len(network.endpoints()) == 2
    result = run_module(MODULE, **options)
    assert plan["changes"] == result["changes"]
    assert [change["action"] for change in result["changes"]] == (["none", "delete"] if purge else ["none"])
    assert [item["ServiceName"] for item in network.endpoints()] == ([S3] if purge else [S3, LOGS])
    assert list(result["waited"]) == (["endpoint-logs"] if purge else [])


def test_another_type_is_refused_before_the_first_change(network: Network, run_module: RunModule) -> None:
    run_module(MODULE, vpc_id=network.vpc, endpoints=[s3(network)])
    interface = s3(network, type="interface", route_table_ids=None, subnet_ids=network.subnets)
    result = run_module(MODULE, vpc_id=network.vpc, endpoints=[logs(network), interface])
    assert "type of endpoint-s3" in result["msg"]
    assert "is gateway and cannot become interface" in result["msg"]
    assert len(network.endpoints()) == 1


def test_plan_asks_nothing_about_a_vpc_that_is_only_announced(
    lab: Lab, network: Network, run_module: RunModule
) -> None:
    before = len(lab.calls())
    vpc = placeholders.make("vpc-", "vpc")
    result = run_module(MODULE, check=True, vpc_id=vpc, endpoints=[s3(network), logs(network)])
    assert [change["action"] for change in result["changes"]] == ["create", "create"]
    assert lab.calls()[before:] == []


def test_one_question_for_the_whole_list(lab: Lab, network: Network, run_module: RunModule) -> None:
    both = [s3(network), logs(network)]
    run_module(MODULE, vpc_id=network.vpc, endpoints=both)
    before = len(lab.calls())
    run_module(MODULE, vpc_id=network.vpc, endpoints=both)
    assert [call["operation"] for call in lab.calls()[before:]] == ["DescribeVpcEndpoints"]
