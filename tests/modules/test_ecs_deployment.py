"""ecs_deployment: a service moves to another revision, and nothing else of it changes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import placeholders

from tests.conftest import Lab
from tests.modules.compute import Compute
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, Steps

MODULE = "ecs_deployment"
COMPONENT = "service-backend"


@pytest.fixture
def compute(lab: Lab, stack: str) -> Compute:
    return Compute(lab, stack)


def options(compute: Compute, definition: str, **more: Any) -> dict[str, Any]:
    wanted = {"component": COMPONENT, "cluster": compute.stack, "service": "backend", "task_definition": definition}
    return {**wanted, **more}


def run(run_module: RunModule, compute: Compute, definition: str, check: bool = False, **more: Any) -> dict[str, Any]:
    return run_module(MODULE, check=check, **options(compute, definition, **more))


def deployed(compute: Compute) -> list[str]:
    """The task definitions deployed so far, the oldest first."""
    deployments = compute.ecs.list_service_deployments(cluster=compute.stack, service="backend")["serviceDeployments"]
    arns = [item["targetServiceRevisionArn"] for item in reversed(deployments)]
    found = compute.ecs.describe_service_revisions(serviceRevisionArns=arns)["serviceRevisions"]
    return [revision["taskDefinition"] for revision in found]


def test_grammar(lab: Lab, compute: Compute, run_module: RunModule) -> None:
    """Bad input; then planned, carried out and done. It neither creates nor deletes."""
    first, second = compute.register(), compute.register("example/backend:2")
    compute.create_service(first, count=3)
    steady = compute.service()
    assert steady

    def read() -> list[str]:
        service = compute.service()
        assert service
        moves = ("taskDefinition", "deployments", "events", "runningCount", "pendingCount")
        assert {key: value for key, value in service.items() if key not in moves} == {
            key: value for key, value in steady.items() if key not in moves
        }
        return deployed(compute)

    given = options(compute, second)
    case = Case(
        module=MODULE, options=given, update={}, read=read, created=[first], updated=[first, second], deleted=[first],
        creates=[], updates={},
    )  # fmt: skip
    step = Steps(case, lab, run_module)
    step.refused(options(compute, second, service="worker"), "is not there: run playbooks/compute.yml")
    step.refused({**given, "task_definition": None}, "missing required arguments: task_definition")
    step.unchanged(options(compute, first), [first])
    update = [{"component": COMPONENT, "action": "update", "fields": ["task_definition"]}]
    step.planned(given, update, [first])
    assert step.plan["diff"][0]["before"] == {"task_definition": first}
    assert step.plan["diff"][0]["after"] == {"task_definition": second}
    step.carried_out(given, update, [first, second])
    step.unchanged(given, [first, second])


@pytest.mark.parametrize("check", [False, True])
def test_a_revision_that_cannot_be_run_is_refused(run_module: RunModule, compute: Compute, check: bool) -> None:
    first, second = compute.register(), compute.register("example/backend:2")
    other = compute.ecs.register_task_definition(
        family=f"{compute.stack}-other", containerDefinitions=[{"name": "a", "image": "a:1", "memory": 128}]
    )["taskDefinition"]["taskDefinitionArn"]
    compute.create_service(first)
    compute.ecs.deregister_task_definition(taskDefinition=second)
    for definition, reason in (
        (second, "it is INACTIVE, and ECS starts no tasks of it"),
        (f"{first[:-1]}9", "there is no such revision"),
        (other, f"it is of another family than {compute.stack}"),
    ):
        result = run(run_module, compute, definition, check=check)
        assert result["failed"]
        assert f"is refused for service backend, which runs {compute.stack}:1: " in result["msg"]
        assert reason in result["msg"]
    assert deployed(compute) == [first]


def test_what_runs_may_have_been_deregistered(run_module: RunModule, compute: Compute) -> None:
    """Nothing is to be done then; a new deployment of it is refused."""
    first = compute.register()
    compute.create_service(first)
    compute.ecs.deregister_task_definition(taskDefinition=first)
    assert run(run_module, compute, first)["changed"] is False
    assert "it is INACTIVE" in run(run_module, compute, first, force=True)["msg"]


def test_force_deploys_the_same_once_more(run_module: RunModule, compute: Compute) -> None:
    first = compute.register()
    compute.create_service(first)
    planned = run(run_module, compute, first, check=True, force=True)
    assert planned["changes"] == [{"component": COMPONENT, "action": "update", "fields": ["force"]}]
    assert deployed(compute) == [first]
    assert run(run_module, compute, first, force=True)["changes"] == planned["changes"]
    assert deployed(compute) == [first, first]
    second = compute.register("example/backend:2")
    assert run(run_module, compute, second, force=True)["changes"][0]["fields"] == ["task_definition"]
    assert deployed(compute) == [first, first, second]


def test_the_plan_of_a_revision_that_is_not_registered_yet(lab: Lab, run_module: RunModule, compute: Compute) -> None:
    first = compute.register()
    compute.create_service(first)
    before = len(lab.calls())
    later = placeholders.make(f"arn:aws:ecs:::task-definition/{compute.stack}:", "task-definition-backend")
    result = run(run_module, compute, later, check=True)
    assert result["diff"][0]["after"] == {"task_definition": later}
    assert result["resources"][COMPONENT]["task_definition"] == later
    assert [call["operation"] for call in lab.calls()[before:]] == ["DescribeServices"]


def test_a_service_that_is_being_deleted(run_module: RunModule, compute: Compute, monkeypatch: Any) -> None:
    definition = compute.register()
    compute.create_service(definition)
    from ansible_collections.triflow.platform.plugins.modules import ecs_deployment

    draining = {**(compute.service() or {}), "status": "DRAINING"}
    monkeypatch.setattr(ecs_deployment, "read_services", lambda *_unused: {"backend": draining})
    result = run(run_module, compute, definition)
    assert result["failed"]
    assert "is DRAINING: it is being deleted" in result["msg"]
