"""ECS tasks on Fargate: they start, run, end with an exit code and a reason, and write a log.

The lab runs no container. What would happen in one follows from its image's tag and its command, so that the unhappy
ways can be tried:

- `fails-exit-<code>` in the tag: the container ends with that code right after it starts.
- `never-healthy`: it runs, but answers no health check of the load balancer.
- `cannot-pull`: the registry does not hold it.
- `starts-after-<seconds>s`: it takes that long until it runs; without it the next look finds it running.
- `exit <code>` and `sleep <seconds>` in a command: a task with a command ends, after that time, with that code or 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend, Task, TaskDefinition
from moto.logs.models import logs_backends

from lab.corrections.ecs_task_definitions import SIZES
from lab.corrections.override import override

PLATFORM_VERSION = "1.4.0"  # what LATEST is on Linux


@dataclass(frozen=True)
class Behaviour:
    """What a container does, by its image and command."""

    exit_code: int | None = None
    healthy: bool = True
    pulled: bool = True
    seconds: int = 0  # until it runs
    ends_after: int | None = None  # seconds that its command takes


def behaviour(image: str, command: list[str] | None = None) -> Behaviour:
    """See the module's docstring."""
    fails = re.search(r"fails-exit-(\d+)", image)
    delay = re.search(r"starts-after-(\d+)s", image)
    exit_code, ends_after = (int(fails[1]), 0) if fails else (None, None)
    if command is not None and exit_code is None:
        line = " ".join(command)
        asked, sleep = re.search(r"\bexit (\d+)", line), re.search(r"\bsleep (\d+)", line)
        exit_code, ends_after = int(asked[1]) if asked else 0, int(sleep[1]) if sleep else 0
    return Behaviour(
        exit_code=exit_code,
        healthy="never-healthy" not in image,
        pulled="cannot-pull" not in image,
        seconds=int(delay[1]) if delay else 0,
        ends_after=ends_after,
    )


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def defined(definition: TaskDefinition) -> list[dict[str, Any]]:
    """The containers of a task definition."""
    found: Any = definition.container_definitions
    return list(found)


def containers(task: Task) -> list[dict[str, Any]]:
    """The containers of a task, as the API shows them."""
    found: Any = task.containers
    return list(found)


def interface(task: Task) -> dict[str, str]:
    """What the API tells of the task's network interface."""
    attachment: Any = task.attachments[0]
    return {detail["name"]: detail["value"] for detail in attachment["details"]}


def commands(task: Task) -> dict[str, list[str]]:
    """The commands that RunTask gave to containers, by their names."""
    overrides = task.overrides.get("containerOverrides", [])
    return {item["name"]: item["command"] for item in overrides if item.get("command")}


def essential_behaviour(definition: TaskDefinition, given: dict[str, list[str]]) -> tuple[str, Behaviour]:
    """Name and behaviour of the essential container that decides: the first that fails, ends or never gets healthy."""
    found = [
        (container["name"], behaviour(container["image"], given.get(container["name"])))
        for container in defined(definition)
        if container.get("essential", True)
    ]
    return next((item for item in found if item[1] != Behaviour()), found[0])


def dress(task: Task, definition: TaskDefinition) -> None:
    """Give a task what the API shows of one on Fargate and moto does not keep."""
    subnet = interface(task)["subnetId"]
    backend = ec2_backends[task._account_id][task.region_name]
    task.availability_zone = backend.get_subnet(subnet).availability_zone  # type: ignore[attr-defined]
    task.created_at = now()  # type: ignore[attr-defined]
    task.cpu = task.overrides.get("cpu", definition.cpu)  # type: ignore[attr-defined]
    task.memory = task.overrides.get("memory", definition.memory)  # type: ignore[attr-defined]
    task.platform_version, task.platform_family = PLATFORM_VERSION, "Linux"  # type: ignore[attr-defined]
    task.last_status = "PROVISIONING"
    task.health_status = "UNKNOWN"  # type: ignore[attr-defined]
    made: Any = [
        {
            "containerArn": f"{task.task_arn.replace(':task/', ':container/')}/{number}",
            "taskArn": task.task_arn,
            "name": container["name"],
            "image": container["image"],
            "lastStatus": "PENDING",
        }
        for number, container in enumerate(defined(definition))
    ]
    task.containers = made


def start(task: Task) -> None:
    task.last_status = "RUNNING"
    task.started_at = now()  # type: ignore[attr-defined]
    for container in containers(task):
        container["lastStatus"] = "RUNNING"


def stop(task: Task, code: str, reason: str, exit_codes: dict[str, int] | None = None) -> None:
    """The task is stopped: its containers have exit codes, unless they never started; its interface is gone."""
    if task.last_status == "STOPPED":
        return
    began = task.last_status == "RUNNING"
    task.last_status = task.desired_status = "STOPPED"
    task.stop_code, task.stopped_reason = code, reason  # type: ignore[attr-defined]
    task.stopped_at = now()  # type: ignore[attr-defined]
    for container in containers(task):
        container["lastStatus"] = "STOPPED"
        if began:
            # The others get SIGTERM.
            container["exitCode"] = (exit_codes or {}).get(container["name"], 143 if exit_codes else 0)
        elif "Cannot" in reason or "ResourceInit" in reason:
            container["reason"] = reason
    backend = ec2_backends[task._account_id][task.region_name]
    attachment: Any = task.attachments[0]
    attachment["status"] = "DELETED"
    backend.enis.pop(interface(task)["networkInterfaceId"], None)


def write_log(task: Task, definition: TaskDefinition, lines: dict[str, list[str]]) -> str | None:
    """Write each container's lines to its stream. Returns why the task cannot start when the log group is missing."""
    backend = logs_backends[task._account_id][task.region_name]
    for container in defined(definition):
        log: dict[str, Any] = container.get("logConfiguration", {})
        options: dict[str, Any] = log.get("options", {})
        if log.get("logDriver") != "awslogs":
            continue
        group = options["awslogs-group"]
        if group not in backend.groups:
            return (
                "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 "
                "times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group "
                "does not exist."
            )
        stream = f"{options['awslogs-stream-prefix']}/{container['name']}/{task.id}"
        backend.ensure_log_stream(group, stream)
        moment = int(datetime.now(UTC).timestamp() * 1000)
        events = [{"timestamp": moment, "message": line} for line in lines.get(container["name"], [])]
        if events:
            backend.put_log_events(group, stream, events)
    return None


def begin(task: Task, definition: TaskDefinition) -> Behaviour:
    """Start the task, or stop it when its image cannot be pulled or its log group is missing."""
    name, decides = essential_behaviour(definition, commands(task))
    if not decides.pulled:
        image = next(item["image"] for item in defined(definition) if item["name"] == name)
        stop(
            task,
            "TaskFailedToStart",
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
            f"{image}: {image}: not found",
        )
        return decides
    command = commands(task).get(name)
    missing = write_log(task, definition, {name: [f"lab: running {' '.join(command)}" if command else "lab: started"]})
    if missing:
        stop(task, "TaskFailedToStart", missing)
        return decides
    start(task)
    return decides


def end(task: Task, definition: TaskDefinition, name: str, exit_code: int) -> None:
    write_log(task, definition, {name: [f"lab: exit code {exit_code}"]})
    stop(task, "EssentialContainerExited", "Essential container in task exited", {name: exit_code})


def step(backend: EC2ContainerServiceBackend, task: Task) -> None:
    """Bring a task that no service started to where it is by now."""
    if task.last_status == "STOPPED" or task.group.startswith("service:"):
        return
    definition = backend.describe_task_definition(task.task_definition_arn)
    name, decides = essential_behaviour(definition, commands(task))
    age = now() - task.created_at  # type: ignore[attr-defined]
    if task.last_status == "PROVISIONING" and age >= timedelta(seconds=decides.seconds):
        begin(task, definition)
    wait = timedelta(seconds=decides.seconds + (decides.ends_after or 0))
    if task.last_status == "RUNNING" and decides.exit_code is not None and age >= wait:
        end(task, definition, name, decides.exit_code)


@override(Task, "advance")
def _advance(_unused: Any, self: Task) -> None:
    """A task does not change because somebody looked at it."""


def _last_status(self: Task) -> str | None:
    return self._status


def _set_last_status(self: Task, value: str) -> None:
    self._status = value


Task.last_status = property(_last_status, _set_last_status)  # type: ignore[assignment, method-assign]


NetworkInterface.private_dns_name = ""  # without DNS host names in the VPC there is none


@override(EC2Backend, "create_network_interface")
def _create_network_interface(
    original: Any, self: EC2Backend, subnet: Any, private_ip_address: Any, *rest: Any, **more: Any
) -> NetworkInterface:
    """A task's address is a free one of its subnet, of which AWS keeps the first four and the last."""
    if more.get("description") == "moto ECS":
        hosts = self.get_subnet(subnet).cidr
        used = {interface.private_ip_address for interface in self.enis.values()}
        private_ip_address = next(str(host) for host in list(hosts)[4:-1] if str(host) not in used)
    interface: NetworkInterface = original(self, subnet, private_ip_address, *rest, **more)
    return interface


@override(EC2ContainerServiceBackend, "_calculate_task_resource_requirements")
def _requirements(original: Any, task_definition: TaskDefinition) -> Any:
    """RunTask: on Fargate no container needs a memory of its own."""
    if "FARGATE" in (task_definition.requires_compatibilities or []):
        return {"CPU": 0, "MEMORY": 0, "PORTS": [], "PORTS_UDP": []}
    return original(task_definition)


EC2ContainerServiceBackend._calculate_task_resource_requirements = staticmethod(  # type: ignore[method-assign]
    EC2ContainerServiceBackend._calculate_task_resource_requirements
)


@override(EC2ContainerServiceBackend, "run_task")
def _run_task(
    original: Any, self: EC2ContainerServiceBackend, cluster_str: str, task_definition_str: str, *rest: Any, **more: Any
) -> list[Task]:
    """RunTask: refused on a deleted cluster, for containers that the task definition does not have, for a startedBy
    with other characters or more than 128, and for a size that Fargate does not have.
    """
    if self._get_cluster(cluster_str).status != "ACTIVE":
        raise InvalidParameterException("Cluster is inactive.")
    definition = self.describe_task_definition(task_definition_str)
    overrides = (rest[1] if len(rest) > 1 else more.get("overrides")) or {}
    names = [container["name"] for container in defined(definition)]
    for item in overrides.get("containerOverrides", []):
        if item["name"] not in names:
            raise InvalidParameterException(
                f"Override for container named {item['name']} is not a container in the TaskDefinition."
            )
    started_by = (rest[2] if len(rest) > 2 else more.get("started_by")) or ""
    if not re.fullmatch(r"[A-Za-z0-9_/-]{0,128}", started_by):
        raise InvalidParameterException(
            "startedBy has more than 128 characters, or other than letters, digits, -, / and _"
        )
    cpu, memory = overrides.get("cpu", definition.cpu), overrides.get("memory", definition.memory)
    if "FARGATE" in (definition.requires_compatibilities or []) and int(memory or 0) not in SIZES.get(str(cpu), ()):
        raise InvalidParameterException("No Fargate configuration exists for given values.")
    tasks: list[Task] = original(self, cluster_str, task_definition_str, *rest, **more)
    for task in tasks:
        dress(task, definition)
    return tasks
