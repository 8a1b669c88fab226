"""ecr_image_info: an image is in ECR, or it is said which ones are."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import Lab
from tests.modules.conftest import RunModule

MODULE = "ecr_image_info"
REGISTRY = "123456789012.dkr.ecr.{}.amazonaws.com"
HERE = REGISTRY.format("ap-northeast-2")


def push(lab: Lab, repository: str, *tags: str, region: str = "ap-northeast-2") -> str:
    """Push an image of its own under these tags. Returns its digest."""
    ecr = lab.aws("ecr", region_name=region)
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "layers": [{"digest": f"sha256:{tags[0]}"}],
    }
    images = [
        ecr.put_image(repositoryName=repository, imageTag=tag, imageManifest=json.dumps(manifest))["image"]
        for tag in tags
    ]
    digest: str = images[0]["imageId"]["imageDigest"]
    return digest


@pytest.fixture
def repository(lab: Lab, stack: str) -> str:
    name = f"{stack}/backend"
    lab.aws("ecr").create_repository(repositoryName=name)
    return name


def found(run_module: RunModule, image: str, check: bool = False) -> dict[str, Any]:
    result = run_module(MODULE, check=check, image=image)
    assert not result.get("failed"), result["msg"]
    assert result["changed"] is False
    return result


def test_an_image_that_is_there(lab: Lab, repository: str, run_module: RunModule) -> None:
    digest = push(lab, repository, "1.4.0", "stable")
    before = len(lab.calls())
    result = found(run_module, f"{HERE}/{repository}:1.4.0")
    assert [call["operation"] for call in lab.calls()[before:]] == ["DescribeImages"]
    assert (result["checked"], result["digest"], result["tags"]) == (True, digest, ["1.4.0", "stable"])
    assert datetime.now(UTC) - datetime.fromisoformat(result["pushed_at"]) < timedelta(minutes=10)
    assert found(run_module, f"{HERE}/{repository}@{digest}")["tags"] == ["1.4.0", "stable"]
    assert found(run_module, f"{HERE}/{repository}:1.4.0", check=True)["digest"] == digest


def test_an_image_of_another_region(lab: Lab, stack: str, run_module: RunModule) -> None:
    lab.aws("ecr", region_name="us-east-1").create_repository(repositoryName=stack)
    push(lab, stack, "1", region="us-east-1")
    assert found(run_module, f"{REGISTRY.format('us-east-1')}/{stack}:1")["checked"] is True


@pytest.mark.parametrize("check", [False, True])
def test_an_image_that_is_not_there(lab: Lab, repository: str, run_module: RunModule, check: bool) -> None:
    push(lab, repository, "1.4.0")
    result = run_module(MODULE, check=check, image=f"{HERE}/{repository}:2.0.0")
    assert result["failed"]
    assert f"no image with tag 2.0.0 in repository {repository}" in result["msg"]
    assert "the newest tags there are 1.4.0" in result["msg"]
    missing = "sha256:" + "0" * 64
    assert f"no image with digest {missing}" in run_module(MODULE, image=f"{HERE}/{repository}@{missing}")["msg"]


def test_an_empty_repository(repository: str, run_module: RunModule) -> None:
    result = run_module(MODULE, image=f"{HERE}/{repository}:1")
    assert result["failed"]
    assert "no image with a tag is there" in result["msg"]


def test_a_repository_that_is_not_there(stack: str, run_module: RunModule) -> None:
    result = run_module(MODULE, image=f"{HERE}/{stack}/other:1")
    assert result["failed"]
    assert f"ECR has no repository {stack}/other" in result["msg"]
    assert "run playbooks/compute.yml" in result["msg"]


def test_another_registry(lab: Lab, run_module: RunModule) -> None:
    before = len(lab.calls())
    result = found(run_module, "docker.io/example/backend:1")
    assert (result["checked"], result["digest"], result["pushed_at"], result["tags"]) == (False, None, None, [])
    assert lab.calls()[before:] == []
