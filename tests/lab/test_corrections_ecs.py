"""ECS in the lab: clusters, task definitions, one-off tasks and the deployments of services."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.conftest import Lab
from tests.lab.conftest import Account, refused

LOG = {"awslogs-group": "/backend", "awslogs-region": "ap-northeast-2", "awslogs-stream-prefix": "ecs"}
CONTAINER: dict[str, Any] = {
    "name": "backend",
    "image": "example/backend:1",
    "portMappings": [{"containerPort": 8000}],
    "logConfiguration": {"logDriver": "awslogs", "options": LOG},
}
DEFINITION: dict[str, Any] = {
    "cpu": "1024",
    "memory": "2048",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
}
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


class Ecs:
    """A cluster in a VPC, a log group, and a target group that a listener forwards to."""

    def __init__(self, account: Account) -> None:
        self.ecs: Any = account.lab.aws("ecs")
        self.elb: Any = account.lab.aws("elbv2")
        self.ec2, self.logs = account.ec2, account.lab.aws("logs")
        self.name = f"test-{uuid.uuid4().hex[:8]}"  # the account is not empty: that takes longer than a test
        vpc = account.vpc()
        self.subnets = [account.subnet(vpc, "10.0.11.0/24", "a"), account.subnet(vpc, "10.0.12.0/24", "c")]
        self.group = self.ec2.create_security_group(VpcId=vpc, GroupName="ecs", Description="ecs")["GroupId"]
        self.target_group = self.elb.create_target_group(
            Name=self.name, Protocol="HTTP", Port=8000, VpcId=vpc, TargetType="ip"
        )["TargetGroups"][0]["TargetGroupArn"]
        self.logs.create_log_group(logGroupName=self.name)
        self.ecs.create_cluster(clusterName=self.name)

    def listen(self) -> None:
        balancer = self.elb.create_load_balancer(Name=self.name, Subnets=self.subnets, Scheme="internal")[
            "LoadBalancers"
        ][0]
        self.elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.target_group}],
        )

    def register(self, image: str = "example/backend:1", **options: Any) -> str:
        log = {**CONTAINER["logConfiguration"], "options": {**LOG, "awslogs-group": self.name}}
        container = {**CONTAINER, "image": image, "logConfiguration": log}
        wanted = {**DEFINITION, "family": self.name, "containerDefinitions": [container], **options}
        answer = self.ecs.register_task_definition(**wanted)
        arn: str = answer["taskDefinition"]["taskDefinitionArn"]
        return arn

    @property
    def network(self) -> dict[str, Any]:
        return {"awsvpcConfiguration": {"subnets": self.subnets, "securityGroups": [self.group]}}

    def create(self, definition: str, **options: Any) -> dict[str, Any]:
        wanted = {
            "cluster": self.name,
            "serviceName": "backend",
            "taskDefinition": definition,
            "desiredCount": 2,
            "launchType": "FARGATE",
            "networkConfiguration": self.network,
            "deploymentConfiguration": BREAKER,
            **options,
        }
        service: dict[str, Any] = self.ecs.create_service(**wanted)["service"]
        return service

    def balancers(self) -> list[dict[str, Any]]:
        return [{"targetGroupArn": self.target_group, "containerName": "backend", "containerPort": 8000}]

    def update(self, **options: Any) -> dict[str, Any]:
        service: dict[str, Any] = self.ecs.update_service(cluster=self.name, service="backend", **options)["service"]
        return service

    def look(self) -> dict[str, Any]:
        service: dict[str, Any] = self.ecs.describe_services(cluster=self.name, services=["backend"], include=["TAGS"])[
            "services"
        ][0]
        return service

    def tasks(self, **options: Any) -> list[dict[str, Any]]:
        arns = self.ecs.list_tasks(cluster=self.name, **options)["taskArns"]
        found: list[dict[str, Any]] = (
            self.ecs.describe_tasks(cluster=self.name, tasks=arns, include=["TAGS"])["tasks"] if arns else []
        )
        return found

    def one_off(self, definition: str) -> dict[str, Any]:
        where = {"cluster": self.name, "launchType": "FARGATE", "networkConfiguration": self.network}
        return {**where, "taskDefinition": definition}

    def run(self, definition: str, *command: str) -> dict[str, Any]:
        overrides = {"containerOverrides": [{"name": "backend", "command": list(command)}]} if command else {}
        (task,) = self.ecs.run_task(**self.one_off(definition), overrides=overrides)["tasks"]
        started: dict[str, Any] = task
        return started

    def task(self, arn: str) -> dict[str, Any]:
        (task,) = self.ecs.describe_tasks(cluster=self.name, tasks=[arn])["tasks"]
        found: dict[str, Any] = task
        return found

    def interfaces(self) -> list[dict[str, Any]]:
        inside = [{"Name": "subnet-id", "Values": self.subnets}]
        found: list[dict[str, Any]] = self.ec2.describe_network_interfaces(Filters=inside)["NetworkInterfaces"]
        return found

    def targets(self) -> set[tuple[str, str]]:
        answer = self.elb.describe_target_health(TargetGroupArn=self.target_group)["TargetHealthDescriptions"]
        return {(item["Target"]["Id"], item["TargetHealth"]["State"]) for item in answer}


@pytest.fixture
def ecs(lab: Lab) -> Ecs:
    return Ecs(Account(lab))


# Clusters


def test_cluster_keeps_its_settings_and_has_lists_where_nothing_was_given(ecs: Ecs) -> None:
    """CreateCluster of an active cluster, DescribeClusters, UpdateClusterSettings."""
    (cluster,) = ecs.ecs.describe_clusters(clusters=[ecs.name], include=["SETTINGS", "TAGS"])["clusters"]
    assert cluster["capacityProviders"] == cluster["defaultCapacityProviderStrategy"] == []
    assert cluster["settings"] == [{"name": "containerInsights", "value": "disabled"}]
    settings = [{"name": "containerInsights", "value": "enabled"}]
    ecs.ecs.update_cluster_settings(cluster=ecs.name, settings=settings)
    assert ecs.ecs.create_cluster(clusterName=ecs.name)["cluster"]["settings"] == settings
    with refused("InvalidParameterException", "containerInsights"):
        ecs.ecs.update_cluster_settings(cluster=ecs.name, settings=[{"name": "containerInsights", "value": "on"}])


def test_capacity_providers_default_their_weight(ecs: Ecs) -> None:
    """PutClusterCapacityProviders."""
    providers = {"cluster": ecs.name, "capacityProviders": ["FARGATE"]}
    with refused("InvalidParameterException", "not associated"):
        ecs.ecs.put_cluster_capacity_providers(
            **providers, defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT"}]
        )
    ecs.ecs.put_cluster_capacity_providers(
        **providers, defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}]
    )
    (cluster,) = ecs.ecs.describe_clusters(clusters=[ecs.name])["clusters"]
    assert cluster["defaultCapacityProviderStrategy"] == [{"capacityProvider": "FARGATE", "weight": 1, "base": 0}]


def test_cluster_with_a_service_is_not_deleted(ecs: Ecs) -> None:
    """DeleteCluster: ClusterContainsServicesException; DeleteService: DRAINING first, then INACTIVE."""
    ecs.create(ecs.register())
    assert ecs.look()["runningCount"] == 2
    (cluster,) = ecs.ecs.describe_clusters(clusters=[ecs.name])["clusters"]
    assert (cluster["activeServicesCount"], cluster["runningTasksCount"]) == (1, 2)
    with refused("ClusterContainsServicesException"):
        ecs.ecs.delete_cluster(cluster=ecs.name)
    with refused("InvalidParameterException", "scaled above 0"):
        ecs.ecs.delete_service(cluster=ecs.name, service="backend")
    assert ecs.ecs.delete_service(cluster=ecs.name, service="backend", force=True)["service"]["status"] == "DRAINING"
    with refused("InvalidParameterException", "still Draining"):
        ecs.create(ecs.register())
    assert ecs.look()["status"] == "INACTIVE"
    assert ecs.interfaces() == []
    assert ecs.ecs.delete_cluster(cluster=ecs.name)["cluster"]["status"] == "INACTIVE"


# Task definitions


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cpu": "1024", "memory": "1024"}, "No Fargate configuration exists for given values"),
        ({"cpu": "1000"}, "No Fargate configuration exists for given values"),
        ({"networkMode": "bridge"}, "only supports network mode"),
        ({"executionRoleArn": ""}, "execution role ARN to support log driver awslogs"),
        ({"containerDefinitions": [{**CONTAINER, "essential": False}]}, "at least one essential container"),
        ({"containerDefinitions": [CONTAINER, CONTAINER]}, "should be unique"),
        (
            {
                "containerDefinitions": [
                    {**CONTAINER, "mountPoints": [{"sourceVolume": "tmp", "containerPath": "/tmp"}]}
                ]
            },
            "Unknown volume",
        ),
    ],
)
def test_task_definition_that_fargate_refuses(ecs: Ecs, options: dict[str, Any], message: str) -> None:
    """RegisterTaskDefinition, and "Task CPU and memory" of the developer guide."""
    with refused("ClientException", message):
        ecs.register(**options)


def test_task_definition_is_answered_with_defaults(ecs: Ecs) -> None:
    """ContainerDefinition: host port, protocol, health check; the family is its latest active revision."""
    check = {"command": ["CMD-SHELL", "true"]}
    first = ecs.register(containerDefinitions=[{**CONTAINER, "healthCheck": check}])
    (container,) = ecs.ecs.describe_task_definition(taskDefinition=first)["taskDefinition"]["containerDefinitions"]
    assert container["portMappings"] == [{"containerPort": 8000, "hostPort": 8000, "protocol": "tcp"}]
    assert container["healthCheck"] == {**check, "interval": 30, "timeout": 5, "retries": 3}
    second = ecs.register()
    ecs.ecs.deregister_task_definition(taskDefinition=second)
    assert ecs.ecs.describe_task_definition(taskDefinition=ecs.name)["taskDefinition"]["taskDefinitionArn"] == first
    ecs.ecs.deregister_task_definition(taskDefinition=first)
    with refused("ClientException", "Unable to describe"):
        ecs.ecs.describe_task_definition(taskDefinition=ecs.name)


# One-off tasks


@pytest.mark.parametrize(
    ("image", "command", "exit_code"),
    [
        ("example/backend:1", ["sh", "-c", "migrate"], 0),
        ("example/backend:1", ["sh", "-c", "migrate; exit 3"], 3),
        ("example/backend:2-fails-exit-4", ["sh", "-c", "migrate"], 4),
        ("example/backend:2-fails-exit-4", [], 4),
    ],
)
def test_one_off_task_ends_with_its_exit_code_and_log(ecs: Ecs, image: str, command: list[str], exit_code: int) -> None:
    """RunTask, DescribeTasks; no container needs a memory of its own on Fargate."""
    arn = ecs.run(ecs.register(image), *command)["taskArn"]
    task = ecs.task(arn)
    assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "EssentialContainerExited")
    assert task["stoppedReason"] == "Essential container in task exited"
    assert task["containers"][0]["exitCode"] == exit_code
    stream = f"ecs/backend/{arn.split('/')[-1]}"
    lines = ecs.logs.get_log_events(logGroupName=ecs.name, logStreamName=stream, startFromHead=True)["events"]
    assert lines[-1]["message"] == f"lab: exit code {exit_code}"
    assert ecs.tasks() == []
    assert [found["taskArn"] for found in ecs.tasks(desiredStatus="STOPPED")] == [arn]


def test_one_off_task_takes_its_time(ecs: Ecs) -> None:
    arn = ecs.run(ecs.register(), "sh", "-c", "sleep 600; exit 1")["taskArn"]
    assert ecs.task(arn)["lastStatus"] == "RUNNING"
    ecs.ecs.stop_task(cluster=ecs.name, task=arn, reason="enough")
    assert ecs.task(arn)["stoppedReason"] == "enough"


def test_a_repeated_client_token_starts_nothing(ecs: Ecs) -> None:
    """RunTask and CreateService: clientToken."""
    asked = {**ecs.one_off(ecs.register()), "clientToken": "one"}
    first, second = (ecs.ecs.run_task(**asked)["tasks"][0]["taskArn"] for _unused in range(2))
    assert first == second
    assert len(ecs.tasks()) == 1
    with refused("ConflictException", "already in use"):
        ecs.ecs.run_task(**asked, startedBy="another")
    services = [ecs.create(asked["taskDefinition"], clientToken="two")["serviceArn"] for _unused in range(2)]
    assert services[0] == services[1]
    with refused("InvalidParameterException", "not idempotent"):
        ecs.create(asked["taskDefinition"], clientToken="three")


def test_one_off_tasks_are_found_by_who_started_them(ecs: Ecs) -> None:
    """ListTasks: startedBy is the only filter then; RunTask: up to 128 of certain characters."""
    definition = ecs.register()
    asked = ecs.one_off(definition)
    (task,) = ecs.ecs.run_task(**asked, startedBy="release/2_a-b")["tasks"]
    ecs.run(definition)
    assert [found["taskArn"] for found in ecs.tasks(startedBy="release/2_a-b")] == [task["taskArn"]]
    assert len(ecs.tasks()) == 2
    with refused("InvalidParameterException", "cannot specify startedBy with other arguments"):
        ecs.tasks(startedBy="release/2_a-b", desiredStatus="STOPPED")
    for name in ("a" * 129, "with space"):
        with refused("InvalidParameterException", "startedBy"):
            ecs.ecs.run_task(**asked, startedBy=name)


def test_one_off_task_of_another_size(ecs: Ecs) -> None:
    """TaskOverride, cpu and memory; "Task CPU and memory" of the developer guide."""
    asked = ecs.one_off(ecs.register())
    (task,) = ecs.ecs.run_task(**asked, overrides={"cpu": "2048", "memory": "4096"})["tasks"]
    assert (task["cpu"], task["memory"]) == ("2048", "4096")
    with refused("InvalidParameterException", "No Fargate configuration exists for given values"):
        ecs.ecs.run_task(**asked, overrides={"cpu": "2048"})


def test_one_off_task_that_cannot_start(ecs: Ecs) -> None:
    """Stopped tasks error messages: CannotPullContainerError, ResourceInitializationError."""
    task = ecs.task(ecs.run(ecs.register("example/backend:cannot-pull"))["taskArn"])
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("CannotPullContainerError")
    assert "exitCode" not in task["containers"][0]
    ecs.logs.delete_log_group(logGroupName=ecs.name)
    task = ecs.task(ecs.run(ecs.register())["taskArn"])
    assert task["stoppedReason"].startswith("ResourceInitializationError")


# Services


def test_service_keeps_what_it_is_given(ecs: Ecs) -> None:
    """CreateService and UpdateService, whose defaults are answered too."""
    service = ecs.create(
        ecs.register(),
        healthCheckGracePeriodSeconds=0,
        enableExecuteCommand=True,
        enableECSManagedTags=True,
        propagateTags="SERVICE",
        tags=[{"key": "triflow:stack", "value": "stack"}],
    )
    assert (service["runningCount"], service["deployments"][0]["rolloutState"]) == (0, "IN_PROGRESS")
    service = ecs.look()
    assert service["enableExecuteCommand"] is service["enableECSManagedTags"] is True
    assert service["availabilityZoneRebalancing"] == "ENABLED"
    assert service["platformVersion"] == "LATEST"
    assert service["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert service["deploymentConfiguration"]["maximumPercent"] == 200
    with refused("InvalidParameterException", "maximumPercent <= 100"):
        ecs.update(deploymentConfiguration={"maximumPercent": 100}, availabilityZoneRebalancing="ENABLED")
    ecs.update(availabilityZoneRebalancing="DISABLED", deploymentConfiguration={"maximumPercent": 150})
    service = ecs.look()
    assert service["availabilityZoneRebalancing"] == "DISABLED"
    assert service["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    with refused("InvalidParameterException", "not idempotent"):
        ecs.create(ecs.register())


def test_tasks_come_up_in_both_zones_with_the_services_tags(ecs: Ecs) -> None:
    ecs.listen()
    ecs.create(
        ecs.register(),
        loadBalancers=ecs.balancers(),
        enableECSManagedTags=True,
        propagateTags="SERVICE",
        tags=[{"key": "triflow:stack", "value": "stack"}],
    )
    service = ecs.look()
    assert (service["runningCount"], service["pendingCount"]) == (2, 0)
    assert service["deployments"][0]["rolloutState"] == "COMPLETED"
    assert "has reached a steady state" in service["events"][0]["message"]
    tasks = ecs.tasks(serviceName="backend")
    assert {task["availabilityZone"] for task in tasks} == {"ap-northeast-2a", "ap-northeast-2c"}
    for task in tasks:
        assert {tag["key"] for tag in task["tags"]} == {
            "triflow:stack",
            "aws:ecs:clusterName",
            "aws:ecs:serviceName",
        }
    assert {state for _unused, state in ecs.targets()} == {"healthy"}
    assert len(ecs.targets()) == 2


def test_stopped_task_leaves_the_target_group_and_is_replaced(ecs: Ecs, lab: Lab) -> None:
    """StopTask; the tagging API lists running tasks only."""
    ecs.listen()
    tags = [{"key": "stack", "value": ecs.name}]
    ecs.create(ecs.register(), loadBalancers=ecs.balancers(), propagateTags="SERVICE", tags=tags)
    stopped = ecs.tasks(serviceName="backend")[0]["taskArn"]
    before = ecs.targets()
    ecs.ecs.stop_task(cluster=ecs.name, task=stopped)
    assert len(ecs.targets()) == 1
    after = ecs.tasks(serviceName="backend")
    assert len(after) == len(ecs.targets()) == 2
    assert len(ecs.targets() & before) == 1
    found = lab.aws("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": "stack", "Values": [ecs.name]}], ResourceTypeFilters=["ecs:task"]
    )["ResourceTagMappingList"]
    assert {item["ResourceARN"] for item in found} == {task["taskArn"] for task in after}


def test_target_group_without_a_load_balancer_is_refused(ecs: Ecs) -> None:
    """CreateService: the target group must have an associated load balancer."""
    with refused("InvalidParameterException", "does not have an associated load balancer"):
        ecs.create(ecs.register(), loadBalancers=ecs.balancers())
    ecs.listen()
    with refused("InvalidParameterException", "did not have a container port"):
        ecs.create(ecs.register(), loadBalancers=[{**ecs.balancers()[0], "containerPort": 9000}])


def test_good_deployment_replaces_the_tasks(ecs: Ecs) -> None:
    """UpdateService stores the ARN of the task definition, and its tasks take the place of the old ones."""
    ecs.listen()
    ecs.create(ecs.register(), loadBalancers=ecs.balancers())
    ecs.look()
    old = ecs.targets()
    second = ecs.register("example/backend:2")
    assert ecs.update(taskDefinition=ecs.name)["taskDefinition"] == second
    service = ecs.look()
    assert [item["taskDefinition"] for item in service["deployments"]] == [second]
    assert {task["taskDefinitionArn"] for task in ecs.tasks(serviceName="backend")} == {second}
    assert len(ecs.targets()) == 2
    assert not ecs.targets() & old


@pytest.mark.parametrize(
    ("image", "reason", "exit_code"),
    [
        ("example/backend:2-fails-exit-7", "Essential container in task exited", 7),
        ("example/backend:2-never-healthy", "Task failed ELB health checks", 0),
        ("example/backend:2-cannot-pull", "CannotPullContainerError", None),
    ],
)
def test_failing_deployment_is_rolled_back(ecs: Ecs, image: str, reason: str, exit_code: int | None) -> None:
    """The circuit breaker: FAILED, and the last completed deployment once more."""
    ecs.listen()
    first = ecs.register()
    ecs.create(first, loadBalancers=ecs.balancers())
    ecs.look()
    second = ecs.register(image)
    ecs.update(taskDefinition=second)
    back, failed = ecs.look()["deployments"][:2]
    assert (failed["taskDefinition"], failed["rolloutState"], failed["failedTasks"]) == (second, "FAILED", 3)
    assert (back["taskDefinition"], back["status"], back["rolloutState"]) == (first, "PRIMARY", "IN_PROGRESS")
    assert len(ecs.targets()) == 2  # the old ones serve all the time
    (stays,) = ecs.look()["deployments"]
    assert (stays["taskDefinition"], stays["rolloutState"]) == (first, "COMPLETED")
    stopped = [task for task in ecs.tasks(desiredStatus="STOPPED") if task["taskDefinitionArn"] == second]
    assert len(stopped) == 3
    assert all(task["stoppedReason"].startswith(reason) for task in stopped)
    assert {task["containers"][0].get("exitCode") for task in stopped} == {exit_code}


def test_first_deployment_that_fails_has_nothing_to_go_back_to(ecs: Ecs) -> None:
    ecs.create(ecs.register("example/backend:fails-exit-1"))
    (deployment,) = ecs.look()["deployments"]
    assert deployment["rolloutState"] == "FAILED"
    assert ecs.look()["runningCount"] == 0
    assert ecs.update(taskDefinition=ecs.register())["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert ecs.look()["runningCount"] == 2


def test_without_the_circuit_breaker_it_goes_on_failing(ecs: Ecs) -> None:
    ecs.create(ecs.register("example/backend:fails-exit-1"), deploymentConfiguration={})
    assert ecs.look()["deployments"][0]["failedTasks"] == 3
    (deployment,) = ecs.look()["deployments"]
    assert (deployment["rolloutState"], deployment["failedTasks"]) == ("IN_PROGRESS", 6)


def test_slow_start(ecs: Ecs) -> None:
    ecs.create(ecs.register("example/backend:starts-after-600s"))
    service = ecs.look()
    assert (service["runningCount"], service["pendingCount"]) == (0, 2)
    assert service["deployments"][0]["rolloutState"] == "IN_PROGRESS"


def test_desired_count_is_no_deployment(ecs: Ecs) -> None:
    ecs.create(ecs.register())
    (before,) = ecs.look()["deployments"]
    ecs.update(desiredCount=4)
    (after,) = ecs.look()["deployments"]
    assert (after["id"], after["runningCount"]) == (before["id"], 4)
    ecs.update(desiredCount=1)
    assert len(ecs.tasks(serviceName="backend")) == 1
    ecs.update(forceNewDeployment=True)
    assert ecs.look()["deployments"][0]["id"] != before["id"]
    stopped = ecs.tasks(serviceName="backend")[0]["taskArn"]
    ecs.ecs.stop_task(cluster=ecs.name, task=stopped)
    assert [task["taskArn"] for task in ecs.tasks(serviceName="backend")] != [stopped]
