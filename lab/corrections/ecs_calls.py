"""ECS calls that look at tasks and services: each first brings them to where they are by now."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import Any

from moto.core.resource_tagging import TaggedResource
from moto.core.responses import ActionResult
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend, Task
from moto.ecs.responses import DESCRIBE_TASKS_TAGS, EC2ContainerServiceResponse

from lab.corrections.ecs_services import advance, leave
from lab.corrections.ecs_tasks import step, stop
from lab.corrections.override import override

KEPT = 50  # stopped tasks of a cluster; AWS keeps them for an hour
ONE_AT_A_TIME = Lock()


def observe(backend: EC2ContainerServiceBackend, cluster: str) -> None:
    """Bring the services and tasks of a cluster to where they are by now."""
    with ONE_AT_A_TIME:
        for service in list(backend.services.values()):
            if service.cluster_name == cluster:
                advance(backend, service)
        for task in list(backend.tasks.get(cluster, {}).values()):
            step(backend, task)
        forget(backend, cluster)


def forget(backend: EC2ContainerServiceBackend, cluster: str) -> None:
    """Drop the oldest stopped tasks."""
    tasks = backend.tasks.get(cluster, {})
    stopped = [arn for arn, task in tasks.items() if task.last_status == "STOPPED"]
    for arn in stopped[:-KEPT]:
        del tasks[arn]


@override(EC2ContainerServiceResponse, "list_tasks")
def _list_tasks(_unused: Any, self: EC2ContainerServiceResponse) -> ActionResult:
    """ListTasks: the running ones unless asked for the stopped ones, and those of one service.

    startedBy "must be the only filter that you use".
    """
    backend = self.ecs_backend
    cluster = backend._get_cluster(self._get_param("cluster", "default"))
    observe(backend, cluster.name)
    service, family = self._get_param("serviceName"), self._get_param("family")
    started_by, launch_type = self._get_param("startedBy"), self._get_param("launchType")
    wanted = self._get_param("desiredStatus", "RUNNING")
    if started_by and set(self._get_params()) - {"cluster", "startedBy", "maxResults", "nextToken"}:
        raise InvalidParameterException("cannot specify startedBy with other arguments")
    found = [
        task.task_arn
        for task in backend.tasks.get(cluster.name, {}).values()
        if task.desired_status == wanted
        and (not service or task.group == f"service:{service.split('/')[-1]}")
        and (not family or f":task-definition/{family}:" in task.task_definition_arn)
        and (not started_by or task.started_by == started_by)
        and (not launch_type or task.launch_type == launch_type)
    ]
    return ActionResult({"taskArns": found})


@override(EC2ContainerServiceResponse, "describe_tasks")
def _describe_tasks(_unused: Any, self: EC2ContainerServiceResponse) -> ActionResult:
    """DescribeTasks: those of this cluster, and a failure for each that is not there."""
    backend = self.ecs_backend
    cluster = backend._get_cluster(self._get_param("cluster", "default"))
    asked = self._get_param("tasks", [])
    if not asked:
        raise InvalidParameterException("Tasks cannot be empty.")
    observe(backend, cluster.name)
    there = {task.id: task for task in backend.tasks.get(cluster.name, {}).values()}
    if "TAGS" in self._get_param("include", []):
        self._include_in_response(DESCRIBE_TASKS_TAGS)
    else:
        self._exclude_from_response(DESCRIBE_TASKS_TAGS)
    failures = [{"arn": name, "reason": "MISSING"} for name in asked if name.split("/")[-1] not in there]
    found = [there[name.split("/")[-1]] for name in asked if name.split("/")[-1] in there]
    return ActionResult({"tasks": found, "failures": failures})


@override(EC2ContainerServiceResponse, "describe_services")
def _describe_services(original: Any, self: EC2ContainerServiceResponse) -> ActionResult:
    observe(self.ecs_backend, self._get_param("cluster", "default").split("/")[-1])
    result: ActionResult = original(self)
    return result


@override(EC2ContainerServiceBackend, "stop_task")
def _stop_task(_unused: Any, self: EC2ContainerServiceBackend, cluster_str: str, task_str: str, reason: str) -> Task:
    """StopTask: the given reason is shown as it is; a service takes the task out of traffic and starts another."""
    cluster = self._get_cluster(cluster_str)
    for task in self.tasks.get(cluster.name, {}).values():
        if task.id != task_str.split("/")[-1]:
            continue
        service = self.services.get(f"{cluster.name}:{task.group.removeprefix('service:')}")
        if service:
            leave(self, service, task, "UserInitiated", reason or "Task stopped by user")
        else:
            stop(task, "UserInitiated", reason or "Task stopped by user", {"": 0})
        return task
    raise InvalidParameterException("The referenced task was not found.")


@override(EC2ContainerServiceBackend, "iter_tagged_resources")
def _iter_tagged_resources(original: Any, self: EC2ContainerServiceBackend) -> Iterator[TaggedResource]:
    """GetResources of the Resource Groups Tagging API lists no task that has stopped."""
    stopped = {
        task.task_arn for tasks in self.tasks.values() for task in tasks.values() if task.last_status == "STOPPED"
    }
    for resource in original(self):
        if resource.arn not in stopped:
            yield resource
