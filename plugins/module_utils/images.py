# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names of container images: pure functions."""

from __future__ import annotations

import re
from typing import NamedTuple

# The reference format of the OCI distribution: registry, path, tag, digest.
_PATH = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_NAME = rf"([A-Za-z0-9.-]+(:\d{{1,5}})?/)?{_PATH}(/{_PATH})*"
_VERSION = r"(:\w[\w.-]{0,127}(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})"
_IMAGE = re.compile(rf"(?P<name>{_NAME})(?P<version>{_VERSION})", re.ASCII)
LONGEST = 255  # Amazon ECS API reference, ContainerDefinition: with its tag, and without its digest

# The first part of a name is a registry when it looks like a host (the reference format of the OCI distribution).
_REGISTRY = re.compile(r"^(localhost|[^/]*[.:][^/]*)/")
_DIGEST = re.compile(r"^sha256:[0-9a-f]{64}$")
_ECR = re.compile(r"^(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<name>[^:@]+)")


class Fault(NamedTuple):
    """Why a text is no image that ECS can pull, and what may have been meant."""

    reason: str
    meant: str | None


def is_elsewhere(image: str) -> bool:
    """Whether the image names a registry that is not ECR."""
    return bool(_REGISTRY.match(image)) and not _ECR.match(image)


def image_fault(image: str) -> Fault | None:
    """What is wrong with an image's name, None when nothing is."""
    found = _IMAGE.fullmatch(image)
    if found and (_REGISTRY.match(image) or found["name"] == found["name"].lower()):
        if len(image.split("@")[0]) <= LONGEST:
            return None
        return Fault(f"ECS takes {LONGEST} characters", None)
    bare = re.sub(r"^[a-z]+://", "", image)
    if bare != image:
        return Fault("it is no address: a registry stands in front without http:// or https://", _if_image(bare))
    if image != image.lower() and _if_image(image.lower()):
        return Fault("a repository's name has lower-case letters only", image.lower())
    return Fault("it is no image with a tag or digest", None)


def _if_image(text: str) -> str | None:
    return text if _IMAGE.fullmatch(text) else None


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
