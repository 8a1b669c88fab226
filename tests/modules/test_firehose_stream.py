"""firehose_stream (MON-3)."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import consistency, resource

from tests.conftest import Lab
from tests.modules.archive import Archive
from tests.modules.conftest import RunModule, ShowAnswer
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags, tags

MODULE = "firehose_stream"
COMPONENT = "delivery-stream-logs-archive"


@pytest.fixture
def archive(lab: Lab, stack: str) -> Archive:
    return Archive(lab, stack)


def options(archive: Archive, **change: Any) -> dict[str, Any]:
    wanted = {
        "name": archive.stack,
        "component": COMPONENT,
        "role_arn": archive.writer,
        "bucket_arn": archive.bucket,
        "prefix": "logs/!{timestamp:yyyy/MM/dd}/",
        "error_output_prefix": "errors/!{firehose:error-output-type}/",
        "custom_time_zone": "Asia/Seoul",
        "buffering_interval": 900,
        "buffering_size": 64,
        "compression_format": "GZIP",
        "processors": ["Decompression", "AppendDelimiterToRecord"],
        "log_group_name": archive.group,
    }
    return {**wanted, **change}


def described(archive: Archive) -> dict[str, Any] | None:
    try:
        answer = archive.firehose.describe_delivery_stream(DeliveryStreamName=archive.stack)
    except archive.firehose.exceptions.ResourceNotFoundException:
        return None
    return dict(answer["DeliveryStreamDescription"])


def destination(archive: Archive) -> dict[str, Any]:
    live = described(archive)
    assert live
    return dict(live["Destinations"][0]["ExtendedS3DestinationDescription"])


def test_grammar(lab: Lab, archive: Archive, stack: str, run_module: RunModule) -> None:
    def read() -> Any:
        live = described(archive)
        if live is None:
            return None
        listed = archive.firehose.list_tags_for_delivery_stream(DeliveryStreamName=stack)
        assert tags(listed) == expected_tags(stack, COMPONENT)
        found = destination(archive)
        kinds = [processor["Type"] for processor in found["ProcessingConfiguration"]["Processors"]]
        return (
            found["BufferingHints"],
            found["CompressionFormat"],
            found["CustomTimeZone"],
            kinds,
            found["CloudWatchLoggingOptions"]["LogStreamName"],
        )

    both = ["Decompression", "AppendDelimiterToRecord"]
    case = Case(
        module=MODULE,
        options=options(archive),
        update={"buffering_interval": 60, "compression_format": "UNCOMPRESSED", "log_stream_name": "Errors"},
        read=read,
        created=({"IntervalInSeconds": 900, "SizeInMBs": 64}, "GZIP", "Asia/Seoul", both, "DestinationDelivery"),
        updated=({"IntervalInSeconds": 60, "SizeInMBs": 64}, "UNCOMPRESSED", "Asia/Seoul", both, "Errors"),
        deleted=None,
        creates=[COMPONENT],
        named=[COMPONENT],
        updates={COMPONENT: ["compression_format", "buffering_interval", "log_stream_name"]},
        deletes=[COMPONENT],
        refused=[
            ({"prefix": None}, "state is present but all of the following are missing: prefix"),
            ({"buffering_size": None}, "parameters are required together: buffering_interval, buffering_size"),
            ({"compression_format": "gzip"}, "value of compression_format must be one of"),
            ({"processors": ["Lambda"]}, "value of processors must be one or more of"),
        ],
    )
    walk(case, lab, run_module)


def test_what_is_not_given_is_left_alone(archive: Archive, run_module: RunModule) -> None:
    run_module(MODULE, **options(archive))
    before = destination(archive)
    few = {name: options(archive)[name] for name in ("name", "component", "role_arn", "bucket_arn")}
    assert run_module(MODULE, **few, prefix=before["Prefix"])["changed"] is False
    assert run_module(MODULE, **few, prefix="other/!{timestamp:yyyy}/")["changes"][0]["fields"] == ["prefix"]
    assert destination(archive) == before | {"Prefix": "other/!{timestamp:yyyy}/"}


def test_processing_that_somebody_switched_off(archive: Archive, run_module: RunModule) -> None:
    run_module(MODULE, **options(archive))
    live = described(archive)
    assert live
    configuration = destination(archive)["ProcessingConfiguration"]
    archive.firehose.update_destination(
        DeliveryStreamName=archive.stack,
        CurrentDeliveryStreamVersionId=live["VersionId"],
        DestinationId=live["Destinations"][0]["DestinationId"],
        ExtendedS3DestinationUpdate={"ProcessingConfiguration": {**configuration, "Enabled": False}},
    )
    result = run_module(MODULE, **options(archive))
    assert result["changes"][0]["fields"] == ["processors"]
    assert result["diff"][0]["before"] == {"processors": []}
    assert run_module(MODULE, **options(archive))["changed"] is False


def test_the_log_stream_of_errors_is_made_again(archive: Archive, run_module: RunModule) -> None:
    """Firehose makes none, and would tell nobody what it cannot deliver."""
    run_module(MODULE, **options(archive))
    archive.logs.delete_log_stream(logGroupName=archive.group, logStreamName="DestinationDelivery")
    assert run_module(MODULE, **options(archive))["changes"][0]["fields"] == ["log_stream_name"]
    (found,) = archive.logs.describe_log_streams(logGroupName=archive.group)["logStreams"]
    assert found["logStreamName"] == "DestinationDelivery"


def test_a_stream_of_somebody_else_is_neither_deleted_nor_taken_unasked(
    archive: Archive, run_module: RunModule
) -> None:
    archive.put_stream()
    assert run_module(MODULE, **options(archive), state="absent")["changed"] is False
    assert described(archive)
    assert "has no tag triflow:stack" in run_module(MODULE, **options(archive))["msg"]
    assert "tags" in run_module(MODULE, **options(archive), adopt=[COMPONENT])["changes"][0]["fields"]


def test_a_role_that_is_not_known_yet(
    archive: Archive, run_module: RunModule, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """IAM is eventually consistent: a role of just now is refused, and taken a little later."""
    late = archive.writer.replace("-writer", "-late")

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            archive.role("late", "firehose.amazonaws.com", "s3:PutObject", f"{archive.bucket}/*")

    monkeypatch.setattr(f"{consistency.__name__}.time.sleep", sleep)
    assert run_module(MODULE, **options(archive, role_arn=late))["changed"] is True
    assert slept == [1, 2]


def test_a_role_that_never_comes(archive: Archive, run_module: RunModule, slept: list[float]) -> None:
    result = run_module(MODULE, **options(archive, role_arn=f"{archive.writer}-missing"))
    assert result["failed"]
    assert "Firehose is unable to assume role" in result["msg"]
    assert 115 < sum(slept) <= 120


def test_another_refusal_is_not_repeated(archive: Archive, run_module: RunModule, slept: list[float]) -> None:
    result = run_module(MODULE, **options(archive, buffering_size=129))
    assert result["failed"]
    assert "CreateDeliveryStream failed on" in result["msg"]
    assert slept == []


def encryption(archive: Archive) -> str:
    live = described(archive)
    assert live
    return str(live["DeliveryStreamEncryptionConfiguration"]["Status"])


def test_records_are_encrypted_at_rest(archive: Archive, run_module: RunModule) -> None:
    run_module(MODULE, **options(archive, encrypted=True))
    assert encryption(archive) == "ENABLED"
    live = described(archive)
    assert live
    assert live["DeliveryStreamEncryptionConfiguration"]["KeyType"] == "AWS_OWNED_CMK"
    assert run_module(MODULE, **options(archive, encrypted=True))["changed"] is False


def test_a_stream_that_is_there_is_encrypted_without_a_new_destination(archive: Archive, run_module: RunModule) -> None:
    run_module(MODULE, **options(archive))
    before = described(archive)
    assert before
    assert encryption(archive) == "DISABLED"
    plan = run_module(MODULE, check=True, **options(archive, encrypted=True))
    assert plan["changes"][0]["fields"] == ["encrypted"]
    assert encryption(archive) == "DISABLED"
    run_module(MODULE, **options(archive, encrypted=True))
    assert encryption(archive) == "ENABLED"
    after = described(archive)
    assert after
    assert after["VersionId"] == before["VersionId"]
    assert run_module(MODULE, **options(archive))["changed"] is False  # not given: left as it is
    assert run_module(MODULE, **options(archive, encrypted=False))["changes"][0]["fields"] == ["encrypted"]
    assert encryption(archive) == "DISABLED"


@pytest.mark.parametrize(("status", "encrypted"), [
    ("ENABLING", True), ("ENABLING_FAILED", False), ("DISABLING", False), ("DISABLING_FAILED", True)
])  # fmt: skip
def test_each_status_of_the_encryption(
    archive: Archive, run_module: RunModule, monkeypatch: pytest.MonkeyPatch, status: str, encrypted: bool
) -> None:
    """API reference, DeliveryStreamEncryptionConfiguration: what failed is tried again."""
    run_module(MODULE, **options(archive, encrypted=True))
    call = resource.Api.call

    def in_that_status(self: resource.Api, operation: str, **more: Any) -> Any:
        answer = call(self, operation, **more)
        if operation == "describe_delivery_stream" and answer:
            answer["DeliveryStreamDescription"]["DeliveryStreamEncryptionConfiguration"]["Status"] = status
        return answer

    monkeypatch.setattr(resource.Api, "call", in_that_status)
    changed = run_module(MODULE, check=True, **options(archive, encrypted=True))["changed"]
    assert changed is not encrypted


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("CREATING_FAILED", "is CREATING_FAILED (no such key): delete it (aws firehose delete-delivery-stream)"),
        ("DELETING_FAILED", "--allow-force-delete"),
        ("DELETING", "run again when it is gone"),
    ],
)
def test_a_stream_that_never_will_be_is_refused_in_the_plan(
    lab: Lab, archive: Archive, run_module: RunModule, show_answer: ShowAnswer, value: str, said: str
) -> None:
    """Amazon Data Firehose API reference, DeliveryStreamDescription."""
    run_module(MODULE, **options(archive))
    more = {"FailureDescription": {"Type": "KMS_KEY_NOT_FOUND", "Details": "no such key"}}
    show_answer(
        "DescribeDeliveryStream",
        lambda answer: answer["DeliveryStreamDescription"].update(DeliveryStreamStatus=value, **more),
    )
    before = len(lab.calls())
    for check in (True, False):
        assert said in run_module(MODULE, check=check, **options(archive))["msg"]
    assert not any(call["write"] for call in lab.calls()[before:])


def test_a_stream_that_could_not_be_deleted_is_deleted_by_force(
    lab: Lab, archive: Archive, run_module: RunModule, show_answer: ShowAnswer, stack: str
) -> None:
    run_module(MODULE, **options(archive))
    left = ["DELETING_FAILED"]

    def failed(answer: dict[str, Any]) -> None:
        if left:
            answer["DeliveryStreamDescription"]["DeliveryStreamStatus"] = left.pop()

    show_answer("DescribeDeliveryStream", failed)
    before = len(lab.calls())
    assert run_module(MODULE, name=stack, component=COMPONENT, state="absent")["changed"] is True
    assert [call["operation"] for call in lab.calls()[before:] if call["write"]] == ["DeleteDeliveryStream"]
    assert described(archive) is None
