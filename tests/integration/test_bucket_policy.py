"""The bucket policy in force: which uploads a boto3 client gets through (S3-3..5)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.bucket_policy import bucket_policy
from botocore.exceptions import ClientError

from tests.conftest import Lab

BUCKET = "triflow-policy"
KEY = "tenants/tenant-1/uploads/1.bin"
CATEGORIES: list[dict[str, Any]] = [{"name": "uploads", "noncurrent_expiration_days": 30}, {"name": "workflows"}]
PART = b"x" * 5 * 1024 * 1024


def empty(client: Any, bucket: str) -> None:
    listed = client.list_object_versions(Bucket=bucket)
    for item in (*listed.get("Versions", []), *listed.get("DeleteMarkers", [])):
        client.delete_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])


@pytest.fixture(scope="module")
def s3(lab: Lab) -> Iterator[Any]:
    client = lab.aws("s3")
    region = lab.environment["AWS_REGION"]
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": region})
    client.put_bucket_policy(
        Bucket=BUCKET, Policy=json.dumps(bucket_policy(BUCKET, CATEGORIES, "category", "triflow-policy"))
    )
    yield client
    client.delete_bucket_policy(Bucket=BUCKET)
    empty(client, BUCKET)
    for upload in client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []):
        client.abort_multipart_upload(Bucket=BUCKET, Key=upload["Key"], UploadId=upload["UploadId"])
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture(scope="module")
def shared(lab: Lab) -> Iterator[dict[str, Any]]:
    """Clients of two stacks that share a bucket, each with the credentials of its tagged task role (ENV-4)."""
    s3, iam, region = lab.aws("s3"), lab.aws("iam"), lab.environment["AWS_REGION"]
    name, shares = f"{BUCKET}-shared", {"triflow-dev": "dev/", "triflow-staging": "staging/"}
    policy = bucket_policy(name, CATEGORIES, "category", "triflow-nonprod", shares=shares)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    clients = {}
    for stack in shares:
        tagged = [{"Key": "triflow:stack", "Value": stack}]
        role = iam.create_role(RoleName=f"{stack}-policy", AssumeRolePolicyDocument="{}", Tags=tagged)["Role"]["Arn"]
        keys = lab.aws("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        clients[stack] = lab.aws(
            "s3",
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )
    yield clients
    for stack in shares:
        iam.delete_role(RoleName=f"{stack}-policy")
    empty(s3, name)
    s3.delete_bucket(Bucket=name)


@pytest.mark.parametrize(("stack", "own", "others"), [
    ("triflow-dev", "dev/", "staging/"), ("triflow-staging", "staging/", "dev/")
])  # fmt: skip
def test_a_stack_writes_and_deletes_in_its_own_share_only(
    shared: dict[str, Any], stack: str, own: str, others: str
) -> None:
    bucket = {"Bucket": f"{BUCKET}-shared"}
    owner = next(client for name, client in shared.items() if name != stack)
    owner.put_object(**bucket, Key=f"{others}shared/1", Body=b"x")
    shared[stack].put_object(**bucket, Key=f"{own}shared/1", Body=b"x")
    shared[stack].put_object(**bucket, Key=f"{own}tenants/1", Body=b"x", Tagging="category=uploads")
    for key in (f"{others}shared/2", "shared/1"):
        with pytest.raises(ClientError, match="AccessDenied"):
            shared[stack].put_object(**bucket, Key=key, Body=b"x")
    with pytest.raises(ClientError, match="AccessDenied"):
        shared[stack].put_object(**bucket, Key=f"{own}tenants/2", Body=b"x")
    with pytest.raises(ClientError, match="AccessDenied"):
        shared[stack].delete_object(**bucket, Key=f"{others}shared/1")
    shared[stack].delete_object(**bucket, Key=f"{own}shared/1")


def tags(s3: Any, key: str) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"]}


def upload_in_parts(s3: Any, key: str, tagging: str, **completion: str) -> None:
    upload = {"Bucket": BUCKET, "Key": key}
    upload["UploadId"] = s3.create_multipart_upload(**upload, Tagging=tagging)["UploadId"]
    part = s3.upload_part(**upload, PartNumber=1, Body=PART)
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, **completion)


def test_upload_with_a_category(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"x", Tagging="category=uploads")
    assert tags(s3, KEY) == {"category": "uploads"}


def test_upload_outside_the_tenants_needs_none(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="shared/system/1", Body=b"x")
    assert tags(s3, "shared/system/1") == {}


@pytest.mark.parametrize("tagging", ["", "category=video", "owner=me"])
def test_upload_without_a_valid_category(s3: Any, tagging: str) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket=BUCKET, Key=f"{KEY}.refused", Body=b"x", Tagging=tagging)


def test_multipart_upload_completed_with_if_none_match(s3: Any) -> None:
    key = f"{KEY}.parts"
    upload_in_parts(s3, key, "category=uploads", IfNoneMatch="*")
    assert tags(s3, key) == {"category": "uploads"}


def test_multipart_upload_completed_without_if_none_match(s3: Any) -> None:
    with pytest.raises(ClientError, match=r"AccessDenied.*CompleteMultipartUpload"):
        upload_in_parts(s3, f"{KEY}.plain", "category=uploads")


def test_multipart_upload_with_an_unknown_category(s3: Any) -> None:
    with pytest.raises(ClientError, match=r"AccessDenied.*CreateMultipartUpload"):
        upload_in_parts(s3, f"{KEY}.video", "category=video", IfNoneMatch="*")


def test_category_cannot_be_taken_away(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"x", Tagging="category=uploads")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object_tagging(Bucket=BUCKET, Key=KEY)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object_tagging(Bucket=BUCKET, Key=KEY, Tagging={"TagSet": [{"Key": "owner", "Value": "me"}]})
    assert tags(s3, KEY) == {"category": "uploads"}


def test_a_kept_category_cannot_be_changed(s3: Any) -> None:
    """S3-7: nor that of an older version. Another tag beside it may come."""
    key, logs = f"{KEY}.kept", {"TagSet": [{"Key": "category", "Value": "uploads"}]}
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=BUCKET, Key=key, Body=b"x", Tagging="category=workflows")["VersionId"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object_tagging(Bucket=BUCKET, Key=key, Tagging=logs)
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"y", Tagging="category=uploads")  # what was there stays, as a version
    s3.put_object_tagging(Bucket=BUCKET, Key=key, Tagging=logs)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object_tagging(Bucket=BUCKET, Key=key, VersionId=version, Tagging=logs)
    more = {"TagSet": [{"Key": "category", "Value": "workflows"}, {"Key": "owner", "Value": "me"}]}
    s3.put_object_tagging(Bucket=BUCKET, Key=key, VersionId=version, Tagging=more)
    found = s3.get_object_tagging(Bucket=BUCKET, Key=key, VersionId=version)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in found} == {"category": "workflows", "owner": "me"}


def test_an_untagged_object_may_get_a_category(s3: Any) -> None:
    key = f"{KEY}.untagged"
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"x", IfNoneMatch="*")
    s3.put_object_tagging(Bucket=BUCKET, Key=key, Tagging={"TagSet": [{"Key": "category", "Value": "uploads"}]})
    assert tags(s3, key) == {"category": "uploads"}


def test_a_stack_sees_nothing_of_another_share_and_deletes_no_version(shared: dict[str, Any], lab: Lab) -> None:
    """ENV-4, S3-7"""
    name = f"{BUCKET}-shared"
    dev, staging = shared["triflow-dev"], shared["triflow-staging"]
    lab.aws("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    version = staging.put_object(Bucket=name, Key="staging/shared/9", Body=b"x")["VersionId"]
    key = {"Key": "staging/shared/9"}
    refused: tuple[tuple[Any, dict[str, str]], ...] = (
        (dev.get_object, key),
        (dev.get_object, {**key, "VersionId": version}),
        (dev.list_objects_v2, {}),
        (dev.list_objects_v2, {"Prefix": "staging/"}),
        (dev.list_object_versions, {}),
        (staging.delete_object, {**key, "VersionId": version}),
    )
    for call, options in refused:
        with pytest.raises(ClientError, match="AccessDenied"):
            call(Bucket=name, **options)
    assert dev.list_objects_v2(Bucket=name, Prefix="dev/")["ResponseMetadata"]["HTTPStatusCode"] == 200
    staging.delete_object(Bucket=name, Key="staging/shared/9")
    versions = lab.aws("s3").list_object_versions(Bucket=name, Prefix="staging/shared/9")["Versions"]
    assert [item["VersionId"] for item in versions] == [version]
