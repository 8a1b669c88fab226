"""cost_usage_info: a month's usage from metrics with the dimensions that AWS documents, and from sizes."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.client
import pytest
from ansible_collections.triflow.platform.plugins.module_utils import resource
from ansible_collections.triflow.platform.plugins.modules import cost_usage_info
from botocore.exceptions import ClientError

from tests.modules.conftest import RunModule
from tests.modules.edge import Edge, edge
from tests.modules.tagging import expected_tags, tag_list

__all__ = ["edge"]

GIB = 2**30
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
END = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


@pytest.fixture(autouse=True)
def this_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost_usage_info, "this_hour", lambda: END)


class Used:
    """A stack with a part of each kind, and what CloudWatch knows of it."""

    def __init__(self, edge: Edge, stack: str) -> None:
        self.edge, self.lab, self.stack = edge, edge.lab, stack
        self.cloudwatch: Any = self.lab.aws("cloudwatch")
        self.logs: Any = self.lab.aws("logs")
        self.ecr: Any = self.lab.aws("ecr")
        self.backend = f"/aws/ecs/{stack}-backend"

    def log_group(self, name: str, component: str) -> None:
        self.logs.create_log_group(logGroupName=name, tags=expected_tags(self.stack, component))

    def topic(self, name: str, component: str) -> None:
        self.lab.aws("sns").create_topic(Name=name, Tags=tag_list(expected_tags(self.stack, component)))

    def log(self, name: str, megabytes: int) -> None:
        """Put that much into a log group."""
        self.logs.create_log_stream(logGroupName=name, logStreamName="1")
        event = {"timestamp": int(time.time() * 1000), "message": "x" * 2**18}
        for _quarter in range(4 * megabytes):
            self.logs.put_log_events(logGroupName=name, logStreamName="1", logEvents=[event])

    def image(self, repository: str, tag: str, size: int) -> None:
        manifest = {"mediaType": MANIFEST, "layers": [{"digest": f"sha256:{tag}"}], "config": {"size": size}}
        self.ecr.put_image(repositoryName=repository, imageTag=tag, imageManifest=json.dumps(manifest))

    def load_balancer(self) -> str:
        """Its dimension: app, name and ID."""
        arn = self.edge.balancer(self.stack)
        self.edge.elb.add_tags(ResourceArns=[arn], Tags=tag_list(expected_tags(self.stack, "load-balancer")))
        return arn.partition("loadbalancer/")[2]

    def nat_gateway(self) -> str:
        tags = tag_list(expected_tags(self.stack, "nat-gateway-a"))
        created = self.edge.ec2.create_nat_gateway(
            SubnetId=self.edge.subnets[0],
            ConnectivityType="private",
            TagSpecifications=[{"ResourceType": "natgateway", "Tags": tags}],
        )
        return str(created["NatGateway"]["NatGatewayId"])

    def put(self, namespace: str, metric: str, value: float, hours_ago: float = 1, **dimensions: str) -> None:
        """A data point as the service itself sends it. AWS refuses PutMetricData with AWS/, the lab does not."""
        self.cloudwatch.put_metric_data(
            Namespace=namespace,
            MetricData=[
                {
                    "MetricName": metric,
                    "Dimensions": [{"Name": name, "Value": text} for name, text in dimensions.items()],
                    "Timestamp": END - timedelta(hours=hours_ago),
                    "Value": value,
                }
            ],
        )


@pytest.fixture
def used(edge: Edge, stack: str) -> Used:
    return Used(edge, stack)


def usage(run_module: RunModule, **options: Any) -> tuple[dict[str, float], int]:
    result = run_module("cost_usage_info", **options)
    assert not result.get("failed"), result["msg"]
    assert result["changed"] is False
    return result["usage"], result["hours"]


@pytest.mark.parametrize("check", [False, True])
def test_everything_of_a_month(used: Used, stack: str, run_module: RunModule, check: bool) -> None:
    """30 days have 720 hours, a month 730."""
    balancer, gateway = used.load_balancer(), used.nat_gateway()
    used.log_group(used.backend, "log-group-backend")
    used.log_group(f"/aws/vpc/{stack}", "log-group-flow-logs")
    used.topic(f"{stack}-alarms", "topic-alarms")
    used.topic(f"{stack}-sms", "topic-sms")
    used.put("AWS/Logs", "IncomingBytes", 7.2 * GIB, 720, LogGroupName=used.backend)
    used.put("AWS/Logs", "IncomingBytes", 7.2 * GIB, 1, LogGroupName=used.backend)
    used.put("AWS/Logs", "IncomingBytes", 3.6 * GIB, 9, LogGroupName=f"/aws/vpc/{stack}")
    used.put("AWS/ApplicationELB", "ConsumedLCUs", 288, 5, LoadBalancer=balancer)
    used.put("AWS/ApplicationELB", "ProcessedBytes", 21.6 * GIB, 5, LoadBalancer=balancer)
    used.put("AWS/NATGateway", "BytesOutToDestination", 14.4 * GIB, 5, NatGatewayId=gateway)
    used.put("AWS/NATGateway", "BytesInFromDestination", 7.2 * GIB, 6, NatGatewayId=gateway)
    used.put("AWS/SNS", "NumberOfMessagesPublished", 72, 5, TopicName=f"{stack}-alarms")
    used.put("AWS/SNS", "NumberOfMessagesPublished", 36, 5, TopicName=f"{stack}-sms")
    for hours_ago, size in ((24, 30), (48, 10)):
        of_day: dict[str, Any] = {"hours_ago": hours_ago, "BucketName": stack}
        used.put("AWS/S3", "BucketSizeBytes", size * GIB, StorageType="StandardStorage", **of_day)
        used.put("AWS/S3", "BucketSizeBytes", GIB, StorageType="GlacierS3ObjectOverhead", **of_day)
        used.put("AWS/S3", "BucketSizeBytes", 2 * size * GIB, StorageType="GlacierStorage", **of_day)
        used.put("AWS/S3", "BucketSizeBytes", 4 * GIB, StorageType="GlacierObjectOverhead", **of_day)
    for name in ("PutRequests", "PostRequests", "ListRequests", "GetRequests", "HeadRequests"):
        used.put("AWS/S3", name, 7200, BucketName=stack, FilterId="EntireBucket")

    before = len(used.lab.calls())
    found, hours = usage(run_module, bucket_name=stack, check=check)
    assert hours == 720
    assert found == {
        "cost_logs_gb": 14.6,
        "cost_logs_stored_gb": 0,
        "cost_flow_logs_gb": 3.65,
        "cost_lcu": 0.4,
        "cost_transfer_gb": 21.9,
        "cost_nat_gb": 21.9,
        "cost_notifications": 73,
        "cost_sms": 36.5,
        "cost_s3_standard_gb": 21,
        "cost_s3_glacier_gb": 44,
        "cost_s3_put_requests": 21900,
        "cost_s3_get_requests": 14600,
    }
    assert sorted(call["operation"] for call in used.lab.calls()[before:]) == [
        "DescribeLogGroups",
        "DescribeLogGroups",
        "GetMetricData",
        "GetResources",
    ]


def test_what_is_no_metric(used: Used, stack: str, run_module: RunModule) -> None:
    """A log group whose name only begins the same, and another stack's repository, are not counted."""
    used.log_group(used.backend, "log-group-backend")
    used.log_group(f"/aws/lambda/{stack}", "log-group-slack")
    used.logs.create_log_group(logGroupName=f"{used.backend}-2")
    for name, megabytes in ((used.backend, 2), (f"/aws/lambda/{stack}", 1), (f"{used.backend}-2", 1)):
        used.log(name, megabytes)
    used.ecr.create_repository(repositoryName=f"{stack}/a", tags=tag_list(expected_tags(stack, "ecr-a")))
    used.ecr.create_repository(repositoryName=f"{stack}/b", tags=tag_list(expected_tags(stack, "ecr-b")))
    used.ecr.create_repository(repositoryName=f"{stack}/c")
    for repository, size in (("a", GIB), ("a", GIB // 2), ("b", 2 * GIB), ("c", GIB)):
        used.image(f"{stack}/{repository}", f"{repository}{size}", size)
    found, hours = usage(run_module)
    assert found["cost_images_gb"] == 3.5
    assert found["cost_logs_stored_gb"] == pytest.approx(3 / 1024, rel=0.01)
    assert hours == 0


def test_less_than_a_month_is_scaled_by_the_stack_s_first_hour(used: Used, stack: str, run_module: RunModule) -> None:
    """A topic that has been silent until today is not taken for one that is new, and a size is not scaled."""
    balancer = used.load_balancer()
    used.topic(f"{stack}-alarms", "topic-alarms")
    used.put("AWS/ApplicationELB", "ConsumedLCUs", 50, 100, LoadBalancer=balancer)
    used.put("AWS/SNS", "NumberOfMessagesPublished", 10, 1, TopicName=f"{stack}-alarms")
    used.put("AWS/S3", "BucketSizeBytes", 5 * GIB, 240, BucketName=stack, StorageType="StandardStorage")
    found, hours = usage(run_module, bucket_name=stack)
    assert hours == 100
    assert found == {"cost_lcu": 0.5, "cost_notifications": 73, "cost_s3_standard_gb": 5}


def test_more_metrics_than_one_call_takes(
    used: Used, stack: str, run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost_usage_info, "QUERIES", 2)
    for name, component in (("alarms", "topic-alarms"), ("more", "topic-more"), ("sms", "topic-sms")):
        used.topic(f"{stack}-{name}", component)
        used.put("AWS/SNS", "NumberOfMessagesPublished", 72, 720, TopicName=f"{stack}-{name}")
    before = len(used.lab.calls())
    assert usage(run_module) == ({"cost_notifications": 146, "cost_sms": 73}, 720)
    assert [call["operation"] for call in used.lab.calls()[before:]].count("GetMetricData") == 2


def test_what_is_older_or_of_this_hour_or_another_s_does_not_count(
    used: Used, stack: str, run_module: RunModule
) -> None:
    used.log_group(used.backend, "log-group-backend")
    used.log_group(f"{used.backend}-other", "log-group-other")
    used.logs.untag_log_group(logGroupName=f"{used.backend}-other", tags=["triflow:stack"])
    used.put("AWS/Logs", "IncomingBytes", GIB, 721, LogGroupName=used.backend)
    used.put("AWS/Logs", "IncomingBytes", GIB, -0.1, LogGroupName=used.backend)
    used.put("AWS/Logs", "IncomingBytes", GIB, 2, LogGroupName=f"{used.backend}-other")
    used.put("AWS/S3", "PutRequests", 1, 2, BucketName=stack, FilterId="some-prefix")
    assert usage(run_module, bucket_name=stack) == ({"cost_logs_stored_gb": 0}, 0)


def test_what_is_shared_is_not_asked_for(used: Used, stack: str, run_module: RunModule) -> None:
    used.put("AWS/NATGateway", "BytesOutToDestination", GIB, NatGatewayId=used.nat_gateway())
    used.put("AWS/S3", "BucketSizeBytes", GIB, 24, BucketName=stack, StorageType="StandardStorage")
    before = len(used.lab.calls())
    assert usage(run_module, nat_gateways=False) == ({}, 0)
    assert [call["operation"] for call in used.lab.calls()[before:]] == ["GetResources"]


def test_a_repository_that_is_gone_and_still_listed(
    stack: str, run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: dict[str, Any] = {f"arn:aws:ecr:ap-northeast-2:123456789012:repository/{stack}/gone": {}}
    monkeypatch.setattr(cost_usage_info, "tagged", lambda *_unused: listed)
    assert usage(run_module) == ({"cost_images_gb": 0}, 0)


def test_a_metric_that_cloudwatch_does_not_give_fails(
    used: Used, run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    used.log_group(used.backend, "log-group-backend")
    answer = {"Id": "m0", "StatusCode": "Forbidden", "Timestamps": [], "Values": []}
    monkeypatch.setattr(resource.Api, "pages", lambda *_unused, **_also: [answer])
    monkeypatch.setattr(cost_usage_info, "tagged", lambda *_unused: {f"arn:aws:logs:r:1:log-group:{used.backend}": {}})
    result = run_module("cost_usage_info")
    assert result["failed"] is True
    assert "does not give AWS/Logs IncomingBytes of" in result["msg"]
    assert "cloudwatch:GetMetricData" in result["msg"]


def test_a_refusal_names_the_call_and_the_permission(
    used: Used, run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    used.log_group(used.backend, "log-group-backend")
    call = botocore.client.BaseClient._make_api_call

    def refused(client: Any, operation: str, parameters: Any) -> Any:
        if operation == "GetMetricData":
            said = "User: deploy is not authorized to perform: cloudwatch:GetMetricData"
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": said}}, operation)
        return call(client, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", refused)
    result = run_module("cost_usage_info")
    assert result["failed"] is True
    assert "cloudwatch GetMetricData failed on the metrics" in result["msg"]
    assert "cloudwatch:GetMetricData" in result["msg"]
