"""Task definitions as flat fields: what AWS fills in makes no difference, what somebody changed does."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import compare
from ansible_collections.triflow.platform.plugins.module_utils.task_definition import (
    fields_of,
    keep_images,
    snake_case,
    with_surplus,
)

CONTAINER: dict[str, Any] = {
    "name": "backend",
    "image": "backend:1",
    "portMappings": [{"containerPort": 8000}],
    "environment": [{"name": "MODE", "value": "a"}],
    "secrets": [{"name": "KEY", "valueFrom": "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:key-AbCdEf"}],
    "healthCheck": {"command": ["CMD-SHELL", "curl -f localhost:8000/health"]},
}
ASKED: dict[str, Any] = {
    "family": "triflow-prod-backend",
    "cpu": "1024",
    "networkMode": "awsvpc",
    "volumes": [{"name": "tmp"}],
    "containerDefinitions": [CONTAINER],
}
ANSWERED: dict[str, Any] = {
    **ASKED,
    "taskDefinitionArn": "arn:aws:ecs:ap-northeast-2:123456789012:task-definition/triflow-prod-backend:7",
    "revision": 7,
    "status": "ACTIVE",
    "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.docker-remote-api.1.18"}],
    "compatibilities": ["EC2", "FARGATE"],
    "registeredAt": "2026-01-20",
    "registeredBy": "arn:aws:iam::123456789012:user/a",
    "placementConstraints": [],
    "volumes": [{"name": "tmp", "host": {}}],
    "containerDefinitions": [
        {
            **CONTAINER,
            "cpu": 0,
            "essential": True,
            "portMappings": [{"containerPort": 8000, "hostPort": 8000, "protocol": "tcp"}],
            "mountPoints": [],
            "volumesFrom": [],
            "systemControls": [],
            "privileged": False,
            "healthCheck": {**CONTAINER["healthCheck"], "interval": 30, "timeout": 5, "retries": 3},
        }
    ],
}


def differing(live: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    fields = fields_of(live)
    return sorted(compare.differences(fields, with_surplus(fields, fields_of(wanted))))


def with_container(**change: Any) -> dict[str, Any]:
    container = {key: value for key, value in {**CONTAINER, **change}.items() if value is not None}
    return {**ASKED, "containerDefinitions": [container]}


def test_what_aws_fills_in_makes_no_difference() -> None:
    assert differing(ANSWERED, ASKED) == []
    assert differing(ASKED, ANSWERED) == []


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        ({**ASKED, "cpu": "2048"}, ["cpu"]),
        ({**ASKED, "volumes": []}, ["volumes"]),
        ({**ASKED, "taskRoleArn": "arn"}, ["task_role_arn"]),
        (with_container(image="backend:2"), ["backend.image"]),
        (with_container(environment=[{"name": "MODE", "value": "b"}]), ["backend.environment"]),
        (with_container(environment=[*CONTAINER["environment"], {"name": "E", "value": ""}]), ["backend.environment"]),
        (with_container(environment=None), ["backend.environment"]),
        (with_container(secrets=None), ["backend.secrets"]),
        (with_container(essential=False), ["backend.essential"]),
        (with_container(readonlyRootFilesystem=True), ["backend.readonlyRootFilesystem"]),
        (with_container(portMappings=[{"containerPort": 9000}]), ["backend.portMappings"]),
        (with_container(healthCheck={**CONTAINER["healthCheck"], "startPeriod": 30}), ["backend.healthCheck"]),
        (with_container(healthCheck={"command": ["CMD-SHELL", "true"]}), ["backend.healthCheck"]),
        (with_container(name="worker"), sorted(f"{name}.{key}" for name in ("backend", "worker") for key in (
            "image", "portMappings", "environment", "secrets", "healthCheck", "essential",
        ))),
    ],
)  # fmt: skip
def test_what_differs_is_named(wanted: dict[str, Any], fields: list[str]) -> None:
    assert differing(ANSWERED, wanted) == fields


def test_the_order_of_words_counts_in_a_command_only() -> None:
    assert differing(with_container(command=["a", "b c"]), with_container(command=["b c", "a"])) == ["backend.command"]
    assert differing(with_container(command=["a", "b c"]), with_container(command=["a", "b", "c"])) != []
    more = [*CONTAINER["environment"], {"name": "MORE", "value": "c"}]
    assert differing(with_container(environment=more), with_container(environment=more[::-1])) == []


def test_the_surplus_leaves_id_and_tags_alone() -> None:
    assert with_surplus({"id": "1", "tags": {}, "cpu": "1", "memory": "2"}, {"cpu": "3"}) == {"cpu": "3", "memory": ""}


def test_images_that_are_kept() -> None:
    live = fields_of(with_container(image="backend:9"))
    containers = [CONTAINER, {"name": "sidecar", "image": "sidecar:1"}]
    kept = keep_images(containers, live, ["backend", "sidecar"])
    assert [container["image"] for container in kept] == ["backend:9", "sidecar:1"]
    assert keep_images(containers, live, []) == containers
    assert keep_images(containers, None, ["backend"]) == containers


@pytest.mark.parametrize(
    ("name", "snake"),
    [("cpu", "cpu"), ("networkMode", "network_mode"), ("taskRoleArn", "task_role_arn"), ("ipcMode", "ipc_mode")],
)
def test_snake_case(name: str, snake: str) -> None:
    assert snake_case(name) == snake
