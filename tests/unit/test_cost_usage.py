"""From CloudWatch's answers to usage variables: metrics as AWS documents them, units, months, and what is missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import cost_usage
from ansible_collections.triflow.platform.plugins.module_utils.cost_usage import GIB, Metric

from tests.unit.cost.stacks import ROOT, load

END = datetime(2026, 2, 1, 12, tzinfo=UTC)
HERE = "ap-northeast-2:123456789012"
RESOURCES = {
    f"arn:aws:logs:{HERE}:log-group:/aws/ecs/triflow-prod-backend:*": {"triflow:component": "log-group-backend"},
    f"arn:aws:logs:{HERE}:log-group:/aws/vpc/triflow-prod": {"triflow:component": "log-group-flow-logs"},
    f"arn:aws:elasticloadbalancing:{HERE}:loadbalancer/app/triflow-prod/50dc6c495c0c9188": {},
    f"arn:aws:ec2:{HERE}:natgateway/nat-0a1b2c3d4e5f60718": {"triflow:component": "nat-gateway-a"},
    f"arn:aws:sns:{HERE}:triflow-prod-alarms": {"triflow:component": "topic-alarms"},
    f"arn:aws:sns:{HERE}:triflow-prod-sms": {"triflow:component": "topic-sms"},
    f"arn:aws:ecr:{HERE}:repository/triflow-prod/backend": {"triflow:component": "ecr-backend"},
}
BALANCER = {"LoadBalancer": "app/triflow-prod/50dc6c495c0c9188"}
GATEWAY = {"NatGatewayId": "nat-0a1b2c3d4e5f60718"}
LOGS = Metric("cost_logs_gb", "AWS/Logs", "IncomingBytes", {"LogGroupName": "/aws/ecs/triflow-prod-backend"})
LCU = Metric("cost_lcu", "AWS/ApplicationELB", "ConsumedLCUs", BALANCER)
TOPIC = Metric("cost_notifications", "AWS/SNS", "NumberOfMessagesPublished", {"TopicName": "triflow-prod-alarms"})


def size(storage_type: str, variable: str = "cost_s3_standard_gb") -> Metric:
    return Metric(variable, "AWS/S3", "BucketSizeBytes", {"BucketName": "b", "StorageType": storage_type})


def requests(name: str, variable: str) -> Metric:
    return Metric(variable, "AWS/S3", name, {"BucketName": "b", "FilterId": "EntireBucket"})


def answer(index: int, *points: tuple[float, float]) -> dict[str, Any]:
    """A result of GetMetricData: how many hours ago, and what."""
    times = [END - timedelta(hours=ago) for ago, _value in points]
    return {"Id": f"m{index}", "Timestamps": times, "Values": [value for _ago, value in points]}


def test_metrics_are_named_as_aws_documents_them() -> None:
    """Namespaces, names and dimensions of the user guides of each service."""
    assert cost_usage.metrics(RESOURCES, "b", nat_gateways=True) == [
        LOGS,
        Metric("cost_flow_logs_gb", "AWS/Logs", "IncomingBytes", {"LogGroupName": "/aws/vpc/triflow-prod"}),
        LCU,
        Metric("cost_transfer_gb", "AWS/ApplicationELB", "ProcessedBytes", BALANCER),
        Metric("cost_nat_gb", "AWS/NATGateway", "BytesOutToDestination", GATEWAY),
        Metric("cost_nat_gb", "AWS/NATGateway", "BytesInFromDestination", GATEWAY),
        TOPIC,
        Metric("cost_sms", "AWS/SNS", "NumberOfMessagesPublished", {"TopicName": "triflow-prod-sms"}),
        size("StandardStorage"),
        size("GlacierS3ObjectOverhead"),
        size("GlacierStorage", "cost_s3_glacier_gb"),
        size("GlacierObjectOverhead", "cost_s3_glacier_gb"),
        requests("PutRequests", "cost_s3_put_requests"),
        requests("PostRequests", "cost_s3_put_requests"),
        requests("ListRequests", "cost_s3_put_requests"),
        requests("GetRequests", "cost_s3_get_requests"),
        requests("HeadRequests", "cost_s3_get_requests"),
    ]
    assert cost_usage.log_groups(RESOURCES) == ["/aws/ecs/triflow-prod-backend", "/aws/vpc/triflow-prod"]
    assert cost_usage.repositories(RESOURCES) == ["triflow-prod/backend"]


def test_what_is_shared_is_left_out() -> None:
    asked = cost_usage.metrics(RESOURCES, None, nat_gateways=False)
    assert {metric.namespace for metric in asked} == {"AWS/Logs", "AWS/ApplicationELB", "AWS/SNS"}


def test_sizes_are_daily_averages_and_all_else_are_hourly_sums() -> None:
    query = size("StandardStorage").query("m3")
    assert query["Id"] == "m3"
    assert (query["MetricStat"]["Period"], query["MetricStat"]["Stat"]) == (86400, "Average")
    assert query["MetricStat"]["Metric"]["Dimensions"] == [
        {"Name": "BucketName", "Value": "b"},
        {"Name": "StorageType", "Value": "StandardStorage"},
    ]
    query = TOPIC.query("m0")
    assert (query["MetricStat"]["Period"], query["MetricStat"]["Stat"]) == (3600, "Sum")


@pytest.mark.parametrize(("hours", "month"), [(720, 73), (360, 146), (1, 52560)])
def test_a_sum_is_scaled_to_730_hours(hours: int, month: float) -> None:
    found = cost_usage.measured([TOPIC], [answer(0, (hours, 72))], END)
    assert found == ({"cost_notifications": month}, hours)


def test_the_first_hour_of_any_metric_is_the_stack_s_first() -> None:
    """A topic that was silent until today is not a topic of today."""
    found = cost_usage.measured([TOPIC, LCU], [answer(0, (1, 72)), answer(1, (720, 360), (2, 0))], END)
    assert found == ({"cost_lcu": 0.5, "cost_notifications": 73}, 720)


def test_pages_of_one_metric_belong_together() -> None:
    found = cost_usage.measured([TOPIC], [answer(0, (1, 30)), answer(0, (720, 40), (5, 2))], END)
    assert found.usage == {"cost_notifications": 73}


def test_bytes_become_gb_and_several_log_groups_one_figure() -> None:
    second = LOGS._replace(dimensions={"LogGroupName": "other"})
    found = cost_usage.measured([LOGS, second], [answer(0, (730, 2 * GIB)), answer(1, (3, GIB / 2))], END)
    assert found == ({"cost_logs_gb": 2.5}, 730)


def test_sizes_are_averaged_over_their_days_and_not_scaled() -> None:
    asked = [size("StandardStorage"), size("GlacierS3ObjectOverhead")]
    found = cost_usage.measured(asked, [answer(0, (24, GIB), (48, 3 * GIB)), answer(1, (24, GIB))], END)
    assert found == ({"cost_s3_standard_gb": 3}, 0)


def test_what_has_no_data_is_left_out_and_zero_is_not() -> None:
    answers = [answer(0), answer(1, (10, 0))]
    assert cost_usage.measured([LCU, TOPIC], answers, END) == ({"cost_notifications": 0}, 10)
    assert cost_usage.measured([LCU, TOPIC], [answer(0), answer(1)], END) == ({}, 0)
    assert cost_usage.measured([], [], END) == ({}, 0)


def test_components_that_are_told_apart_are_the_stack_s() -> None:
    components = load(ROOT / "tests/unit/cost/components.yml")
    assert {cost_usage.FLOW_LOGS, cost_usage.PHONES} <= set(components)
