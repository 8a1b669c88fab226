#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: firehose_stream
version_added: 0.1.0
short_description: A Firehose stream that writes what is put into it to S3
author: TriFlow AI (@triflow-ai)
description:
  - Creates the stream and changes its destination in place (MON-3). It waits until the stream takes records.
  - Encryption that is switched on takes up to a minute, in which the stream goes on taking records.
  - What Firehose cannot deliver it says in a log stream, which this module creates in O(log_group_name).
options:
  name:
    description: Name of the stream.
    type: str
    required: true
  component:
    description: Which part of the stack it is, the value of the tag C(triflow:component).
    type: str
    required: true
  role_arn:
    description: ARN of the role with which Firehose writes. Required when O(state=present), as are the two below.
    type: str
  bucket_arn:
    description: ARN of the bucket.
    type: str
  prefix:
    description:
      - Beginning of the objects' keys, with expressions such as C(!{timestamp:yyyy/MM/dd}). Amazon Data Firehose
        developer guide, "Understand custom prefixes for Amazon S3 objects".
    type: str
  error_output_prefix:
    description: Beginning of the keys of records that could not be processed, with C(!{firehose:error-output-type}).
    type: str
  custom_time_zone:
    description: Time zone of the expressions.
    type: str
  buffering_interval:
    description: Seconds, 0 to 900, after which an object is written at the latest.
    type: int
  buffering_size:
    description: MiB, 1 to 128, after which an object is written at the latest.
    type: int
  compression_format:
    description: How objects are compressed. With C(GZIP) their keys end in C(.gz).
    type: str
    choices: [UNCOMPRESSED, GZIP]
  processors:
    description:
      - What is done with each record. C(Decompression) unpacks those of CloudWatch Logs, which come compressed.
        C(AppendDelimiterToRecord) puts each on a line of its own.
    type: list
    elements: str
    choices: [Decompression, AppendDelimiterToRecord]
  encrypted:
    description:
      - Whether records are encrypted while Firehose holds them, with a key that AWS owns and that costs nothing.
      - A stream that is encrypted with another key stays so.
    type: bool
  log_group_name:
    description: Log group for errors of delivery.
    type: str
  log_stream_name:
    description: Log stream for them, in that group.
    type: str
    default: DestinationDelivery
  wait_timeout:
    description: Longest wait until the stream is there, or gone, in seconds.
    type: int
    default: 600
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Delivery stream of the archive
  triflow.platform.firehose_stream:
    name: triflow-prod-logs-archive
    component: delivery-stream-logs-archive
    role_arn: arn:aws:iam::123456789012:role/triflow-prod-firehose-to-s3
    bucket_arn: arn:aws:s3:::triflow-ai-prod
    prefix: logs-archive/!{timestamp:yyyy/MM/dd}/
    error_output_prefix: logs-archive-errors/!{firehose:error-output-type}/
    custom_time_zone: Asia/Seoul
    compression_format: GZIP
    processors: [Decompression, AppendDelimiterToRecord]
    encrypted: true
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: delivery-stream-logs-archive, action: update, fields: [buffering_interval]}]
resources:
  description: The stream by its component, with its ARN as C(id) or a placeholder. Empty when absent.
  returned: always
  type: dict
"""

from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.statuses import alive, explained
from ansible_collections.triflow.platform.plugins.module_utils.tags import from_aws, to_aws

MISSING = ("ResourceNotFoundException",)
PARAMETERS = {
    "role_arn": "RoleARN",
    "bucket_arn": "BucketARN",
    "prefix": "Prefix",
    "error_output_prefix": "ErrorOutputPrefix",
    "custom_time_zone": "CustomTimeZone",
    "compression_format": "CompressionFormat",
}
# AppendDelimiterToRecord takes the newline as two characters.
PROCESSORS = {"Decompression": ("CompressionFormat", "GZIP"), "AppendDelimiterToRecord": ("Delimiter", "\\n")}


# Statuses in which records are encrypted, or about to be. ENABLING_FAILED of a change of the key is read as not
# encrypted, too: StartDeliveryStreamEncryption again is AWS's remedy for it.
ENCRYPTED = ("ENABLED", "ENABLING", "DISABLING_FAILED")
AWS_OWNED = {"KeyType": "AWS_OWNED_CMK"}


def live_processors(configuration: dict[str, Any]) -> list[str]:
    return [item["Type"] for item in configuration.get("Processors", [])] if configuration.get("Enabled") else []


def processing(types: list[str]) -> dict[str, Any]:
    """ProcessingConfiguration with the processors in the order in which they work."""
    processors = [
        {"Type": kind, "Parameters": [{"ParameterName": name, "ParameterValue": value}]}
        for kind, (name, value) in PROCESSORS.items()
        if kind in types
    ]
    return {"Enabled": bool(processors), "Processors": processors}


class DeliveryStream(Resource):
    id_prefix = "arn:aws:firehose:::deliverystream/"

    def __init__(self, module: StackModule) -> None:
        super().__init__(module.params["component"])
        self.module = module
        self.api: Api = module.api("firehose")
        self.logs: Api = module.api("logs")
        self.options = module.params
        self.name = module.params["name"]
        self.tags = module.tags_of(self.component)
        self.described: dict[str, Any] = {}

    @override
    def find(self) -> dict[str, Any] | None:
        answer = self.api.call("describe_delivery_stream", on=self.name, absent=MISSING, DeliveryStreamName=self.name)
        if not answer:
            return None
        self.described = answer["DeliveryStreamDescription"]
        status = self.described["DeliveryStreamStatus"]
        if self.options["state"] == "present" and not alive("delivery stream", status):
            reason = self.described.get("FailureDescription", {}).get("Details", "")
            self.module.fail(f"Delivery stream {self.name} is {explained('delivery stream', status, reason)}")
        tags = from_aws(
            self.api.call("list_tags_for_delivery_stream", on=self.name, DeliveryStreamName=self.name)["Tags"]
        )
        destination = self.described["Destinations"][0]["ExtendedS3DestinationDescription"]
        logging = destination.get("CloudWatchLoggingOptions", {})
        logging = logging if logging.get("Enabled") else {}
        return {
            "id": self.described["DeliveryStreamARN"],
            "name": self.name,
            **{option: destination.get(parameter) for option, parameter in PARAMETERS.items()},
            "buffering_interval": destination["BufferingHints"]["IntervalInSeconds"],
            "buffering_size": destination["BufferingHints"]["SizeInMBs"],
            "processors": live_processors(destination.get("ProcessingConfiguration", {})),
            "encrypted": self.described["DeliveryStreamEncryptionConfiguration"]["Status"] in ENCRYPTED,
            "log_group_name": logging.get("LogGroupName"),
            "log_stream_name": self._log_stream(logging),
            "tags": tags,
        }

    def _log_stream(self, logging: dict[str, Any]) -> str | None:
        """The log stream for errors, if it is there: Firehose makes none."""
        group, stream = logging.get("LogGroupName"), logging.get("LogStreamName")
        if not group or not stream:
            return None
        answer = self.logs.call(
            "describe_log_streams", on=group, absent=MISSING, logGroupName=group, logStreamNamePrefix=stream
        )
        names = [item["logStreamName"] for item in answer.get("logStreams", [])]
        return stream if stream in names else None

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        options = (
            "name",
            *PARAMETERS,
            "buffering_interval",
            "buffering_size",
            "processors",
            "encrypted",
            "log_group_name",
        )
        wanted = {option: self.options[option] for option in options}
        log_stream = self.options["log_stream_name"] if wanted["log_group_name"] else None
        return {**wanted, "log_stream_name": log_stream, "tags": self.tags}

    def _destination(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """What was given of the destination; Firehose keeps the rest (API reference, UpdateDestination)."""
        destination = {
            parameter: wanted[option] for option, parameter in PARAMETERS.items() if wanted[option] is not None
        }
        if wanted["buffering_interval"] is not None:
            destination["BufferingHints"] = {
                "IntervalInSeconds": wanted["buffering_interval"],
                "SizeInMBs": wanted["buffering_size"],
            }
        if wanted["processors"] is not None:
            destination["ProcessingConfiguration"] = processing(wanted["processors"])
        if wanted["log_group_name"] is not None:
            destination["CloudWatchLoggingOptions"] = {
                "Enabled": True,
                "LogGroupName": wanted["log_group_name"],
                "LogStreamName": wanted["log_stream_name"],
            }
            self.logs.call(
                "create_log_stream",
                on=wanted["log_group_name"],
                absent=("ResourceAlreadyExistsException",),
                logGroupName=wanted["log_group_name"],
                logStreamName=wanted["log_stream_name"],
            )
        return destination

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        encryption: dict[str, Any] = (
            {"DeliveryStreamEncryptionConfigurationInput": AWS_OWNED} if wanted["encrypted"] else {}
        )
        answer = self.api.call(
            "create_delivery_stream",
            on=self.name,
            DeliveryStreamName=self.name,
            DeliveryStreamType="DirectPut",
            ExtendedS3DestinationConfiguration=self._destination(wanted),
            Tags=to_aws(self.tags),
            **encryption,
        )
        return str(answer["DeliveryStreamARN"])

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if "tags" in fields:
            self.api.call("tag_delivery_stream", on=self.name, DeliveryStreamName=self.name, Tags=to_aws(self.tags))
        if "encrypted" in fields:
            self._switch_encryption(wanted["encrypted"])
        if set(fields) - {"tags", "encrypted"}:
            self.api.call(
                "update_destination",
                on=self.name,
                DeliveryStreamName=self.name,
                CurrentDeliveryStreamVersionId=self.described["VersionId"],
                DestinationId=self.described["Destinations"][0]["DestinationId"],
                ExtendedS3DestinationUpdate=self._destination(wanted),
            )

    def _switch_encryption(self, encrypted: bool) -> None:
        if encrypted:
            self.api.call(
                "start_delivery_stream_encryption",
                on=self.name,
                DeliveryStreamName=self.name,
                DeliveryStreamEncryptionConfigurationInput=AWS_OWNED,
            )
        else:
            self.api.call("stop_delivery_stream_encryption", on=self.name, DeliveryStreamName=self.name)

    @override
    def delete(self, live: dict[str, Any]) -> None:
        if self.described["DeliveryStreamStatus"] != "DELETING":
            force = self.described["DeliveryStreamStatus"] == "DELETING_FAILED"
            self.api.call("delete_delivery_stream", on=self.name, DeliveryStreamName=self.name, AllowForceDelete=force)
        self.wait("delivery_stream_deleted")

    def wait(self, name: str) -> None:
        self.api.wait(name, on=self.name, timeout=self.options["wait_timeout"], DeliveryStreamName=self.name)


@looks_again
def main() -> None:
    text, number = {"type": "str"}, {"type": "int"}
    module = StackModule(
        {
            "name": {"type": "str", "required": True},
            "component": {"type": "str", "required": True},
            **dict.fromkeys(("role_arn", "bucket_arn", "prefix", "error_output_prefix", "custom_time_zone"), text),
            "compression_format": {"type": "str", "choices": ["UNCOMPRESSED", "GZIP"]},
            "buffering_interval": number,
            "buffering_size": number,
            "processors": {"type": "list", "elements": "str", "choices": list(PROCESSORS)},
            "encrypted": {"type": "bool"},
            "log_group_name": text,
            "log_stream_name": {"type": "str", "default": "DestinationDelivery"},
            "wait_timeout": {"type": "int", "default": 600},
        },
        required_if=[("state", "present", ["role_arn", "bucket_arn", "prefix"])],
        required_together=[("buffering_interval", "buffering_size")],
    )
    stream = DeliveryStream(module)
    run = Run(module)
    run.converge([stream])
    active = stream.described.get("DeliveryStreamStatus") == "ACTIVE"
    if module.params["state"] == "present" and not module.check_mode and not active:
        stream.wait("delivery_stream_active")  # also when it is the run before this one that created it
    run.exit()


if __name__ == "__main__":
    main()
