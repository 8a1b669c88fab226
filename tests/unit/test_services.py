"""Services as task definitions and as ECS services."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.services import (
    ecs_service,
    images_of,
    prometheus_configuration,
    secrets_of,
    task_definition,
)

SECRET = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:key-AbCdEf"
REGISTRY = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com"
BACKEND: dict[str, Any] = {
    "name": "backend",
    "container_port": 8000,
    "target_group": "backend",
    "health_check_command": "true",
}
WORKER: dict[str, Any] = {
    "name": "worker",
    "image": "triflow-prod/worker:2",
    "command": ["work", "hard"],
    "cpu": 512,
    "memory": 1024,
    "desired_count": 0,
    "environment": {"QUEUE": "slow"},
    "secrets": {"KEY": f"{SECRET}:key::"},
    "readonly_root_filesystem": True,
}
SETTINGS: dict[str, Any] = {
    "stack": "triflow-prod",
    "region": "ap-northeast-2",
    "account_id": "123456789012",
    "task_role_arn": "arn:aws:iam::123456789012:role/triflow-prod-task",
    "execution_role_arn": "arn:aws:iam::123456789012:role/triflow-prod-execution",
    "image": "triflow-prod/backend:1.0.0",
    "image_owner": "pipeline",
    "cpu": 1024,
    "memory": 2048,
    "cpu_architecture": "X86_64",
    "environment": {"LOG_LEVEL": "info"},
    "secrets": {},
    "log_group_prefix": "/aws/ecs/triflow-",
    "log_mode": "non-blocking",
    "log_buffer_size": 25,
    "readonly_root_filesystem": False,
    "health_check_interval": 15,
    "health_check_timeout": 5,
    "health_check_retries": 3,
    "health_check_start_period": 60,
    "prometheus_remote_write_url": "",
    "prometheus_image": "docker.io/prom/prometheus:v3.5.0",
    "prometheus_username": "",
    "prometheus_password_secret": "",
    "prometheus_scrape_interval": 15,
    "prometheus_memory": 256,
    "desired_count": 2,
    "scaled_services": ["backend"],
    "execute_command": False,
    "health_check_grace_period": 60,
    "subnets": ["subnet-a", "subnet-c"],
    "security_groups": ["sg-1"],
    "target_groups": {"backend": "arn:target-group"},
    "task_definitions": {
        "task-definition-backend": {"id": "arn:backend:7"},
        "task-definition-worker": {"id": "arn:worker:1"},
    },
}
MEASURED = {
    **SETTINGS,
    "prometheus_remote_write_url": "https://grafana.example.com/api/prom/push",
    "prometheus_username": "triflow",
    "prometheus_password_secret": SECRET,
}


def test_the_records_service() -> None:
    """CMP-2, CMP-9, CMP-10"""
    definition = task_definition(BACKEND, SETTINGS)
    assert definition["component"] == "task-definition-backend"
    assert definition["family"] == "triflow-prod-backend"
    assert (definition["cpu"], definition["memory"]) == (1024, 2048)
    assert definition["volumes"] == []
    (container,) = definition["containers"]
    assert container["image"] == f"{REGISTRY}/triflow-prod/backend:1.0.0"
    assert container["portMappings"] == [{"containerPort": 8000}]
    assert container["environment"] == [{"name": "LOG_LEVEL", "value": "info"}]
    assert container["logConfiguration"]["options"]["awslogs-group"] == "/aws/ecs/triflow-backend"
    assert container["healthCheck"]["command"] == ["CMD-SHELL", "true"]
    assert "readonlyRootFilesystem" not in container


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({"log_mode": "blocking"}, {"mode": "blocking"}),
        ({}, {"mode": "non-blocking", "max-buffer-size": "25m"}),
        ({"log_buffer_size": 1}, {"mode": "non-blocking", "max-buffer-size": "1m"}),
    ],
)
def test_every_container_says_what_it_does_while_cloudwatch_is_out_of_reach(
    settings: dict[str, Any], options: dict[str, str]
) -> None:
    """CMP-10; Amazon ECS API reference, LogConfiguration: the mode, and the buffer of non-blocking alone."""
    for container in task_definition(BACKEND, {**MEASURED, **settings})["containers"]:
        found = container["logConfiguration"]["options"]
        assert {name: value for name, value in found.items() if not name.startswith("awslogs-")} == options


def test_a_worker_without_a_load_balancer_is_data() -> None:
    definition = task_definition(WORKER, SETTINGS)
    assert (definition["cpu"], definition["memory"]) == (512, 1024)
    (container,) = definition["containers"]
    assert container["image"] == f"{REGISTRY}/triflow-prod/worker:2"
    assert container["command"] == ["work", "hard"]
    assert container["secrets"] == [{"name": "KEY", "valueFrom": f"{SECRET}:key::"}]
    assert {item["name"]: item["value"] for item in container["environment"]} == {"LOG_LEVEL": "info", "QUEUE": "slow"}
    assert not {"portMappings", "healthCheck"} & set(container)
    assert container["readonlyRootFilesystem"] is True
    assert definition["volumes"] == [container["mountPoints"][0]["sourceVolume"]]
    service = ecs_service(WORKER, SETTINGS)
    assert service["load_balancers"] == []
    assert (service["desired_count"], service["keep_desired_count"]) == (0, False)
    assert service["task_definition"] == "arn:worker:1"


def test_who_owns_the_image() -> None:
    assert task_definition(BACKEND, SETTINGS)["keep_images"] == ["backend"]
    assert task_definition(BACKEND, {**SETTINGS, "image_owner": "stack"})["keep_images"] == []


def test_the_service_of_the_record() -> None:
    """CMP-3, CMP-12"""
    service = ecs_service(BACKEND, SETTINGS)
    assert service["load_balancers"] == [
        {"target_group_arn": "arn:target-group", "container_name": "backend", "container_port": 8000}
    ]
    assert (service["desired_count"], service["keep_desired_count"]) == (2, True)
    assert service["health_check_grace_period_seconds"] == 60


def test_the_sidecar_is_there_with_an_endpoint_only() -> None:
    """CMP-11, MON-9"""
    assert [item["name"] for item in task_definition(BACKEND, MEASURED)["containers"]] == ["backend", "prometheus"]
    assert len(task_definition(BACKEND, SETTINGS)["containers"]) == 1
    assert len(task_definition(WORKER, MEASURED)["containers"]) == 1  # nothing to scrape


def test_the_sidecar_scrapes_and_writes() -> None:
    """MON-9"""
    definition = task_definition(BACKEND, MEASURED)
    sidecar = definition["containers"][1]
    assert sidecar["essential"] is False
    assert sidecar["secrets"] == [{"name": "REMOTE_WRITE_PASSWORD", "valueFrom": SECRET}]
    (variable,) = sidecar["environment"]
    configuration = json.loads(variable["value"])
    assert configuration == prometheus_configuration(BACKEND, MEASURED)
    (job,) = configuration["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["localhost:8000"]}]  # at /metrics, Prometheus's default
    (remote,) = configuration["remote_write"]
    assert remote["url"] == "https://grafana.example.com/api/prom/push"
    assert remote["basic_auth"]["username"] == "triflow"
    assert [mount["sourceVolume"] for mount in sidecar["mountPoints"]] == definition["volumes"]
    assert "echo" not in sidecar["command"][0]


def test_what_the_execution_role_must_reach() -> None:
    services = [BACKEND, WORKER]
    assert images_of(services, SETTINGS) == [
        f"{REGISTRY}/triflow-prod/backend:1.0.0",
        f"{REGISTRY}/triflow-prod/worker:2",
    ]
    assert images_of(services, MEASURED)[-1] == "docker.io/prom/prometheus:v3.5.0"
    assert secrets_of(services, SETTINGS) == [f"{SECRET}:key::"]
    assert secrets_of(services, MEASURED) == [SECRET, f"{SECRET}:key::"]
    assert secrets_of([WORKER], MEASURED) == [f"{SECRET}:key::"]
