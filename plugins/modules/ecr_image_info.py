#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_image_info
version_added: 0.1.0
short_description: Find an image in ECR, or say which ones are there
author: TriFlow AI (@triflow-ai)
description:
  - Looks an image up in ECR, in the account and region that its name says, and fails when it is not there. The message
    names the newest tags that are.
  - An image of another registry cannot be looked up. That is no failure, and C(checked) is false.
  - It changes nothing and does the same in check mode.
options:
  image:
    description: Full name of the image, with its registry and a tag or digest. Without either it is C(latest).
    type: str
    required: true
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.plan.reads
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Find the image
  triflow.platform.ecr_image_info:
    image: 123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/triflow-prod/backend:1.4.0
"""

RETURN = r"""
checked:
  description: Whether the image is in ECR. False for one of another registry.
  returned: success
  type: bool
digest:
  description: Digest of the image, null when it was not checked.
  returned: success
  type: str
  sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
pushed_at:
  description: When it was pushed, in UTC, null when it was not checked.
  returned: success
  type: str
  sample: "2026-01-20T09:00:00+00:00"
tags:
  description: All tags of the image.
  returned: success
  type: list
  elements: str
  sample: [1.4.0]
"""

from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import ecr_images
from ansible_collections.triflow.platform.plugins.module_utils.moments import iso
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, StackModule

ALL_PAGES = {"PageSize": 1000, "MaxItems": 10_000}


def find(api: Api, image: ecr_images.EcrImage) -> dict[str, Any] | None:
    """The image as DescribeImages shows it."""
    answer = api.call(
        "describe_images",
        on=image.repository,
        absent=("ImageNotFoundException", "RepositoryNotFoundException"),
        registryId=image.account_id,
        repositoryName=image.repository,
        imageIds=[image.identifier],
    )
    found: list[dict[str, Any]] = answer.get("imageDetails", [])
    return found[0] if found else None


def all_images(api: Api, image: ecr_images.EcrImage) -> list[dict[str, Any]] | None:
    """All images of its repository, None when that is not there."""
    repository = api.call(
        "describe_repositories",
        on=image.repository,
        absent=("RepositoryNotFoundException",),
        registryId=image.account_id,
        repositoryNames=[image.repository],
    )
    if not repository:
        return None
    return api.pages(
        "describe_images",
        "imageDetails",
        on=image.repository,
        registryId=image.account_id,
        repositoryName=image.repository,
        PaginationConfig=ALL_PAGES,
    )


def read(module: StackModule, image: ecr_images.EcrImage) -> dict[str, Any]:
    module.params["region"] = image.region
    api = module.api("ecr")
    found = find(api, image)
    if found is None:
        module.fail(ecr_images.missing(image, all_images(api, image)))
    return {
        "checked": True,
        "digest": found["imageDigest"],
        "pushed_at": iso(found["imagePushedAt"]),
        "tags": sorted(found.get("imageTags", [])),
    }


def main() -> None:
    module = StackModule({"image": {"type": "str", "required": True}}, state=False)
    image = ecr_images.parse(module.params["image"])
    elsewhere: dict[str, Any] = {"checked": False, "digest": None, "pushed_at": None, "tags": []}
    module.exit_json(changed=False, **(read(module, image) if image else elsewhere))


if __name__ == "__main__":
    main()
