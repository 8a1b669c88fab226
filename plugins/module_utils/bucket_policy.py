# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The policy of the stack's bucket (S3-3..5, S3-7, S3-9, ALB-8, ENV-4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.lifecycle import TENANTS_PREFIX, is_kept
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK

LARGEST = 20480  # bytes; Amazon S3 user guide, "Bucket policies"
LOG_DELIVERY = "logdelivery.elasticloadbalancing.amazonaws.com"
PRINCIPAL_STACK = f"aws:PrincipalTag/{STACK}"
PRINCIPAL_COMPONENT = f"aws:PrincipalTag/{COMPONENT}"
# All that reads, writes or deletes objects; with NotResource all that changes the bucket, too.
READS_OR_CHANGES = ["s3:AbortMultipartUpload", "s3:Delete*", "s3:GetObject*", "s3:ListMultipartUploadParts", "s3:Put*"]
READS_OR_CHANGES += ["s3:RestoreObject"]
# What lists keys below a prefix, if the request says one. ListBucketMultipartUploads knows no s3:prefix (service
# authorization reference).
LISTING = ["s3:ListBucket", "s3:ListBucketVersions"]
# What ends the history, or copies it away: all that sets something of the bucket itself.
ENDS_HISTORY = ["s3:DeleteBucket*", "s3:DeleteObjectVersion", "s3:Put*Configuration", "s3:PutBucket*"]


def bucket_policy(
    bucket: str,
    categories: Iterable[Mapping[str, Any]],
    category_tag: str,
    stack: str,
    access_logs: Iterable[str] = (),
    shares: Mapping[str, str] | None = None,
    partition: str = "aws",
) -> dict[str, Any]:
    """Return the bucket policy: Deny statements, each with its own Sid, the same for any order of what is given.

    - No request without TLS, nor with one older than 1.2 (S3-9).
    - Whoever carries the tag `triflow:stack` of another stack than `stack`, the bucket's own, and those of `shares`
      does nothing here, and reads nothing. Roles carry the tag; persons do not, nor does the role of Ansible.
    - Whoever carries that of one of `shares`, a stack and its prefix such as `dev/`, reads, writes and deletes objects
      below that prefix only, lists below it only, and changes nothing of the bucket itself (ENV-4). The bucket's own
      stack does nothing below the shares' prefixes. Firehose alone lists without a prefix.
    - Whoever carries any stack's tag deletes no version and sets nothing of the bucket itself, such as versioning,
      lifecycle, replication or this policy: what was deleted or replaced is history (S3-7).
    - Under `tenants/`, also below each share's prefix, an object tag `category_tag` with another value than one of
      `categories` is refused, an upload without that tag is refused, and the tags of an object cannot be taken away
      (S3-3..5).
    - There, too, an object whose category is kept, that is one without any days of expiration, keeps it: under another
      it could be gone in a day. An object without the tag may get one. S3 evaluates s3:ExistingObjectTag for tagging
      and reading, not for PutObject and DeleteObject; there the versions keep the old object with its old tag.

    Multipart uploads: `UploadPart` and `CompleteMultipartUpload` are authorised as s3:PutObject but cannot carry
    tags, so s3:RequestObjectTag is absent there, and a plain "no tag, no upload" refuses every multipart upload
    (boto3 issue 2675). s3:ObjectCreationOperation is false for CreateMultipartUpload and UploadPart, which lets
    them pass (Amazon S3 user guide, "Enforce conditional writes on Amazon S3 buckets"), but true for
    CompleteMultipartUpload as for PutObject. What tells those two apart is the application's: it completes with
    `If-None-Match: *`, and DenyMissingCategory leaves such requests alone. So it

    - sends the tag with PutObject, or with CreateMultipartUpload, where S3 keeps it for the object;
    - completes a multipart upload with `If-None-Match: *`, or sends up to 5 GB in one PutObject instead
      (`multipart_threshold` of boto3's TransferConfig).

    This guards against an upload that forgot its tag, not against one that takes pains to avoid it: an untagged
    upload with `If-None-Match` passes. `CopyObject` must name the tag with `TaggingDirective: REPLACE`.

    `access_logs` are the beginnings of the keys below which Elastic Load Balancing may write, such as
    `load-balancer-logs/AWSLogs/123456789012` (ALB-8). The service principal is what AWS recommends in every
    region; the account of a region, 600734575887 for Seoul, is the older form (user guide for Application Load
    Balancers, "Enable access logs"). The account in the key is the load balancer's, so no other account can write.
    """
    arn = f"arn:{partition}:s3:::{bucket}"
    tag = f"s3:RequestObjectTag/{category_tag}"
    rows = list(categories)
    values = sorted({str(row["name"]) for row in rows})
    kept = sorted({str(row["name"]) for row in rows if is_kept(row)})
    lent = sorted((shares or {}).items())
    tenants = _single([f"{arn}/{prefix}{TENANTS_PREFIX}*" for prefix in ("", *(prefix for _stack, prefix in lent))])
    logs = [f"{arn}/{prefix}/*" for prefix in sorted(access_logs)]
    allowed = {
        "Sid": "AllowAccessLogs",
        "Effect": "Allow",
        "Principal": {"Service": LOG_DELIVERY},
        "Action": "s3:PutObject",
        "Resource": _single(logs),
    }
    return {
        "Version": "2012-10-17",
        "Statement": [
            _deny("DenyInsecureTransport", "s3:*", [arn, f"{arn}/*"], {"Bool": {"aws:SecureTransport": "false"}}),
            _deny("DenyOldTls", "s3:*", [arn, f"{arn}/*"], {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
            _deny(
                "DenyMissingCategory",
                "s3:PutObject",
                tenants,
                {
                    "Null": {tag: "true", "s3:if-none-match": "true"},
                    "BoolIfExists": {"s3:ObjectCreationOperation": "true"},
                },
            ),
            _deny(
                "DenyUnknownCategory",
                "s3:PutObject",
                tenants,
                {"Null": {tag: "false"}, "StringNotEquals": {tag: values}},
            ),
            # A negated operator also matches where the tag is absent: PutObjectTagging replaces all tags.
            _deny(
                "DenyRetaggingWithoutCategory",
                ["s3:PutObjectTagging", "s3:PutObjectVersionTagging"],
                tenants,
                {"StringNotEquals": {tag: values}},
            ),
            _deny(
                "DenyUntagging",
                ["s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"],
                tenants,
                {},
            ),
            *(
                _deny(
                    f"DenyOtherCategory{number}",
                    ["s3:PutObjectTagging", "s3:PutObjectVersionTagging"],
                    tenants,
                    {
                        "StringEquals": {f"s3:ExistingObjectTag/{category_tag}": name},
                        "StringNotEquals": {tag: name},
                    },
                )
                for number, name in enumerate(kept, start=1)
            ),
            _deny("DenyEndOfHistory", ENDS_HISTORY, [arn, f"{arn}/*"], {"Null": {PRINCIPAL_STACK: "false"}}),
            # A negated operator matches where the tag is absent, too.
            _deny(
                "DenyOtherStacks",
                "s3:*",
                [arn, f"{arn}/*"],
                {
                    "Null": {PRINCIPAL_STACK: "false"},
                    "StringNotEquals": {PRINCIPAL_STACK: sorted({stack, *(name for name, _prefix in lent)})},
                },
            ),
            *(found for number, share in enumerate(lent, start=1) for found in _deny_outside(arn, number, *share)),
            *_deny_in_shares(arn, stack, [prefix for _stack, prefix in lent]),
            *([allowed] if logs else []),
        ],
    }


def _single(values: list[str]) -> list[str] | str:
    """A list of one is written as its element."""
    return values[0] if len(values) == 1 else values


def _deny_outside(arn: str, number: int, stack: str, prefix: str) -> list[dict[str, Any]]:
    """A share's end: objects that are not below the prefix, lists of them, and whatever changes the bucket."""
    # A Sid takes letters and digits only, and a stack's name has hyphens.
    outside = {
        "Sid": f"DenyOutsideShare{number}",
        "Effect": "Deny",
        "Principal": "*",
        "Action": READS_OR_CHANGES,
        "NotResource": f"{arn}/{prefix}*",
        "Condition": {"StringEquals": {PRINCIPAL_STACK: stack}},
    }
    # Firehose looks at the bucket without a prefix.
    others = {
        "StringEquals": {PRINCIPAL_STACK: stack},
        "StringNotEquals": {PRINCIPAL_COMPONENT: "role-firehose-to-s3"},
    }
    beside = {**others, "StringNotLike": {"s3:prefix": f"{prefix}*"}}  # matches where there is no prefix, too
    return [
        outside,
        _deny(f"DenyListingOutsideShare{number}", LISTING, arn, beside),
        _deny(f"DenyListingUploads{number}", "s3:ListBucketMultipartUploads", arn, others),
    ]


def _deny_in_shares(arn: str, stack: str, prefixes: list[str]) -> list[dict[str, Any]]:
    """The bucket's own stack has no business in the shares."""
    if not prefixes:
        return []
    below = _single([f"{arn}/{prefix}*" for prefix in sorted(prefixes)])
    return [_deny("DenyOwnStackInShares", READS_OR_CHANGES, below, {"StringEquals": {PRINCIPAL_STACK: stack}})]


def _deny(sid: str, action: str | list[str], resource: str | list[str], condition: dict[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resource,
    }
    return {**statement, "Condition": condition} if condition else statement
