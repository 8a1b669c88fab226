# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The services of a stack as task definitions and as ECS services: pure functions.

A service is an element of the variable ``ecs_services``. What it does not say comes from the ``settings``, the
variables of the role ``ecs`` without their prefix.
"""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.images import full_image

Service = dict[str, Any]
Settings = dict[str, Any]

TEMPORARY = "temporary-files"  # the volume that stands for /tmp when the rest cannot be written
PROMETHEUS = "prometheus"
PROMETHEUS_FILES = "prometheus"  # the volume of the sidecar's configuration and its write-ahead log


def log_group(service: str, settings: Settings) -> str:
    """Name of the service's log group (CMP-10)."""
    return f"{settings['log_group_prefix']}{service}"


def images_of(services: list[Service], settings: Settings) -> list[str]:
    """Full names of all images that the services' tasks pull."""
    images = [_image(service, settings) for service in services]
    if any(_with_prometheus(service, settings) for service in services):
        images.append(settings["prometheus_image"])
    return sorted(set(images))


def secrets_of(services: list[Service], settings: Settings) -> list[str]:
    """ARNs of all secrets that the services' tasks are given, as the task definitions have them."""
    secrets = [arn for service in services for arn in _secrets(service, settings).values()]
    if settings.get("prometheus_password_secret") and any(_with_prometheus(item, settings) for item in services):
        secrets.append(settings["prometheus_password_secret"])
    return sorted(set(secrets))


def _image(service: Service, settings: Settings) -> str:
    image: str = service.get("image") or settings["image"]
    return full_image(image, settings["account_id"], settings["region"])


def _secrets(service: Service, settings: Settings) -> dict[str, str]:
    return {**settings["secrets"], **service.get("secrets", {})}


def _with_prometheus(service: Service, settings: Settings) -> bool:
    return bool(settings["prometheus_remote_write_url"]) and bool(service.get("container_port"))


def _logging(service: Service, settings: Settings) -> dict[str, Any]:
    """Where lines go, and what happens while they cannot: the default of ECS has changed once, in June 2025."""
    delivery = {"mode": settings["log_mode"]}
    if settings["log_mode"] == "non-blocking":
        delivery["max-buffer-size"] = f"{settings['log_buffer_size']}m"
    return {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": log_group(service["name"], settings),
            "awslogs-region": settings["region"],
            "awslogs-stream-prefix": "ecs",
            **delivery,
        },
    }


def _application(service: Service, settings: Settings) -> dict[str, Any]:
    environment = {**settings["environment"], **service.get("environment", {})}
    container: dict[str, Any] = {
        "name": service["name"],
        "image": _image(service, settings),
        "essential": True,
        "environment": [{"name": name, "value": str(value)} for name, value in sorted(environment.items())],
        "secrets": [{"name": name, "valueFrom": arn} for name, arn in sorted(_secrets(service, settings).items())],
        "logConfiguration": _logging(service, settings),
    }
    if service.get("command"):
        container["command"] = service["command"]
    if service.get("container_port"):
        container["portMappings"] = [{"containerPort": service["container_port"]}]
    if service.get("health_check_command"):
        container["healthCheck"] = {
            "command": ["CMD-SHELL", service["health_check_command"]],
            "interval": settings["health_check_interval"],
            "timeout": settings["health_check_timeout"],
            "retries": settings["health_check_retries"],
            "startPeriod": settings["health_check_start_period"],
        }
    if service.get("readonly_root_filesystem", settings["readonly_root_filesystem"]):
        container["readonlyRootFilesystem"] = True
        container["mountPoints"] = [{"sourceVolume": TEMPORARY, "containerPath": "/tmp"}]
    return container


def prometheus_configuration(service: Service, settings: Settings) -> dict[str, Any]:
    """The sidecar's configuration, as Prometheus takes it (MON-9): JSON is YAML, too."""
    remote_write: dict[str, Any] = {"url": settings["prometheus_remote_write_url"]}
    if settings.get("prometheus_username"):
        remote_write["basic_auth"] = {
            "username": settings["prometheus_username"],
            "password_file": "/prometheus/password",
        }
    return {
        "global": {
            "scrape_interval": f"{settings['prometheus_scrape_interval']}s",
            "external_labels": {"stack": settings["stack"], "service": service["name"]},
        },
        "scrape_configs": [
            {
                "job_name": service["name"],
                "static_configs": [{"targets": [f"localhost:{service['container_port']}"]}],
            }
        ],
        "remote_write": [remote_write],
    }


def _prometheus(service: Service, settings: Settings) -> dict[str, Any]:
    configuration = json.dumps(prometheus_configuration(service, settings), sort_keys=True)
    # Fargate mounts no files: the shell of the image writes them, and makes room for Prometheus itself.
    script = (
        'printf %s "$CONFIGURATION" > /prometheus/prometheus.yml && '
        'printf %s "$REMOTE_WRITE_PASSWORD" > /prometheus/password && '
        "exec /bin/prometheus --agent --config.file=/prometheus/prometheus.yml "
        "--storage.agent.path=/prometheus/data --web.listen-address=localhost:9090"
    )
    secret = settings.get("prometheus_password_secret")
    return {
        "name": PROMETHEUS,
        "image": settings["prometheus_image"],
        "essential": False,  # the service goes on without its metrics
        "memory": settings["prometheus_memory"],
        "entryPoint": ["/bin/sh", "-c"],
        "command": [script],
        "environment": [{"name": "CONFIGURATION", "value": configuration}],
        "secrets": [{"name": "REMOTE_WRITE_PASSWORD", "valueFrom": secret}] if secret else [],
        "readonlyRootFilesystem": True,
        "mountPoints": [{"sourceVolume": PROMETHEUS_FILES, "containerPath": "/prometheus"}],
        "logConfiguration": _logging(service, settings),
    }


def task_definition(service: Service, settings: Settings) -> dict[str, Any]:
    """One element of the option ``task_definitions`` of the module ``ecs_task_definitions`` (CMP-2, CMP-9..11)."""
    containers = [_application(service, settings)]
    volumes = [TEMPORARY] if containers[0].get("readonlyRootFilesystem") else []
    if _with_prometheus(service, settings):
        containers.append(_prometheus(service, settings))
        volumes.append(PROMETHEUS_FILES)
    return {
        "component": f"task-definition-{service['name']}",
        "family": f"{settings['stack']}-{service['name']}",
        "service": service["name"],
        "cpu": service.get("cpu") or settings["cpu"],
        "memory": service.get("memory") or settings["memory"],
        "cpu_architecture": settings["cpu_architecture"],
        "task_role_arn": settings["task_role_arn"],
        "execution_role_arn": settings["execution_role_arn"],
        "volumes": volumes,
        "containers": containers,
        "keep_images": [service["name"]] if settings["image_owner"] == "pipeline" else [],
    }


def ecs_service(service: Service, settings: Settings) -> dict[str, Any]:
    """One element of the option ``services`` of the module ``ecs_services`` (CMP-3, CMP-8, CMP-12)."""
    name = service["name"]
    found: dict[str, Any] = {
        "component": f"service-{name}",
        "name": name,
        "task_definition": settings["task_definitions"][f"task-definition-{name}"]["id"],
        "desired_count": settings["desired_count"]
        if service.get("desired_count") is None
        else service["desired_count"],
        "keep_desired_count": name in settings["scaled_services"],
        "subnets": settings["subnets"],
        "security_groups": settings["security_groups"],
        "enable_execute_command": settings["execute_command"],
        "load_balancers": [],
    }
    if service.get("target_group"):
        found["health_check_grace_period_seconds"] = settings["health_check_grace_period"]
        found["load_balancers"] = [
            {
                "target_group_arn": settings["target_groups"][service["target_group"]],
                "container_name": name,
                "container_port": service["container_port"],
            }
        ]
    return found
