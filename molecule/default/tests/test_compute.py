"""CMP-1..12, MON-1, MON-4 and MON-9's sidecar, read with boto3."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

Aws = Callable[[str], Any]
Described = dict[str, Any]


@pytest.fixture
def service(aws: Aws, stack: str) -> Described:
    found = aws("ecs").describe_services(cluster=stack, services=["backend"], include=["TAGS"])["services"]
    return dict(found[0])


@pytest.fixture
def definition(aws: Aws, service: Described) -> Described:
    answer = aws("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])
    return dict(answer["taskDefinition"])


@pytest.fixture
def containers(definition: Described) -> dict[str, Described]:
    return {container["name"]: container for container in definition["containerDefinitions"]}


@pytest.fixture
def log_group(containers: dict[str, Described]) -> str:
    return str(containers["backend"]["logConfiguration"]["options"]["awslogs-group"])


@pytest.fixture
def target_group(aws: Aws, stack: str) -> str:
    return str(aws("elbv2").describe_target_groups(Names=[f"{stack}-backend"])["TargetGroups"][0]["TargetGroupArn"])


def running(aws: Aws, stack: str) -> list[Described]:
    ecs = aws("ecs")
    arns = ecs.list_tasks(cluster=stack, serviceName="backend")["taskArns"]
    tasks = ecs.describe_tasks(cluster=stack, tasks=arns, include=["TAGS"])["tasks"]
    return [task for task in tasks if task["lastStatus"] == "RUNNING"]


def healthy(aws: Aws, target_group: str) -> set[str]:
    found = aws("elbv2").describe_target_health(TargetGroupArn=target_group)["TargetHealthDescriptions"]
    return {item["Target"]["Id"] for item in found if item["TargetHealth"]["State"] == "healthy"}


def test_fargate(service: Described, definition: Described) -> None:
    """CMP-1"""
    assert service["launchType"] == "FARGATE"
    assert definition["requiresCompatibilities"] == ["FARGATE"]
    assert definition["networkMode"] == "awsvpc"


def test_task_size(definition: Described) -> None:
    """CMP-2, ENV-3"""
    assert (definition["cpu"], definition["memory"]) == ("1024", "2048")


def test_two_tasks_in_both_zones(aws: Aws, stack: str, vpc: Described, service: Described) -> None:
    """CMP-3: in the private subnets, without public addresses, and kept even."""
    assert service["desiredCount"] == 2
    assert {task["availabilityZone"] for task in running(aws, stack)} == {"ap-northeast-2a", "ap-northeast-2c"}
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    subnets = aws("ec2").describe_subnets(SubnetIds=network["subnets"])["Subnets"]
    assert {subnet["CidrBlock"] for subnet in subnets} == {"10.0.11.0/24", "10.0.12.0/24"}
    assert {subnet["VpcId"] for subnet in subnets} == {vpc["VpcId"]}
    assert network["assignPublicIp"] == "DISABLED"
    (group,) = aws("ec2").describe_security_groups(GroupIds=network["securityGroups"])["SecurityGroups"]
    assert group["GroupName"] == f"{stack}-ecs"
    assert service["availabilityZoneRebalancing"] == "ENABLED"


def test_two_to_five_tasks(aws: Aws, stack: str) -> None:
    """CMP-3, CMP-4"""
    (target,) = aws("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[f"service/{stack}/backend"]
    )["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 5)
    assert target["ScalableDimension"] == "ecs:service:DesiredCount"


@pytest.mark.parametrize(
    ("threshold", "comparison", "adjustment"),
    [
        pytest.param(70.0, "GreaterThanThreshold", 1, id="CMP-5"),
        pytest.param(30.0, "LessThanThreshold", -1, id="CMP-6"),
    ],
)
def test_scaling(aws: Aws, stack: str, threshold: float, comparison: str, adjustment: int) -> None:
    """CMP-5, CMP-6: each has an alarm on the service's CPU load, and a step policy that the alarm starts."""
    policies = aws("application-autoscaling").describe_scaling_policies(
        ServiceNamespace="ecs", ResourceId=f"service/{stack}/backend"
    )["ScalingPolicies"]
    steps = {policy["PolicyARN"]: policy["StepScalingPolicyConfiguration"]["StepAdjustments"] for policy in policies}
    assert len(steps) == 2
    alarms = aws("cloudwatch").describe_alarms(AlarmNamePrefix=f"{stack}-backend-scale-")["MetricAlarms"]
    assert len(alarms) == 2
    (alarm,) = [item for item in alarms if item["ComparisonOperator"] == comparison]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/ECS", "CPUUtilization", "Average")
    assert alarm["Threshold"] == threshold
    dimensions = {item["Name"]: item["Value"] for item in alarm["Dimensions"]}
    assert dimensions == {"ClusterName": stack, "ServiceName": "backend"}
    (action,) = alarm["AlarmActions"]
    assert [step["ScalingAdjustment"] for step in steps[action]] == [adjustment]


def test_platform_version(service: Described) -> None:
    """CMP-7"""
    assert service["platformVersion"] == "LATEST"


def test_rolling_update_without_downtime(service: Described) -> None:
    """CMP-8: a deployment that does not come up is taken back."""
    deployment = service["deploymentConfiguration"]
    assert (deployment["minimumHealthyPercent"], deployment["maximumPercent"]) == (100, 200)
    assert deployment["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert service["deployments"][0]["rolloutState"] == "COMPLETED"


def test_image_and_its_repository(aws: Aws, stack: str, containers: dict[str, Described]) -> None:
    """CMP-8"""
    ecr = aws("ecr")
    (repository,) = ecr.describe_repositories(repositoryNames=[f"{stack}/backend"])["repositories"]
    assert containers["backend"]["image"].startswith(f"{repository['repositoryUri']}:")
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    policy = json.loads(ecr.get_lifecycle_policy(repositoryName=f"{stack}/backend")["lifecyclePolicyText"])
    selections = {rule["selection"]["tagStatus"]: rule["selection"]["countNumber"] for rule in policy["rules"]}
    assert selections == {"untagged": 14, "any": 30}


def test_port(containers: dict[str, Described], service: Described) -> None:
    """CMP-9"""
    (mapping,) = containers["backend"]["portMappings"]
    assert (mapping["containerPort"], mapping["protocol"]) == (8000, "tcp")
    assert [balancer["containerPort"] for balancer in service["loadBalancers"]] == [8000]


def test_logs(aws: Aws, stack: str, log_group: str, containers: dict[str, Described]) -> None:
    """CMP-10, MON-1: two weeks, since CloudWatch does not take 15 days. Production's name is the record's."""
    assert log_group == f"/aws/ecs/{stack}-backend"
    logging = [item["logConfiguration"]["options"] for item in containers.values()]
    assert {options["awslogs-group"] for options in logging} == {log_group}
    modes = {(options["mode"], options["max-buffer-size"]) for options in logging}
    assert modes == {("non-blocking", "25m")}
    (found,) = aws("logs").describe_log_groups(logGroupNamePrefix=log_group)["logGroups"]
    assert found["retentionInDays"] == 14
    assert aws("logs").describe_log_streams(logGroupName=log_group)["logStreams"]


def test_sidecar(containers: dict[str, Described]) -> None:
    """CMP-11, MON-9"""
    sidecar = containers["prometheus"]
    assert sidecar["essential"] is False
    environment = {item["name"]: item["value"] for item in sidecar["environment"]}
    configuration = json.loads(environment["CONFIGURATION"])
    assert configuration["scrape_configs"][0]["static_configs"] == [{"targets": ["localhost:8000"]}]
    assert configuration["remote_write"][0]["url"].startswith("https://")


def test_a_task_that_is_gone_is_replaced(aws: Aws, stack: str, target_group: str, service: Described) -> None:
    """CMP-12: it leaves the target group, and another one comes."""
    assert service["loadBalancers"][0]["targetGroupArn"] == target_group
    before, targets = running(aws, stack), healthy(aws, target_group)
    assert len(before) == len(targets) == 2
    aws("ecs").stop_task(cluster=stack, task=before[0]["taskArn"], reason="the verification of CMP-12")
    deadline = time.monotonic() + 120
    while len(healthy(aws, target_group)) < 2 and time.monotonic() < deadline:
        running(aws, stack)
        time.sleep(1)
    after = {task["taskArn"] for task in running(aws, stack)}
    assert len(after) == 2
    assert before[0]["taskArn"] not in after
    assert len(healthy(aws, target_group) - targets) == 1


def test_cluster_shows_running_tasks(aws: Aws, stack: str) -> None:
    """MON-4: RunningTaskCount needs Container Insights."""
    (cluster,) = aws("ecs").describe_clusters(clusters=[stack], include=["SETTINGS"])["clusters"]
    assert {"name": "containerInsights", "value": "enabled"} in cluster["settings"]
    assert cluster["capacityProviders"] == ["FARGATE"]


def test_tasks_carry_the_stacks_tags(aws: Aws, stack: str) -> None:
    """CMP-1: what a task costs can be told apart."""
    for task in running(aws, stack):
        tags = {tag["key"]: tag["value"] for tag in task["tags"]}
        assert tags["triflow:stack"] == stack
        assert tags["aws:ecs:serviceName"] == "backend"


@pytest.mark.parametrize("role", ["execution", "task"])
def test_roles_may_do_nothing_more(aws: Aws, stack: str, role: str, definition: Described) -> None:
    """CMP-8, CMP-10, S3-2: no managed policy, no wildcard action, and ECS of this account only."""
    iam, name = aws("iam"), f"{stack}-{role}"
    found = iam.get_role(RoleName=name)["Role"]
    assert definition[{"execution": "executionRoleArn", "task": "taskRoleArn"}[role]] == found["Arn"]
    (trust,) = found["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": aws("sts").get_caller_identity()["Account"]}
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    for statement in iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not any("*" in action for action in actions)
        assert statement["Resource"] != "*" or actions == ["ecr:GetAuthorizationToken"]


def test_the_application_reaches_its_part_of_the_bucket(aws: Aws, stack: str, bucket: str) -> None:
    """S3-2"""
    answer = aws("iam").get_role_policy(RoleName=f"{stack}-task", PolicyName="use-the-stack")
    resources = {statement["Sid"]: statement["Resource"] for statement in answer["PolicyDocument"]["Statement"]}
    assert resources == {
        "ListObjects": f"arn:aws:s3:::{bucket}",
        "ReadAndWriteObjects": [f"arn:aws:s3:::{bucket}/tenants/*"],
        "ReadObjects": [f"arn:aws:s3:::{bucket}/shared/*"],
    }
