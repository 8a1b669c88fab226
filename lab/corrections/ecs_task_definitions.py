"""ECS task definitions: what RegisterTaskDefinition refuses for Fargate, and what it adds to its answer."""

from __future__ import annotations

from typing import Any

from moto.core.utils import utcnow
from moto.ecs.exceptions import EcsClientException, TaskDefinitionNotFoundException
from moto.ecs.models import EC2ContainerServiceBackend, TaskDefinition

from lab.corrections.override import override


def _gigabytes(first: int, last: int, step: int = 1) -> range:
    return range(first * 1024, last * 1024 + 1, step * 1024)


# Developer guide, "Task CPU and memory" of Fargate task definitions: CPU units to MiB.
SIZES: dict[str, tuple[int, ...] | range] = {
    "256": (512, 1024, 2048),
    "512": _gigabytes(1, 4),
    "1024": _gigabytes(2, 8),
    "2048": _gigabytes(4, 16),
    "4096": _gigabytes(8, 30),
    "8192": _gigabytes(16, 60, 4),
    "16384": _gigabytes(32, 120, 8),
}
HEALTH_CHECK = {"interval": 30, "timeout": 5, "retries": 3}


def _check_fargate(options: dict[str, Any], containers: list[dict[str, Any]]) -> None:
    cpu, memory = options.get("cpu"), options.get("memory")
    if not cpu or not memory:
        raise EcsClientException("Fargate requires that 'cpu' be defined at the task level.")
    if int(memory) not in SIZES.get(str(cpu), ()):
        raise EcsClientException("No Fargate configuration exists for given values.")
    if options.get("network_mode") != "awsvpc":
        raise EcsClientException("Fargate only supports network mode 'awsvpc'.")
    needs = {
        "ECR images": any(".dkr.ecr." in container["image"] for container in containers),
        "log driver awslogs": any(
            container.get("logConfiguration", {}).get("logDriver") == "awslogs" for container in containers
        ),
        "Secrets": any(container.get("secrets") for container in containers),
    }
    for reason, needed in needs.items():
        if needed and not options.get("execution_role_arn"):
            raise EcsClientException(
                f"Fargate requires task definition to have execution role ARN to support {reason}."
            )


def _check_containers(options: dict[str, Any], containers: list[dict[str, Any]]) -> None:
    if not any(container.get("essential", True) for container in containers):
        raise EcsClientException("A Task definition must have at least one essential container.")
    names = [container["name"] for container in containers]
    volumes = {volume["name"] for volume in options.get("volumes") or []}
    for container in containers:
        if names.count(container["name"]) > 1:
            raise EcsClientException("Container.name should be unique in a task definition.")
        for mount in container.get("mountPoints") or []:
            if mount["sourceVolume"] not in volumes:
                raise EcsClientException(f"Unknown volume '{mount['sourceVolume']}'.")
        for dependency in container.get("dependsOn") or []:
            if dependency["containerName"] not in names:
                raise EcsClientException(f"Unknown container '{dependency['containerName']}'.")


def _answered(container: dict[str, Any]) -> dict[str, Any]:
    """ContainerDefinition: what AWS adds; in the network mode awsvpc the host's port is the container's."""
    answered = {**container, "systemControls": container.get("systemControls", [])}
    answered["portMappings"] = [
        {"hostPort": mapping["containerPort"], "protocol": "tcp", **mapping}
        for mapping in container.get("portMappings") or []
    ]
    if "healthCheck" in container:
        answered["healthCheck"] = {**HEALTH_CHECK, **container["healthCheck"]}
    return answered


@override(EC2ContainerServiceBackend, "register_task_definition")
def _register_task_definition(
    original: Any,
    self: EC2ContainerServiceBackend,
    family: str,
    container_definitions: list[dict[str, Any]],
    **options: Any,
) -> TaskDefinition:
    """RegisterTaskDefinition: what it refuses, and the fields that AWS fills in."""
    if "FARGATE" in (options.get("requires_compatibilities") or []):
        _check_fargate(options, container_definitions)
    _check_containers(options, container_definitions)
    answered = [_answered(container) for container in container_definitions]
    definition: TaskDefinition = original(self, family, answered, **options)
    definition.registered_at = utcnow()  # type: ignore[attr-defined]
    volumes = options.get("volumes") or []
    definition.volumes = [volume if len(volume) > 1 else {**volume, "host": {}} for volume in volumes]
    return definition


@override(EC2ContainerServiceBackend, "describe_task_definition")
def _describe_task_definition(
    original: Any, self: EC2ContainerServiceBackend, task_definition_str: str
) -> TaskDefinition:
    """DescribeTaskDefinition: a family stands for its latest ACTIVE revision."""
    name = task_definition_str.split("/")[-1]
    if ":" not in name:
        active = [number for number, item in self.task_definitions.get(name, {}).items() if item.status == "ACTIVE"]
        if not active:
            raise TaskDefinitionNotFoundException
        name = f"{name}:{max(active)}"
    definition: TaskDefinition = original(self, name)
    return definition
