"""ecr_repositories (CMP-8)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import resource

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags, tags

MODULE = "ecr_repositories"
COMPONENT = "repository-backend"


def keep(images: int) -> dict[str, Any]:
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": images}
    return {"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]}


def repository(stack: str, **options: Any) -> dict[str, Any]:
    wanted = {"component": COMPONENT, "name": f"{stack}/backend", "image_tag_mutability": "IMMUTABLE"}
    return {**wanted, "scan_on_push": True, "lifecycle_policy": keep(30), **options}


def test_grammar(lab: Lab, stack: str, run_module: RunModule) -> None:
    ecr = lab.aws("ecr")

    def read() -> Any:
        found = ecr.describe_repositories()["repositories"]
        for item in found:
            if item["repositoryName"] == f"{stack}/backend":
                described = {"Tags": ecr.list_tags_for_resource(resourceArn=item["repositoryArn"])["tags"]}
                assert tags(described) == expected_tags(stack, COMPONENT)
                policy = ecr.get_lifecycle_policy(repositoryName=f"{stack}/backend")["lifecyclePolicyText"]
                (rule,) = json.loads(policy)["rules"]
                scan = item["imageScanningConfiguration"]["scanOnPush"]
                return item["imageTagMutability"], scan, rule["selection"]["countNumber"]
        return None

    changed = repository(stack, image_tag_mutability="MUTABLE", scan_on_push=False, lifecycle_policy=keep(10))
    case = Case(
        module=MODULE,
        options={"repositories": [repository(stack)]},
        update={"repositories": [changed]},
        read=read,
        created=("IMMUTABLE", True, 30),
        updated=("MUTABLE", False, 10),
        deleted=None,
        creates=[COMPONENT],
        named=[COMPONENT],
        updates={COMPONENT: ["image_tag_mutability", "scan_on_push", "lifecycle_policy"]},
        deletes=[COMPONENT],
        refused=[
            ({"repositories": None}, "missing required arguments: repositories"),
            ({"repositories": [{"component": COMPONENT}]}, "missing required arguments: name"),
            ({"repositories": [repository(stack, image_tag_mutability="no")]}, "must be one of: IMMUTABLE, MUTABLE"),
        ],
    )
    walk(case, lab, run_module)


def test_what_is_not_given_is_left(stack: str, run_module: RunModule) -> None:
    run_module(MODULE, repositories=[repository(stack)])
    bare = {"component": COMPONENT, "name": f"{stack}/backend"}
    assert run_module(MODULE, repositories=[bare])["changed"] is False


def test_a_lifecycle_policy_is_taken_away(stack: str, run_module: RunModule) -> None:
    run_module(MODULE, repositories=[repository(stack)])
    result = run_module(MODULE, repositories=[repository(stack, lifecycle_policy={})])
    assert result["changes"][0]["fields"] == ["lifecycle_policy"]
    assert run_module(MODULE, repositories=[repository(stack, lifecycle_policy={})])["changed"] is False


def test_a_repository_with_images_is_deleted_by_force_only(lab: Lab, stack: str, run_module: RunModule) -> None:
    run_module(MODULE, repositories=[repository(stack)])
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "layers": []}
    lab.aws("ecr").put_image(repositoryName=f"{stack}/backend", imageTag="1", imageManifest=json.dumps(manifest))
    result = run_module(MODULE, repositories=[repository(stack)], state="absent")
    assert result["failed"]
    assert f"{stack}/backend" in result["msg"]
    assert run_module(MODULE, repositories=[repository(stack)], state="absent", force=True)["changed"] is True


def test_what_is_done_before_a_refusal_is_counted(
    stack: str, run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three repositories one is made, one is made without all of its settings, and one is not begun."""
    names = [f"{stack}/{name}" for name in ("first", "second", "third")]
    call = resource.Api.call

    def refused(self: resource.Api, operation: str, /, on: str, **given: Any) -> dict[str, Any]:
        if operation == "put_lifecycle_policy" and given["repositoryName"] == names[1]:
            self.module.fail("refused on purpose")
        return call(self, operation, on, **given)

    monkeypatch.setattr(resource.Api, "call", refused)
    repositories = [repository(stack, name=name, component=f"repository-{name}") for name in names]
    result = run_module(MODULE, repositories=repositories)
    assert result["msg"] == "refused on purpose"
    assert result["changed"] is True
    assert [(change["component"], change["action"]) for change in result["changes"]] == [
        (f"repository-{name}", "create") for name in names[:2]
    ]
    assert [diff["after_header"] for diff in result["diff"]] == [f"repository-{name}" for name in names[:2]]
