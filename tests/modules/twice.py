"""What can be there twice: how boto3 makes one of each kind, uses it and reads it, and which module looks after it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible.errors import AnsibleActionFail

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.controller import RunAction
from tests.modules.tagging import expected_tags, tag_list, tags

S3 = "com.amazonaws.ap-northeast-2.s3"
ROLE = "arn:aws:iam::123456789012:role/flow-logs"
STATEMENT = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
    "Action": "kms:*",
    "Resource": "*",
}
POLICY = {"Version": "2012-10-17", "Statement": [STATEMENT]}


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
