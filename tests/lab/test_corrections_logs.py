"""Log groups, their subscription filters and Firehose's delivery to S3 as the lab's corrections restore them."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Lab
from tests.lab.conftest import refused

ACCOUNT = "123456789012"
VERSION = "2012-10-17"
BUCKET = "triflow-ai-prod"
ARN = f"arn:aws:s3:::{BUCKET}"
GROUP = "/aws/ecs/triflow-backend"
STREAM = f"arn:aws:firehose:ap-northeast-2:{ACCOUNT}:deliverystream/archive"
TO_LINES = {
    "Enabled": True,
    "Processors": [
        {"Type": "Decompression", "Parameters": [{"ParameterName": "CompressionFormat", "ParameterValue": "GZIP"}]},
        {"Type": "AppendDelimiterToRecord", "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}]},
    ],
}


class Archive:
    """An empty account with a log group and a bucket, and what puts a stream between them."""

    def __init__(self, lab: Lab) -> None:
        self.logs, self.s3 = lab.aws("logs"), lab.aws("s3")
        self.firehose, self.iam = lab.aws("firehose"), lab.aws("iam")
        self.logs.create_log_group(logGroupName=GROUP)
        self.logs.create_log_stream(logGroupName=GROUP, logStreamName="task")
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})

    def role(self, service: str, action: str, resource: str, condition: Any = None) -> str:
        """A role of that name that the service may assume, allowed one action."""
        name = service.split(".")[0]
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        if condition:
            trust["Condition"] = condition
        role = self.iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": VERSION, "Statement": [trust]})
        )["Role"]
        policy = {"Effect": "Allow", "Action": action, "Resource": resource}
        self.iam.put_role_policy(
            RoleName=name, PolicyName="p", PolicyDocument=json.dumps({"Version": VERSION, "Statement": [policy]})
        )
        return str(role["Arn"])

    def writer(self, prefix: str = "") -> str:
        condition = {"StringEquals": {"sts:ExternalId": ACCOUNT}}
        return self.role("firehose.amazonaws.com", "s3:PutObject", f"{ARN}/{prefix}*", condition)

    def sender(self) -> str:
        condition = {"ArnLike": {"aws:SourceArn": f"arn:aws:logs:ap-northeast-2:{ACCOUNT}:*"}}
        return self.role("logs.amazonaws.com", "firehose:PutRecord", STREAM, condition)

    def stream(self, role: str, **destination: Any) -> None:
        configuration = {"RoleARN": role, "BucketARN": ARN, **destination}
        self.firehose.create_delivery_stream(
            DeliveryStreamName="archive", ExtendedS3DestinationConfiguration=configuration
        )

    def update(self, **destination: Any) -> None:
        live = self.firehose.describe_delivery_stream(DeliveryStreamName="archive")["DeliveryStreamDescription"]
        self.firehose.update_destination(
            DeliveryStreamName="archive",
            CurrentDeliveryStreamVersionId=live["VersionId"],
            DestinationId=live["Destinations"][0]["DestinationId"],
            ExtendedS3DestinationUpdate=destination,
        )

    def destination(self) -> dict[str, Any]:
        live = self.firehose.describe_delivery_stream(DeliveryStreamName="archive")["DeliveryStreamDescription"]
        return dict(live["Destinations"][0]["ExtendedS3DestinationDescription"])

    def filter(self, role: str, name: str = "archive") -> None:
        self.logs.put_subscription_filter(
            logGroupName=GROUP, filterName=name, filterPattern="", destinationArn=STREAM, roleArn=role
        )

    def write(self, message: str) -> None:
        event = {"timestamp": int(time.time() * 1000), "message": message}
        self.logs.put_log_events(logGroupName=GROUP, logStreamName="task", logEvents=[event])

    def objects(self) -> dict[str, bytes]:
        keys = [item["Key"] for item in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]
        return {key: self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}


@pytest.fixture
def archive(empty_lab: Lab) -> Archive:
    return Archive(empty_lab)


@pytest.mark.parametrize("days", [2, 15, 31, 366, 0])
def test_retention_that_cloudwatch_does_not_take(archive: Archive, days: int) -> None:
    with refused("InvalidParameterException", "retentionInDays"):
        archive.logs.put_retention_policy(logGroupName=GROUP, retentionInDays=days)
    archive.logs.put_retention_policy(logGroupName=GROUP, retentionInDays=14)


def test_a_line_of_a_log_group_arrives_in_the_bucket(archive: Archive) -> None:
    """By the date in the stream's time zone, decompressed, on a line of its own, and compressed again."""
    archive.stream(
        archive.writer(),
        Prefix="logs-archive/!{timestamp:yyyy/MM/dd}/",
        ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
        CustomTimeZone="Asia/Seoul",
        CompressionFormat="GZIP",
        ProcessingConfiguration=TO_LINES,
    )
    archive.filter(archive.sender())
    before = datetime.now(ZoneInfo("Asia/Seoul"))
    archive.write("first")
    archive.write("두 번째")
    after = datetime.now(ZoneInfo("Asia/Seoul"))
    found = archive.objects()
    assert {key.rsplit("/", 1)[0] for key in found} <= {f"logs-archive/{day:%Y/%m/%d}" for day in (before, after)}
    assert all(key.rsplit("/", 1)[1].startswith("archive-1-") and key.endswith(".gz") for key in found)
    texts = [gzip.decompress(body).decode() for body in found.values()]
    assert all(text.endswith("}\n") for text in texts)
    records = [json.loads(text) for text in texts]
    data = [record for record in records if record["messageType"] == "DATA_MESSAGE"]
    assert sorted(record["logEvents"][0]["message"] for record in data) == ["first", "두 번째"]
    assert {(record["logGroup"], record["logStream"], record["owner"]) for record in data} == {(GROUP, "task", ACCOUNT)}


def test_a_new_filter_sends_a_control_message(archive: Archive) -> None:
    archive.stream(archive.writer())
    archive.filter(archive.sender())
    ((key, body),) = archive.objects().items()
    assert key.startswith(f"{datetime.now(ZoneInfo('UTC')):%Y/%m/%d}/")
    assert json.loads(gzip.decompress(body))["messageType"] == "CONTROL_MESSAGE"


def test_a_role_may_trust_the_regional_name_of_the_service(archive: Archive) -> None:
    """CloudWatch Logs user guide: logs.<region>.amazonaws.com is a service principal, too, of its region alone."""
    archive.stream(archive.writer())
    other = archive.role("logs.us-east-1.amazonaws.com", "firehose:PutRecord", STREAM)
    with refused("InvalidParameterException"):
        archive.filter(other)
    archive.iam.delete_role_policy(RoleName="logs", PolicyName="p")
    archive.iam.delete_role(RoleName="logs")
    archive.filter(archive.role("logs.ap-northeast-2.amazonaws.com", "firehose:PutRecord", STREAM))


def test_a_record_that_is_not_compressed_goes_to_the_error_prefix(archive: Archive) -> None:
    prefixes = {"Prefix": "logs/!{timestamp:yyyy}/", "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/"}
    archive.stream(archive.writer(), **prefixes, ProcessingConfiguration=TO_LINES)
    archive.firehose.put_record(DeliveryStreamName="archive", Record={"Data": b"plain"})
    ((key, body),) = archive.objects().items()
    assert key.startswith("errors/decompression-failed/")
    assert json.loads(body)["rawData"] == "cGxhaW4="


def test_a_stream_has_aws_defaults(archive: Archive) -> None:
    archive.stream(archive.writer())
    live = archive.destination()
    assert live["BufferingHints"] == {"SizeInMBs": 5, "IntervalInSeconds": 300}
    assert (live["CompressionFormat"], live["CustomTimeZone"]) == ("UNCOMPRESSED", "UTC")
    assert live["EncryptionConfiguration"] == {"NoEncryptionConfig": "NoEncryption"}
    described = archive.firehose.describe_delivery_stream(DeliveryStreamName="archive")["DeliveryStreamDescription"]
    assert described["DeliveryStreamEncryptionConfiguration"] == {"Status": "DISABLED"}


def test_an_update_keeps_what_it_does_not_name(archive: Archive) -> None:
    archive.stream(archive.writer(), Prefix="logs/", CompressionFormat="GZIP")
    before = archive.destination()
    archive.update(CustomTimeZone="Asia/Seoul")
    assert archive.destination() == before | {"CustomTimeZone": "Asia/Seoul"}
    archive.filter(archive.sender())
    archive.write("after the update")
    assert all(key.startswith("logs/") and key.endswith(".gz") for key in archive.objects())
    assert len(archive.objects()) == 2


@pytest.mark.parametrize(
    ("destination", "text"),
    [
        ({"BufferingHints": {"SizeInMBs": 129, "IntervalInSeconds": 300}}, "SizeInMBs"),
        ({"BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 901}}, "IntervalInSeconds"),
        ({"Prefix": "logs/!{timestamp:yyyy}/"}, "ErrorOutputPrefix cannot be null"),
        ({"Prefix": "logs/", "ErrorOutputPrefix": "e/!{timestamp:yyyy}/"}, "must contain"),
        ({"Prefix": "!{firehose:error-output-type}/"}, "Prefix cannot contain"),
        ({"CustomTimeZone": "Asia/Soul"}, "CustomTimeZone"),
    ],
)
def test_a_destination_that_firehose_does_not_take(archive: Archive, destination: dict[str, Any], text: str) -> None:
    role = archive.writer()
    with refused("InvalidArgumentException", text):
        archive.stream(role, **destination)
    archive.stream(role)
    with refused("InvalidArgumentException", text):
        archive.update(**destination)


def trusts_another_account(archive: Archive) -> str:
    condition = {"StringEquals": {"sts:ExternalId": "999999999999"}}
    return archive.role("firehose.amazonaws.com", "s3:PutObject", f"{ARN}/*", condition)


@pytest.mark.parametrize(
    "role",
    [lambda _archive: f"arn:aws:iam::{ACCOUNT}:role/missing", Archive.sender, trusts_another_account],
    ids=["missing", "of another service", "of another account"],
)
def test_a_role_that_firehose_cannot_assume(archive: Archive, role: Callable[[Archive], str]) -> None:
    with refused("InvalidArgumentException", "Firehose is unable to assume role"):
        archive.stream(role(archive))


def test_what_the_role_may_not_write_is_told_in_the_log_stream(archive: Archive) -> None:
    archive.logs.create_log_stream(logGroupName=GROUP, logStreamName="DestinationDelivery")
    logging = {"Enabled": True, "LogGroupName": GROUP, "LogStreamName": "DestinationDelivery"}
    archive.stream(archive.writer("logs/"), Prefix="elsewhere/", CloudWatchLoggingOptions=logging)
    archive.firehose.put_record(DeliveryStreamName="archive", Record={"Data": b"x"})
    assert archive.objects() == {}
    (event,) = archive.logs.get_log_events(logGroupName=GROUP, logStreamName="DestinationDelivery")["events"]
    assert json.loads(event["message"])["errorCode"] == "S3.AccessDenied"


def test_a_filter_needs_a_role_that_may_put_records(archive: Archive) -> None:
    archive.stream(archive.writer())
    with refused("InvalidParameterException", "Could not deliver test message to specified Firehose stream"):
        archive.filter(f"arn:aws:iam::{ACCOUNT}:role/missing")
    sender = archive.sender()
    policy = {
        "Version": VERSION,
        "Statement": [{"Effect": "Allow", "Action": "firehose:PutRecord", "Resource": f"{STREAM}-other"}],
    }
    archive.iam.put_role_policy(RoleName="logs", PolicyName="p", PolicyDocument=json.dumps(policy))
    with refused("InvalidParameterException", "Could not deliver test message to specified Firehose stream"):
        archive.filter(sender)


def test_two_filters_a_group(archive: Archive) -> None:
    archive.stream(archive.writer())
    sender = archive.sender()
    archive.filter(sender, "one")
    archive.filter(sender, "two")
    with refused("LimitExceededException"):
        archive.filter(sender, "three")
    archive.filter(sender, "two")
    found = archive.logs.describe_subscription_filters(logGroupName=GROUP)["subscriptionFilters"]
    assert [item["filterName"] for item in found] == ["one", "two"]


def test_encryption_of_a_stream(archive: Archive) -> None:
    """StartDeliveryStreamEncryption and StopDeliveryStreamEncryption; DeliveryStreamEncryptionConfiguration."""

    def encryption() -> dict[str, Any]:
        live = archive.firehose.describe_delivery_stream(DeliveryStreamName="archive")["DeliveryStreamDescription"]
        return dict(live["DeliveryStreamEncryptionConfiguration"])

    archive.stream(archive.writer())
    assert encryption() == {"Status": "DISABLED"}
    archive.firehose.stop_delivery_stream_encryption(DeliveryStreamName="archive")
    assert encryption()["Status"] == "DISABLED"
    archive.firehose.start_delivery_stream_encryption(DeliveryStreamName="archive")
    assert encryption() == {"KeyType": "AWS_OWNED_CMK", "Status": "ENABLED"}
    with refused("InvalidArgumentException", "KeyARN"):
        archive.firehose.start_delivery_stream_encryption(
            DeliveryStreamName="archive", DeliveryStreamEncryptionConfigurationInput={"KeyType": "CUSTOMER_MANAGED_CMK"}
        )
    archive.firehose.stop_delivery_stream_encryption(DeliveryStreamName="archive")
    assert encryption()["Status"] == "DISABLED"
