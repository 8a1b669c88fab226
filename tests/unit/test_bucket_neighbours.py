"""What the bucket's policy keeps: the history from its own stack, everything from other stacks (S3-7, ENV-4)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.bucket_policy import bucket_policy

from lab.corrections.policy import Request, check, is_denied

TAG, EXISTING = "s3:RequestObjectTag/category", "s3:ExistingObjectTag/category"
CATEGORIES: list[dict[str, Any]] = [
    {"name": "workflows", "transition_days": 90, "noncurrent_transition_days": 90},
    {"name": "exports", "transition_days": 90, "expiration_days": None},
    {"name": "uploads", "noncurrent_expiration_days": 30},
    {"name": "logs", "expiration_days": 365, "noncurrent_expiration_days": 1},
]
SHARES = {"triflow-dev": "dev/", "triflow-staging": "staging/"}


def own() -> str:
    return json.dumps(bucket_policy("triflow-ai-prod", CATEGORIES, "category", stack="triflow-prod"))


def lent() -> str:
    return json.dumps(
        bucket_policy("triflow-ai-nonprod", CATEGORIES, "category", stack="triflow-nonprod", shares=SHARES)
    )


def request(bucket: str, action: str, key: str, stack: str | None, component: str = "", **context: str) -> Request:
    keys = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3", **context}
    keys |= {"aws:PrincipalTag/triflow:stack": stack} if stack else {}
    keys |= {"aws:PrincipalTag/triflow:component": component} if component else {}
    resource = f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"
    lower = {name.lower(): [value] for name, value in keys.items()}
    return Request(f"s3:{action}", resource, "123456789012", frozenset({"arn:aws:iam::123456789012:role/x"}), lower)


@pytest.mark.parametrize("stack", ["triflow-prod", None])
@pytest.mark.parametrize("action", ["PutObjectTagging", "PutObjectVersionTagging"])
@pytest.mark.parametrize(
    ("existing", "wanted", "refused"),
    [
        ("workflows", "logs", True),
        ("workflows", "exports", True),
        ("exports", "uploads", True),
        ("workflows", "workflows", False),  # other tags may come and go
        ("exports", "exports", False),
        ("uploads", "logs", False),
        ("uploads", "workflows", False),
        ("logs", "exports", False),
        (None, "workflows", False),
        (None, "logs", False),
        (None, "video", True),
        ("workflows", None, True),
    ],
)
def test_a_kept_category_stays(
    action: str, existing: str | None, wanted: str | None, refused: bool, stack: str | None
) -> None:
    """S3-7: an object under workflows would be gone in a day as one under logs."""
    context = {EXISTING: existing, TAG: wanted}
    given = {key: value for key, value in context.items() if value}
    found = request("triflow-ai-prod", action, "tenants/tenant-1/1.json", stack, **given)
    assert is_denied(own(), found) is refused


@pytest.mark.parametrize("prefix", ["", "dev/", "staging/"])
def test_a_kept_category_stays_in_each_share(prefix: str) -> None:
    context = {EXISTING: "workflows", TAG: "logs"}
    key = f"{prefix}tenants/tenant-1/1.json"
    assert is_denied(lent(), request("triflow-ai-nonprod", "PutObjectTagging", key, None, **context))


@pytest.mark.parametrize(
    "action",
    [
        *("DeleteObjectVersion", "PutBucketVersioning", "PutLifecycleConfiguration", "PutBucketPolicy"),
        *("DeleteBucketPolicy", "PutBucketTagging"),
        *("PutReplicationConfiguration", "DeleteBucket", "PutEncryptionConfiguration", "PutBucketAcl"),
    ],
)
def test_no_role_of_a_stack_ends_the_history(action: str) -> None:
    """S3-7: what is deleted or replaced stays as a version, whatever a role's own policy comes to allow.

    Nor does one copy all of it to another account, by a replication of the bucket.
    """
    key = "tenants/tenant-1/1.json" if "Object" in action else ""
    for stack, refused in (("triflow-prod", True), ("triflow-other", True), (None, False)):
        assert is_denied(own(), request("triflow-ai-prod", action, key, stack)) is refused


@pytest.mark.parametrize("key", ["tenants/tenant-1/1.json", "shared/a", "logs-archive/a", ""])
@pytest.mark.parametrize(
    "action", ["GetObject", "GetObjectVersion", "PutObject", "DeleteObject", "ListBucket", "GetBucketLocation"]
)
@pytest.mark.parametrize(
    ("stack", "refused"), [("triflow-dev", True), ("triflow-hanbit", True), ("triflow-prod", False), (None, False)]
)
def test_another_stack_has_nothing_of_the_bucket(action: str, key: str, stack: str | None, refused: bool) -> None:
    context = {TAG: "uploads", "s3:ObjectCreationOperation": "true"} if action == "PutObject" else {}
    assert is_denied(own(), request("triflow-ai-prod", action, key, stack, **context)) is refused


@pytest.mark.parametrize(
    ("stack", "action", "key", "context", "refused"),
    [
        ("triflow-dev", "GetObject", "dev/shared/a", {}, False),
        ("triflow-dev", "GetObjectTagging", "dev/tenants/a", {}, False),
        ("triflow-dev", "GetObject", "staging/shared/a", {}, True),
        ("triflow-dev", "GetObjectVersion", "staging/shared/a", {}, True),
        ("triflow-dev", "ListMultipartUploadParts", "staging/tenants/a", {}, True),
        ("triflow-dev", "GetObject", "shared/a", {}, True),
        ("triflow-dev", "ListBucket", "", {"s3:prefix": "dev/tenants/"}, False),
        ("triflow-dev", "ListBucket", "", {"s3:prefix": "dev/"}, False),
        ("triflow-dev", "ListBucket", "", {"s3:prefix": "staging/"}, True),
        ("triflow-dev", "ListBucket", "", {"s3:prefix": "d"}, True),
        ("triflow-dev", "ListBucket", "", {}, True),
        ("triflow-dev", "ListBucketVersions", "", {}, True),
        ("triflow-dev", "ListBucketMultipartUploads", "", {}, True),
        ("triflow-dev", "GetBucketLocation", "", {}, False),
        ("triflow-prod", "GetObject", "dev/shared/a", {}, True),
        ("triflow-prod", "ListBucket", "", {"s3:prefix": "dev/"}, True),
        ("triflow-nonprod", "GetObject", "shared/a", {}, False),
        ("triflow-nonprod", "GetObject", "dev/shared/a", {}, True),
        ("triflow-nonprod", "DeleteObject", "staging/shared/a", {}, True),
        (None, "GetObject", "dev/shared/a", {}, False),
        (None, "ListBucket", "", {}, False),
    ],
)
def test_stacks_that_share_a_bucket_do_not_see_each_other(
    stack: str | None, action: str, key: str, context: dict[str, str], refused: bool
) -> None:
    """ENV-4"""
    assert is_denied(lent(), request("triflow-ai-nonprod", action, key, stack, **context)) is refused


@pytest.mark.parametrize("action", ["ListBucket", "ListBucketMultipartUploads", "GetBucketLocation"])
@pytest.mark.parametrize(("stack", "refused"), [("triflow-staging", False), ("triflow-prod", True)])
def test_firehose_looks_at_the_bucket_that_it_writes_to(action: str, stack: str, refused: bool) -> None:
    """MON-3: it asks without a prefix."""
    found = request("triflow-ai-nonprod", action, "", stack, component="role-firehose-to-s3")
    assert is_denied(lent(), found) is refused


def test_s3_takes_both_policies() -> None:
    for document, bucket in ((own(), "triflow-ai-prod"), (lent(), "triflow-ai-nonprod")):
        check(document, bucket)
        sids = [statement["Sid"] for statement in json.loads(document)["Statement"]]
        assert len(set(sids)) == len(sids)
        assert all(sid.isalnum() for sid in sids)
        assert len(document) < 20480  # Amazon S3 user guide, "Bucket policies": 20 KB
