"""ecs_services (CMP-1, CMP-3, CMP-7, CMP-8, CMP-12)."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import placeholders

from tests.conftest import Lab
from tests.modules.compute import Compute, ecs_tags
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags

MODULE = "ecs_services"
COMPONENT = "service-backend"


@pytest.fixture
def compute(lab: Lab, stack: str) -> Compute:
    return Compute(lab, stack)


def options(compute: Compute, **more: Any) -> dict[str, Any]:
    wanted = {
        "component": COMPONENT,
        "name": "backend",
        "desired_count": 2,
        "subnets": compute.subnets,
        "security_groups": compute.groups[:1],
        "load_balancers": [
            {"target_group_arn": compute.target_group, "container_name": "backend", "container_port": 8000}
        ],
        "health_check_grace_period_seconds": 60,
    }
    return {**wanted, **more}


def test_grammar(lab: Lab, compute: Compute, stack: str, run_module: RunModule) -> None:
    first, second = compute.register(), compute.register("example/backend:2")

    def read() -> Any:
        service = compute.service()
        if service is None:
            return None
        assert ecs_tags(service) == expected_tags(stack, COMPONENT)
        assert (service["launchType"], service["platformVersion"]) == ("FARGATE", "LATEST")
        assert (service["enableECSManagedTags"], service["propagateTags"]) == (True, "SERVICE")
        network = service["networkConfiguration"]["awsvpcConfiguration"]
        assert network["assignPublicIp"] == "DISABLED"
        deployment = service["deploymentConfiguration"]
        return (
            service["taskDefinition"],
            service["desiredCount"],
            network["subnets"],
            network["securityGroups"],
            service["loadBalancers"] != [],
            service["healthCheckGracePeriodSeconds"],
            (deployment["minimumHealthyPercent"], deployment["maximumPercent"]),
            deployment["deploymentCircuitBreaker"],
            service["availabilityZoneRebalancing"],
            service["enableExecuteCommand"],
        )

    on, off = {"enable": True, "rollback": True}, {"enable": False, "rollback": False}
    changed = options(
        compute,
        task_definition=second,
        desired_count=3,
        subnets=compute.subnets[:1],
        security_groups=compute.groups,
        health_check_grace_period_seconds=90,
        minimum_healthy_percent=50,
        maximum_percent=150,
        circuit_breaker=False,
        availability_zone_rebalancing=False,
        enable_execute_command=True,
    )
    created = options(compute, task_definition=first)
    case = Case(
        module=MODULE,
        options={"cluster": stack, "services": [created]},
        update={"services": [changed]},
        read=read,
        created=(first, 2, compute.subnets, compute.groups[:1], True, 60, (100, 200), on, "ENABLED", False),
        updated=(second, 3, compute.subnets[:1], compute.groups, True, 90, (50, 150), off, "DISABLED", True),
        deleted=None,
        creates=[COMPONENT],
        named=[COMPONENT],
        updates={
            COMPONENT: [
                "task_definition",
                "desired_count",
                "subnets",
                "security_groups",
                "health_check_grace_period_seconds",
                "minimum_healthy_percent",
                "maximum_percent",
                "circuit_breaker",
                "availability_zone_rebalancing",
                "enable_execute_command",
            ]
        },
        deletes=[COMPONENT],
        refused=[
            ({"cluster": None}, "missing required arguments: cluster"),
            ({"services": [{"component": COMPONENT}]}, "missing required arguments: name"),
            ({"services": [options(compute)]}, f"{COMPONENT} lacks task_definition"),
        ],
    )
    walk(case, lab, run_module)


def run(run_module: RunModule, compute: Compute, check: bool = False, **more: Any) -> dict[str, Any]:
    return run_module(MODULE, check=check, cluster=compute.stack, services=[options(compute, **more)])


def test_the_plan_of_an_empty_account(run_module: RunModule, stack: str) -> None:
    """Neither the cluster nor the revision is there yet."""
    service = {
        "component": COMPONENT,
        "name": "backend",
        "task_definition": placeholders.make("arn:aws:ecs:::task-definition/backend:", COMPONENT),
        "desired_count": 2,
        "subnets": [placeholders.make("subnet-", "subnet-private-a")],
        "security_groups": [placeholders.make("sg-", "security-group-ecs")],
    }
    result = run_module(MODULE, check=True, cluster=stack, services=[service])
    assert result["changes"] == [{"component": COMPONENT, "action": "create", "fields": []}]


def test_the_count_of_the_autoscaler_stays(run_module: RunModule, compute: Compute) -> None:
    definition = compute.register()
    run(run_module, compute, task_definition=definition, keep_desired_count=True)
    compute.ecs.update_service(cluster=compute.stack, service="backend", desiredCount=4)
    assert run(run_module, compute, task_definition=definition, keep_desired_count=True)["changed"] is False
    result = run(run_module, compute, check=True, task_definition=definition)
    assert result["diff"][0]["before"] == {"desired_count": 4}


def test_a_worker_has_no_load_balancer(run_module: RunModule, compute: Compute) -> None:
    worker: dict[str, Any] = {
        "task_definition": compute.register(),
        "load_balancers": [],
        "health_check_grace_period_seconds": 60,
    }
    assert run(run_module, compute, **worker)["changed"] is True
    assert run(run_module, compute, **worker)["changed"] is False


def test_a_first_deployment_that_failed_is_tried_again(run_module: RunModule, compute: Compute) -> None:
    definition = compute.register("example/backend:fails-exit-1")
    run(run_module, compute, task_definition=definition)
    result = run(run_module, compute, task_definition=definition)
    assert result["changes"] == [{"component": COMPONENT, "action": "update", "fields": ["rollout_state"]}]
    assert result["diff"][0]["before"] == {"rollout_state": "FAILED"}
    assert run(run_module, compute, task_definition=compute.register())["changes"][0]["action"] == "update"
    service = compute.service()
    assert service
    assert service["runningCount"] == 2


def test_lost_tags_come_back_when_asked_for(run_module: RunModule, compute: Compute) -> None:
    definition = compute.register()
    arn = run(run_module, compute, task_definition=definition)["resources"][COMPONENT]["id"]
    compute.ecs.untag_resource(resourceArn=arn, tagKeys=["triflow:stack"])
    assert "has no tag triflow:stack" in run(run_module, compute, task_definition=definition)["msg"]
    given = [options(compute, task_definition=definition)]
    result = run_module(MODULE, cluster=compute.stack, services=given, adopt=[COMPONENT])
    assert result["changes"] == [{"component": COMPONENT, "action": "update", "fields": ["tags"]}]
    service = compute.service()
    assert service
    assert ecs_tags(service) == expected_tags(compute.stack, COMPONENT)


def test_a_service_that_is_being_deleted(run_module: RunModule, compute: Compute, monkeypatch: Any) -> None:
    definition = compute.register()
    run(run_module, compute, task_definition=definition)
    from ansible_collections.triflow.platform.plugins.modules import ecs_services

    draining = {**(compute.service() or {}), "status": "DRAINING"}
    monkeypatch.setattr(ecs_services, "read_services", lambda *_unused: {"backend": draining})
    result = run(run_module, compute, task_definition=definition)
    assert result["failed"]
    assert "is being deleted" in result["msg"]


def test_deleting_waits_until_the_tasks_have_stopped(run_module: RunModule, compute: Compute) -> None:
    run(run_module, compute, task_definition=compute.register())
    assert compute.service()
    gone = run_module(MODULE, cluster=compute.stack, services=[options(compute)], state="absent")
    assert list(gone["waited"]) == [COMPONENT]
    assert compute.ecs.list_tasks(cluster=compute.stack)["taskArns"] == []
