# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The policy of the stack's bucket (S3-3..5, S3-9, ALB-8, ENV-4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.lifecycle import TENANTS_PREFIX
from ansible_collections.triflow.platform.plugins.module_utils.tags import STACK

LOG_DELIVERY = "logdelivery.elasticloadbalancing.amazonaws.com"


def bucket_policy(
    bucket: str,
    categories: Iterable[str],
    category_tag: str,
    access_logs: Iterable[str] = (),
    shares: Mapping[str, str] | None = None,
    partition: str = "aws",
) -> dict[str, Any]:
    """Return the bucket policy: Deny statements, each with its own Sid, the same for any order of what is given.

    - No request without TLS, nor with one older than 1.2 (S3-9).
    - Whoever carries the tag `triflow:stack` of one of `shares`, a stack and its prefix such as `dev/`, writes and
      deletes below that prefix only, and changes nothing of the bucket itself (ENV-4). Roles carry the tag.
    - Under `tenants/`, also below each share's prefix, an object tag `category_tag` with another value than one of
      `categories` is refused, an upload without that tag is refused, and the tags of an object cannot be taken away
      (S3-3..5).

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
    values = sorted(set(categories))
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
            *(_deny_outside(arn, number, *share) for number, share in enumerate(lent, start=1)),
            *([allowed] if logs else []),
        ],
    }


def _single(values: list[str]) -> list[str] | str:
    """A list of one is written as its element."""
    return values[0] if len(values) == 1 else values


def _deny_outside(arn: str, number: int, stack: str, prefix: str) -> dict[str, Any]:
    """A share's end: all that writes or deletes, on the bucket or on what is not below the prefix."""
    return {
        "Sid": f"DenyOutsideShare{number}",  # a Sid takes letters and digits only, and a stack's name has hyphens
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:AbortMultipartUpload", "s3:Delete*", "s3:Put*", "s3:RestoreObject"],
        "NotResource": f"{arn}/{prefix}*",
        "Condition": {"StringEquals": {f"aws:PrincipalTag/{STACK}": stack}},
    }


def _deny(sid: str, action: str | list[str], resource: str | list[str], condition: dict[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resource,
    }
    return {**statement, "Condition": condition} if condition else statement
