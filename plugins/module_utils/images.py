# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names of container images: pure functions."""

from __future__ import annotations

import re

# The first part of a name is a registry when it looks like a host (the reference format of the OCI distribution).
_REGISTRY = re.compile(r"^(localhost|[^/]*[.:][^/]*)/")
_DIGEST = re.compile(r"^sha256:[0-9a-f]{64}$")
_ECR = re.compile(r"^(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<name>[^:@]+)")


def full_image(image: str, account_id: str, region: str) -> str:
    """The image with its registry: one that names none is in the account's own, in ECR."""
    if _REGISTRY.match(image):
        return image
    return f"{account_id}.dkr.ecr.{region}.amazonaws.com/{image}"


def released_image(current: str, wanted: str, account_id: str, region: str) -> str:
    """The image to release: a tag or digest of the current one's repository, or an image of its own."""
    if _DIGEST.match(wanted):
        return f"{_repository(current)}@{wanted}"
    if "/" in wanted or ":" in wanted:
        return full_image(wanted, account_id, region)
    return f"{_repository(current)}:{wanted}"


def _repository(image: str) -> str:
    name = image.split("@")[0]
    path, colon, tag = name.rpartition(":")
    return path if colon and "/" not in tag else name  # a colon before a slash is a registry's port


def repository_arn(image: str) -> str | None:
    """ARN of the ECR repository of a full image name, None for an image from elsewhere."""
    found = _ECR.match(image)
    if not found:
        return None
    return f"arn:aws:ecr:{found['region']}:{found['account']}:repository/{found['name']}"
