"""Images in ECR: where they are, and what is told when one is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import ecr_images

REGISTRY = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com"


@pytest.mark.parametrize(
    ("image", "repository", "identifier", "name"),
    [
        ("backend:1.4.0", "backend", {"imageTag": "1.4.0"}, "tag 1.4.0"),
        ("triflow-prod/backend:1", "triflow-prod/backend", {"imageTag": "1"}, "tag 1"),
        ("backend", "backend", {"imageTag": "latest"}, "tag latest"),
        ("backend@sha256:abc", "backend", {"imageDigest": "sha256:abc"}, "digest sha256:abc"),
        ("backend:1@sha256:abc", "backend", {"imageDigest": "sha256:abc"}, "digest sha256:abc"),
    ],
)
def test_parts_of_a_name(image: str, repository: str, identifier: dict[str, str], name: str) -> None:
    found = ecr_images.parse(f"{REGISTRY}/{image}")
    assert found == ("123456789012", "ap-northeast-2", repository, identifier)
    assert found.name == name


@pytest.mark.parametrize(
    "image", ["docker.io/library/nginx:1", "public.ecr.aws/a/b:1", "localhost/backend:1", f"x{REGISTRY}/backend:1"]
)
def test_another_registry(image: str) -> None:
    assert ecr_images.parse(image) is None


def pushed(day: int, *tags: str) -> dict[str, Any]:
    return {"imagePushedAt": datetime(2026, 1, day, tzinfo=UTC), **({"imageTags": list(tags)} if tags else {})}


def test_the_newest_tags() -> None:
    details = [pushed(2, "b"), pushed(9), pushed(4, "d", "e"), pushed(1, "a"), pushed(3, "c"), pushed(5, "f")]
    assert ecr_images.newest_tags(details) == ["f", "e", "d", "c", "b"]


@pytest.mark.parametrize(
    ("details", "words"),
    [
        (
            [pushed(1, "1.3.0"), pushed(2, "1.4.0")],
            "ECR holds no image with tag 2 in repository a/b of account 123456789012 in ap-northeast-2 "
            "(the newest tags there are 1.4.0, 1.3.0): push the image, then run again",
        ),
        ([pushed(1)], "(no image with a tag is there): push the image"),
        (None, "ECR has no repository a/b of account 123456789012 in ap-northeast-2, so no image with tag 2"),
    ],
)
def test_what_is_told(details: list[dict[str, Any]] | None, words: str) -> None:
    image = ecr_images.parse(f"{REGISTRY}/a/b:2")
    assert image
    assert words in ecr_images.missing(image, details)
