"""ECS services of Fargate tasks: deployments roll out, fail, and roll back as the deployment circuit breaker says.

Developer guide, "Deploy Amazon ECS services by replacing tasks" and "How the Amazon ECS deployment circuit breaker
detects failures". A deployment goes one step each time that somebody looks. What its tasks do follows from their image
(see ecs_tasks).
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.ecs.exceptions import ECSException, InvalidParameterException, ServiceNotFoundException
from moto.ecs.models import EC2ContainerServiceBackend, Service, Task
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.elbv2.models import elbv2_backends

from lab.corrections import ecs_history
from lab.corrections.ecs_tasks import PLATFORM_VERSION, begin, defined, end, essential_behaviour, interface, now, stop
from lab.corrections.override import override

# CreateService: what is not given.
DEFAULTS: dict[str, Any] = {
    "healthCheckGracePeriodSeconds": 0,
    "enableECSManagedTags": False,
    "enableExecuteCommand": False,
    "availabilityZoneRebalancing": "ENABLED",
    "propagateTags": "NONE",
    "platformVersion": "LATEST",
    "platformFamily": "Linux",
    "schedulingStrategy": "REPLICA",
    "placementConstraints": [],
    "placementStrategy": [],
}
DEPLOYMENT: dict[str, Any] = {
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "strategy": "ROLLING",
    "bakeTimeInMinutes": 0,
}
# UpdateService: "The following properties trigger a new deployment"; the others take effect with the next one.
REDEPLOY = ("networkConfiguration", "platformVersion", "loadBalancers", "taskDefinition")


def _put(service: Service, parameters: dict[str, Any]) -> None:
    """Keep parameters under the names that the answers read."""
    for name, value in parameters.items():
        if name == "deploymentConfiguration":
            there = getattr(service, "deployment_configuration", DEPLOYMENT)
            service.deployment_configuration = {**there, **value}  # type: ignore[attr-defined]
        elif name == "networkConfiguration":
            service.network_configuration = service._validate_network(_network(value))
        else:
            setattr(service, camelcase_to_underscores(name), value)


def _network(configuration: dict[str, Any]) -> dict[str, Any]:
    vpc = configuration["awsvpcConfiguration"]
    return {"awsvpcConfiguration": {"securityGroups": [], "assignPublicIp": "DISABLED", **vpc}}


def _check(backend: EC2ContainerServiceBackend, parameters: dict[str, Any]) -> None:
    """CreateService and UpdateService: what they refuse."""
    settings = parameters.get("deploymentConfiguration") or {}
    if parameters.get("availabilityZoneRebalancing") == "ENABLED" and settings.get("maximumPercent", 200) <= 100:
        raise InvalidParameterException(
            "Availability Zone rebalancing does not support maximumPercent <= 100. Increase maximumPercent."
        )
    definition = parameters.get("taskDefinition")
    containers = defined(backend.describe_task_definition(definition)) if definition else []
    groups = elbv2_backends[backend.account_id][backend.region_name].target_groups
    for balancer in parameters.get("loadBalancers") or []:
        group = groups.get(balancer["targetGroupArn"])
        if not group:
            raise InvalidParameterException(f"The target group {balancer['targetGroupArn']} does not exist.")
        if not group.load_balancer_arns:
            raise InvalidParameterException(
                f"The target group with targetGroupArn {group.arn} does not have an associated load balancer."
            )
        ports = [
            mapping["containerPort"]
            for container in containers
            if container["name"] == balancer["containerName"]
            for mapping in container["portMappings"]
        ]
        if containers and balancer["containerPort"] not in ports:
            raise InvalidParameterException(
                f"The container {balancer['containerName']} did not have a container port "
                f"{balancer['containerPort']} defined."
            )
    if parameters.get("healthCheckGracePeriodSeconds") and parameters.get("loadBalancers") == []:
        raise InvalidParameterException(
            "Health check grace period is only valid for services configured to use load balancers"
        )


def deployments_of(service: Service) -> list[dict[str, Any]]:
    """The deployments, the PRIMARY one first."""
    found: list[dict[str, Any]] = service.deployments
    return found


def say(service: Service, text: str) -> None:
    """Add an event, the newest first, as DescribeServices shows them."""
    service.events.insert(
        0, {"id": str(uuid.uuid4()), "createdAt": now(), "message": f"(service {service.name}) {text}"}
    )
    del service.events[100:]


def deploy(service: Service, task_definition: str, reason: str = "") -> None:
    """Put a new PRIMARY deployment before the others, which are ACTIVE until it is done."""
    for deployment in deployments_of(service):
        deployment["status"] = "ACTIVE"
    identifier = f"ecs-svc/{uuid.uuid4().int % 10**19:019d}"
    service.task_definition = task_definition
    service.deployments.insert(
        0,
        {
            "id": identifier,
            "status": "PRIMARY",
            "taskDefinition": task_definition,
            "desiredCount": service.desired_count,
            "pendingCount": 0,
            "runningCount": 0,
            "failedTasks": 0,
            "createdAt": now(),
            "updatedAt": now(),
            "launchType": service.launch_type,
            "platformVersion": PLATFORM_VERSION,
            "platformFamily": "Linux",
            "networkConfiguration": service.network_configuration,
            "rolloutState": "IN_PROGRESS",
            "rolloutStateReason": reason or f"ECS deployment {identifier} in progress.",
        },
    )


@override(EC2ContainerServiceResponse, "create_service")
def _create_service(original: Any, self: EC2ContainerServiceResponse) -> ActionResult:
    """CreateService keeps all that it is given, refuses a name in use, and starts no task in its answer."""
    backend, parameters = self.ecs_backend, self._get_params()
    cluster = backend._get_cluster(parameters.get("cluster", "default"))
    if cluster.status != "ACTIVE":
        raise ECSException("ClusterNotFoundException", "Cluster not found.")
    there = backend.services.get(f"{cluster.name}:{parameters['serviceName']}")
    if there and there.status == "DRAINING":
        raise InvalidParameterException("Unable to Start a service that is still Draining.")
    if there and there.status == "ACTIVE":
        raise InvalidParameterException("Creation of service was not idempotent.")
    _check(backend, parameters)
    original(self)
    service = backend.services[f"{cluster.name}:{parameters['serviceName']}"]
    service.deployments, service.events = [], []
    service.created_at = now()  # type: ignore[attr-defined]
    service.deployment_configuration = DEPLOYMENT  # type: ignore[attr-defined]
    service.completed = None  # type: ignore[attr-defined]  # task definition that a rollback goes back to
    kept = ("deploymentConfiguration", "networkConfiguration", *DEFAULTS)
    _put(service, {name: parameters[name] for name in kept if name in parameters})
    _put(service, {name: value for name, value in DEFAULTS.items() if name not in parameters})
    service.history = []  # type: ignore[attr-defined]
    deploy(service, str(service.task_definition))
    ecs_history.start(service)
    service.running_count = service.pending_count = 0
    return ActionResult({"service": service})


@override(EC2ContainerServiceResponse, "update_service")
def _update_service(_unused: Any, self: EC2ContainerServiceResponse) -> ActionResult:
    """UpdateService: stores the task definition's ARN, and starts a deployment when what runs is to change."""
    backend, given = self.ecs_backend, self._get_params()
    service = backend._get_service(given.pop("cluster", "default"), given.pop("service").split("/")[-1])
    if service.status != "ACTIVE":
        raise ECSException("ServiceNotActiveException", "Service was not ACTIVE.")
    force = given.pop("forceNewDeployment", False)
    if "taskDefinition" in given:
        given["taskDefinition"] = backend.describe_task_definition(given["taskDefinition"]).arn
    _check(backend, {"taskDefinition": service.task_definition, "loadBalancers": service.load_balancers, **given})
    if "networkConfiguration" in given:
        given["networkConfiguration"] = _network(given["networkConfiguration"])
    changed = any(
        name in given and given[name] != getattr(service, camelcase_to_underscores(name)) for name in REDEPLOY
    )
    definition = given.pop("taskDefinition", service.task_definition)
    _put(service, given)
    deployments_of(service)[0]["desiredCount"] = service.desired_count
    if changed or force:
        deploy(service, definition)
        ecs_history.start(service)
    return ActionResult({"service": service})


@override(EC2ContainerServiceBackend, "delete_service")
def _delete_service(
    _unused: Any, self: EC2ContainerServiceBackend, cluster_name: str, service_name: str, force: bool
) -> Service:
    """DeleteService: refused while it is scaled above 0 unless forced; DRAINING until its tasks have stopped."""
    service = self._get_service(cluster_name, service_name.split("/")[-1])
    if service.status != "ACTIVE":
        raise ServiceNotFoundException
    if service.desired_count > 0 and not force:
        raise InvalidParameterException("The service cannot be stopped while it is scaled above 0.")
    service.desired_count = 0
    for task in tasks_of(self, service):
        leave(self, service, task, "ServiceSchedulerInitiated", f"Service {service.arn} is being deleted.")
    service.status = "DRAINING"
    return service


def tasks_of(backend: EC2ContainerServiceBackend, service: Service, deployment: str | None = None) -> list[Task]:
    """The service's tasks that have not stopped, of one deployment or of all."""
    return [
        task
        for task in backend.tasks.get(service.cluster_name, {}).values()
        if task.group == f"service:{service.name}"
        and task.last_status != "STOPPED"
        and deployment in (None, task.started_by)
    ]


def _targets(service: Service, task: Task) -> list[tuple[str, dict[str, Any]]]:
    address = interface(task)["privateIPv4Address"]
    return [
        (balancer["targetGroupArn"], {"Id": address, "Port": balancer["containerPort"]})
        for balancer in service.load_balancers
    ]


def leave(backend: EC2ContainerServiceBackend, service: Service, task: Task, code: str, reason: str) -> None:
    """Take the task out of its target groups and stop it."""
    groups = elbv2_backends[backend.account_id][backend.region_name].target_groups
    for arn, target in _targets(service, task):
        if arn in groups and target["Id"] in groups[arn].targets:
            groups[arn].deregister([target])
    stop(task, code, reason)


def launch(backend: EC2ContainerServiceBackend, service: Service, deployment: dict[str, Any], number: int) -> Task:
    """One more task of the deployment, in the subnets by turns, with the tags that the service gives its tasks."""
    vpc = deployment["networkConfiguration"]["awsvpcConfiguration"]
    subnet = vpc["subnets"][number % len(vpc["subnets"])]
    tags = list(service.tags) if service.propagate_tags == "SERVICE" else []
    if service.enable_ecs_managed_tags:  # type: ignore[attr-defined]
        tags += [
            {"key": "aws:ecs:clusterName", "value": service.cluster_name},
            {"key": "aws:ecs:serviceName", "value": service.name},
        ]
    (task,) = backend.run_task(
        service.cluster_name,
        deployment["taskDefinition"],
        1,
        None,
        deployment["id"],
        tags,
        "FARGATE",
        {"awsvpcConfiguration": {**vpc, "subnets": [subnet]}},
        f"service:{service.name}",
    )
    return task


def advance(backend: EC2ContainerServiceBackend, service: Service) -> None:
    """One step of the service, as far as time allows."""
    if service.launch_type != "FARGATE":
        return
    if service.status == "DRAINING":
        service.status, service.tags = "INACTIVE", []
    if service.status != "ACTIVE":
        return
    primary = deployments_of(service)[0]
    definition = backend.describe_task_definition(primary["taskDefinition"])
    name, decides = essential_behaviour(definition, {})
    if now() - primary["createdAt"] >= timedelta(seconds=decides.seconds):
        works = decides.healthy or not service.load_balancers
        if decides.pulled and works and decides.exit_code is None:
            _run(backend, service, primary)
        elif primary["rolloutState"] == "IN_PROGRESS":
            _fail(backend, service, primary, name)
    for deployment in deployments_of(service):
        running = len([task for task in tasks_of(backend, service, deployment["id"]) if task.last_status == "RUNNING"])
        deployment["runningCount"] = running
        wanted = service.desired_count if deployment is primary and primary["rolloutState"] != "FAILED" else 0
        deployment["pendingCount"] = max(0, wanted - running)
    service.running_count = sum(deployment["runningCount"] for deployment in deployments_of(service))
    service.pending_count = sum(deployment["pendingCount"] for deployment in deployments_of(service))


def _run(backend: EC2ContainerServiceBackend, service: Service, primary: dict[str, Any]) -> None:
    """As many tasks as are wanted run and are registered; the older deployments' tasks stop."""
    groups = elbv2_backends[backend.account_id][backend.region_name].target_groups
    tasks = tasks_of(backend, service, primary["id"])
    for number in range(len(tasks), service.desired_count):
        task = launch(backend, service, primary, number)
        begin(task, backend.describe_task_definition(task.task_definition_arn))
        if task.last_status == "STOPPED":  # its log group is missing
            _count_failure(service, primary, 1)
            return
        say(service, f"has started 1 tasks: (task {task.id}).")
        task.health_status = "HEALTHY"  # type: ignore[attr-defined]
        for arn, target in _targets(service, task):
            groups[arn].register([target])
            say(service, f"registered 1 targets in (target-group {arn})")
    scaled = "Scaling activity initiated by (deployment {})"
    for task in tasks[service.desired_count :]:
        leave(backend, service, task, "ServiceSchedulerInitiated", scaled.format(primary["id"]))
    for older in deployments_of(service)[1:]:
        for task in tasks_of(backend, service, older["id"]):
            leave(backend, service, task, "ServiceSchedulerInitiated", scaled.format(older["id"]))
    del service.deployments[1:]
    if primary["rolloutState"] == "IN_PROGRESS":
        primary["rolloutState"] = "COMPLETED"
        primary["rolloutStateReason"] = f"ECS deployment {primary['id']} completed."
        primary["updatedAt"] = now()
        service.completed = primary["taskDefinition"]  # type: ignore[attr-defined]
        ecs_history.complete(service)
        say(service, f"(deployment {primary['id']}) deployment completed.")
        say(service, "has reached a steady state.")


def _fail(backend: EC2ContainerServiceBackend, service: Service, primary: dict[str, Any], name: str) -> None:
    """Tasks start and fail, at each look as many as trip the circuit breaker: half of those wanted, 3 to 200."""
    if service.desired_count == 0:
        _run(backend, service, primary)
        return
    threshold = ecs_history.threshold(service)
    for number in range(threshold):
        task = launch(backend, service, primary, number)
        definition = backend.describe_task_definition(task.task_definition_arn)
        decides = begin(task, definition)
        if decides.exit_code is not None:
            end(task, definition, name, decides.exit_code)
        elif task.last_status == "RUNNING":
            arn = service.load_balancers[0]["targetGroupArn"]
            reason = "Health checks failed with these codes: [503]"
            say(service, f"(task {task.id}) (port 8000) is unhealthy in (target-group {arn}) due to (reason {reason})")
            stop(task, "ServiceSchedulerInitiated", f"Task failed ELB health checks in (target-group {arn})", {name: 0})
    _count_failure(service, primary, threshold)


def _count_failure(service: Service, primary: dict[str, Any], tasks: int) -> None:
    primary["failedTasks"] += tasks
    ecs_history.count(service, primary["failedTasks"])
    breaker = service.deployment_configuration["deploymentCircuitBreaker"]  # type: ignore[attr-defined]
    if not breaker["enable"] or primary["failedTasks"] < 3:
        return
    primary["rolloutState"] = "FAILED"
    primary["rolloutStateReason"] = "ECS deployment circuit breaker: tasks failed to start."
    primary["updatedAt"] = now()
    say(service, f"(deployment {primary['id']}) deployment failed: tasks failed to start.")
    before = service.completed  # type: ignore[attr-defined]
    back_to = None if before == primary["taskDefinition"] else before
    ecs_history.fail(service, back_to)
    if not breaker["rollback"] or back_to is None:
        return
    say(service, f"rolling back to the last completed deployment after (deployment {primary['id']}) failed.")
    deploy(service, back_to, f"ECS deployment circuit breaker: rolling back to task definition {back_to}.")
