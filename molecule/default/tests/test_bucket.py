"""S3-1..9, read with boto3. What the policy refuses is tried, not only read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Aws = Callable[[str], Any]
TENANT = "tenants/tenant-6f1c6c3a-0000-4000-8000-000000000001"


@pytest.fixture
def rules(aws: Aws, bucket: str) -> dict[str, dict[str, Any]]:
    answer = aws("s3").get_bucket_lifecycle_configuration(Bucket=bucket)
    assert answer["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    return {json.dumps(rule["Filter"], sort_keys=True): rule for rule in answer["Rules"] if rule["Status"] == "Enabled"}


def by_category(rules: dict[str, dict[str, Any]], category: str) -> dict[str, Any]:
    return rules[json.dumps({"Tag": {"Key": "category", "Value": category}}, sort_keys=True)]


@pytest.mark.parametrize("category", ["workflows", "exports"])
def test_workflows_and_exports_go_to_glacier(rules: dict[str, dict[str, Any]], category: str) -> None:
    """S3-3; and S3-7: their history is kept."""
    rule = by_category(rules, category)
    assert rule["Transitions"] == [{"Days": 90, "StorageClass": "GLACIER"}]
    assert "Expiration" not in rule
    assert "NoncurrentVersionExpiration" not in rule


def test_logs_are_deleted_after_a_year(rules: dict[str, dict[str, Any]]) -> None:
    """S3-4, S3-7"""
    rule = by_category(rules, "logs")
    assert rule["Expiration"] == {"Days": 365}
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 1


def test_deleted_uploads_are_gone_after_30_days(rules: dict[str, dict[str, Any]]) -> None:
    """S3-5: only what was deleted."""
    rule = by_category(rules, "uploads")
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 30
    assert "Expiration" not in rule
    assert "Transitions" not in rule


def test_all_objects(rules: dict[str, dict[str, Any]]) -> None:
    """S3-6, and delete markers that hide nothing go."""
    rule = rules[json.dumps({"Prefix": ""})]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert rule["Expiration"] == {"ExpiredObjectDeleteMarker": True}
    assert len(rules) == 7  # four categories, the archive and its errors, and this one


def test_bucket_settings(aws: Aws, bucket: str) -> None:
    """S3-1, S3-7, S3-8"""
    s3 = aws("s3")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert [rule["ApplyServerSideEncryptionByDefault"] for rule in encryption] == [{"SSEAlgorithm": "AES256"}]
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert len(block) == 4
    assert all(block.values())
    ownership = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert ownership == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "ap-northeast-2"


def test_policy_enforces_tls(aws: Aws, bucket: str) -> None:
    """S3-9"""
    policy = json.loads(aws("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    conditions = [
        statement["Condition"]
        for statement in policy["Statement"]
        if statement["Effect"] == "Deny" and statement["Action"] == "s3:*" and statement["Principal"] == "*"
    ]
    assert {"Bool": {"aws:SecureTransport": "false"}} in conditions
    assert {"NumericLessThan": {"s3:TlsVersion": "1.2"}} in conditions


@pytest.mark.parametrize("category", ["workflows", "exports", "uploads", "logs"])
def test_an_upload_with_its_category_is_taken(aws: Aws, bucket: str, category: str) -> None:
    """S3-2"""
    s3, key = aws("s3"), f"{TENANT}/{category}/object"
    version = s3.put_object(Bucket=bucket, Key=key, Body=b"1", Tagging=f"category={category}")["VersionId"]
    s3.delete_object(Bucket=bucket, Key=key, VersionId=version)


@pytest.mark.parametrize("tagging", ["", "category=nonsense", "other=logs"])
def test_an_upload_under_tenants_without_a_category_is_refused(aws: Aws, bucket: str, tagging: str) -> None:
    """S3-3..5: without a category no lifecycle rule would reach it."""
    with pytest.raises(ClientError, match="AccessDenied"):
        aws("s3").put_object(Bucket=bucket, Key=f"{TENANT}/logs/app.log.gz", Body=b"1", Tagging=tagging)


def test_shared_objects_need_no_category(aws: Aws, bucket: str) -> None:
    """S3-2"""
    s3 = aws("s3")
    version = s3.put_object(Bucket=bucket, Key="shared/templates/object", Body=b"1")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="shared/templates/object", VersionId=version)
