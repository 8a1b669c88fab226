"""cost_live_info: what its price depends on, of the stack's own parts only. A whole stack: tests/integration."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import Lab
from tests.lab.function import LabFunction
from tests.modules.compute import Compute
from tests.modules.conftest import RunModule
from tests.modules.tagging import expected_tags, tag_list
from tests.unit.test_cost_built import NOTHING

MODULE = "cost_live_info"
SERVICE = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
EXPRESSION = [
    {"Id": "result", "Expression": "a + b", "ReturnData": True},
    *(
        {
            "Id": name,
            "MetricStat": {"Metric": {"Namespace": "Test", "MetricName": name}, "Period": 60, "Stat": "Sum"},
            "ReturnData": False,
        }
        for name in "ab"
    ),
]


def read(run_module: RunModule, **options: Any) -> dict[str, Any]:
    result = run_module(MODULE, **options)
    assert not result.get("failed"), result
    assert result["changed"] is False
    live: dict[str, Any] = result["live"]
    return live


def found(run_module: RunModule) -> dict[str, Any]:
    """What a stack without anything does not have."""
    return {name: value for name, value in read(run_module).items() if value != NOTHING[name]}


def specification(kind: str, stack: str, component: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": tag_list(expected_tags(stack, component))}]


@pytest.mark.parametrize("check", [False, True])
def test_nothing_is_there(lab: Lab, run_module: RunModule, check: bool) -> None:
    before = len(lab.calls())
    assert read(run_module, check=check) == NOTHING
    assert [call["operation"] for call in lab.calls()[before:] if call["write"]] == []


def test_network(ec2: Any, stack: str, run_module: RunModule) -> None:
    for owner in (stack, f"{stack}-2"):
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"ap-northeast-2{zone}")
            for number, zone in enumerate("ac")
        ]
        addresses = [
            ec2.allocate_address(Domain="vpc", TagSpecifications=specification("elastic-ip", owner, "elastic-ip-a"))
            for _unused in range(2)
        ]
        gateway = ec2.create_nat_gateway(
            SubnetId=subnets[0]["Subnet"]["SubnetId"],
            AllocationId=addresses[0]["AllocationId"],
            TagSpecifications=specification("natgateway", owner, "nat-gateway-a"),
        )["NatGateway"]["NatGatewayId"]
        ec2.create_route_table(VpcId=vpc, TagSpecifications=specification("route-table", owner, "route-table-x"))
        for service in ("logs", "ecr.api"):
            ec2.create_vpc_endpoint(
                VpcId=vpc,
                ServiceName=f"com.amazonaws.ap-northeast-2.{service}",
                VpcEndpointType="Interface",
                PrivateDnsEnabled=False,
                SubnetIds=[subnet["Subnet"]["SubnetId"] for subnet in subnets],
                TagSpecifications=specification("vpc-endpoint", owner, f"endpoint-{service}"),
            )
    assert found(run_module) == {"nat_gateways": 1, "nat_addresses": 2, "endpoints": 4, "logs_endpoint": True}

    filters = [{"Name": "tag:triflow:stack", "Values": [stack]}]
    (table,) = ec2.describe_route_tables(Filters=filters)["RouteTables"]
    # The gateway may be another stack's: what goes through it is on the bill of who has the route.
    ec2.create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway)
    assert found(run_module)["nat_route"] is True

    (own,) = ec2.describe_nat_gateways(Filters=filters)["NatGateways"]
    ec2.delete_nat_gateway(NatGatewayId=own["NatGatewayId"])
    ec2.delete_vpc_endpoints(
        VpcEndpointIds=[item["VpcEndpointId"] for item in ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]]
    )
    assert found(run_module) == {"nat_addresses": 2, "nat_route": True}


def test_keys_and_secrets_that_are_going_cost_nothing(lab: Lab, stack: str, run_module: RunModule) -> None:
    kms, secrets = lab.aws("kms"), lab.aws("secretsmanager")
    tags = [{"TagKey": key, "TagValue": value} for key, value in expected_tags(stack, "kms-key").items()]
    key = kms.create_key(Tags=tags)["KeyMetadata"]["KeyId"]
    secrets.create_secret(Name=f"{stack}/one", SecretString="x", Tags=tag_list(expected_tags(stack, "secret-one")))
    secrets.create_secret(Name=f"{stack}/two", SecretString="x")
    assert found(run_module) == {"keys": 1, "secrets": 1}
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    secrets.delete_secret(SecretId=f"{stack}/one", RecoveryWindowInDays=7)
    assert found(run_module) == {}


def test_monitoring(lab: Lab, stack: str, run_module: RunModule) -> None:
    cloudwatch, sns, logs = lab.aws("cloudwatch"), lab.aws("sns"), lab.aws("logs")
    for owner in (stack, f"{stack}-2"):
        for name, watched in (
            ("one", {"Namespace": "Test", "MetricName": "a", "Period": 60, "Statistic": "Sum"}),
            ("two", {"Metrics": EXPRESSION}),
        ):
            cloudwatch.put_metric_alarm(
                AlarmName=f"{owner}-{name}", EvaluationPeriods=1, Threshold=1,
                ComparisonOperator="GreaterThanThreshold",
                Tags=tag_list(expected_tags(owner, f"alarm-{name}")), **watched,
            )  # fmt: skip
        for component in ("topic-alarms", "topic-sms"):
            topic = sns.create_topic(Name=f"{owner}-{component}", Tags=tag_list(expected_tags(owner, component)))[
                "TopicArn"
            ]
            sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="tech-lead@example.com")
        function = LabFunction(lab)
        numbers = {"Variables": {"TELEPHONES": "+821000000000,+821000000001"}}
        function.create(
            "def handler(event, context): pass", Environment=numbers, Tags=expected_tags(owner, "function-sms")
        )
        logs.create_log_group(logGroupName=f"{owner}-flow", tags=expected_tags(owner, "log-group-flow-logs"))
    cloudwatch.put_dashboard(DashboardName=stack, DashboardBody='{"widgets": []}')
    known = {"alarms": 2, "further_alarm_metrics": 1, "topics": True, "phones": 2, "dashboards": 1}
    assert found(run_module) == known
    logs.create_log_group(logGroupName=stack, tags=expected_tags(stack, "log-group-backend"))
    shown = {"metrics": [["TriFlow", "triflow.api.latency"]], "region": lab.environment["AWS_REGION"]}
    body = {"widgets": [{"type": "metric", "properties": shown}]}
    cloudwatch.put_dashboard(DashboardName=stack, DashboardBody=json.dumps(body))
    assert found(run_module) == {**known, "log_groups": True, "custom_metrics": True}


def test_services_and_how_they_scale(lab: Lab, stack: str, run_module: RunModule) -> None:
    compute, scaling = Compute(lab, stack), lab.aws("application-autoscaling")
    compute.ecs.update_cluster_settings(cluster=stack, settings=[{"name": "containerInsights", "value": "enhanced"}])
    compute.create_service(compute.register())
    assert found(run_module) == {"container_insights": True}  # the service is not the stack's

    (service,) = compute.ecs.describe_services(cluster=stack, services=["backend"])["services"]
    tags = [{"key": key, "value": value} for key, value in expected_tags(stack, "service-backend").items()]
    compute.ecs.tag_resource(resourceArn=service["serviceArn"], tags=tags)
    backend = {
        "name": "backend", "cpu": 512, "memory": 1024, "architecture": "X86_64", "desired_count": 2,
        "min_capacity": None, "max_capacity": None, "tracking_policies": 0, "sleeps": False,
    }  # fmt: skip
    assert found(run_module)["services"] == [backend]

    resource = {**SERVICE, "ResourceId": f"service/{stack}/backend"}
    scaling.register_scalable_target(**resource, MinCapacity=1, MaxCapacity=4)
    scaling.put_scaling_policy(
        **resource, PolicyName=stack, PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 50,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        },
    )  # fmt: skip
    live = found(run_module)
    assert live["services"] == [{**backend, "min_capacity": 1, "max_capacity": 4, "tracking_policies": 1}]
    assert live["alarms"] == 2  # Application Auto Scaling's own

    for name, most in (("stop", 0), ("start", 3)):
        scaling.put_scheduled_action(
            **resource, ScheduledActionName=f"{stack}-{name}", Schedule="cron(0 8 * * ? *)",
            ScalableTargetAction={"MinCapacity": most, "MaxCapacity": most},
        )  # fmt: skip
    scaling.register_scalable_target(**resource, MinCapacity=0, MaxCapacity=0)  # it is night
    live = found(run_module)
    asleep = {"desired_count": 0, "min_capacity": 3, "max_capacity": 3, "tracking_policies": 1, "sleeps": True}
    assert live["services"] == [{**backend, **asleep}]
    assert live["nights"] == {"services": True, "database": False}
    lab.aws("scheduler").create_schedule_group(Name=stack)
    assert found(run_module)["nights"] == {"services": True, "database": True}
