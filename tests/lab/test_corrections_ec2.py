"""EC2 tags, NAT gateways, endpoints, subnets and refused deletions as the lab's corrections restore them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.lab.conftest import Account, refused

S3 = "com.amazonaws.ap-northeast-2.s3"
LOGS = "com.amazonaws.ap-northeast-2.logs"


def tagged(kind: str, stack: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": "triflow:stack", "Value": stack}]}]


@dataclass
class Network:
    """Ids of one VPC with everything that the stack puts into it; each carries the tag triflow:stack."""

    vpc: str
    subnet: str
    gateway: str
    address: str
    nat: str
    table: str
    group: str
    s3: str
    logs: str
    flow_log: str


def network(account: Account, stack: str = "prod") -> Network:
    ec2 = account.ec2
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tagged("vpc", stack))["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(
        VpcId=vpc,
        CidrBlock="10.0.1.0/24",
        AvailabilityZone="ap-northeast-2a",
        TagSpecifications=tagged("subnet", stack),
    )["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway", stack))["InternetGateway"][
        "InternetGatewayId"
    ]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=tagged("elastic-ip", stack))["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address, TagSpecifications=tagged("natgateway", stack))[
        "NatGateway"
    ]["NatGatewayId"]
    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=tagged("route-table", stack))["RouteTable"][
        "RouteTableId"
    ]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    group = ec2.create_security_group(
        GroupName="ecs", Description="tasks", VpcId=vpc, TagSpecifications=tagged("security-group", stack)
    )["GroupId"]
    s3 = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=S3, RouteTableIds=[table], TagSpecifications=tagged("vpc-endpoint", stack)
    )["VpcEndpoint"]["VpcEndpointId"]
    logs = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=LOGS,
        VpcEndpointType="Interface",
        SubnetIds=[subnet],
        SecurityGroupIds=[group],
        TagSpecifications=tagged("vpc-endpoint", stack),
    )["VpcEndpoint"]["VpcEndpointId"]
    account.lab.aws("s3").create_bucket(
        Bucket=f"flow-{stack}", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"}
    )
    flow_log = ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination=f"arn:aws:s3:::flow-{stack}",
        TagSpecifications=tagged("vpc-flow-log", stack),
    )["FlowLogIds"][0]
    return Network(vpc, subnet, gateway, address, nat, table, group, s3, logs, flow_log)


def endpoint(account: Account, identifier: str) -> dict[str, Any]:
    (found,) = account.ec2.describe_vpc_endpoints(VpcEndpointIds=[identifier])["VpcEndpoints"]
    result: dict[str, Any] = found
    return result


def gateways_of(account: Account, table: str) -> list[str]:
    """Targets of the routes to a prefix list."""
    (found,) = account.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    return [route["GatewayId"] for route in found["Routes"] if "DestinationPrefixListId" in route]


def test_a_nat_gateway_that_is_refused_leaves_no_interface(account: Account) -> None:
    subnet = account.subnet(account.vpc(), "10.0.1.0/24")
    with refused("InvalidAllocationID.NotFound"):
        account.ec2.create_nat_gateway(SubnetId=subnet, AllocationId="eipalloc-0a1b2c3d4e5f60718")
    assert account.ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_describe_filters_by_tag(account: Account) -> None:
    prod, staging = network(account), network(account, "staging")
    ec2 = account.ec2
    calls: list[tuple[Callable[..., Any], str, str, str, set[str]]] = [
        (ec2.describe_vpcs, "Filters", "Vpcs", "VpcId", {prod.vpc}),
        (ec2.describe_subnets, "Filters", "Subnets", "SubnetId", {prod.subnet}),
        (ec2.describe_internet_gateways, "Filters", "InternetGateways", "InternetGatewayId", {prod.gateway}),
        (ec2.describe_nat_gateways, "Filter", "NatGateways", "NatGatewayId", {prod.nat}),
        (ec2.describe_route_tables, "Filters", "RouteTables", "RouteTableId", {prod.table}),
        (ec2.describe_security_groups, "Filters", "SecurityGroups", "GroupId", {prod.group}),
        (ec2.describe_vpc_endpoints, "Filters", "VpcEndpoints", "VpcEndpointId", {prod.s3, prod.logs}),
        (ec2.describe_addresses, "Filters", "Addresses", "AllocationId", {prod.address}),
        (ec2.describe_flow_logs, "Filter", "FlowLogs", "FlowLogId", {prod.flow_log}),
    ]
    for call, parameter, result, key, expected in calls:
        for value in ("prod", "pr*"):
            found = call(**{parameter: [{"Name": "tag:triflow:stack", "Values": [value]}]})[result]
            assert {entry[key] for entry in found} == expected, result
    assert prod.vpc != staging.vpc


TAGGED = {
    "vpc": "vpc",
    "subnet": "subnet",
    "internet-gateway": "gateway",
    "natgateway": "nat",
    "elastic-ip": "address",
    "route-table": "table",
    "security-group": "group",
    "vpc-flow-log": "flow_log",
}


def test_describe_tags_knows_the_resource_types_of_aws(account: Account) -> None:
    prod = network(account)
    for kind, field in TAGGED.items():
        filters = [{"Name": "resource-type", "Values": [kind]}, {"Name": "tag:triflow:stack", "Values": ["prod"]}]
        found = account.ec2.describe_tags(Filters=filters)["Tags"]
        assert {tag["ResourceId"] for tag in found} == {getattr(prod, field)}, kind
        assert {tag["ResourceType"] for tag in found} == {kind}
        filters[1]["Values"] = ["staging"]
        assert account.ec2.describe_tags(Filters=filters)["Tags"] == []


def test_tag_specifications_for_another_resource_type_are_refused(account: Account) -> None:
    with refused("InvalidParameterValue", "subnet"):
        account.ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=tagged("subnet", "prod"))
    subnet = account.subnet(account.vpc(), "10.0.1.0/24")
    with refused("InvalidParameterValue", "nat-gateway"):
        account.ec2.create_nat_gateway(
            SubnetId=subnet, ConnectivityType="private", TagSpecifications=tagged("nat-gateway", "prod")
        )


def test_tags_of_a_deleted_resource_are_gone(account: Account) -> None:
    group = account.ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway", "prod"))
    account.ec2.delete_internet_gateway(InternetGatewayId=group["InternetGateway"]["InternetGatewayId"])
    assert account.ec2.describe_tags(Filters=[{"Name": "key", "Values": ["triflow:stack"]}])["Tags"] == []


def test_repeated_client_token_creates_nothing(account: Account) -> None:
    vpc = account.vpc()
    subnet = account.subnet(vpc, "10.0.1.0/24")

    def gateway(token: str, kind: str = "private") -> str:
        created = account.ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType=kind, ClientToken=token)
        identifier: str = created["NatGateway"]["NatGatewayId"]
        return identifier

    first = gateway("one")
    assert gateway("one") == first
    assert gateway("two") != first
    with refused("IdempotentParameterMismatch"):
        gateway("one", "public")
    endpoints = [
        account.ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=S3, ClientToken="three")["VpcEndpoint"]["VpcEndpointId"]
        for _unused in range(2)
    ]
    assert endpoints[0] == endpoints[1]
    tables = [account.ec2.create_route_table(VpcId=vpc, ClientToken=token)["RouteTable"] for token in "aab"]
    assert tables[0]["RouteTableId"] == tables[1]["RouteTableId"] != tables[2]["RouteTableId"]


def test_nat_gateway_has_its_type_and_lets_go_of_its_address(account: Account) -> None:
    prod = network(account)
    (gateway,) = account.ec2.describe_nat_gateways(NatGatewayIds=[prod.nat])["NatGateways"]
    assert gateway["ConnectivityType"] == "public"
    with refused("InvalidIPAddress.InUse"):
        account.ec2.release_address(AllocationId=prod.address)
    account.ec2.delete_nat_gateway(NatGatewayId=prod.nat)
    (address,) = account.ec2.describe_addresses(AllocationIds=[prod.address])["Addresses"]
    assert "AssociationId" not in address
    account.ec2.release_address(AllocationId=prod.address)
    unknown = "nat-0123456789abcdef0"
    with refused("NatGatewayNotFound"):
        account.ec2.delete_nat_gateway(NatGatewayId=unknown)
    with refused("NatGatewayNotFound"):
        account.ec2.describe_nat_gateways(NatGatewayIds=[unknown])
    with refused("MissingParameter", "AllocationId"):
        account.ec2.create_nat_gateway(SubnetId=prod.subnet)


def test_gateway_endpoint_follows_its_route_tables(account: Account) -> None:
    prod = network(account)
    found = endpoint(account, prod.s3)
    assert (found["VpcEndpointType"], found["PrivateDnsEnabled"]) == ("Gateway", False)
    assert gateways_of(account, prod.table) == [prod.s3]
    other = account.ec2.create_route_table(VpcId=prod.vpc)["RouteTable"]["RouteTableId"]
    account.ec2.modify_vpc_endpoint(VpcEndpointId=prod.s3, AddRouteTableIds=[other], RemoveRouteTableIds=[prod.table])
    assert endpoint(account, prod.s3)["RouteTableIds"] == [other]
    assert gateways_of(account, other) == [prod.s3]
    assert gateways_of(account, prod.table) == []
    with refused("RouteAlreadyExists"):
        account.ec2.create_vpc_endpoint(VpcId=prod.vpc, ServiceName=S3, RouteTableIds=[other])
    policy = '{"Version": "2012-10-17", "Statement": []}'
    account.ec2.modify_vpc_endpoint(VpcEndpointId=prod.s3, PolicyDocument=policy)
    assert endpoint(account, prod.s3)["PolicyDocument"] == policy
    account.ec2.delete_vpc_endpoints(VpcEndpointIds=[prod.s3])
    assert gateways_of(account, other) == []
    remaining = account.ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [prod.vpc]}])["VpcEndpoints"]
    assert [found["VpcEndpointId"] for found in remaining] == [prod.logs]
    with refused("InvalidServiceName"):
        account.ec2.create_vpc_endpoint(VpcId=prod.vpc, ServiceName="com.amazonaws.ap-northeast-2.nothing")


def test_interface_endpoint_changes_subnets_groups_and_private_dns(account: Account) -> None:
    prod = network(account)
    second = account.subnet(prod.vpc, "10.0.2.0/24", "c")
    group = account.ec2.create_security_group(GroupName="other", Description="x", VpcId=prod.vpc)["GroupId"]
    before = endpoint(account, prod.logs)
    assert before["PrivateDnsEnabled"] is True
    account.ec2.modify_vpc_endpoint(
        VpcEndpointId=prod.logs,
        AddSubnetIds=[second],
        RemoveSubnetIds=[prod.subnet],
        AddSecurityGroupIds=[group],
        RemoveSecurityGroupIds=[prod.group],
        PrivateDnsEnabled=False,
    )
    after = endpoint(account, prod.logs)
    assert after["SubnetIds"] == [second]
    assert [found["GroupId"] for found in after["Groups"]] == [group]
    assert after["PrivateDnsEnabled"] is False
    assert len(after["NetworkInterfaceIds"]) == 1
    assert after["NetworkInterfaceIds"] != before["NetworkInterfaceIds"]


def test_private_dns_needs_the_dns_attributes_of_the_vpc(account: Account) -> None:
    vpc = account.vpc()
    with refused("InvalidParameter", "enableDnsHostnames"):
        account.ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=LOGS, VpcEndpointType="Interface")


def test_subnet_sizes_and_overlaps(account: Account) -> None:
    vpc = account.vpc()
    account.subnet(vpc, "10.0.1.0/24")
    with refused("InvalidSubnet.Conflict"):
        account.subnet(vpc, "10.0.1.128/25")
    for block in ("10.1.1.0/24", "10.0.9.0/29"):
        with refused("InvalidSubnet.Range"):
            account.subnet(vpc, block)


def test_availability_zones_of_seoul(account: Account) -> None:
    zones = account.ec2.describe_availability_zones()["AvailabilityZones"]
    assert {zone["ZoneName"][-1] for zone in zones} == {"a", "b", "c", "d"}
    assert {zone["OptInStatus"] for zone in zones} == {"opt-in-not-required"}


def test_new_security_group_lets_everything_out(account: Account) -> None:
    group = account.ec2.create_security_group(GroupName="alb", Description="x", VpcId=account.vpc())["GroupId"]
    (found,) = account.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    (rule,) = found["IpPermissionsEgress"]
    assert (rule["IpProtocol"], rule["IpRanges"]) == ("-1", [{"CidrIp": "0.0.0.0/0"}])


def test_vpc_comes_down_in_order_only(account: Account) -> None:
    ec2, prod = account.ec2, network(account)
    with refused("DependencyViolation"):
        ec2.delete_vpc(VpcId=prod.vpc)
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=prod.subnet)
    with refused("DependencyViolation", "mapped public address"):
        ec2.detach_internet_gateway(InternetGatewayId=prod.gateway, VpcId=prod.vpc)
    ec2.delete_nat_gateway(NatGatewayId=prod.nat)
    with refused("DependencyViolation"):  # the interface endpoint
        ec2.delete_subnet(SubnetId=prod.subnet)
    with refused("DependencyViolation"):  # the interface endpoint
        ec2.delete_security_group(GroupId=prod.group)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[prod.logs, prod.s3])
    with refused("DependencyViolation"):  # the subnet's association
        ec2.delete_route_table(RouteTableId=prod.table)
    ec2.delete_subnet(SubnetId=prod.subnet)
    ec2.delete_route_table(RouteTableId=prod.table)
    with refused("DependencyViolation"):  # the gateway and the group
        ec2.delete_vpc(VpcId=prod.vpc)
    ec2.detach_internet_gateway(InternetGatewayId=prod.gateway, VpcId=prod.vpc)
    with refused("DependencyViolation"):  # the group
        ec2.delete_vpc(VpcId=prod.vpc)
    ec2.delete_security_group(GroupId=prod.group)
    ec2.delete_vpc(VpcId=prod.vpc)


def test_security_group_of_a_rule_or_a_database_stays(account: Account) -> None:
    subnet_group = account.subnet_group()
    (found,) = account.rds.describe_db_subnet_groups(DBSubnetGroupName=subnet_group)["DBSubnetGroups"]

    def group(name: str) -> str:
        created = account.ec2.create_security_group(GroupName=name, Description=name, VpcId=found["VpcId"])
        identifier: str = created["GroupId"]
        return identifier

    tasks, database = group("ecs"), group("rds")
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": tasks}]}
    account.ec2.authorize_security_group_ingress(GroupId=database, IpPermissions=[rule])
    account.database(DBSubnetGroupName=subnet_group, VpcSecurityGroupIds=[database])
    for identifier in (tasks, database):
        with refused("DependencyViolation"):
            account.ec2.delete_security_group(GroupId=identifier)
    with refused("DependencyViolation"):  # the instance's subnets
        account.ec2.delete_subnet(SubnetId=found["Subnets"][0]["SubnetIdentifier"])
    account.rds.delete_db_instance(DBInstanceIdentifier="triflow", SkipFinalSnapshot=True)
    account.ec2.delete_security_group(GroupId=database)
    account.ec2.delete_security_group(GroupId=tasks)


def test_default_security_group_and_main_route_table_stay(account: Account) -> None:
    vpc = account.vpc()
    filters = [{"Name": "vpc-id", "Values": [vpc]}]
    (group,) = account.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    with refused("CannotDelete"):
        account.ec2.delete_security_group(GroupId=group["GroupId"])
    (table,) = account.ec2.describe_route_tables(Filters=filters)["RouteTables"]
    with refused("DependencyViolation"):
        account.ec2.delete_route_table(RouteTableId=table["RouteTableId"])
    account.ec2.delete_vpc(VpcId=vpc)
