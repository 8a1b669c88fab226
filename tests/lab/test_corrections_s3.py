"""S3 bucket defaults, ownership, policies and lifecycle as the lab's corrections restore them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import Lab
from tests.lab.conftest import refused

BUCKET = "triflow-ai-prod"
ARN = f"arn:aws:s3:::{BUCKET}"
SEOUL = {"LocationConstraint": "ap-northeast-2"}


@pytest.fixture
def s3(empty_lab: Lab) -> Any:
    """S3 client of the account's root user, with a bucket."""
    client = empty_lab.aws("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=SEOUL)
    return client


def session(lab: Lab, account: str = "123456789012", tags: dict[str, str] | None = None) -> Any:
    """S3 client of a role's session in an account."""
    credentials = lab.aws("sts").assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/tenant",
        RoleSessionName="test",
        Tags=[{"Key": key, "Value": value} for key, value in (tags or {}).items()],
    )["Credentials"]
    return lab.aws(
        "s3",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def deny(s3: Any, **elements: Any) -> None:
    """Give the bucket a policy of one Deny for everybody."""
    denial: dict[str, Any] = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [ARN, f"{ARN}/*"]}
    put_policy(s3, {name: value for name, value in (denial | elements).items() if value is not None})


def put_policy(s3: Any, *statements: dict[str, Any]) -> None:
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


@pytest.mark.parametrize(
    "tags", [[], [{"Key": "a", "Value": ""}], [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]]
)
def test_new_bucket_has_the_tags_that_it_is_created_with(s3: Any, tags: list[dict[str, str]]) -> None:
    s3.create_bucket(Bucket="tagged", CreateBucketConfiguration={**SEOUL, **({"Tags": tags} if tags else {})})
    if tags:
        found = s3.get_bucket_tagging(Bucket="tagged")["TagSet"]
        assert sorted(found, key=lambda tag: str(tag["Key"])) == tags
    else:
        with refused("NoSuchTagSet"):
            s3.get_bucket_tagging(Bucket="tagged")


def test_new_bucket_is_encrypted_private_and_without_acls(s3: Any) -> None:
    (rule,) = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    block = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert len(block) == 4
    assert all(block.values())
    controls = s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"]
    assert controls["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert s3.put_object(Bucket=BUCKET, Key="a", Body=b"a")["ServerSideEncryption"] == "AES256"
    s3.delete_bucket_encryption(Bucket=BUCKET)
    assert s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"] == [rule]


def test_bucket_of_another_account(empty_lab: Lab, s3: Any) -> None:
    other = session(empty_lab, "210987654321")
    with refused("BucketAlreadyExists"):
        other.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=SEOUL)
    with refused("BucketAlreadyOwnedByYou"):
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=SEOUL)
    with refused("403"):
        other.head_bucket(Bucket=BUCKET)
    with refused("404"):
        other.head_bucket(Bucket="nobody-has-this")
    with refused("AccessDenied"):
        other.put_object(Bucket=BUCKET, Key="a", Body=b"a")
    allow = {"Effect": "Allow", "Principal": {"AWS": "210987654321"}, "Action": "s3:PutObject", "Resource": f"{ARN}/*"}
    put_policy(s3, allow)
    other.put_object(Bucket=BUCKET, Key="a", Body=b"a")
    with refused("AccessDenied"):
        other.get_object(Bucket=BUCKET, Key="a")


def test_bucket_with_versions_is_not_empty(s3: Any) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=BUCKET, Key="a", Body=b"a")["VersionId"]
    marker = s3.delete_object(Bucket=BUCKET, Key="a")["VersionId"]
    with refused("BucketNotEmpty"):
        s3.delete_bucket(Bucket=BUCKET)
    for identifier in (version, marker):
        s3.delete_object(Bucket=BUCKET, Key="a", VersionId=identifier)
    s3.delete_bucket(Bucket=BUCKET)


def test_policy_that_asks_for_tls_lets_tls_through(s3: Any) -> None:
    deny(s3, Condition={"Bool": {"aws:SecureTransport": "false"}})
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"a")
    deny(s3, Condition={"NumericLessThan": {"s3:TlsVersion": "1.2"}})
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 1
    deny(s3, Condition={"NumericLessThan": {"s3:TlsVersion": "1.4"}})
    with refused("AccessDenied"):
        s3.list_objects_v2(Bucket=BUCKET)
    with refused("403"):
        s3.head_object(Bucket=BUCKET, Key="a")


def test_root_user_can_always_take_the_policy_back(s3: Any) -> None:
    deny(s3)
    with refused("AccessDenied"):
        s3.put_object(Bucket=BUCKET, Key="a", Body=b"a")
    s3.get_bucket_policy(Bucket=BUCKET)
    s3.delete_bucket_policy(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"a")


def test_policy_on_the_tags_of_an_upload(s3: Any) -> None:
    tag = {"StringNotEquals": {"s3:RequestObjectTag/class": ["workflow", "logs"]}}
    deny(s3, Action="s3:PutObject", Resource=f"{ARN}/tenants/*", Condition=tag)
    for tagging in ("", "class=other", "color=logs"):
        with refused("AccessDenied"):
            s3.put_object(Bucket=BUCKET, Key="tenants/1/a", Body=b"a", Tagging=tagging)
    s3.put_object(Bucket=BUCKET, Key="tenants/1/a", Body=b"a", Tagging="class=logs&color=red")
    s3.put_object(Bucket=BUCKET, Key="shared/a", Body=b"a")
    deny(s3, Condition={"ForAnyValue:StringEquals": {"s3:RequestObjectTagKeys": ["color"]}})
    with refused("AccessDenied"):
        s3.put_object(Bucket=BUCKET, Key="a", Body=b"a", Tagging="class=logs&color=red")
    with refused("AccessDenied"):
        s3.put_object_tagging(Bucket=BUCKET, Key="shared/a", Tagging={"TagSet": [{"Key": "color", "Value": "red"}]})
    s3.put_object_tagging(Bucket=BUCKET, Key="shared/a", Tagging={"TagSet": [{"Key": "class", "Value": "logs"}]})


def test_parts_of_an_upload_carry_no_tags_to_a_policy(s3: Any) -> None:
    absent = {"Null": {"s3:RequestObjectTag/class": "true"}}
    deny(s3, Action="s3:PutObject", Resource=f"{ARN}/*", Condition=absent)
    with refused("AccessDenied"):
        s3.create_multipart_upload(Bucket=BUCKET, Key="a")
    upload = {"Bucket": BUCKET, "Key": "a"}
    upload["UploadId"] = s3.create_multipart_upload(**upload, Tagging="class=logs")["UploadId"]
    with refused("AccessDenied"):
        s3.upload_part(**upload, PartNumber=1, Body=b"a")
    # s3:ObjectCreationOperation tells the parts from the calls that make an object.
    creating = absent | {"Bool": {"s3:ObjectCreationOperation": "true"}}
    deny(s3, Action="s3:PutObject", Resource=f"{ARN}/*", Condition=creating)
    part = s3.upload_part(**upload, PartNumber=1, Body=b"a")
    with refused("AccessDenied"):
        s3.put_object(Bucket=BUCKET, Key="b", Body=b"b")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    with refused("AccessDenied"):
        s3.complete_multipart_upload(**upload, MultipartUpload=parts)


def test_policy_on_a_list_prefix(s3: Any) -> None:
    deny(s3, Action="s3:ListBucket", Resource=ARN, Condition={"StringNotLike": {"s3:prefix": "tenants/1/*"}})
    s3.list_objects_v2(Bucket=BUCKET, Prefix="tenants/1/a")
    for options in ({"Prefix": "tenants/2/"}, {}):
        with refused("AccessDenied"):
            s3.list_objects_v2(Bucket=BUCKET, **options)
    with refused("403"):  # HeadBucket is ListBucket too
        s3.head_bucket(Bucket=BUCKET)


def test_listing_uploads_tells_no_prefix_to_a_policy(s3: Any) -> None:
    """Service authorization reference: s3:prefix is of ListBucket and ListBucketVersions."""
    deny(s3, Action="s3:List*", Resource=ARN, Condition={"StringLike": {"s3:prefix": "tenants/*"}})
    s3.list_multipart_uploads(Bucket=BUCKET, Prefix="tenants/1/")
    with refused("AccessDenied"):
        s3.list_object_versions(Bucket=BUCKET, Prefix="tenants/1/")


def test_policy_on_the_tags_of_an_object_and_of_its_versions(s3: Any) -> None:
    """Service authorization reference: s3:ExistingObjectTag is that version's, and PutObject has none."""
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    kept = s3.put_object(Bucket=BUCKET, Key="a", Body=b"a", Tagging="class=kept")["VersionId"]
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"b", Tagging="class=other")
    actions = ["s3:PutObject", "s3:DeleteObject", "s3:PutObjectTagging", "s3:PutObjectVersionTagging", "s3:GetObject*"]
    deny(s3, Action=actions, Resource=f"{ARN}/*", Condition={"StringEquals": {"s3:ExistingObjectTag/class": "kept"}})
    tags = {"TagSet": [{"Key": "class", "Value": "other"}]}
    s3.get_object(Bucket=BUCKET, Key="a")
    s3.put_object_tagging(Bucket=BUCKET, Key="a", Tagging=tags)
    with refused("AccessDenied"):
        s3.get_object(Bucket=BUCKET, Key="a", VersionId=kept)
    with refused("AccessDenied"):
        s3.put_object_tagging(Bucket=BUCKET, Key="a", VersionId=kept, Tagging=tags)
    s3.put_object(Bucket=BUCKET, Key="b", Body=b"b", Tagging="class=kept")
    with refused("AccessDenied"):
        s3.put_object_tagging(Bucket=BUCKET, Key="b", Tagging=tags)
    s3.put_object(Bucket=BUCKET, Key="b", Body=b"c")
    s3.put_object(Bucket=BUCKET, Key="c", Body=b"c", Tagging="class=kept")
    s3.delete_object(Bucket=BUCKET, Key="c")


def test_policy_on_the_tags_of_the_caller(empty_lab: Lab, s3: Any) -> None:
    own = f"{ARN}/tenants/${{aws:PrincipalTag/tenant_id}}/*"
    deny(s3, Resource=None, NotResource=[own, ARN], Condition={"Null": {"aws:PrincipalTag/tenant_id": "false"}})
    tenant = session(empty_lab, tags={"tenant_id": "1"})
    tenant.put_object(Bucket=BUCKET, Key="tenants/1/a", Body=b"a")
    with refused("AccessDenied"):
        tenant.put_object(Bucket=BUCKET, Key="tenants/2/a", Body=b"a")
    # Without the tag the variable has no value, and the condition keeps the Deny away.
    s3.put_object(Bucket=BUCKET, Key="tenants/2/a", Body=b"a")


def test_tags_of_a_role_are_the_tags_of_its_sessions(empty_lab: Lab, s3: Any) -> None:
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    empty_lab.aws("iam").create_role(
        RoleName="tenant", AssumeRolePolicyDocument=json.dumps(trust), Tags=[{"Key": "team", "Value": "data"}]
    )
    deny(s3, Condition={"StringEquals": {"aws:PrincipalTag/team": "data"}})
    with refused("AccessDenied"):
        session(empty_lab).put_object(Bucket=BUCKET, Key="a", Body=b"a")
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"a")


def test_delete_objects_is_judged_by_key(s3: Any) -> None:
    for key in ("a", "tenants/1/a"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"a")
    deny(s3, Action="s3:DeleteObject", Resource=f"{ARN}/tenants/*")
    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "tenants/1/a"}, {"Key": "a"}]})
    assert [deleted["Key"] for deleted in answer["Deleted"]] == ["a"]
    assert [(error["Key"], error["Code"]) for error in answer["Errors"]] == [("tenants/1/a", "AccessDenied")]
    s3.head_object(Bucket=BUCKET, Key="tenants/1/a")


def test_put_bucket_policy_is_checked(s3: Any) -> None:
    with refused("MalformedPolicy", "Condition"):
        deny(s3, Condition={"StringIs": {"s3:prefix": "a"}})
    with refused("MalformedPolicy", "resource"):
        deny(s3, Resource="arn:aws:s3:::another-bucket/*")
    public = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{ARN}/*"}
    with refused("AccessDenied"):
        put_policy(s3, public)
    s3.delete_public_access_block(Bucket=BUCKET)
    put_policy(s3, public)


def rule(name: str = "rule", **elements: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"ID": name, "Status": "Enabled", "Filter": {"Prefix": ""}} | elements
    return given


def put_lifecycle(s3: Any, *rules: dict[str, Any], **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = s3.put_bucket_lifecycle_configuration(
        Bucket=BUCKET, LifecycleConfiguration={"Rules": list(rules)}, **options
    )
    return answer


TAG = {"Tag": {"Key": "class", "Value": "workflow"}}


def test_lifecycle_comes_back_whole(s3: Any) -> None:
    rules = [
        rule(
            "archive",
            Filter={
                "And": {
                    "Prefix": "tenants/",
                    "Tags": [{"Key": "class", "Value": "workflow"}, {"Key": "kind", "Value": "json"}],
                    "ObjectSizeGreaterThan": 1024,
                    "ObjectSizeLessThan": 1048576,
                }
            },
            Transitions=[{"Days": 90, "StorageClass": "GLACIER"}],
            NoncurrentVersionTransitions=[
                {"NoncurrentDays": 30, "StorageClass": "GLACIER", "NewerNoncurrentVersions": 2}
            ],
        ),
        rule("uploads", Filter=TAG, NoncurrentVersionExpiration={"NoncurrentDays": 30, "NewerNoncurrentVersions": 3}),
        rule("large", Filter={"ObjectSizeGreaterThan": 1}, Expiration={"Days": 365}),
        rule(
            "clean",
            Expiration={"ExpiredObjectDeleteMarker": True},
            AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7},
        ),
    ]
    put = put_lifecycle(s3, *rules, TransitionDefaultMinimumObjectSize="varies_by_storage_class")
    assert put["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    found = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)
    assert found["Rules"] == rules
    assert found["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    put_lifecycle(s3, rules[1])
    found = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)
    assert found["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    assert found["Rules"] == rules[1:2]
    s3.delete_bucket_lifecycle(Bucket=BUCKET)
    with refused("NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)


def test_lifecycle_holds_a_thousand_rules(s3: Any) -> None:
    rules = [rule(str(number), Filter={"Prefix": f"{number}/"}, Expiration={"Days": 1}) for number in range(1001)]
    with refused("InvalidRequest", "1000"):
        put_lifecycle(s3, *rules)
    put_lifecycle(s3, *rules[:1000])


REFUSED_RULES: list[tuple[list[dict[str, Any]], str]] = [
    ([rule(Expiration={"Days": 1}), rule(Expiration={"Days": 2})], "InvalidArgument"),
    ([rule()], "InvalidRequest"),
    ([rule(Filter=TAG, Expiration={"ExpiredObjectDeleteMarker": True})], "InvalidRequest"),
    ([rule(Filter=TAG, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7})], "InvalidRequest"),
    (
        [rule(Filter={"ObjectSizeLessThan": 9}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7})],
        "InvalidRequest",
    ),
    ([rule(Expiration={"Days": 0})], "InvalidArgument"),
    ([rule(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 0})], "InvalidArgument"),
    ([rule(NoncurrentVersionExpiration={"NoncurrentDays": 0})], "InvalidArgument"),
    ([rule(NoncurrentVersionExpiration={"NoncurrentDays": 1, "NewerNoncurrentVersions": 101})], "InvalidArgument"),
    ([rule(Transitions=[{"Days": 29, "StorageClass": "STANDARD_IA"}])], "InvalidArgument"),
    ([rule(Transitions=[{"Days": 90, "StorageClass": "GLACIER"}], Expiration={"Days": 90})], "InvalidArgument"),
    ([rule(Expiration={"Days": 1, "ExpiredObjectDeleteMarker": True})], "MalformedXML"),
    ([rule(Filter={"And": {"Prefix": "a"}}, Expiration={"Days": 1})], "MalformedXML"),
    ([rule(Filter={"Prefix": "a", **TAG}, Expiration={"Days": 1})], "MalformedXML"),
    ([rule(Status="On", Expiration={"Days": 1})], "MalformedXML"),
]


def test_lifecycle_rules_that_s3_refuses(s3: Any) -> None:
    for rules, code in REFUSED_RULES:
        with refused(code):
            put_lifecycle(s3, *rules)
    with refused("NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)
