# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a service's deployment is done, and why it is not: pure functions, and one that asks AWS.

The shapes are those of DescribeServices, DescribeTasks and DescribeTargetHealth.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ansible_collections.triflow.platform.plugins.module_utils import failures
from ansible_collections.triflow.platform.plugins.module_utils.statuses import READY, note, with_meaning

Service = dict[str, Any]
Clients = Callable[[str], Any]  # a boto3 client by the service's name

# A service that was created just now and is not found yet.
UNLISTED: Service = {"status": "MISSING", "deployments": []}
DESCRIBED_AT_ONCE = 100  # DescribeTasks, tasks
LEAVING = ("draining", "unhealthy.draining")
SHOWN = {"tasks": 3, "events": 5, "lines": 10}


class Progress(NamedTuple):
    """How far a rollout is."""

    done: bool
    failed: bool
    sentence: str


def short(arn: str) -> str:
    """The last part of an ARN: family and revision, or a task's id."""
    return arn.split("/")[-1]


class Told(NamedTuple):
    """The deployment that CreateService or UpdateService has answered with, and those that were there before."""

    id: str
    older: list[str]


def told(before: Service | None, after: Service) -> dict[str, Any] | None:
    """What a service was told, by what it was before a write and by the write's answer; None: no new deployment."""
    older = [item["id"] for item in (before or {}).get("deployments", [])]
    new = next((item["id"] for item in after["deployments"] if item["status"] == "PRIMARY"), None)
    return Told(new, older)._asdict() if new and new not in older else None


def is_late(service: Service | None, deployment: Told) -> bool:
    """Whether an answer is from before a deployment was made: ECS lists services and deployments a while later."""
    if service is None:
        return True
    listed = {item["id"] for item in service["deployments"]}
    # an inactive one is the service of that name that was deleted before, with the deployments that it had
    return listed <= set(deployment.older) or (service["status"] == "INACTIVE" and deployment.id not in listed)


def progress(service: Service, task_definition: str | None = None, deployment: Told | None = None) -> Progress:
    """How far the service's rollout is: that of ``deployment``, else to ``task_definition``, else the last one."""
    deployments = service["deployments"]
    if deployment and is_late(service, deployment):
        return Progress(False, False, "its new deployment is not listed yet")
    primary = next((item for item in deployments if item["status"] == "PRIMARY"), None)
    if service["status"] != "ACTIVE" or primary is None:
        return Progress(False, True, f"the service is {service['status']}")
    wanted = task_definition or primary["taskDefinition"]
    same = [item for item in deployments if item["taskDefinition"] == wanted]
    ours = next((item for item in same if deployment is None or item["id"] == deployment.id), None)
    if ours is None:
        return Progress(False, True, f"{short(wanted)} was given up, it runs {short(primary['taskDefinition'])}")
    if ours["rolloutState"] == "FAILED":
        reason = ours.get("rolloutStateReason", "")
        return Progress(False, True, f"the deployment of {short(wanted)} has failed: {reason}")
    if ours is not primary:
        return Progress(False, True, f"it goes back to {short(primary['taskDefinition'])}")
    counts = f"{ours['runningCount']} of {ours['desiredCount']} tasks of {short(wanted)} run"
    if ours.get("failedTasks"):
        counts += f", {ours['failedTasks']} failed"
    return Progress(ours["rolloutState"] == "COMPLETED", False, counts)


def stopped_task(task: dict[str, Any]) -> str:
    """One sentence on a stopped task."""
    ends = [
        f"{container['name']} exit code {container['exitCode']}"
        if "exitCode" in container
        else f"{container['name']} {container['reason']}"
        for container in task["containers"]
        if container.get("exitCode") or container.get("reason", "") not in ("", task.get("stoppedReason"))
    ]
    detail = f" ({', '.join(ends)})" if ends else ""
    return f"task {short(task['taskArn'])} stopped: {task.get('stoppedReason', 'no reason given')}{detail}"


def unhealthy_target(described: dict[str, Any]) -> str | None:
    """One sentence on a target that gets no traffic because of its health, None for any other."""
    health = described["TargetHealth"]
    if health["State"] in (*with_meaning("target", READY), *LEAVING):
        return None
    why = health.get("Description") or health.get("Reason") or note("target", health["State"])
    return f"target {described['Target']['Id']} is {health['State']}: {why}"


def log_places(definition: dict[str, Any], task_arn: str) -> list[tuple[str, str]]:
    """Log group and stream of each container of a task."""
    places = []
    for container in definition["containerDefinitions"]:
        log = container.get("logConfiguration", {})
        options = log.get("options", {})
        if log.get("logDriver") == "awslogs" and "awslogs-stream-prefix" in options:
            stream = f"{options['awslogs-stream-prefix']}/{container['name']}/{short(task_arn)}"
            places.append((options["awslogs-group"], stream))
    return places


def stopped_tasks(ecs: Any, cluster: str, service: str, task_definition: str | None) -> list[dict[str, Any]]:
    """The service's stopped tasks, the newest first: those of one task definition, or all. ECS keeps them an hour."""
    arns = ecs.list_tasks(cluster=cluster, serviceName=service, desiredStatus="STOPPED")["taskArns"]
    tasks = ecs.describe_tasks(cluster=cluster, tasks=arns[:DESCRIBED_AT_ONCE])["tasks"] if arns else []
    of_it = [task for task in tasks if task_definition in (None, task["taskDefinitionArn"])]
    return sorted(of_it, key=lambda task: str(task.get("stoppedAt", "")), reverse=True)


def last_lines(logs: Any, group: str, stream: str) -> list[str]:
    """The last lines of a log stream; none when there is no such stream."""
    try:
        events = logs.get_log_events(logGroupName=group, logStreamName=stream, limit=SHOWN["lines"])["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [event["message"].rstrip() for event in events]


def target_health(elbv2: Any, arn: str) -> list[dict[str, Any]]:
    """The targets' health; none when the group is gone, or is not listed yet: the other reasons still count."""
    try:
        found: list[dict[str, Any]] = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    except elbv2.exceptions.TargetGroupNotFoundException:
        return []
    return found


def reasons(clients: Clients, cluster: str, service: Service, task_definition: str | None) -> list[str]:
    """Why a rollout is not done: stopped tasks, events, targets' health and the last log lines, in sentences.

    That it is not done is known already: what cannot be read of the reasons hides nothing of that.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return _reasons(clients, cluster, service, task_definition)
    except (BotoCoreError, ClientError) as error:
        return [f"the reasons could not be read: {failures.explain(error).sentence}"]


def _reasons(clients: Clients, cluster: str, service: Service, task_definition: str | None) -> list[str]:
    ecs = clients("ecs")
    tasks = stopped_tasks(ecs, cluster, service["serviceName"], task_definition)
    found = [stopped_task(task) for task in tasks[: SHOWN["tasks"]]]
    found += [f"event: {event['message']}" for event in service["events"][: SHOWN["events"]]]
    for balancer in service["loadBalancers"]:
        sentences = [unhealthy_target(target) for target in target_health(clients("elbv2"), balancer["targetGroupArn"])]
        found += [sentence for sentence in sentences if sentence]
    for task in tasks[:1]:
        definition = ecs.describe_task_definition(taskDefinition=task["taskDefinitionArn"])["taskDefinition"]
        for group, stream in log_places(definition, task["taskArn"]):
            found += [f"log {stream}: {line}" for line in last_lines(clients("logs"), group, stream)]
    return found
