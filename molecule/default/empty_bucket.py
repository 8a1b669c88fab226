"""Deletes every version of every object in a bucket, if it is there: the archive holds the logs of the run."""

from __future__ import annotations

import sys
from typing import Any

import boto3


def main(name: str) -> None:
    if name in [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]]:
        bucket: Any = boto3.resource("s3").Bucket(name)
        bucket.object_versions.delete()


if __name__ == "__main__":
    main(sys.argv[1])
