"""MON-1..3, read with boto3."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

Aws = Callable[[str], Any]
Described = dict[str, Any]


def group(aws: Aws, name: str) -> Described:
    found = aws("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return next(dict(item) for item in found if item["logGroupName"] == name)


@pytest.fixture
def delivery_stream(aws: Aws, stack: str) -> Described:
    answer = aws("firehose").describe_delivery_stream(DeliveryStreamName=f"{stack}-logs-archive")
    return dict(answer["DeliveryStreamDescription"])


@pytest.fixture
def destination(delivery_stream: Described) -> Described:
    return dict(delivery_stream["Destinations"][0]["ExtendedS3DestinationDescription"])


def role(aws: Aws, arn: str) -> tuple[Described, list[Described]]:
    """The only trust statement of a role, and the statements of its only policy."""
    iam, name = aws("iam"), arn.split("/")[-1]
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    (trust,) = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    return trust, document["Statement"]


def account(aws: Aws) -> str:
    return str(aws("sts").get_caller_identity()["Account"])


def test_logs_of_the_services_stay_two_weeks(aws: Aws, stack: str) -> None:
    """MON-1: 14 days, since CloudWatch does not take 15."""
    assert group(aws, f"/aws/ecs/{stack}-backend")["retentionInDays"] == 14


def test_log_of_the_database_stays_a_week(aws: Aws, stack: str, instance: Described) -> None:
    """MON-2: the group was there before the database, so no line was ever kept for longer."""
    found = group(aws, f"/aws/rds/instance/{stack}-db/postgresql")
    assert found["retentionInDays"] == 7
    assert found["creationTime"] < instance["InstanceCreateTime"].timestamp() * 1000
    assert instance["EnabledCloudwatchLogsExports"] == ["postgresql"]


def test_every_line_of_the_services_is_sent_on(aws: Aws, stack: str, delivery_stream: Described) -> None:
    """MON-3: continuously, and with a role that can put records into this stream and nothing else."""
    (found,) = aws("logs").describe_subscription_filters(logGroupName=f"/aws/ecs/{stack}-backend")[
        "subscriptionFilters"
    ]
    assert (found["filterPattern"], found["destinationArn"]) == ("", delivery_stream["DeliveryStreamARN"])
    assert delivery_stream["DeliveryStreamStatus"] == "ACTIVE"
    trust, (statement,) = role(aws, found["roleArn"])
    assert trust["Principal"] == {"Service": "logs.amazonaws.com"}
    assert trust["Condition"]["ArnLike"]["aws:SourceArn"].startswith(f"arn:aws:logs:ap-northeast-2:{account(aws)}:")
    assert statement["Action"] == "firehose:PutRecord"
    assert statement["Resource"] == delivery_stream["DeliveryStreamARN"]


def test_archive_is_compressed_and_by_date(aws: Aws, stack: str, bucket: str, destination: Described) -> None:
    """MON-3: by the date in Korea; what could not be processed has a prefix of its own."""
    assert destination["BucketARN"] == f"arn:aws:s3:::{bucket}"
    assert destination["Prefix"] == "logs-archive/!{timestamp:yyyy/MM/dd}/"
    assert destination["ErrorOutputPrefix"].startswith("logs-archive-errors/!{firehose:error-output-type}/")
    assert (destination["CustomTimeZone"], destination["CompressionFormat"]) == ("Asia/Seoul", "GZIP")
    errors = destination["CloudWatchLoggingOptions"]
    assert errors["Enabled"] is True
    assert group(aws, errors["LogGroupName"])["retentionInDays"] == 14
    streams = aws("logs").describe_log_streams(logGroupName=errors["LogGroupName"])["logStreams"]
    assert errors["LogStreamName"] in [item["logStreamName"] for item in streams]
    tags = aws("firehose").list_tags_for_delivery_stream(DeliveryStreamName=f"{stack}-logs-archive")["Tags"]
    assert {"Key": "triflow:component", "Value": "delivery-stream-logs-archive"} in tags


def test_the_delivery_stream_is_encrypted(delivery_stream: Described) -> None:
    """MON-3: lines may hold anything, and lie in the stream for a quarter of an hour."""
    encryption = delivery_stream["DeliveryStreamEncryptionConfiguration"]
    assert (encryption["Status"], encryption["KeyType"]) == ("ENABLED", "AWS_OWNED_CMK")


def test_firehose_writes_below_the_two_prefixes_only(aws: Aws, bucket: str, destination: Described) -> None:
    """MON-3"""
    trust, statements = role(aws, destination["RoleARN"])
    assert trust["Principal"] == {"Service": "firehose.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"sts:ExternalId": account(aws)}}
    (write,) = [item for item in statements if "s3:PutObject" in item["Action"]]
    arn = f"arn:aws:s3:::{bucket}"
    assert sorted(write["Resource"]) == [f"{arn}/logs-archive-errors/*", f"{arn}/logs-archive/*"]
    assert not [item for item in statements if "s3:DeleteObject" in item["Action"] or item["Resource"] == "*"]


@pytest.mark.parametrize("prefix", ["logs-archive/", "logs-archive-errors/"])
def test_archive_moves_to_glacier_and_is_gone_after_a_year(aws: Aws, bucket: str, prefix: str) -> None:
    """MON-3"""
    rules = aws("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    (rule,) = [item for item in rules if item["Filter"].get("Prefix") == prefix]
    assert rule["Status"] == "Enabled"
    assert rule["Transitions"] == [{"Days": 15, "StorageClass": "GLACIER"}]
    assert rule["Expiration"] == {"Days": 365}
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}


def archived(aws: Aws, bucket: str, message: str) -> list[tuple[str, Described]]:
    """The records of the archive that hold the message, with their objects' keys."""
    s3, found = aws("s3"), []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="logs-archive/"):
        for key in [item["Key"] for item in page.get("Contents", [])]:
            lines = gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).splitlines()
            found += [(key, record) for record in map(json.loads, lines) if message in str(record)]
    return found


def test_a_line_arrives_in_the_archive(aws: Aws, stack: str, bucket: str) -> None:
    """MON-3: what a task would write is in an object under the day's prefix. The lab delivers at once."""
    logs, name, message = aws("logs"), f"/aws/ecs/{stack}-backend", f"verified-{time.time_ns()}"
    logs.create_log_stream(logGroupName=name, logStreamName=message)
    event = {"timestamp": int(time.time() * 1000), "message": message}
    before = datetime.now(ZoneInfo("Asia/Seoul"))
    logs.put_log_events(logGroupName=name, logStreamName=message, logEvents=[event])
    after = datetime.now(ZoneInfo("Asia/Seoul"))
    ((key, record),) = archived(aws, bucket, message)
    assert key.rpartition("/")[0] in {f"logs-archive/{day:%Y/%m/%d}" for day in (before, after)}
    assert key.endswith(".gz")
    assert (record["messageType"], record["logGroup"], record["logStream"]) == ("DATA_MESSAGE", name, message)
    assert [item["message"] for item in record["logEvents"]] == [message]
