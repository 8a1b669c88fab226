"""S3 buckets: the defaults of new buckets since 2023, whose they are, and when they can be deleted."""

from __future__ import annotations

import copy
from typing import Any

import xmltodict
from moto.s3.exceptions import BucketAlreadyExists, S3ClientError
from moto.s3.models import FakeBucket, PublicAccessBlock, S3Backend, s3_backends
from moto.s3.responses import S3Response

from lab.corrections.override import override

ENCRYPTION = {
    "Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False},
}


class BucketAlreadyOwnedByYouError(S3ClientError):
    """409 BucketAlreadyOwnedByYou."""

    __module__ = "moto.s3.exceptions"

    def __init__(self) -> None:
        super().__init__(
            "BucketAlreadyOwnedByYou",
            "Your previous request to create the named bucket succeeded and you already own it.",
        )


@override(S3Backend, "create_bucket")
def _create_bucket(
    original: Any, self: S3Backend, bucket_name: str, region_name: str, *rest: Any, **options: Any
) -> FakeBucket:
    """CreateBucket: SSE-S3, Block Public Access and BucketOwnerEnforced by default; whose the name is, if taken."""
    if bucket_name in s3_backends.bucket_accounts:
        if bucket_name not in self.buckets:
            raise BucketAlreadyExists(bucket=bucket_name)
        raise BucketAlreadyOwnedByYouError
    bucket: FakeBucket = original(self, bucket_name, region_name, *rest, **options)
    bucket.encryption = copy.deepcopy(ENCRYPTION)
    bucket.public_access_block = PublicAccessBlock("true", "true", "true", "true")
    bucket.ownership_rule = "BucketOwnerEnforced"  # type: ignore[assignment]
    return bucket


@override(S3Response, "_bucket_response_put")
def _bucket_response_put(
    original: Any, self: S3Response, request: Any, bucket_name: str, querystring: dict[str, Any]
) -> Any:
    """CreateBucket: CreateBucketConfiguration may hold the bucket's tags."""
    answer = original(self, request, bucket_name, querystring)
    if self.body and not querystring:
        parsed = xmltodict.parse(self.body, force_list={"Tag": True})
        tags = (parsed.get("CreateBucketConfiguration") or {}).get("Tags") or {"Tag": []}
        self.backend.put_bucket_tagging(bucket_name, {tag["Key"]: tag["Value"] or "" for tag in tags["Tag"]})
    return answer


@override(S3Backend, "delete_bucket_encryption")
def _delete_bucket_encryption(_unused: Any, self: S3Backend, bucket_name: str) -> None:
    """DeleteBucketEncryption: the bucket goes back to SSE-S3; no bucket is without encryption."""
    self.get_bucket(bucket_name).encryption = copy.deepcopy(ENCRYPTION)
