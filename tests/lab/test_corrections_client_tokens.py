"""A repeated call with its token: the first answer once more, and nothing made twice."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Lab
from tests.lab.conftest import Account, refused
from tests.lab.test_corrections_nights import Schedules
from tests.modules.compute import Compute


def same(call: Callable[..., Any], **parameters: Any) -> Any:
    first, second = call(**parameters), call(**parameters)
    for answer in (first, second):
        answer.pop("ResponseMetadata")
    assert first == second
    return first


def test_ec2(account: Account) -> None:
    ec2, vpc = account.ec2, account.vpc()
    token = {"ClientToken": "one"}
    table = same(ec2.create_route_table, VpcId=vpc, **token)["RouteTable"]["RouteTableId"]
    endpoint = {"VpcId": vpc, "ServiceName": "com.amazonaws.ap-northeast-2.s3"}
    same(ec2.create_vpc_endpoint, **endpoint, **token)
    gateway = {"SubnetId": account.subnet(vpc, "10.0.1.0/24"), "ConnectivityType": "private"}
    same(ec2.create_nat_gateway, **gateway, **token)
    logs: dict[str, Any] = {
        "ResourceIds": [vpc],
        "ResourceType": "VPC",
        "TrafficType": "ALL",
        "LogDestinationType": "s3",
        "LogDestination": "arn:aws:s3:::flow",
    }
    account.lab.aws("s3").create_bucket(
        Bucket="flow", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"}
    )
    same(ec2.create_flow_logs, **logs, **token)
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    assert len(ec2.describe_route_tables(Filters=of_vpc)["RouteTables"]) == 2  # with the main one
    assert len(ec2.describe_vpc_endpoints(Filters=of_vpc)["VpcEndpoints"]) == 1
    assert len(ec2.describe_nat_gateways(Filter=of_vpc)["NatGateways"]) == 1
    assert len(ec2.describe_flow_logs()["FlowLogs"]) == 1
    with refused("IdempotentParameterMismatch"):
        ec2.create_route_table(VpcId=account.vpc(), **token)
    with refused("IdempotentParameterMismatch"):
        ec2.create_flow_logs(**logs | {"TrafficType": "REJECT"}, **token)
    # A token is used again in another region, and without one each call makes something.
    other = account.lab.aws("ec2", region_name="eu-west-1")
    there = other.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    assert other.create_route_table(VpcId=there, **token)["RouteTable"]["RouteTableId"] != table
    # What was refused has used up no token.
    with refused("InvalidVpcID.NotFound"):
        ec2.create_route_table(VpcId="vpc-00000000000000000", ClientToken="two")
    ec2.create_route_table(VpcId=vpc, ClientToken="two")


def test_ecs(empty_lab: Lab) -> None:
    compute = Compute(empty_lab, "tokens")
    definition = compute.register()
    network = {"awsvpcConfiguration": {"subnets": compute.subnets, "securityGroups": compute.groups}}
    task: dict[str, Any] = {
        "cluster": "tokens",
        "taskDefinition": definition,
        "launchType": "FARGATE",
        "networkConfiguration": network,
    }
    service = {**task, "serviceName": "backend", "desiredCount": 0}
    same(compute.ecs.create_service, **service, clientToken="one")
    same(compute.ecs.run_task, **task, clientToken="one")
    assert len(compute.ecs.list_tasks(cluster="tokens")["taskArns"]) == 1
    with refused("InvalidParameterException", "not idempotent"):
        compute.ecs.create_service(**service | {"desiredCount": 1}, clientToken="one")
    with refused("ConflictException"):
        compute.ecs.run_task(**task | {"count": 2}, clientToken="one")


def test_scheduler(empty_lab: Lab) -> None:
    client = Schedules(empty_lab).client
    name = {"Name": uuid.uuid4().hex[:8], "ClientToken": "one"}
    same(client.create_schedule_group, **name)
    with refused("ConflictException"):
        client.create_schedule_group(**name, Tags=[{"Key": "a", "Value": "2"}])
    with refused("ConflictException"):
        client.create_schedule_group(Name=name["Name"], ClientToken="two")
    same(client.delete_schedule_group, **name)
    with refused("ResourceNotFoundException"):
        client.delete_schedule_group(Name=name["Name"], ClientToken="two")


def test_secrets_manager(empty_lab: Lab) -> None:
    client = empty_lab.aws("secretsmanager")
    token = str(uuid.uuid4())
    secret = {"Name": "webhook", "SecretString": "one", "ClientRequestToken": token}
    assert same(client.create_secret, **secret)["VersionId"] == token
    with refused("ResourceExistsException"):
        client.create_secret(**secret | {"SecretString": "two"})
    change = {"SecretId": "webhook", "SecretString": "two", "ClientRequestToken": str(uuid.uuid4())}
    same(client.put_secret_value, **change)
    assert len(client.list_secret_version_ids(SecretId="webhook")["Versions"]) == 2
    with refused("ResourceExistsException"):
        client.put_secret_value(**change | {"SecretString": "three"})


def test_acm(empty_lab: Lab) -> None:
    client = empty_lab.aws("acm")
    same(client.request_certificate, DomainName="example.com", ValidationMethod="DNS", IdempotencyToken="one")
    assert len(client.list_certificates()["CertificateSummaryList"]) == 1


@pytest.mark.parametrize("name", ["example.com", "example.org"])
def test_route53(lab: Lab, name: str) -> None:
    client = lab.aws("route53")
    reference = uuid.uuid4().hex
    client.create_hosted_zone(Name="example.com", CallerReference=reference)
    with refused("HostedZoneAlreadyExists"):
        client.create_hosted_zone(Name=name, CallerReference=reference)
