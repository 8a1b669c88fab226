# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The policy of the S3 gateway endpoint (NET-5): which buckets the VPC reaches, whoever asks.

Without one a captured task copies data to any bucket of any account, with credentials that it brings along.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple


class ServiceBucket(NamedTuple):
    """A bucket of AWS that is read from inside a VPC."""

    bucket: str
    read_by: str
    source: str


ECR = 'Amazon ECR user guide, "Amazon ECR interface VPC endpoints", minimum Amazon S3 bucket permissions'
SSM = 'AWS Systems Manager user guide, "SSM Agent communications with AWS managed S3 buckets"'
AGENT = 'Amazon CloudWatch user guide, "Download the CloudWatch agent package"'
LINUX = 'Amazon Linux 2023 user guide, "Deterministic upgrades through versioned repositories"'
SERVICE_BUCKETS = (
    ServiceBucket("prod-{region}-starport-layer-bucket", "Fargate, for the layers of images in ECR", ECR),
    ServiceBucket("amazon-ssm-{region}", "SSM Agent", SSM),
    ServiceBucket("aws-ssm-{region}", "SSM Agent", SSM),
    ServiceBucket("amazon-ssm-packages-{region}", "SSM Agent", SSM),
    ServiceBucket("{region}-birdwatcher-prod", "SSM Agent", SSM),
    ServiceBucket("aws-ssm-distributor-file-{region}", "SSM Agent", SSM),
    ServiceBucket("aws-ssm-document-attachments-{region}", "SSM Agent", SSM),
    ServiceBucket("patch-baseline-snapshot-{region}", "SSM Agent", SSM),
    ServiceBucket("amazoncloudwatch-agent-{region}", "a machine that installs the CloudWatch agent", AGENT),
    ServiceBucket("al2023-repos-{region}-de612dc2", "a machine with Amazon Linux 2023, for its packages", LINUX),
)


def s3_endpoint_policy(region: str, buckets: Iterable[str]) -> dict[str, Any]:
    """Return the endpoint policy: everything with these buckets, and reading what AWS's services need in the region.

    It grants nothing: a call must be allowed by the caller's policy and the bucket's, too.
    """
    arns = sorted({f"arn:aws:s3:::{bucket}" for bucket in buckets})
    services = sorted(f"arn:aws:s3:::{row.bucket.format(region=region)}/*" for row in SERVICE_BUCKETS)
    everyone = {"Effect": "Allow", "Principal": "*"}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Buckets",
                **everyone,
                "Action": "s3:*",
                "Resource": [resource for arn in arns for resource in (arn, f"{arn}/*")],
            },
            {"Sid": "Services", **everyone, "Action": "s3:GetObject", "Resource": services},
        ],
    }
