"""stack_dependents: what another stack uses is not taken down (ENV-1, ENV-4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.tagging import expected_tags, tag_list


def specification(kind: str, stack: str, component: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": tag_list(expected_tags(stack, component))}]


@pytest.fixture
def other(stack: str) -> str:
    return f"{stack}-other"


@pytest.fixture
def vpc(ec2: Any, stack: str) -> str:
    created = ec2.create_vpc(CidrBlock="10.2.0.0/16", TagSpecifications=specification("vpc", stack, "vpc"))
    return str(created["Vpc"]["VpcId"])


@pytest.fixture
def bucket(lab: Lab, stack: str) -> Iterator[str]:
    s3: Any = lab.aws("s3")
    s3.create_bucket(Bucket=stack, CreateBucketConfiguration={"LocationConstraint": lab.environment["AWS_REGION"]})
    s3.put_bucket_versioning(Bucket=stack, VersioningConfiguration={"Status": "Enabled"})
    yield stack
    listed = s3.list_object_versions(Bucket=stack)
    for item in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
        s3.delete_object(Bucket=stack, Key=item["Key"], VersionId=item["VersionId"])
    s3.delete_bucket(Bucket=stack)


def look(run_module: RunModule, bucket: str, other: str, **options: Any) -> dict[str, Any]:
    return run_module("stack_dependents", bucket_name=bucket, shares={other: "dev/"}, **options)


@pytest.mark.parametrize("check", [False, True])
def test_nobody_uses_it(
    ec2: Any, lab: Lab, stack: str, vpc: str, bucket: str, other: str, check: bool, run_module: RunModule
) -> None:
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.2.1.0/24", TagSpecifications=specification("subnet", stack, "subnet-x"))
    lab.aws("s3").put_object(Bucket=bucket, Key="development/1", Body=b"x")
    before = len(lab.calls())
    result = look(run_module, bucket, other, check=check)
    assert (result["changed"], result["dependents"]) == (False, {})
    assert not any(call["write"] for call in lab.calls()[before:])


@pytest.mark.parametrize("check", [False, True])
def test_subnet_of_another_stack(
    ec2: Any, vpc: str, bucket: str, other: str, check: bool, run_module: RunModule
) -> None:
    tags = specification("subnet", other, "subnet-public-a")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.2.101.0/24", TagSpecifications=tags)["Subnet"]["SubnetId"]
    result = look(run_module, bucket, other, check=check)
    assert result["failed"] is True
    assert result["dependents"] == {other: [f"{subnet} in the VPC {vpc}"]}
    assert f"{other}: playbooks/destroy.yml with the inventory of {other}" in result["msg"]


def test_what_a_sharing_stack_runs(lab: Lab, bucket: str, other: str, run_module: RunModule) -> None:
    rds = lab.aws("rds")
    identifier = f"{other}-db"
    rds.create_db_instance(
        DBInstanceIdentifier=identifier,
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="x",
        MasterUserPassword="not-a-secret",
        Tags=tag_list(expected_tags(other, "database")),
    )
    result = look(run_module, bucket, other)
    (arn,) = result["dependents"][other]
    assert arn.endswith(f":db:{identifier}")
    assert run_module("stack_dependents", bucket_name=bucket, shares={f"{other}-2": "dev/"})["dependents"] == {}
    rds.delete_db_instance(DBInstanceIdentifier=identifier, SkipFinalSnapshot=True)


@pytest.mark.parametrize("deleted", [False, True])
def test_objects_of_a_stack_that_is_gone(
    lab: Lab, bucket: str, other: str, deleted: bool, run_module: RunModule
) -> None:
    lab.aws("s3").put_object(Bucket=bucket, Key="dev/shared/1", Body=b"x")
    if deleted:
        lab.aws("s3").delete_object(Bucket=bucket, Key="dev/shared/1")
    assert look(run_module, bucket, other)["dependents"] == {other: [f"objects under dev/ in the bucket {bucket}"]}
    assert look(run_module, bucket, other, objects_may_go=True)["dependents"] == {}


def test_bucket_that_is_gone(stack: str, other: str, run_module: RunModule) -> None:
    assert look(run_module, f"{stack}-gone", other)["dependents"] == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shares": {}}, "missing required arguments: bucket_name"),
        ({"bucket_name": "b", "shares": "x"}, "shares"),
        ({"bucket_name": "b", "shares": {}, "stack": None}, "stack is not set"),
    ],
)
def test_bad_input(run_module: RunModule, options: dict[str, Any], message: str) -> None:
    result = run_module("stack_dependents", **options)
    assert result["failed"] is True
    assert message in result["msg"]


Undo = Callable[[], Any]


def endpoint(ec2: Any, vpc: str, subnet: str) -> tuple[str, Undo]:
    made = ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.ap-northeast-2.guardduty-data",
        SubnetIds=[subnet],
        PrivateDnsEnabled=False,
        TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": tag_list({"GuardDutyManaged": "true"})}],
    )["VpcEndpoint"]["VpcEndpointId"]
    return f"the VPC endpoint {made} of", partial(ec2.delete_vpc_endpoints, VpcEndpointIds=[made])


def security_group(ec2: Any, vpc: str, _subnet: str) -> tuple[str, Undo]:
    made = ec2.create_security_group(GroupName="theirs", Description="theirs", VpcId=vpc)["GroupId"]
    return f"the security group theirs ({made})", partial(ec2.delete_security_group, GroupId=made)


def interface(ec2: Any, _vpc: str, subnet: str) -> tuple[str, Undo]:
    made = ec2.create_network_interface(SubnetId=subnet, Description="theirs")["NetworkInterface"]["NetworkInterfaceId"]
    return f"{made} in {subnet}, of theirs", partial(ec2.delete_network_interface, NetworkInterfaceId=made)


def subnet_of_nobody(ec2: Any, vpc: str, _subnet: str) -> tuple[str, Undo]:
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.2.2.0/24")["Subnet"]["SubnetId"]
    return f"the subnet {made} (10.2.2.0/24)", partial(ec2.delete_subnet, SubnetId=made)


def nat_gateway(ec2: Any, _vpc: str, subnet: str) -> tuple[str, Undo]:
    made = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    return f"the NAT gateway {made}", partial(ec2.delete_nat_gateway, NatGatewayId=made)


def route_table(ec2: Any, vpc: str, _subnet: str) -> tuple[str, Undo]:
    made = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    return f"the route table {made}", partial(ec2.delete_route_table, RouteTableId=made)


def network_acl(ec2: Any, vpc: str, _subnet: str) -> tuple[str, Undo]:
    made = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    return f"the network ACL {made}", partial(ec2.delete_network_acl, NetworkAclId=made)


def vpn_gateway(ec2: Any, vpc: str, _subnet: str) -> tuple[str, Undo]:
    made = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpcId=vpc, VpnGatewayId=made)
    return f"the virtual private gateway {made}", partial(ec2.detach_vpn_gateway, VpcId=vpc, VpnGatewayId=made)


def egress_only_gateway(ec2: Any, vpc: str, _subnet: str) -> tuple[str, Undo]:
    made = ec2.create_egress_only_internet_gateway(VpcId=vpc)["EgressOnlyInternetGateway"][
        "EgressOnlyInternetGatewayId"
    ]
    undo = partial(ec2.delete_egress_only_internet_gateway, EgressOnlyInternetGatewayId=made)
    return f"the egress-only internet gateway {made}", undo


def peering(ec2: Any, vpc: str, _subnet: str) -> tuple[str, Undo]:
    peer = ec2.create_vpc(CidrBlock="10.3.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=peer)["VpcPeeringConnection"][
        "VpcPeeringConnectionId"
    ]
    return f"the peering connection {made}", partial(ec2.delete_vpc_peering_connection, VpcPeeringConnectionId=made)


MADE_BY_OTHERS = (
    endpoint,
    security_group,
    interface,
    subnet_of_nobody,
    nat_gateway,
    route_table,
    network_acl,
    vpn_gateway,
    egress_only_gateway,
    peering,
)


@pytest.mark.parametrize("make", MADE_BY_OTHERS, ids=lambda make: make.__name__)
def test_what_others_made_in_the_vpc(
    make: Callable[[Any, str, str], tuple[str, Undo]], ec2: Any, stack: str, vpc: str, run_module: RunModule
) -> None:
    tags = specification("subnet", stack, "subnet-private-a")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.2.1.0/24", TagSpecifications=tags)["Subnet"]["SubnetId"]
    what, undo = make(ec2, vpc, subnet)
    result = run_module("stack_dependents", bucket_name=f"{stack}-none", shares={}, check=True)
    assert result["failed"] is True
    (obstacle,) = result["obstacles"]
    assert what in obstacle["what"]
    assert what in result["msg"]
    assert ("GuardDutyManaged=false" in obstacle["way"]) is (make is endpoint)
    undo()
    assert run_module("stack_dependents", bucket_name=f"{stack}-none", shares={})["obstacles"] == []


def test_in_another_stacks_vpc_only_the_stacks_subnets_count(
    ec2: Any, stack: str, other: str, vpc: str, run_module: RunModule
) -> None:
    """The stack `other` uses the VPC of `stack`."""
    tags = specification("subnet", other, "subnet-private-a")
    theirs = ec2.create_subnet(VpcId=vpc, CidrBlock="10.2.1.0/24", TagSpecifications=tags)["Subnet"]["SubnetId"]
    elsewhere = ec2.create_subnet(VpcId=vpc, CidrBlock="10.2.2.0/24")["Subnet"]["SubnetId"]
    security_group(ec2, vpc, theirs)
    interface(ec2, vpc, elsewhere)
    arguments = {"stack": other, "vpc_owner": stack, "bucket_name": f"{stack}-none", "shares": {}}
    assert run_module("stack_dependents", **arguments)["obstacles"] == []
    what, _undo = interface(ec2, vpc, theirs)
    (obstacle,) = run_module("stack_dependents", **arguments)["obstacles"]
    assert what in obstacle["what"]


def test_a_rule_that_names_a_group_of_the_stack(
    ec2: Any, stack: str, other: str, vpc: str, run_module: RunModule
) -> None:
    groups = [
        ec2.create_security_group(
            GroupName=owner, Description="x", VpcId=vpc, TagSpecifications=specification("security-group", owner, "x")
        )["GroupId"]
        for owner in (stack, other)
    ]
    pair = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [{"GroupId": groups[0]}]}
    ec2.authorize_security_group_ingress(GroupId=groups[1], IpPermissions=[pair])
    (obstacle,) = run_module("stack_dependents", bucket_name=f"{stack}-none", shares={})["obstacles"]
    assert obstacle["what"].startswith(f"a rule of the security group {other} ({groups[1]})")


def test_a_database_elsewhere_with_the_parameter_group(lab: Lab, stack: str, vpc: str, run_module: RunModule) -> None:
    assert vpc
    rds, group = lab.aws("rds"), f"{stack}-postgres14"
    rds.create_db_parameter_group(
        DBParameterGroupName=group,
        DBParameterGroupFamily="postgres14",
        Description="x",
        Tags=tag_list(expected_tags(stack, "db-parameter-group")),
    )
    rds.create_db_instance(
        DBInstanceIdentifier=f"{stack}-theirs",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        EngineVersion="14",
        AllocatedStorage=20,
        MasterUsername="x",
        MasterUserPassword="not-a-secret",
        DBParameterGroupName=group,
    )
    (obstacle,) = run_module("stack_dependents", bucket_name=f"{stack}-none", shares={})["obstacles"]
    assert obstacle["what"] == f"the DB instance {stack}-theirs, which uses the parameter group {group}"
    rds.delete_db_instance(DBInstanceIdentifier=f"{stack}-theirs", SkipFinalSnapshot=True)


@pytest.mark.parametrize("whose", ["theirs", "ours"])
def test_a_load_balancer_with_the_target_group(
    whose: str, lab: Lab, ec2: Any, stack: str, vpc: str, run_module: RunModule
) -> None:
    elb = lab.aws("elbv2")
    subnets = [
        ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=f"10.2.{number}.0/24",
            AvailabilityZone=f"ap-northeast-2{zone}",
            TagSpecifications=specification("subnet", stack, f"subnet-public-{zone}"),
        )["Subnet"]["SubnetId"]
        for number, zone in ((1, "a"), (2, "c"))
    ]
    tags = tag_list(expected_tags(stack, "target-group-backend"))
    group = elb.create_target_group(
        Name=f"{stack}-backend", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip", Tags=tags
    )["TargetGroups"][0]["TargetGroupArn"]
    name = f"{stack}-theirs" if whose == "theirs" else stack
    balancer = elb.create_load_balancer(Name=name, Subnets=subnets, Scheme="internal")["LoadBalancers"][0]
    arn, forward = balancer["LoadBalancerArn"], [{"Type": "forward", "TargetGroupArn": group}]
    elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=forward)
    result = run_module("stack_dependents", bucket_name=f"{stack}-none", shares={}, cluster_name=stack)
    uses = [item["what"] for item in result["obstacles"] if "uses the target group" in item["what"]]
    assert uses == ([f"the load balancer {arn} uses the target group {stack}-backend"] if whose == "theirs" else [])


def test_images_and_tasks_of_others(lab: Lab, stack: str, run_module: RunModule) -> None:
    ecr, ecs = lab.aws("ecr"), lab.aws("ecs")
    ecr.create_repository(repositoryName=f"{stack}/backend", tags=tag_list(expected_tags(stack, "repository-backend")))
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = '{"schemaVersion": 2}'
    ecr.put_image(repositoryName=f"{stack}/backend", imageManifest=manifest, imageManifestMediaType=kind, imageTag="1")
    lower = [{"key": tag["Key"], "value": tag["Value"]} for tag in tag_list(expected_tags(stack, "cluster"))]
    ecs.create_cluster(clusterName=stack, tags=lower)
    ecs.register_task_definition(
        family=stack,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "it", "image": "it"}],
    )
    subnet = lab.aws("ec2").describe_subnets()["Subnets"][0]
    inside = [{"Name": "vpc-id", "Values": [subnet["VpcId"]]}]
    group = lab.aws("ec2").describe_security_groups(Filters=inside)["SecurityGroups"][0]["GroupId"]
    network = {"awsvpcConfiguration": {"subnets": [subnet["SubnetId"]], "securityGroups": [group]}}
    ecs.create_service(
        cluster=stack,
        serviceName="theirs",
        taskDefinition=stack,
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration=network,
    )
    arguments = {"bucket_name": f"{stack}-none", "shares": {}, "cluster_name": stack}
    found = [item["what"] for item in run_module("stack_dependents", **arguments)["obstacles"]]
    assert found == [f"the service theirs in the cluster {stack}", f"images in the repository {stack}/backend"]
    ecs.delete_service(cluster=stack, service="theirs", force=True)
    ecs.describe_services(cluster=stack, services=["theirs"])  # ECS is seen to have let it go
    assert run_module("stack_dependents", **arguments, images_may_go=True)["obstacles"] == []


@pytest.mark.parametrize("tags_of", ["stack", None])
def test_another_database_in_the_vpc(
    tags_of: str | None, lab: Lab, ec2: Any, stack: str, vpc: str, run_module: RunModule
) -> None:
    """Such as one restored from a snapshot, which has the stack's tags."""
    rds = lab.aws("rds")
    subnets = [
        ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=f"10.2.{number}.0/24",
            AvailabilityZone=f"ap-northeast-2{zone}",
            TagSpecifications=specification("subnet", stack, f"subnet-private-{zone}"),
        )["Subnet"]["SubnetId"]
        for number, zone in ((1, "a"), (2, "c"))
    ]
    rds.create_db_subnet_group(DBSubnetGroupName=stack, DBSubnetGroupDescription="x", SubnetIds=subnets)
    rds.create_db_instance(
        DBInstanceIdentifier=f"{stack}-restored",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="x",
        MasterUserPassword="not-a-secret",
        DBSubnetGroupName=stack,
        Tags=tag_list(expected_tags(stack, "database")) if tags_of else [],
    )
    arguments = {"bucket_name": f"{stack}-none", "shares": {}}
    found = run_module("stack_dependents", **arguments, database_identifier=f"{stack}-db")["obstacles"]
    assert [item["what"] for item in found] == [f"the DB instance {stack}-restored in the VPC {vpc}"]
    assert run_module("stack_dependents", **arguments, database_identifier=f"{stack}-restored")["obstacles"] == []
    guest = {**arguments, "stack": f"{stack}-guest", "vpc_owner": stack}  # a stack in this VPC, with other subnets
    assert run_module("stack_dependents", **guest, database_identifier=f"{stack}-guest-db")["obstacles"] == []
    rds.delete_db_instance(DBInstanceIdentifier=f"{stack}-restored", SkipFinalSnapshot=True)
