"""Firehose to S3: what a stream is described by, what is refused, and what arrives in the bucket, at once.

Amazon Data Firehose developer guide, "Understand custom prefixes for Amazon S3 objects", "Configure Amazon S3 object
name format" and "Decompress CloudWatch Logs"; API reference, CreateDeliveryStream and UpdateDestination.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import uuid
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from moto.firehose.exceptions import InvalidArgumentException
from moto.firehose.models import DeliveryStream, FirehoseBackend, create_s3_destination_config
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends

from lab.corrections.override import override
from lab.corrections.service_principals import role_may, service_may_assume

SERVICE = "firehose.amazonaws.com"
EXTENSIONS = {"UNCOMPRESSED": "", "GZIP": ".gz"}
EXPRESSION = re.compile(r"!\{(\w+):([^}]*)\}")
ERROR_TYPE = "!{firehose:error-output-type}"
# Java's DateTimeFormatter, as far as dates go
DATE = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H"}
DEFAULTS: dict[str, Any] = {
    "Prefix": "",
    "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
    "CompressionFormat": "UNCOMPRESSED",
    "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
    "CloudWatchLoggingOptions": {"Enabled": False},
    "CustomTimeZone": "UTC",
    "S3BackupMode": "Disabled",
}


def check(destination: dict[str, Any], account: str) -> None:
    """Raise what Firehose answers to a destination that it does not take."""
    hints = destination["BufferingHints"]
    if not 1 <= hints.get("SizeInMBs", 0) <= 128 or not 0 <= hints.get("IntervalInSeconds", -1) <= 900:
        raise InvalidArgumentException("BufferingHints: SizeInMBs is 1 to 128 and IntervalInSeconds 0 to 900.")
    prefix, errors = destination["Prefix"], destination.get("ErrorOutputPrefix", "")
    if ERROR_TYPE in prefix:
        raise InvalidArgumentException("Prefix cannot contain !{firehose:error-output-type}.")
    if EXPRESSION.search(prefix) and not errors:
        raise InvalidArgumentException("ErrorOutputPrefix cannot be null or empty when Prefix contains expressions.")
    if EXPRESSION.search(errors) and ERROR_TYPE not in errors:
        raise InvalidArgumentException("ErrorOutputPrefix must contain !{firehose:error-output-type}.")
    try:
        ZoneInfo(destination["CustomTimeZone"])
    except ZoneInfoNotFoundError:
        raise InvalidArgumentException(f"CustomTimeZone {destination['CustomTimeZone']} is invalid.") from None
    role = destination["RoleARN"]
    if not service_may_assume(SERVICE, role, {"sts:externalid": [account]}):
        raise InvalidArgumentException(f"Firehose is unable to assume role {role}. Please check the role provided.")


@override(FirehoseBackend, "create_delivery_stream")
def _create(original: Any, self: FirehoseBackend, *rest: Any, **more: Any) -> str:
    """CreateDeliveryStream: defaults filled in, refusals, a role that Firehose can assume."""
    destination = more.get("extended_s3_destination_configuration") or next(
        (item for item in rest if isinstance(item, dict) and "BucketARN" in item), None
    )
    if destination is not None:
        for name, value in DEFAULTS.items():
            destination.setdefault(name, value)
        check(destination, self.account_id)
    check_key(more.get("delivery_stream_encryption_configuration_input") or {})
    return str(original(self, *rest, **more))


@override(FirehoseBackend, "describe_delivery_stream")
def _describe(original: Any, self: FirehoseBackend, *rest: Any, **more: Any) -> dict[str, Any]:
    """DescribeDeliveryStream: encryption of the stream itself, which is off unless somebody turned it on."""
    answer: dict[str, Any] = original(self, *rest, **more)
    description = answer["DeliveryStreamDescription"]
    given = description.get("DeliveryStreamEncryptionConfiguration") or {}
    status = {"Status": "ENABLED" if given else "DISABLED"}
    description["DeliveryStreamEncryptionConfiguration"] = status | given
    return answer


@override(FirehoseBackend, "start_delivery_stream_encryption")
def _start_encryption(original: Any, self: FirehoseBackend, stream_name: str, encryption_config: Any) -> None:
    """StartDeliveryStreamEncryption: AWS_OWNED_CMK unless told, and a key of the customer's needs its ARN."""
    given = encryption_config or {"KeyType": "AWS_OWNED_CMK"}
    check_key(given)
    original(self, stream_name, dict(given))


@override(FirehoseBackend, "stop_delivery_stream_encryption")
def _stop_encryption(original: Any, self: FirehoseBackend, stream_name: str) -> None:
    """StopDeliveryStreamEncryption: of a stream that never was encrypted, too."""
    stream = self.delivery_streams.get(stream_name)
    if stream and not stream.delivery_stream_encryption_configuration:
        stream.delivery_stream_encryption_configuration = {}
    original(self, stream_name)


def check_key(given: dict[str, Any]) -> None:
    """DeliveryStreamEncryptionConfigurationInput, KeyARN: with CUSTOMER_MANAGED_CMK, and with nothing else."""
    if (given.get("KeyType") == "CUSTOMER_MANAGED_CMK") != bool(given.get("KeyARN")):
        raise InvalidArgumentException("KeyARN is for the key type CUSTOMER_MANAGED_CMK, and required with it.")


@override(FirehoseBackend, "update_destination")
def _update(original: Any, self: FirehoseBackend, *rest: Any, **more: Any) -> None:
    """UpdateDestination: what is not given stays, in the description of the S3 destination, too."""
    given = next((item for item in (*rest, *more.values()) if isinstance(item, dict)), {})
    stream = self.delivery_streams.get(more.get("delivery_stream_name") or rest[0])
    before = stream.destinations[0].get("ExtendedS3") if stream else None
    if before is not None:
        check({**before, **given}, self.account_id)
    original(self, *rest, **more)
    if stream and before is not None:
        stream.destinations[0]["S3"] = create_s3_destination_config(stream.destinations[0]["ExtendedS3"])


def evaluated(prefix: str, now: datetime, error_type: str = "") -> str:
    """The prefix with its expressions evaluated."""

    def value(match: re.Match[str]) -> str:
        namespace, expression = match.groups()
        if namespace == "timestamp":
            return now.strftime(re.sub("yyyy|MM|dd|HH", lambda part: DATE[part[0]], expression))
        return error_type if expression == "error-output-type" else uuid.uuid4().hex[:11]

    if not EXPRESSION.search(prefix):
        return f"{prefix}{now:%Y/%m/%d/%H}/"
    return EXPRESSION.sub(value, prefix)


def processed(records: list[bytes], destination: dict[str, Any]) -> tuple[list[bytes], list[bytes]]:
    """The records after the processors, and those on which decompression failed."""
    configuration = destination.get("ProcessingConfiguration") or {}
    processors = configuration.get("Processors", []) if configuration.get("Enabled") else []
    kinds = [processor["Type"] for processor in processors]
    failed: list[bytes] = []
    if "Decompression" in kinds:
        unpacked = []
        for record in records:
            try:
                unpacked.append(gzip.decompress(record))
            except OSError:
                failed.append(record)
        records = unpacked
    if "AppendDelimiterToRecord" in kinds:
        records = [record + b"\n" for record in records]
    return records, failed


def deliver(self: FirehoseBackend, stream: DeliveryStream, records: list[bytes]) -> None:
    """Write an object with the records, and one with those that could not be processed."""
    destination = DEFAULTS | (stream.destinations[0].get("ExtendedS3") or stream.destinations[0]["S3"])
    now = datetime.now(ZoneInfo(destination["CustomTimeZone"]))
    name = f"{stream.delivery_stream_name}-{stream.version_id}-{now:%Y-%m-%d-%H-%M-%S}-"
    good, failed = processed(records, destination)
    if good:
        body = b"".join(good)
        compressed = destination["CompressionFormat"] == "GZIP"
        extension = destination.get("FileExtension") or EXTENSIONS[destination["CompressionFormat"]]
        key = f"{evaluated(destination['Prefix'], now)}{name}{uuid.uuid4()}{extension}"
        _put(self, destination, key, gzip.compress(body) if compressed else body)
    if failed:
        lines = [json.dumps({"rawData": base64.b64encode(record).decode()}) + "\n" for record in failed]
        prefix = evaluated(destination["ErrorOutputPrefix"], now, "decompression-failed")
        _put(self, destination, f"{prefix}{name}{uuid.uuid4()}", "".join(lines).encode())


def _put(self: FirehoseBackend, destination: dict[str, Any], key: str, body: bytes) -> None:
    """By the role that was given, or not at all: then Firehose says so in its log stream, if it has one."""
    bucket = destination["BucketARN"]
    if role_may(destination["RoleARN"], "s3:PutObject", f"{bucket}/{key}"):
        s3_backends[self.account_id][self.partition].put_object(bucket.split(":")[-1], key, body)
        return
    logging = destination["CloudWatchLoggingOptions"]
    group = logs_backends[self.account_id][self.region_name].groups.get(logging.get("LogGroupName"))
    if logging.get("Enabled") and group and logging["LogStreamName"] in group.streams:
        message = json.dumps({"errorCode": "S3.AccessDenied", "errorMessage": f"Access was denied for {key}."})
        event = {"timestamp": int(datetime.now(UTC).timestamp() * 1000), "message": message}
        group.streams[logging["LogStreamName"]].put_log_events([event])


@override(FirehoseBackend, "put_s3_records")
def _put_s3_records(
    _unused: Any,
    self: FirehoseBackend,
    delivery_stream_name: str,
    _version_id: str,
    _s3_destination: dict[str, Any],
    records: list[dict[str, bytes]],
) -> list[dict[str, str]]:
    """PutRecord, PutRecordBatch and subscription filters: the object's key, contents and form."""
    deliver(self, self.delivery_streams[delivery_stream_name], [record["Data"] for record in records])
    return [{"RecordId": str(uuid.uuid4())} for _record in records]
