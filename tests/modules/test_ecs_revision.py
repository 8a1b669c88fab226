"""ecs_revision: what a service runs, with another image and nothing else changed."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import placeholders

from tests.conftest import Lab
from tests.modules.compute import Compute
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, Steps
from tests.modules.tagging import expected_tags

MODULE = "ecs_revision"
COMPONENT = "task-definition-backend"
NEW = "example/backend:2"


@pytest.fixture
def compute(lab: Lab, stack: str) -> Compute:
    return Compute(lab, stack)


def options(compute: Compute, **more: Any) -> dict[str, Any]:
    return {"component": COMPONENT, "cluster": compute.stack, "service": "backend", "image": NEW, **more}


def run(run_module: RunModule, compute: Compute, check: bool = False, **more: Any) -> dict[str, Any]:
    return run_module(MODULE, check=check, **options(compute, **more))


def revisions(compute: Compute) -> list[str]:
    arns: list[str] = compute.ecs.list_task_definitions(familyPrefix=compute.stack)["taskDefinitionArns"]
    return arns


def images(compute: Compute) -> list[str]:
    """The image of each revision, the oldest first."""
    found = [compute.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"] for arn in revisions(compute)]
    return [definition["containerDefinitions"][0]["image"] for definition in found]


def test_grammar(lab: Lab, compute: Compute, run_module: RunModule) -> None:
    """Bad input; then planned, carried out and done. It neither creates nor deletes."""
    definition = compute.register()
    compute.create_service(definition)

    def read() -> list[str]:
        service = compute.service()
        assert service
        assert service["taskDefinition"] == definition
        return images(compute)

    before, after = ["example/backend:1"], ["example/backend:1", NEW]
    case = Case(
        module=MODULE, options=options(compute), update={}, read=read, created=before, updated=after, deleted=before,
        creates=[], updates={},
    )  # fmt: skip
    step = Steps(case, lab, run_module)
    step.refused(options(compute, image=None), "missing required arguments: image")
    step.refused(options(compute, service="worker"), "Service worker of cluster")
    step.refused(options(compute, cluster="no-such-cluster"), "is not there: run playbooks/compute.yml")
    step.refused(options(compute, container="sidecar"), "has no container sidecar: name one of backend as container")
    update = [{"component": COMPONENT, "action": "update", "fields": ["backend.image"]}]
    step.unchanged(options(compute, image="example/backend:1"), before)
    step.planned(options(compute), update, before)
    assert step.plan["diff"][0]["before"] == {"backend.image": "example/backend:1"}
    assert step.plan["diff"][0]["after"] == {"backend.image": NEW}
    step.carried_out(options(compute), update, after)
    step.unchanged(options(compute), after)


def test_the_id_is_that_of_the_revision(run_module: RunModule, compute: Compute) -> None:
    first = compute.register()
    compute.create_service(first)
    planned = run(run_module, compute, check=True)["resources"][COMPONENT]["id"]
    assert planned == placeholders.make(f"arn:aws:ecs:::task-definition/{compute.stack}:", COMPONENT)
    assert run(run_module, compute, image="example/backend:1")["resources"][COMPONENT]["id"] == first
    second = run(run_module, compute)["resources"][COMPONENT]["id"]
    assert revisions(compute) == [first, second]
    for check in (True, False):  # the service does not run it yet, and it is not registered again
        result = run(run_module, compute, check=check)
        assert (result["changed"], result["resources"][COMPONENT]["id"]) == (False, second)
    compute.ecs.update_service(cluster=compute.stack, service="backend", taskDefinition=second)
    result = run(run_module, compute)
    assert (result["changed"], result["resources"][COMPONENT]["id"]) == (False, second)


def test_only_the_same_content_is_taken(run_module: RunModule, compute: Compute) -> None:
    """The newest revision has the image, but somebody changed more with it."""
    first = compute.register()
    compute.create_service(first)
    live = compute.ecs.describe_task_definition(taskDefinition=first)["taskDefinition"]
    names = ("family", "networkMode", "requiresCompatibilities", "executionRoleArn")
    given = {name: live[name] for name in names}
    container = {**live["containerDefinitions"][0], "image": NEW}
    for change in (
        {"memory": "2048", "containerDefinitions": [container]},
        {"memory": "1024", "containerDefinitions": [{**container, "command": ["serve"]}]},
        {"memory": "1024", "containerDefinitions": [container, {"name": "more", "image": "example/more:1"}]},
    ):
        compute.ecs.register_task_definition(**given, cpu="512", **change)
        assert run(run_module, compute, check=True)["changed"] is True
    compute.ecs.register_task_definition(**given, cpu="512", memory="1024", containerDefinitions=[container])
    assert run(run_module, compute, check=True)["changed"] is False


def test_nothing_of_the_live_definition_is_lost(run_module: RunModule, compute: Compute) -> None:
    containers = [
        {
            "name": "backend",
            "image": "example/backend:1",
            "command": ["serve", "--fast"],
            "environment": [{"name": "EMPTY", "value": ""}, {"name": "MODE", "value": "a"}],
            "secrets": [
                {"name": "PASSWORD", "valueFrom": "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:a"}
            ],
            "mountPoints": [{"sourceVolume": "files", "containerPath": "/files", "readOnly": True}],
            "dependsOn": [{"containerName": "envoy", "condition": "START"}],
            "healthCheck": {"command": ["CMD-SHELL", "true"], "interval": 7},
            "linuxParameters": {"initProcessEnabled": True},
            "ulimits": [{"name": "nofile", "softLimit": 1, "hardLimit": 2}],
            "readonlyRootFilesystem": True,
            "stopTimeout": 60,
            "user": "1000",
        },
        {"name": "envoy", "image": "example/envoy:1", "essential": False, "portMappings": [{"containerPort": 9901}]},
    ]
    registered = compute.ecs.register_task_definition(
        family=compute.stack,
        cpu="512",
        memory="1024",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        executionRoleArn="arn:aws:iam::123456789012:role/execution",
        taskRoleArn="arn:aws:iam::123456789012:role/task",
        containerDefinitions=containers,
        volumes=[{"name": "files"}, {"name": "shared", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}],
        runtimePlatform={"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        ephemeralStorage={"sizeInGiB": 50},
        pidMode="task",
        proxyConfiguration={"type": "APPMESH", "containerName": "envoy", "properties": []},
        tags=[{"key": "owner", "value": "team"}, {"key": "triflow:stack", "value": "other"}],
    )["taskDefinition"]
    compute.create_service(registered["taskDefinitionArn"])
    result = run(run_module, compute)
    assert not result.get("failed"), result["msg"]
    answer = compute.ecs.describe_task_definition(taskDefinition=compute.stack, include=["TAGS"])
    tags = {tag["key"]: tag["value"] for tag in answer["tags"]}
    assert tags == {"owner": "team", **expected_tags(compute.stack, COMPONENT)}
    new, old = answer["taskDefinition"], registered
    assert (old.pop("revision"), new.pop("revision")) == (1, 2)
    for name in ("taskDefinitionArn", "registeredAt"):
        assert old.pop(name) != new.pop(name)
    assert new["containerDefinitions"][0].pop("image") == NEW
    assert old["containerDefinitions"][0].pop("image") == "example/backend:1"
    assert new == old
    assert len(new) >= 15


def test_another_container(run_module: RunModule, compute: Compute) -> None:
    containers = [{"name": name, "image": f"example/{name}:1"} for name in ("backend", "sidecar")]
    size = {"cpu": "512", "memory": "1024", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"]}
    compute.ecs.register_task_definition(family=compute.stack, **size, containerDefinitions=containers)
    compute.create_service(compute.stack)
    result = run(run_module, compute, container="sidecar", image="example/sidecar:2")
    assert result["changes"][0]["fields"] == ["sidecar.image"]
    newest = compute.ecs.describe_task_definition(taskDefinition=compute.stack)["taskDefinition"]
    found = [item["image"] for item in newest["containerDefinitions"]]
    assert found == ["example/backend:1", "example/sidecar:2"]
