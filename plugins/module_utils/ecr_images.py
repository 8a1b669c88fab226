# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Images in ECR: pure functions. The shapes are those of DescribeImages."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

SHOWN = 5
# "Amazon ECR private registries" in the user guide; tag and digest as in the reference format of the OCI distribution.
_IMAGE = re.compile(
    r"^(?P<account_id>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/"
    r"(?P<repository>[^:@]+)(:(?P<tag>[^@]+))?(@(?P<digest>.+))?$"
)


class EcrImage(NamedTuple):
    """Where an image is in ECR."""

    account_id: str
    region: str
    repository: str
    identifier: dict[str, str]  # ImageIdentifier: a digest says it all, without a tag it is `latest`

    @property
    def name(self) -> str:
        """Tag or digest, in words."""
        digest = self.identifier.get("imageDigest")
        return f"digest {digest}" if digest else f"tag {self.identifier['imageTag']}"


def parse(image: str) -> EcrImage | None:
    """The parts of an image's full name, None when it is from another registry than ECR."""
    found = _IMAGE.match(image)
    if not found:
        return None
    identifier = {"imageDigest": found["digest"]} if found["digest"] else {"imageTag": found["tag"] or "latest"}
    return EcrImage(found["account_id"], found["region"], found["repository"], identifier)


def newest_tags(details: list[dict[str, Any]]) -> list[str]:
    """The tags pushed last, the newest first."""
    newest = sorted(details, key=lambda detail: detail["imagePushedAt"], reverse=True)
    return [tag for detail in newest for tag in sorted(detail.get("imageTags", []), reverse=True)][:SHOWN]


def missing(image: EcrImage, details: list[dict[str, Any]] | None) -> str:
    """What to tell when it is not there. ``details`` are the images that are, None without the repository."""
    where = f"repository {image.repository} of account {image.account_id} in {image.region}"
    if details is None:
        return f"ECR has no {where}, so no image with {image.name}: run playbooks/compute.yml, then push the image"
    tags = newest_tags(details)
    there = f"the newest tags there are {', '.join(tags)}" if tags else "no image with a tag is there"
    return f"ECR holds no image with {image.name} in {where} ({there}): push the image, then run again"
