"""ecs_service_info: what runs, what ran before, and how it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import service_history

from tests.conftest import Lab
from tests.modules.compute import IMAGE, Compute
from tests.modules.conftest import RunModule

MODULE = "ecs_service_info"


@pytest.fixture
def compute(lab: Lab, stack: str) -> Compute:
    return Compute(lab, stack)


def info(run_module: RunModule, compute: Compute, **options: Any) -> dict[str, Any]:
    result = run_module(MODULE, **{"cluster": compute.stack, "services": ["backend"], **options})
    assert not result.get("failed"), result["msg"]
    assert result["changed"] is False
    found: dict[str, Any] = result["services"]
    return found


def backend(run_module: RunModule, compute: Compute, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = info(run_module, compute, **options)["backend"]
    return found


def deploy(compute: Compute, image: str) -> str:
    definition = compute.register(image)
    compute.ecs.update_service(cluster=compute.stack, service="backend", taskDefinition=definition)
    return definition


def with_targets(compute: Compute, definition: str) -> None:
    compute.create_service(definition, breaker=True)
    balancers = [{"targetGroupArn": compute.target_group, "containerName": "backend", "containerPort": 8000}]
    compute.ecs.update_service(cluster=compute.stack, service="backend", loadBalancers=balancers)
    compute.service()


def test_what_is_not_there_is_left_out(run_module: RunModule, compute: Compute) -> None:
    assert info(run_module, compute, cluster="no-such-cluster") == {}
    compute.create_service(compute.register())
    assert list(info(run_module, compute, services=["backend", "worker"])) == ["backend"]
    compute.ecs.delete_service(cluster=compute.stack, service="backend", force=True)
    compute.service()
    assert info(run_module, compute) == {}


def test_a_service_that_runs(lab: Lab, run_module: RunModule, compute: Compute) -> None:
    definition = compute.register()
    with_targets(compute, definition)
    before = len(lab.calls())
    found = backend(run_module, compute)
    calls = lab.calls()[before:]
    assert not any(call["write"] for call in calls)
    assert len(calls) <= 7
    assert found["arn"].endswith(f"service/{compute.stack}/backend")
    assert (found["status"], found["rollout_state"]) == ("ACTIVE", "COMPLETED")
    assert "completed" in found["rollout_state_reason"]
    assert (found["desired_count"], found["running_count"], found["pending_count"]) == (2, 2, 0)
    assert found["task_definition"] == found["stable_task_definition"] == definition
    assert found["previous_task_definition"] is None
    assert (found["image"], found["images"]) == (IMAGE, {"backend": IMAGE})
    assert (found["subnets"], found["security_groups"]) == (compute.subnets, compute.groups[:1])
    balancer = {"target_group_arn": compute.target_group, "container_name": "backend", "container_port": 8000}
    assert found["load_balancers"] == [balancer]
    assert [(target["state"], target["port"]) for target in found["targets"]] == [("healthy", 8000)] * 2
    assert {target["target_group_arn"] for target in found["targets"]} == {compute.target_group}
    primary = (compute.service() or {})["deployments"][0]["createdAt"]
    assert abs((datetime.fromisoformat(found["since"]) - primary).total_seconds()) < 1
    assert len(found["events"]) == 5
    assert "has reached a steady state" in found["events"][0]["message"]
    assert [item["message"] for item in backend(run_module, compute, events=1)["events"]] == [
        found["events"][0]["message"]
    ]
    assert backend(run_module, compute, check=True) == found


def test_the_history_of_a_release_that_fails(run_module: RunModule, compute: Compute) -> None:
    first = compute.register()
    compute.create_service(first, breaker=True)
    compute.service()
    second = deploy(compute, "example/backend:2")
    assert backend(run_module, compute)["previous_task_definition"] == first
    third = deploy(compute, "example/backend:3-fails-exit-3")
    compute.service()
    found = backend(run_module, compute)
    assert found["task_definition"] == found["stable_task_definition"] == second
    assert found["previous_task_definition"] == first
    assert found["image"] == "example/backend:2"
    assert [(item["status"], item["task_definition"]) for item in found["deployments"]] == [
        ("ROLLBACK_SUCCESSFUL", third),
        ("SUCCESSFUL", second),
        ("SUCCESSFUL", first),
    ]
    assert "circuit breaker" in found["deployments"][0]["reason"]
    moments = [datetime.fromisoformat(item["at"]) for item in found["deployments"]]
    assert moments == sorted(moments, reverse=True)
    assert all(item["finished_at"] for item in found["deployments"])
    assert len(found["stopped_tasks"]) == 3
    assert all(sentence.startswith("task ") for sentence in found["stopped_tasks"])
    assert any("(backend exit code 3)" in sentence for sentence in found["stopped_tasks"])


def test_a_release_under_way(run_module: RunModule, compute: Compute) -> None:
    first = compute.register()
    with_targets(compute, first)
    second = deploy(compute, "example/backend:2-starts-after-600s")
    found = backend(run_module, compute)
    assert (found["task_definition"], found["stable_task_definition"]) == (second, first)
    assert (found["rollout_state"], found["previous_task_definition"]) == ("IN_PROGRESS", None)
    assert (found["deployments"][0]["status"], found["deployments"][0]["finished_at"]) == ("IN_PROGRESS", None)


def test_a_long_history(run_module: RunModule, compute: Compute, monkeypatch: pytest.MonkeyPatch) -> None:
    """More deployments of one revision than are described at once, on several pages, do not hide the one before."""
    monkeypatch.setattr(service_history, "LISTED_AT_ONCE", 5)
    first = compute.register()
    compute.create_service(first)
    compute.service()
    second = deploy(compute, "example/backend:2")
    for _unused in range(21):
        compute.service()
        compute.ecs.update_service(cluster=compute.stack, service="backend", forceNewDeployment=True)
    found = backend(run_module, compute)
    assert (found["stable_task_definition"], found["previous_task_definition"]) == (second, first)
    assert len(found["deployments"]) == 10


def test_a_first_deployment_that_failed(run_module: RunModule, compute: Compute) -> None:
    definition = compute.register("example/backend:cannot-pull")
    compute.create_service(definition, breaker=True)
    compute.service()
    found = backend(run_module, compute)
    assert (found["task_definition"], found["stable_task_definition"]) == (definition, None)
    assert found["rollout_state"] == "FAILED"
    assert "CannotPullContainerError" in found["stopped_tasks"][0]


def test_the_image_is_that_of_the_container_with_the_services_name(run_module: RunModule, compute: Compute) -> None:
    containers = [{"name": name, "image": f"example/{name}:1"} for name in ("sidecar", "backend")]
    size = {"cpu": "512", "memory": "1024", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"]}
    for name, named in (("two", containers), ("one", containers[:1])):
        compute.ecs.register_task_definition(family=f"{compute.stack}-{name}", **size, containerDefinitions=named)
    compute.create_service(f"{compute.stack}-two")
    assert backend(run_module, compute)["image"] == "example/backend:1"
    compute.ecs.update_service(cluster=compute.stack, service="backend", taskDefinition=f"{compute.stack}-one")
    assert backend(run_module, compute)["image"] == "example/sidecar:1"


def test_a_target_group_that_somebody_deleted(run_module: RunModule, compute: Compute) -> None:
    with_targets(compute, compute.register())
    (balancer,) = compute.elb.describe_load_balancers(Names=[compute.stack])["LoadBalancers"]
    compute.elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    compute.elb.delete_target_group(TargetGroupArn=compute.target_group)
    assert backend(run_module, compute)["targets"] == []
