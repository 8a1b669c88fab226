"""s3_lifecycle (S3-3..7)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk

MODULE = "s3_lifecycle"
LOGS = {
    "ID": "logs",
    "Status": "Enabled",
    "Filter": {"Tag": {"Key": "category", "Value": "logs"}},
    "Expiration": {"Days": 365},
}
ALL = {
    "ID": "all",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "Expiration": {"ExpiredObjectDeleteMarker": True},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
}
EXPORTS = {
    "ID": "exports",
    "Status": "Enabled",
    "Filter": {"Tag": {"Key": "category", "Value": "exports"}},
    "Transitions": [{"Days": 90, "StorageClass": "GLACIER"}],
    "NoncurrentVersionTransitions": [{"NoncurrentDays": 90, "StorageClass": "GLACIER"}],
}


@pytest.fixture
def bucket(lab: Lab, stack: str) -> str:
    location = {"LocationConstraint": lab.environment["AWS_REGION"]}
    lab.aws("s3").create_bucket(Bucket=stack, CreateBucketConfiguration=location)
    return stack


def test_grammar(lab: Lab, bucket: str, run_module: RunModule) -> None:
    s3 = lab.aws("s3")

    def read() -> Any:
        try:
            answer = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
        except s3.exceptions.ClientError:
            return None
        return sorted(rule["ID"] for rule in answer["Rules"]), answer["TransitionDefaultMinimumObjectSize"]

    case = Case(
        module=MODULE,
        options={"bucket": bucket, "rules": [LOGS, ALL]},
        update={"rules": [EXPORTS, ALL], "transition_minimum_object_size": "varies_by_storage_class"},
        read=read,
        created=(["all", "logs"], "all_storage_classes_128K"),
        updated=(["all", "exports"], "varies_by_storage_class"),
        deleted=None,
        creates=["bucket-lifecycle"],
        updates={"bucket-lifecycle": ["rules", "transition_minimum_object_size"]},
        deletes=["bucket-lifecycle"],
        refused=[
            ({"rules": None}, "state is present but all of the following are missing: rules"),
            ({"bucket": None}, "missing required arguments: bucket"),
            ({"transition_minimum_object_size": "128K"}, "value of transition_minimum_object_size must be one of"),
        ],
    )
    walk(case, lab, run_module)


def test_the_plan_of_a_bucket_that_is_only_announced(run_module: RunModule, stack: str) -> None:
    result = run_module(MODULE, check=True, bucket=f"{stack}-announced", rules=[LOGS])
    assert result["changes"] == [{"component": "bucket-lifecycle", "action": "create", "fields": []}]


def test_a_missing_bucket_is_named(run_module: RunModule, stack: str) -> None:
    result = run_module(MODULE, bucket=f"{stack}-missing", rules=[LOGS])
    assert result["failed"]
    assert f"{stack}-missing" in result["msg"]
    assert "s3 PutBucketLifecycleConfiguration" in result["msg"]


def test_the_diff_shows_only_the_rule_that_differs(bucket: str, run_module: RunModule) -> None:
    run_module(MODULE, bucket=bucket, rules=[LOGS, ALL])
    result = run_module(MODULE, check=True, bucket=bucket, rules=[{**LOGS, "Expiration": {"Days": 30}}, ALL])
    before, after = result["diff"][0]["before"]["rules"], result["diff"][0]["after"]["rules"]
    assert before["all"] == after["all"]
    assert (before["logs"]["Expiration"], after["logs"]["Expiration"]) == ({"Days": 365}, {"Days": 30})
