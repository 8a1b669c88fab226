"""What carries a component's tags twice, made with boto3: who stays, what goes, and what is refused."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible.module_utils.testing import patch_module_args
from ansible_collections.triflow.platform.plugins.action.stock import ActionModule

from tests.conftest import Lab
from tests.modules.conftest import RunModule, ShowAnswer
from tests.modules.controller import RunAction, run_action
from tests.modules.tagging import expected_tags, tag_list, tags

__all__ = ["run_action"]

S3 = "com.amazonaws.ap-northeast-2.s3"
ROLE = "arn:aws:iam::123456789012:role/flow-logs"
STATEMENT = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
    "Action": "kms:*",
    "Resource": "*",
}
POLICY = {"Version": "2012-10-17", "Statement": [STATEMENT]}


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


@dataclass
class World:
    """A VPC of the test's own, and ways to make things in it."""

    lab: Lab
    stack: str
    run_module: RunModule
    run_action: RunAction
    vpc: str = ""
    subnets: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)  # by the test, in order

    @property
    def ec2(self) -> Any:
        return self.lab.aws("ec2")

    def labels(self, kind: str, component: str) -> list[dict[str, Any]]:
        return [{"ResourceType": kind, "Tags": tag_list(expected_tags(self.stack, component))}]

    def tagged(self, operation: str, key: str, component: str) -> list[dict[str, Any]]:
        filters = [
            {"Name": "tag:triflow:stack", "Values": [self.stack]},
            {"Name": "tag:triflow:component", "Values": [component]},
        ]
        answer = getattr(self.ec2, operation)(Filters=filters)
        return list(answer[key])

    def stock(self, module: str, component: str, check: bool, state: str, options: dict[str, Any]) -> dict[str, Any]:
        reads = {"key_aliases": [f"alias/{self.stack}"]} if module.endswith("kms_key") else {"services": ["ec2"]}
        live = self.run_module("stack_info", check=check, **{"services": [], **reads})["live"]
        given = options if state == "present" else {"pending_window": 7} if module.endswith("kms_key") else {}
        try:
            return self.run_action(
                "stock", check=check, module=module, component=component, live=live, options=given, state=state
            )
        except AnsibleActionFail as error:
            return {"failed": True, "msg": str(error)}


@pytest.fixture
def world(lab: Lab, stack: str, run_module: RunModule, run_action: RunAction) -> World:
    made = World(lab, stack, run_module, run_action)
    made.vpc = made.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made.subnets = [
        made.ec2.create_subnet(VpcId=made.vpc, CidrBlock=f"10.0.{number}.0/24")["Subnet"]["SubnetId"]
        for number in (101, 102)
    ]
    return made


class Kind:
    """One kind of thing that can be there twice."""

    component: str

    def make(self, world: World, number: int) -> str:
        """One that carries the component's tags, with nothing in it, and its id."""
        raise NotImplementedError

    def use(self, world: World, identifier: str, number: int) -> None:
        """Put something into it, or let something point to it."""
        raise NotImplementedError

    def run(self, world: World, stays: str, check: bool, state: str = "present") -> dict[str, Any]:
        """What the module returns that is asked for the component as `stays` is."""
        raise NotImplementedError

    def there(self, world: World) -> set[str]:
        """Ids of what carries the tags."""
        raise NotImplementedError


class Vpc(Kind):
    component = "vpc"

    def make(self, world: World, number: int) -> str:
        labels = world.labels("vpc", self.component)
        return str(world.ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=labels)["Vpc"]["VpcId"])

    def use(self, world: World, identifier: str, number: int) -> None:
        world.ec2.create_subnet(VpcId=identifier, CidrBlock="10.0.1.0/24")

    def run(self, world: World, stays: str, check: bool, state: str = "present") -> dict[str, Any]:
        options = {"name": f"{world.stack}-vpc", "cidr_block": ["10.0.0.0/16"], "dns_support": True}
        return world.stock("amazon.aws.ec2_vpc_net", self.component, check, state, options)

    def there(self, world: World) -> set[str]:
        return {item["VpcId"] for item in world.tagged("describe_vpcs", "Vpcs", self.component)}


class Subnet(Kind):
    component = "subnet-private-a"

    def make(self, world: World, number: int) -> str:
        if not world.made:  # a subnet is read back in a VPC of the stack
            world.ec2.create_tags(Resources=[world.vpc], Tags=tag_list(expected_tags(world.stack, "vpc")))
        labels = world.labels("subnet", self.component)
        made = world.ec2.create_subnet(
            VpcId=world.vpc,
            CidrBlock=f"10.0.{number}.0/24",
            AvailabilityZone="ap-northeast-2a",
            TagSpecifications=labels,
        )
        return str(made["Subnet"]["SubnetId"])

    def use(self, world: World, identifier: str, number: int) -> None:
        world.ec2.create_network_interface(SubnetId=identifier)

    def run(self, world: World, stays: str, check: bool, state: str = "present") -> dict[str, Any]:
        (found,) = world.ec2.describe_subnets(SubnetIds=[stays])["Subnets"]
        options = {"vpc_id": world.vpc, "cidr": found["CidrBlock"], "az": "ap-northeast-2a", "map_public": False}
        return world.stock("amazon.aws.ec2_vpc_subnet", self.component, check, state, options)

    def there(self, world: World) -> set[str]:
        return {item["SubnetId"] for item in world.tagged("describe_subnets", "Subnets", self.component)}


class InternetGateway(Kind):
    component = "internet-gateway"

    def make(self, world: World, number: int) -> str:
        labels = world.labels("internet-gateway", self.component)
        made = world.ec2.create_internet_gateway(TagSpecifications=labels)
        return str(made["InternetGateway"]["InternetGatewayId"])

    def use(self, world: World, identifier: str, number: int) -> None:
        vpc = world.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        world.ec2.attach_internet_gateway(InternetGatewayId=identifier, VpcId=vpc)

    def run(self, world: World, stays: str, check: bool, state: str = "present") -> dict[str, Any]:
        found = world.ec2.describe_internet_gateways(InternetGatewayIds=[stays])["InternetGateways"]
        attached = [item["VpcId"] for gateway in found for item in gateway["Attachments"]] or [world.vpc]
        return world.stock("amazon.aws.ec2_vpc_igw", self.component, check, state, {"vpc_id": attached[0]})

    def there(self, world: World) -> set[str]:
        found = world.tagged("describe_internet_gateways", "InternetGateways", self.component)
        return {item["InternetGatewayId"] for item in found}


class Key(Kind):
    component = "kms-key"

    def make(self, world: World, number: int) -> str:
        labels = expected_tags(world.stack, self.component)
        made = world.lab.aws("kms").create_key(
            Policy=json.dumps(POLICY), Tags=[{"TagKey": key, "TagValue": value} for key, value in labels.items()]
        )
        return str(made["KeyMetadata"]["Arn"])

    def use(self, world: World, identifier: str, number: int) -> None:
        aliases = [f"alias/{world.stack}", f"alias/{world.stack}-other"]
        taken = {alias["AliasName"] for alias in world.lab.aws("kms").list_aliases()["Aliases"]}
        alias = next(name for name in aliases if name not in taken)
        world.lab.aws("kms").create_alias(AliasName=alias, TargetKeyId=identifier)

    def run(self, world: World, stays: str, check: bool, state: str = "present") -> dict[str, Any]:
        options = {"alias": f"alias/{world.stack}", "description": "", "enabled": True, "policy": POLICY}
        return world.stock("amazon.aws.kms_key", self.component, check, state, options)

    def there(self, world: World) -> set[str]:
        kms = world.lab.aws("kms")
        described = {arn: kms.describe_key(KeyId=arn)["KeyMetadata"] for arn in world.made}
        pending = [key["DeletionDate"] for key in described.values() if key["KeyState"] == "PendingDeletion"]
        assert all(when - datetime.now(UTC) < timedelta(days=7, minutes=1) for when in pending)
        return {arn for arn, key in described.items() if key["KeyState"] != "PendingDeletion"}


class Address(Kind):
    component = "elastic-ip-a"

    def make(self, world: World, number: int) -> str:
        labels = world.labels("elastic-ip", self.component)
        return str(world.ec2.allocate_address(Domain="vpc", TagSpecifications=labels)["AllocationId"])

    def use(self, world: World, identifier: str, number: int) -> None:
        if number == 1:
            labels = world.labels("natgateway", "nat-gateway-a")
            subnet = world.subnets[0]
            world.ec2.create_nat_gateway(SubnetId=subnet, AllocationId=identifier, TagSpecifications=labels)
        else:
            interface = world.ec2.create_network_interface(SubnetId=world.subnets[0])["NetworkInterface"]
            world.ec2.associate_address(AllocationId=identifier, NetworkInterfaceId=interface["NetworkInterfaceId"])

    def run(self, world: World, stays: str, check: bool, state: str = "present") -> dict[str, Any]:
        gateways = [{"component": "nat-gateway-a", "subnet_id": world.subnets[0]}]
        return world.run_module("vpc_nat_gateways", check=check, gateways=gateways, state=state)

    def there(self, world: World) -> set[str]:
        return {item["AllocationId"] for item in world.tagged("describe_addresses", "Addresses", self.component)}


class NatGateway(Address):
    component = "nat-gateway-a"

    def make(self, world: World, number: int) -> str:
        labels = world.labels("natgateway", self.component)
        made = world.ec2.create_nat_gateway(
            SubnetId=world.subnets[0], AllocationId=Address().make(world, number), TagSpecifications=labels
        )
        return str(made["NatGateway"]["NatGatewayId"])

    def use(self, world: World, identifier: str, number: int) -> None:
        table = world.ec2.create_route_table(VpcId=world.vpc)["RouteTable"]["RouteTableId"]
        world.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=identifier)

    def there(self, world: World) -> set[str]:
        filters = [{"Name": "vpc-id", "Values": [world.vpc]}]
        found = world.ec2.describe_nat_gateways(Filters=filters)["NatGateways"]
        alive = {item["NatGatewayId"] for item in found if item["State"] not in ("deleting", "deleted")}
        assert len(Address().there(world)) == len(alive)  # each has one
        return alive


class RouteTable(Kind):
    component = "route-table-private-a"

    def make(self, world: World, number: int) -> str:
        labels = world.labels("route-table", self.component)
        made = world.ec2.create_route_table(VpcId=world.vpc, TagSpecifications=labels)
        return str(made["RouteTable"]["RouteTableId"])

    def use(self, world: World, identifier: str, number: int) -> None:
        world.ec2.associate_route_table(RouteTableId=identifier, SubnetId=world.subnets[number])

    def run(self, world: World, stays: str, check: bool, state: str = "present") -> dict[str, Any]:
        (found,) = world.ec2.describe_route_tables(RouteTableIds=[stays])["RouteTables"]
        subnets = [item["SubnetId"] for item in found["Associations"]]
        entry = {"component": self.component, "subnet_ids": subnets, "routes": []}
        return world.run_module("vpc_route_tables", check=check, vpc_id=world.vpc, route_tables=[entry], state=state)

    def there(self, world: World) -> set[str]:
        return {item["RouteTableId"] for item in world.tagged("describe_route_tables", "RouteTables", self.component)}


class SecurityGroup(Kind):
    component = "security-group-rds"

    def make(self, world: World, number: int) -> str:
        made = world.ec2.create_security_group(
            VpcId=world.vpc,
            GroupName=f"{world.stack}-{number}",
            Description="one",
            TagSpecifications=world.labels("security-group", self.component),
        )
        return str(made["GroupId"])

    def use(self, world: World, identifier: str, number: int) -> None:
        if number == 0:
            world.ec2.create_network_interface(SubnetId=world.subnets[0], Groups=[identifier])
            return
        other = world.ec2.create_security_group(VpcId=world.vpc, GroupName="theirs", Description="theirs")["GroupId"]
        pairs = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [{"GroupId": identifier}]}]
        world.ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=pairs)

    def run(self, world: World, stays: str, check: bool, state: str = "present") -> dict[str, Any]:
        (found,) = world.ec2.describe_security_groups(GroupIds=[stays])["SecurityGroups"]
        entry = {"component": self.component, "name": found["GroupName"], "description": "one", "rules": []}
        return world.run_module("security_groups", check=check, vpc_id=world.vpc, groups=[entry], state=state)

    def there(self, world: World) -> set[str]:
        found = world.tagged("describe_security_groups", "SecurityGroups", self.component)
        return {item["GroupId"] for item in found}


class Endpoint(Kind):
    component = "endpoint-s3"

    def make(self, world: World, number: int) -> str:
        labels = world.labels("vpc-endpoint", self.component)
        made = world.ec2.create_vpc_endpoint(VpcId=world.vpc, ServiceName=S3, TagSpecifications=labels)
        return str(made["VpcEndpoint"]["VpcEndpointId"])

    def use(self, world: World, identifier: str, number: int) -> None:
        table = world.ec2.create_route_table(VpcId=world.vpc)["RouteTable"]["RouteTableId"]
        world.ec2.modify_vpc_endpoint(VpcEndpointId=identifier, AddRouteTableIds=[table])

    def run(self, world: World, stays: str, check: bool, state: str = "present") -> dict[str, Any]:
        entry = {"component": self.component, "service_name": S3, "type": "gateway"}
        given = [entry] if state == "present" else []
        return world.run_module("vpc_endpoints", check=check, vpc_id=world.vpc, endpoints=given)

    def there(self, world: World) -> set[str]:
        found = world.tagged("describe_vpc_endpoints", "VpcEndpoints", self.component)
        return {item["VpcEndpointId"] for item in found if item["State"] not in ("deleting", "deleted")}


class FlowLog(Kind):
    component = "flow-log"

    def make(self, world: World, number: int) -> str:
        group = f"{world.stack}-{number}"
        world.lab.aws("logs").create_log_group(logGroupName=group)
        made = world.ec2.create_flow_logs(
            ResourceType="VPC",
            ResourceIds=[world.vpc],
            TrafficType="ALL",
            LogGroupName=group,
            DeliverLogsPermissionArn=ROLE,
            TagSpecifications=world.labels("vpc-flow-log", self.component),
        )
        return str(made["FlowLogIds"][0])

    def run(self, world: World, stays: str, check: bool, state: str = "present") -> dict[str, Any]:
        (found,) = world.ec2.describe_flow_logs(FlowLogIds=[stays])["FlowLogs"]
        options = {"vpc_id": world.vpc, "log_group_name": found["LogGroupName"], "role_arn": ROLE}
        return world.run_module("vpc_flow_log", check=check, state=state, **options)

    def there(self, world: World) -> set[str]:
        return {
            item["FlowLogId"]
            for item in world.ec2.describe_flow_logs()["FlowLogs"]
            if tags(item).get("triflow:stack") == world.stack
        }


class Zone(Kind):
    component = "hosted-zone"

    def make(self, world: World, number: int) -> str:
        route53, name = world.lab.aws("route53"), f"app.{world.stack}.com"
        if not world.made:  # the zone above, which names none of them
            route53.create_hosted_zone(Name=f"{world.stack}.com", CallerReference=f"{world.stack}-above")
        made = route53.create_hosted_zone(Name=name, CallerReference=f"{world.stack}-{number}")
        identifier = str(made["HostedZone"]["Id"]).removeprefix("/hostedzone/")
        labels = tag_list(expected_tags(world.stack, self.component))
        route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=identifier, AddTags=labels)
        return identifier

    def use(self, world: World, identifier: str, number: int) -> None:
        route53, name = world.lab.aws("route53"), f"app.{world.stack}.com"
        if number == 0:
            record = {"Name": f"x.{name}", "Type": "A", "TTL": 1, "ResourceRecords": [{"Value": "192.0.2.1"}]}
            zone = identifier
        else:  # the zone above names it
            servers = route53.get_hosted_zone(Id=identifier)["DelegationSet"]["NameServers"]
            record = {"Name": name, "Type": "NS", "TTL": 1, "ResourceRecords": [{"Value": one} for one in servers]}
            above = route53.list_hosted_zones_by_name(DNSName=f"{world.stack}.com")["HostedZones"][0]
            zone = above["Id"]
        changes = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=changes)

    def run(self, world: World, stays: str, check: bool, state: str = "present") -> dict[str, Any]:
        return world.run_module("hosted_zone", check=check, name=f"app.{world.stack}.com", state=state)

    def there(self, world: World) -> set[str]:
        found = world.lab.aws("route53").list_hosted_zones_by_name(DNSName=f"app.{world.stack}.com")["HostedZones"]
        ids = {zone["Id"].removeprefix("/hostedzone/") for zone in found}
        return ids & set(world.made)


KINDS: list[Kind] = [
    Vpc(), Subnet(), InternetGateway(), Key(), Address(),
    NatGateway(), RouteTable(), SecurityGroup(), Endpoint(), Zone(),
]  # fmt: skip
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
    for check in (True, False):
        again, written = writes(world, lambda check=check: kind.run(world, stays, check=check))  # type: ignore[misc]
        assert not again.get("failed"), again["msg"]
        assert (again["changed"], written) == (False, [])


@pytest.mark.parametrize("kind", [*KINDS, FlowLog()], ids=[*NAMES, "FlowLog"])
def test_of_two_that_are_not_used_the_one_with_the_smallest_id_stays(world: World, kind: Kind) -> None:
    for number in (0, 1):
        world.made.append(kind.make(world, number))
    assert_that_one_stays(world, kind, min(world.made))


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_the_one_that_is_used_stays(world: World, kind: Kind, number: int) -> None:
    """Whichever AWS lists first."""
    for other in (0, 1):
        world.made.append(kind.make(world, other))
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
