"""What the bucket's policy refuses, evaluated as IAM does (S3-3..5, S3-9)."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.bucket_policy import bucket_policy

from lab.corrections.policy import Request, check, is_allowed, is_denied

BUCKET = "arn:aws:s3:::triflow-ai-prod"
UPLOAD = f"{BUCKET}/tenants/tenant-1/uploads/1.pdf"
TAG = "s3:RequestObjectTag/category"
UPLOADS: dict[str, Any] = {"name": "uploads", "noncurrent_expiration_days": 30}
LOGS: dict[str, Any] = {"name": "logs", "expiration_days": 365}
POLICY = bucket_policy("triflow-ai-prod", [UPLOADS, LOGS], "category", "triflow-prod")

# An absent key matches negated operators and those with IfExists, and no others
# (IAM user guide, "IAM JSON policy elements: Condition operators").
OPERATORS: dict[str, Any] = {
    "Null": lambda actual, wanted: (actual is None) == (wanted == ["true"]),
    "Bool": lambda actual, wanted: actual in wanted,
    "BoolIfExists": lambda actual, wanted: actual is None or actual in wanted,
    "StringEquals": lambda actual, wanted: actual in wanted,
    "StringNotEquals": lambda actual, wanted: actual not in wanted,
    "NumericLessThan": lambda actual, wanted: actual is not None and float(actual) < float(wanted[0]),
}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def refusals(action: str, resource: str, **context: str) -> list[str]:
    """Return the Sids of the statements that deny a request."""
    keys = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3", **context}
    return [
        statement["Sid"]
        for statement in POLICY["Statement"]
        if any(fnmatchcase(action, pattern) for pattern in as_list(statement["Action"]))
        and any(fnmatchcase(resource, pattern) for pattern in as_list(statement["Resource"]))
        and all(
            OPERATORS[operator](keys.get(key), as_list(wanted))
            for operator, tests in statement.get("Condition", {}).items()
            for key, wanted in tests.items()
        )
    ]


@pytest.mark.parametrize(
    ("action", "resource", "context", "sids"),
    [
        ("s3:GetObject", UPLOAD, {}, []),
        ("s3:DeleteObject", UPLOAD, {}, []),
        ("s3:ListBucket", BUCKET, {}, []),
        ("s3:GetObject", UPLOAD, {"aws:SecureTransport": "false"}, ["DenyInsecureTransport"]),
        ("s3:ListBucket", BUCKET, {"aws:SecureTransport": "false"}, ["DenyInsecureTransport"]),
        ("s3:GetObject", UPLOAD, {"s3:TlsVersion": "1.1"}, ["DenyOldTls"]),
        ("s3:GetObject", UPLOAD, {"s3:TlsVersion": "1.2"}, []),
        # PutObject
        ("s3:PutObject", UPLOAD, {"s3:ObjectCreationOperation": "true"}, ["DenyMissingCategory"]),
        ("s3:PutObject", UPLOAD, {}, ["DenyMissingCategory"]),
        ("s3:PutObject", UPLOAD, {"s3:ObjectCreationOperation": "true", TAG: "uploads"}, []),
        ("s3:PutObject", UPLOAD, {"s3:ObjectCreationOperation": "true", TAG: "Uploads"}, ["DenyUnknownCategory"]),
        ("s3:PutObject", f"{BUCKET}/shared/system/a", {"s3:ObjectCreationOperation": "true"}, []),
        # A multipart upload: create, part, complete
        ("s3:PutObject", UPLOAD, {"s3:ObjectCreationOperation": "false", TAG: "uploads"}, []),
        ("s3:PutObject", UPLOAD, {"s3:ObjectCreationOperation": "false", TAG: "video"}, ["DenyUnknownCategory"]),
        ("s3:PutObject", UPLOAD, {"s3:ObjectCreationOperation": "false"}, []),
        ("s3:PutObject", UPLOAD, {"s3:ObjectCreationOperation": "true", "s3:if-none-match": "*"}, []),
        # Tags of an object that is there
        ("s3:PutObjectTagging", UPLOAD, {TAG: "logs"}, []),
        ("s3:PutObjectTagging", UPLOAD, {TAG: "video"}, ["DenyRetaggingWithoutCategory"]),
        ("s3:PutObjectTagging", UPLOAD, {}, ["DenyRetaggingWithoutCategory"]),
        ("s3:PutObjectVersionTagging", UPLOAD, {}, ["DenyRetaggingWithoutCategory"]),
        ("s3:PutObjectTagging", f"{BUCKET}/backups/1", {}, []),
        ("s3:DeleteObjectTagging", UPLOAD, {}, ["DenyUntagging"]),
        ("s3:DeleteObjectVersionTagging", UPLOAD, {}, ["DenyUntagging"]),
        ("s3:DeleteObjectTagging", f"{BUCKET}/backups/1", {}, []),
    ],
)
def test_requests(action: str, resource: str, context: dict[str, str], sids: list[str]) -> None:
    assert refusals(action, resource, **context) == sids


def test_order_of_the_categories_does_not_matter() -> None:
    assert json.dumps(bucket_policy("triflow-ai-prod", [LOGS, UPLOADS], "category", "triflow-prod")) == json.dumps(
        POLICY
    )


def test_load_balancers_may_write_access_logs_where_they_are_told() -> None:
    """ALB-8"""
    with_logs = bucket_policy(
        "triflow-ai-prod", [LOGS, UPLOADS], "category", "triflow-prod", ["alb/AWSLogs/123456789012"]
    )
    (allowed,) = [statement for statement in with_logs["Statement"] if statement not in POLICY["Statement"]]
    assert (allowed["Effect"], allowed["Action"]) == ("Allow", "s3:PutObject")
    assert allowed["Resource"] == f"{BUCKET}/alb/AWSLogs/123456789012/*"
    assert allowed["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert {statement["Effect"] for statement in POLICY["Statement"]} == {"Deny"}


SHARES = {"triflow-dev": "dev/", "triflow-staging": "staging/"}
ACCESS_LOGS = ["dev/alb/AWSLogs/123456789012"]
LENT = json.dumps(bucket_policy("triflow-ai-nonprod", [UPLOADS], "category", "triflow-nonprod", ACCESS_LOGS, SHARES))
SHARED = "arn:aws:s3:::triflow-ai-nonprod"


def request(action: str, key: str, stack: str | None, **context: str) -> Request:
    """A call of a role that carries the stack's tag, or of somebody who carries none."""
    keys = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3", **context}
    keys |= {"aws:PrincipalTag/triflow:stack": stack} if stack else {}
    resource = f"{SHARED}/{key}" if key else SHARED
    lower = {name.lower(): [value] for name, value in keys.items()}
    return Request(f"s3:{action}", resource, "123456789012", frozenset({"arn:aws:iam::123456789012:role/x"}), lower)


@pytest.mark.parametrize("action", ["PutObject", "DeleteObject", "AbortMultipartUpload"])
@pytest.mark.parametrize(
    ("stack", "key", "refused"),
    [
        ("triflow-dev", "dev/shared/a", False),
        ("triflow-dev", "dev/logs-archive/2026/01/20/a.gz", False),
        ("triflow-dev", "staging/shared/a", True),
        ("triflow-dev", "shared/a", True),
        ("triflow-dev", "development/a", True),
        ("triflow-staging", "staging/shared/a", False),
        ("triflow-staging", "dev/shared/a", True),
        ("triflow-nonprod", "shared/a", False),
        (None, "dev/shared/a", False),
        (None, "staging/shared/a", False),
    ],
)
def test_a_stack_writes_and_deletes_in_its_share_only(action: str, stack: str | None, key: str, refused: bool) -> None:
    """ENV-4"""
    creation = {"s3:ObjectCreationOperation": "true"} if action == "PutObject" else {}
    assert is_denied(LENT, request(action, key, stack, **creation)) is refused


@pytest.mark.parametrize("action", ["PutBucketPolicy", "PutLifecycleConfiguration", "DeleteBucket"])
def test_a_share_is_no_right_to_the_bucket(action: str) -> None:
    assert is_denied(LENT, request(action, "", "triflow-dev"))
    assert not is_denied(LENT, request(action, "", None))


@pytest.mark.parametrize("stack", ["triflow-dev", None])
@pytest.mark.parametrize(
    ("key", "context", "refused"),
    [
        ("dev/tenants/tenant-1/uploads/1.pdf", {}, True),
        ("dev/tenants/tenant-1/uploads/1.pdf", {TAG: "video"}, True),
        ("dev/tenants/tenant-1/uploads/1.pdf", {TAG: "uploads"}, False),
        ("dev/shared/tenants/1.pdf", {}, False),
    ],
)
def test_the_tenants_rules_hold_in_a_share(stack: str | None, key: str, context: dict[str, str], refused: bool) -> None:
    sent = {"s3:ObjectCreationOperation": "true", **context}
    assert is_denied(LENT, request("PutObject", key, stack, **sent)) is refused


def test_the_load_balancer_of_a_share_writes_its_access_logs() -> None:
    """ALB-8"""
    keys = {"aws:securetransport": ["true"], "s3:tlsversion": ["1.3"], "s3:objectcreationoperation": ["true"]}
    service = frozenset({"logdelivery.elasticloadbalancing.amazonaws.com"})
    for key, allowed in (("dev/alb/AWSLogs/123456789012/a", True), ("staging/alb/AWSLogs/123456789012/a", False)):
        written = Request("s3:PutObject", f"{SHARED}/{key}", "", service, keys)
        assert is_allowed(LENT, written) is allowed


def test_s3_takes_the_policy_and_its_sids_are_unique() -> None:
    check(LENT, "triflow-ai-nonprod")
    sids = [statement["Sid"] for statement in json.loads(LENT)["Statement"]]
    assert len(set(sids)) == len(sids)
    assert all(sid.isalnum() for sid in sids)
    shuffled = dict(reversed(SHARES.items()))
    policy = bucket_policy("triflow-ai-nonprod", [UPLOADS], "category", "triflow-nonprod", ACCESS_LOGS, shuffled)
    assert json.dumps(policy) == LENT


def test_partition() -> None:
    policy = bucket_policy("b", [LOGS], "category", "s", partition="aws-cn")
    assert {arn for s in policy["Statement"] for arn in as_list(s["Resource"])} == {
        "arn:aws-cn:s3:::b",
        "arn:aws-cn:s3:::b/*",
        "arn:aws-cn:s3:::b/tenants/*",
    }
