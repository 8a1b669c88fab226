"""What the tests of the ECS modules share: a network, a cluster and a target group that a listener forwards to."""

from __future__ import annotations

from typing import Any

from tests.conftest import Lab

IMAGE = "example/backend:1"


class Compute:
    """A cluster of the test's own, named after its stack."""

    def __init__(self, lab: Lab, stack: str) -> None:
        self.ecs: Any = lab.aws("ecs")
        self.ec2: Any = lab.aws("ec2")
        self.elb: Any = lab.aws("elbv2")
        self.stack = stack
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            self.ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=f"ap-northeast-2{zone}")["Subnet"][
                "SubnetId"
            ]
            for cidr, zone in (("10.0.11.0/24", "a"), ("10.0.12.0/24", "c"))
        ]
        self.groups = [
            self.ec2.create_security_group(VpcId=vpc, GroupName=name, Description=name)["GroupId"]
            for name in ("one", "two")
        ]
        self.target_group = self.elb.create_target_group(
            Name=stack, Protocol="HTTP", Port=8000, VpcId=vpc, TargetType="ip"
        )["TargetGroups"][0]["TargetGroupArn"]
        balancer = self.elb.create_load_balancer(Name=stack, Subnets=self.subnets, Scheme="internal")["LoadBalancers"]
        self.elb.create_listener(
            LoadBalancerArn=balancer[0]["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.target_group}],
        )
        self.ecs.create_cluster(clusterName=stack)
        lab.aws("logs").create_log_group(logGroupName=stack)

    def register(self, image: str = IMAGE) -> str:
        options = {"awslogs-group": self.stack, "awslogs-region": "ap-northeast-2", "awslogs-stream-prefix": "ecs"}
        container = {
            "name": "backend",
            "image": image,
            "portMappings": [{"containerPort": 8000}],
            "logConfiguration": {"logDriver": "awslogs", "options": options},
        }
        answer = self.ecs.register_task_definition(
            family=self.stack,
            cpu="512",
            memory="1024",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            executionRoleArn="arn:aws:iam::123456789012:role/execution",
            containerDefinitions=[container],
        )
        arn: str = answer["taskDefinition"]["taskDefinitionArn"]
        return arn

    def create_service(self, definition: str, count: int = 2, breaker: bool = False) -> None:
        self.ecs.create_service(
            cluster=self.stack,
            serviceName="backend",
            taskDefinition=definition,
            desiredCount=count,
            launchType="FARGATE",
            deploymentConfiguration={"deploymentCircuitBreaker": {"enable": breaker, "rollback": breaker}},
            networkConfiguration={
                "awsvpcConfiguration": {"subnets": self.subnets, "securityGroups": self.groups[:1]},
            },
        )

    def service(self, name: str = "backend") -> dict[str, Any] | None:
        found = self.ecs.describe_services(cluster=self.stack, services=[name], include=["TAGS"])["services"]
        return next((dict(item) for item in found if item["status"] == "ACTIVE"), None)


def ecs_tags(described: dict[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in described.get("tags", [])}
