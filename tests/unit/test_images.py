"""Names of images."""

from __future__ import annotations

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.images import (
    full_image,
    image_fault,
    released_image,
    repository_arn,
)

ACCOUNT, REGION = "123456789012", "ap-northeast-2"
OWN = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


@pytest.mark.parametrize(
    ("image", "full"),
    [
        ("backend:1", f"{OWN}/backend:1"),
        ("triflow-prod/backend:1.0.0", f"{OWN}/triflow-prod/backend:1.0.0"),
        ("triflow-prod/backend@sha256:abc", f"{OWN}/triflow-prod/backend@sha256:abc"),
        (f"{OWN}/backend:1", f"{OWN}/backend:1"),
        ("docker.io/library/nginx:1.29", "docker.io/library/nginx:1.29"),
        ("localhost/backend:1", "localhost/backend:1"),
        ("registry:5000/backend:1", "registry:5000/backend:1"),
    ],
)
def test_the_own_registry_stands_for_none(image: str, full: str) -> None:
    assert full_image(image, ACCOUNT, REGION) == full


@pytest.mark.parametrize(
    ("image", "arn"),
    [
        (f"{OWN}/triflow-prod/backend:1", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/triflow-prod/backend"),
        (f"{OWN}/backend@sha256:abc", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/backend"),
        ("999999999999.dkr.ecr.us-east-1.amazonaws.com/a:1", "arn:aws:ecr:us-east-1:999999999999:repository/a"),
        ("docker.io/library/nginx:1.29", None),
        ("public.ecr.aws/nginx/nginx:1.29", None),
    ],
)
def test_repository(image: str, arn: str | None) -> None:
    assert repository_arn(image) == arn


DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("current", "wanted", "full"),
    [
        (f"{OWN}/triflow-prod/backend:1", "2", f"{OWN}/triflow-prod/backend:2"),
        (f"{OWN}/triflow-prod/backend@{DIGEST}", "2", f"{OWN}/triflow-prod/backend:2"),
        (f"{OWN}/triflow-prod/backend:1", DIGEST, f"{OWN}/triflow-prod/backend@{DIGEST}"),
        (f"{OWN}/backend:1@{DIGEST}", "2", f"{OWN}/backend:2"),
        ("registry:5000/backend", "2", "registry:5000/backend:2"),
        (f"{OWN}/triflow-prod/backend:1", "other/backend:2", f"{OWN}/other/backend:2"),
        (f"{OWN}/triflow-prod/backend:1", "docker.io/example/backend:2", "docker.io/example/backend:2"),
    ],
)
def test_what_a_release_asks_for(current: str, wanted: str, full: str) -> None:
    assert released_image(current, wanted, ACCOUNT, REGION) == full


@pytest.mark.parametrize(
    "image",
    [
        "nginx:1.29",
        "triflow-prod/backend:1.0.0",
        "triflow_prod/back__end:V1",
        "123/456:7",
        "ghcr.io/x/y:1",
        "Registry.example.com:5000/x/y:1",
        "localhost/x:1",
        f"x/y@sha256:{'0' * 64}",
        f"x/y:1@sha256:{'0' * 64}",
    ],
)
def test_image_that_ecs_takes(image: str) -> None:
    assert image_fault(image) is None


@pytest.mark.parametrize(
    "image", ["TriFlow/backend:1", "x/y", "x/y:", "x/-y:1", "/x/y:1", "x/y:1:2", "x y:1", "x/y@sha256:0"]
)
def test_no_image(image: str) -> None:
    assert image_fault(image)
