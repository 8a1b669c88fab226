"""S3 objects in the lab: conditional writes, copies onto themselves, deletion under suspended versioning."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conftest import Lab
from tests.lab.conftest import refused

BUCKET = "triflow-ai-prod"


@pytest.fixture
def s3(empty_lab: Lab) -> Any:
    client = empty_lab.aws("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    return client


@pytest.mark.parametrize(
    "headers",
    [{"IfNoneMatch": '"etag"'}, {"IfNoneMatch": "*", "IfMatch": '"etag"'}, {"IfNoneMatch": '"a"', "IfMatch": "b"}],
)
def test_a_condition_that_s3_does_not_know(s3: Any, headers: dict[str, str]) -> None:
    """PutObject, CompleteMultipartUpload: If-None-Match "expects the '*' character"; S3 user guide, "How to prevent
    object overwrites with conditional writes": anything else, or both headers, is 501 NotImplemented."""
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=BUCKET, Key="a", Body=b"2", **headers)
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("NotImplemented", 501)
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="b")["UploadId"]
    part = s3.upload_part(Bucket=BUCKET, Key="b", UploadId=upload, PartNumber=1, Body=b"1")["ETag"]
    with refused("NotImplemented"):
        s3.complete_multipart_upload(
            Bucket=BUCKET,
            Key="b",
            UploadId=upload,
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part}]},
            **headers,
        )
    assert s3.get_object(Bucket=BUCKET, Key="a")["Body"].read() == b"1"


def test_an_upload_over_an_object_that_is_there(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"1", IfNoneMatch="*")
    with refused("PreconditionFailed"):
        s3.put_object(Bucket=BUCKET, Key="a", Body=b"2", IfNoneMatch="*")


@pytest.mark.parametrize("options", [{}, {"TaggingDirective": "REPLACE", "Tagging": "category=workflows"}])
def test_a_copy_onto_itself_with_nothing_but_tags(s3: Any, options: dict[str, str]) -> None:
    """S3 user guide, "Copying, moving, and renaming objects"; error code InvalidRequest."""
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"1", Tagging="category=logs")
    with refused("InvalidRequest", "copy an object to itself"):
        s3.copy_object(Bucket=BUCKET, Key="a", CopySource=f"{BUCKET}/a", **options)
    assert s3.get_object_tagging(Bucket=BUCKET, Key="a")["TagSet"] == [{"Key": "category", "Value": "logs"}]


@pytest.mark.parametrize(
    "options", [{"MetadataDirective": "REPLACE"}, {"StorageClass": "GLACIER"}, {"ServerSideEncryption": "AES256"}]
)
def test_a_copy_onto_itself_that_changes_something(s3: Any, options: dict[str, str]) -> None:
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    assert s3.copy_object(Bucket=BUCKET, Key="a", CopySource=f"{BUCKET}/a", **options)["CopyObjectResult"]


def versions(s3: Any, key: str) -> tuple[list[str], list[str]]:
    """Bodies of the versions that are there, and IDs of the delete markers."""
    found = s3.list_object_versions(Bucket=BUCKET, Prefix=key)
    bodies = [
        s3.get_object(Bucket=BUCKET, Key=key, VersionId=version["VersionId"])["Body"].read().decode()
        for version in found.get("Versions", [])
    ]
    return sorted(bodies), [marker["VersionId"] for marker in found.get("DeleteMarkers", [])]


def test_deletion_under_suspended_versioning(s3: Any) -> None:
    """S3 user guide, "Deleting objects from versioning-suspended buckets": only a version whose ID is null is removed,
    and a delete marker with the ID null takes its place."""
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"kept")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"null")
    assert versions(s3, "a") == (["kept", "null"], [])
    answer = s3.delete_object(Bucket=BUCKET, Key="a")
    assert (answer["DeleteMarker"], answer["VersionId"]) == (True, "null")
    assert versions(s3, "a") == (["kept"], ["null"])
    s3.delete_object(Bucket=BUCKET, Key="a")
    assert versions(s3, "a") == (["kept"], ["null"])
    with refused("NoSuchKey"):
        s3.get_object(Bucket=BUCKET, Key="a")
    deleted = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "a"}, {"Key": "never"}]})["Deleted"]
    assert {item["Key"]: item["DeleteMarkerVersionId"] for item in deleted} == {"a": "null", "never": "null"}


def test_a_version_is_deleted_under_suspended_versioning(s3: Any) -> None:
    """DeleteObject, VersionId: that version goes for good, whatever the bucket's versioning is now."""
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=BUCKET, Key="a", Body=b"first")["VersionId"]
    second = s3.put_object(Bucket=BUCKET, Key="a", Body=b"second")["VersionId"]
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_object(Bucket=BUCKET, Key="a", VersionId=first)
    assert versions(s3, "a") == (["second"], [])
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "a", "VersionId": second}]})
    assert versions(s3, "a") == ([], [])
    s3.delete_bucket(Bucket=BUCKET)


@pytest.mark.parametrize("action", ["Expiration", "Transitions"])
def test_a_lifecycle_date_is_at_midnight(s3: Any, action: str) -> None:
    """S3 user guide, "Lifecycle configuration elements", date-based rules: midnight UTC."""

    def put(moment: str) -> None:
        dated = {"Date": moment}
        value = dated if action == "Expiration" else [{**dated, "StorageClass": "GLACIER"}]
        rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, action: value}
        s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]})

    with refused("InvalidArgument", "midnight"):
        put("2027-01-01T03:00:00Z")
    put("2027-01-01T00:00:00Z")
