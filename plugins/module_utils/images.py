# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names of container images: pure functions."""

from __future__ import annotations

import re

# The first part of a name is a registry when it looks like a host (the reference format of the OCI distribution).
_REGISTRY = re.compile(r"^(localhost|[^/]*[.:][^/]*)/")
_ECR = re.compile(r"^(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<name>[^:@]+)")


def full_image(image: str, account_id: str, region: str) -> str:
    """The image with its registry: one that names none is in the account's own, in ECR."""
    if _REGISTRY.match(image):
        return image
    return f"{account_id}.dkr.ecr.{region}.amazonaws.com/{image}"


def repository_arn(image: str) -> str | None:
    """ARN of the ECR repository of a full image name, None for an image from elsewhere."""
    found = _ECR.match(image)
    if not found:
        return None
    return f"arn:aws:ecr:{found['region']}:{found['account']}:repository/{found['name']}"
