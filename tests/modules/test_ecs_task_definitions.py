"""ecs_task_definitions (CMP-1, CMP-2, CMP-9..11): a new revision only when the content differs."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import placeholders

from tests.conftest import Lab
from tests.modules.compute import Compute
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags

MODULE = "ecs_task_definitions"
COMPONENT = "task-definition-backend"
CONTAINER: dict[str, Any] = {
    "name": "backend",
    "image": "example/backend:1",
    "portMappings": [{"containerPort": 8000}],
    "environment": [{"name": "MODE", "value": "a"}, {"name": "EMPTY", "value": ""}],
    "healthCheck": {"command": ["CMD-SHELL", "true"]},
}


@pytest.fixture
def compute(lab: Lab, stack: str) -> Compute:
    return Compute(lab, stack)


def definition(stack: str, **options: Any) -> dict[str, Any]:
    wanted = {"component": COMPONENT, "family": stack, "service": "backend", "cpu": 512, "memory": 1024}
    return {**wanted, "containers": [CONTAINER], "task_role_arn": "arn:aws:iam::123456789012:role/task", **options}


def revisions(compute: Compute) -> list[str]:
    arns: list[str] = compute.ecs.list_task_definitions(familyPrefix=compute.stack)["taskDefinitionArns"]
    return arns


def run(run_module: RunModule, stack: str, check: bool = False, **options: Any) -> dict[str, Any]:
    return run_module(MODULE, check=check, cluster=stack, task_definitions=[definition(stack, **options)])


def test_grammar(lab: Lab, stack: str, run_module: RunModule) -> None:
    ecs = lab.aws("ecs")

    def read() -> Any:
        arns = ecs.list_task_definitions(familyPrefix=stack)["taskDefinitionArns"]
        if not arns:
            return None
        answer = ecs.describe_task_definition(taskDefinition=stack, include=["TAGS"])
        assert {tag["key"]: tag["value"] for tag in answer["tags"]} == expected_tags(stack, COMPONENT)
        found = answer["taskDefinition"]
        environment = {item["name"]: item["value"] for item in found["containerDefinitions"][0]["environment"]}
        return len(arns), found["cpu"], found["memory"], sorted(environment.items())

    sidecar = {"name": "sidecar", "image": "example/sidecar:1", "essential": False}
    # a health check's command has an order of its own, which the grammar would turn round
    plain = {key: value for key, value in CONTAINER.items() if key != "healthCheck"}
    changed = {**plain, "environment": [{"name": "MODE", "value": "b"}, {"name": "MORE", "value": "c"}]}
    case = Case(
        module=MODULE,
        options={"cluster": stack, "task_definitions": [definition(stack, containers=[plain])]},
        update={"task_definitions": [definition(stack, memory=2048, containers=[changed, sidecar])]},
        read=read,
        created=(1, "512", "1024", [("EMPTY", ""), ("MODE", "a")]),
        updated=(2, "512", "2048", [("MODE", "b"), ("MORE", "c")]),
        deleted=None,
        creates=[COMPONENT],
        updates={COMPONENT: ["memory", "backend.environment", "sidecar.image", "sidecar.essential"]},
        deletes=[COMPONENT],
        refused=[
            ({"cluster": None}, "missing required arguments: cluster"),
            ({"task_definitions": [definition(stack, cpu=None)]}, f"{COMPONENT} lacks cpu"),
            ({"task_definitions": [definition(stack, containers=[])]}, f"{COMPONENT} lacks containers"),
            ({"task_definitions": [definition(stack, cpu_architecture="ARM")]}, "must be one of: X86_64, ARM64"),
        ],
    )
    walk(case, lab, run_module)


def test_what_fargate_refuses_is_told(run_module: RunModule, stack: str) -> None:
    result = run(run_module, stack, memory=512)
    assert result["failed"]
    assert "ecs RegisterTaskDefinition failed" in result["msg"]
    assert "No Fargate configuration exists" in result["msg"]


def test_the_plan_names_the_revision_by_a_placeholder(run_module: RunModule, stack: str, compute: Compute) -> None:
    assert placeholders.within(run(run_module, stack, check=True)["resources"][COMPONENT]["id"])
    first = run(run_module, stack)["resources"][COMPONENT]["id"]
    assert revisions(compute) == [first]
    assert run(run_module, stack, check=True)["resources"][COMPONENT]["id"] == first
    assert placeholders.within(run(run_module, stack, check=True, memory=2048)["resources"][COMPONENT]["id"])
    assert run(run_module, stack, memory=2048)["resources"][COMPONENT]["id"] == revisions(compute)[-1] != first


def test_what_looks_like_a_secret_is_not_shown(run_module: RunModule, stack: str, compute: Compute) -> None:
    def environment(**values: str) -> dict[str, Any]:
        named = [{"name": name, "value": value} for name, value in values.items()]
        return {"containers": [{**CONTAINER, "environment": named, "command": ["x", "AKIAIOSFODNN7EXAMPLE"]}]}

    secrets = {"DB_PASSWORD": "hunter2", "ID": "AKIAIOSFODNN7EXAMPLE", "MODE": "a"}
    first = run(run_module, stack, **environment(**secrets))
    second = run(run_module, stack, **environment(**{**secrets, "DB_PASSWORD": "hunter3"}))
    assert [change["fields"] for change in second["changes"]] == [["backend.environment"]]
    for result in (first, second, run(run_module, stack, state="absent")):
        assert "hunter" not in str(result)
        assert "AKIA" not in str(result)
    assert "hunter3" in str(compute.ecs.describe_task_definition(taskDefinition=second["resources"][COMPONENT]["id"]))


def test_what_is_marked_as_a_secret_is_not_shown(run_module: RunModule, stack: str) -> None:
    def options(value: str) -> dict[str, Any]:
        container = {**CONTAINER, "environment": [{"name": "GREETING", "value": value}, {"name": "MODE", "value": "a"}]}
        return {"containers": [container], "secret_environment": {"backend": ["GREETING"]}}

    run(run_module, stack, **options("hunter2"))
    result = run(run_module, stack, **options("hunter3"))
    (diff,) = result["diff"]
    assert diff["before"] == {"backend.environment": {"GREETING": "(hidden)", "MODE": "a"}}
    assert diff["after"] == {"backend.environment": {"GREETING": "(hidden, another value)", "MODE": "a"}}
    assert "hunter" not in str(result)


def test_the_order_of_a_command_counts(run_module: RunModule, stack: str, compute: Compute) -> None:
    run(run_module, stack, containers=[{**CONTAINER, "command": ["serve", "fast"]}])
    result = run(run_module, stack, containers=[{**CONTAINER, "command": ["fast", "serve"]}])
    assert result["changes"][0]["fields"] == ["backend.command"]
    assert result["diff"][0]["before"] == {"backend.command": "serve fast"}
    assert len(revisions(compute)) == 2


def test_what_is_no_longer_wanted_goes(run_module: RunModule, stack: str) -> None:
    run(run_module, stack, containers=[{**CONTAINER, "user": "1000", "readonlyRootFilesystem": True}])
    result = run(run_module, stack)
    assert sorted(result["changes"][0]["fields"]) == ["backend.readonlyRootFilesystem", "backend.user"]


def test_compared_with_what_the_service_runs(run_module: RunModule, stack: str, compute: Compute) -> None:
    """A newer revision that no service runs is left alone, and is no reason for another one."""
    first = run(run_module, stack)["resources"][COMPONENT]["id"]
    compute.create_service(first)
    compute.register("example/other:7")
    result = run(run_module, stack)
    assert result["changed"] is False
    assert result["resources"][COMPONENT]["id"] == first


def test_an_image_released_elsewhere_stays(run_module: RunModule, stack: str, compute: Compute) -> None:
    """With the image in other hands, the rest is compared with the revision that runs, and keeps its tags."""
    run(run_module, stack, keep_images=["backend"])
    live = compute.ecs.describe_task_definition(taskDefinition=stack)["taskDefinition"]
    container = {**live["containerDefinitions"][0], "image": "example/backend:2"}
    names = ("family", "cpu", "memory", "networkMode", "requiresCompatibilities", "runtimePlatform", "taskRoleArn")
    given = {name: live[name] for name in names}
    released = compute.ecs.register_task_definition(**given, containerDefinitions=[container])["taskDefinition"]
    compute.create_service(released["taskDefinitionArn"])
    assert run(run_module, stack, keep_images=["backend"])["changed"] is False
    assert run(run_module, stack, check=True)["changes"][0]["fields"] == ["backend.image"]
    result = run(run_module, stack, keep_images=["backend"], memory=2048)
    assert result["changes"][0]["fields"] == ["memory"]
    newest = compute.ecs.describe_task_definition(taskDefinition=stack)["taskDefinition"]
    assert newest["containerDefinitions"][0]["image"] == "example/backend:2"


def test_a_revision_that_a_killed_run_registered_is_taken(run_module: RunModule, stack: str, compute: Compute) -> None:
    first = run(run_module, stack)["resources"][COMPONENT]["id"]
    compute.create_service(first)
    second = run(run_module, stack, memory=2048)["resources"][COMPONENT]["id"]  # and the service was not updated
    result = run(run_module, stack, memory=2048)
    assert result["changed"] is False
    assert result["resources"][COMPONENT]["id"] == second
    assert revisions(compute) == [first, second]


def test_tags_that_somebody_changed_come_back_without_a_new_revision(
    run_module: RunModule, stack: str, compute: Compute
) -> None:
    arn = run(run_module, stack)["resources"][COMPONENT]["id"]
    compute.ecs.tag_resource(resourceArn=arn, tags=[{"key": "Name", "value": "mine"}])
    result = run(run_module, stack)
    assert result["changes"][0]["fields"] == ["tags"]
    assert revisions(compute) == [arn] == [result["resources"][COMPONENT]["id"]]
