"""What the tests of the edge's modules share: a network for load balancers, and what AWS shows of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import Lab


@dataclass(frozen=True)
class Edge:
    """A VPC of the test's own that takes load balancers, and clients."""

    lab: Lab
    ec2: Any
    elb: Any
    vpc: str
    subnets: list[str]  # in three zones
    groups: list[str]

    def tags(self, arn: str) -> dict[str, str]:
        (found,) = self.elb.describe_tags(ResourceArns=[arn])["TagDescriptions"]
        return {tag["Key"]: tag["Value"] for tag in found["Tags"]}

    def lose_tags(self, arn: str) -> None:
        self.elb.remove_tags(ResourceArns=[arn], TagKeys=list(self.tags(arn)))

    def balancer(self, name: str) -> str:
        created = self.elb.create_load_balancer(Name=name, Subnets=self.subnets[:2], SecurityGroups=self.groups[:1])
        return str(created["LoadBalancers"][0]["LoadBalancerArn"])

    def target_group(self, name: str, stack: str | None = None) -> str:
        tags = {"Tags": [{"Key": "triflow:stack", "Value": stack}]} if stack else {}
        created = self.elb.create_target_group(
            Name=name, Protocol="HTTP", Port=8000, VpcId=self.vpc, TargetType="ip", **tags
        )
        return str(created["TargetGroups"][0]["TargetGroupArn"])


@pytest.fixture
def edge(lab: Lab, ec2: Any) -> Edge:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"ap-northeast-2{zone}")
        for number, zone in enumerate("abc")
    ]
    groups = [ec2.create_security_group(VpcId=vpc, GroupName=name, Description=name) for name in ("one", "two")]
    return Edge(
        lab,
        ec2,
        lab.aws("elbv2"),
        vpc,
        [subnet["Subnet"]["SubnetId"] for subnet in subnets],
        [group["GroupId"] for group in groups],
    )
