#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_services
version_added: 0.1.0
short_description: ECS services on Fargate, changed in place
author: TriFlow AI (@triflow-ai)
description:
  - Creates services and changes them in place (CMP-1, CMP-3, CMP-7, CMP-8, CMP-12). Tasks run on Fargate, platform
    version LATEST, without public addresses.
  - Does not wait for a rollout; M(triflow.platform.ecs_rollout) does. Deleting waits until the tasks have stopped.
  - A service whose last deployment has failed without anything to go back to gets a new deployment.
options:
  cluster:
    description: Cluster of the services.
    type: str
    required: true
  services:
    description: The services.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: Component, which starts with C(service-).
        type: str
        required: true
      name:
        description: Name of the service.
        type: str
        required: true
      task_definition:
        description: ARN of the task definition's revision.
        type: str
      desired_count:
        description: Number of tasks (CMP-3).
        type: int
      keep_desired_count:
        description: The number is somebody else's to change once the service is there, such as the autoscaler's.
        type: bool
        default: false
      subnets:
        description: Ids of the subnets, over whose zones the tasks are spread.
        type: list
        elements: str
      security_groups:
        description: Ids of the security groups.
        type: list
        elements: str
      load_balancers:
        description: Target groups that the tasks are registered in, with the container that answers.
        type: list
        elements: dict
        default: []
        suboptions:
          target_group_arn:
            description: ARN of a target group, to which a listener forwards already.
            type: str
            required: true
          container_name:
            description: Name of the container.
            type: str
            required: true
          container_port:
            description: Port of the container.
            type: int
            required: true
      health_check_grace_period_seconds:
        description: Seconds in which a new task may fail its load balancer's health check.
        type: int
      minimum_healthy_percent:
        description: Least share of the tasks that run during a deployment.
        type: int
        default: 100
      maximum_percent:
        description: Largest share of the tasks that run during a deployment.
        type: int
        default: 200
      circuit_breaker:
        description: Give a deployment up when its tasks do not start, and go back to the one before.
        type: bool
        default: true
      availability_zone_rebalancing:
        description: Keep the tasks spread evenly over the zones.
        type: bool
        default: true
      enable_execute_command:
        description: Allow C(aws ecs execute-command) into the tasks.
        type: bool
        default: false
  wait_timeout:
    description: Longest wait for deleted services to be gone, in seconds.
    type: int
    default: 600
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Service
  triflow.platform.ecs_services:
    cluster: triflow-prod
    services:
      - component: service-backend
        name: backend
        task_definition: arn:aws:ecs:ap-northeast-2:123456789012:task-definition/triflow-prod-backend:7
        desired_count: 2
        keep_desired_count: true
        subnets: [subnet-0a1b2c3d4e5f60718, subnet-0a1b2c3d4e5f60719]
        security_groups: [sg-0a1b2c3d4e5f60718]
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: service-backend, action: update, fields: [task_definition]}]
resources:
  description: The services by component, each with its ARN as C(id) or a placeholder. Empty when absent.
  returned: always
  type: dict
deployments:
  description:
    - The new deployment of each service that has one, by the service's name. C(id) is what ECS answered with, C(older)
      are the deployments before it. It is for O(triflow.platform.ecs_rollout#module:deployments).
  returned: always
  type: dict
  sample: {backend: {id: ecs-svc/0123456789012345678, older: [ecs-svc/0123456789012345677]}}
waited:
  description: Seconds waited for deleted services to be gone.
  returned: always
  type: dict
  sample: {service-backend: 45.2}
"""

from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.ecs import from_ecs, read_services, to_ecs
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.rollout import told
from ansible_collections.triflow.platform.plugins.module_utils.statuses import alive, explained

# What the stack decides for every service.
FIXED = {
    "launch_type": "FARGATE",  # CMP-1
    "platform_version": "LATEST",  # CMP-7
    "assign_public_ip": "DISABLED",
    "enable_ecs_managed_tags": True,
    "propagate_tags": "SERVICE",
}
REQUIRED = ("task_definition", "desired_count", "subnets", "security_groups")
PARAMETERS = {  # of UpdateService, by the fields that it changes
    "task_definition": "taskDefinition",
    "desired_count": "desiredCount",
    "platform_version": "platformVersion",
    "subnets": "networkConfiguration",
    "security_groups": "networkConfiguration",
    "assign_public_ip": "networkConfiguration",
    "load_balancers": "loadBalancers",
    "health_check_grace_period_seconds": "healthCheckGracePeriodSeconds",
    "minimum_healthy_percent": "deploymentConfiguration",
    "maximum_percent": "deploymentConfiguration",
    "circuit_breaker": "deploymentConfiguration",
    "availability_zone_rebalancing": "availabilityZoneRebalancing",
    "enable_execute_command": "enableExecuteCommand",
    "enable_ecs_managed_tags": "enableECSManagedTags",
    "propagate_tags": "propagateTags",
}
# Running tasks have these from their start, so a change of them is one only with new tasks.
RESTART = ("enable_execute_command", "enable_ecs_managed_tags", "propagate_tags", "rollout_state")


class Service(Resource):
    id_prefix = "arn:aws:ecs:::service/"
    fixed = ("launch_type",)

    def __init__(
        self,
        api: Api,
        cluster: str,
        options: dict[str, Any],
        described: dict[str, Any] | None,
        before: dict[str, Any] | None,
    ) -> None:
        super().__init__(options["component"])
        self.api = api
        self.cluster = cluster
        self.name = options["name"]
        self.options = options
        self.described = described
        self.before = before  # what it was before this module wrote anything
        self.told = told(before, described) if described else None  # its new deployment
        self.tags = api.module.tags_of(self.component)

    @override
    def find(self) -> dict[str, Any] | None:
        service = self.described
        if service is None:
            return None
        network = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
        deployment = service["deploymentConfiguration"]
        breaker = deployment.get("deploymentCircuitBreaker", {})
        primary: dict[str, Any] = next((item for item in service["deployments"] if item["status"] == "PRIMARY"), {})
        return {
            "id": service["serviceArn"],
            "status": service["status"],
            "task_definition": service["taskDefinition"],
            "desired_count": service["desiredCount"],
            "launch_type": service.get("launchType"),
            "platform_version": service.get("platformVersion"),
            "subnets": network.get("subnets", []),
            "security_groups": network.get("securityGroups", []),
            "assign_public_ip": network.get("assignPublicIp"),
            "load_balancers": [
                {
                    "target_group_arn": balancer.get("targetGroupArn"),
                    "container_name": balancer["containerName"],
                    "container_port": balancer["containerPort"],
                }
                for balancer in service["loadBalancers"]
            ],
            "health_check_grace_period_seconds": service.get("healthCheckGracePeriodSeconds", 0),
            "minimum_healthy_percent": deployment.get("minimumHealthyPercent"),
            "maximum_percent": deployment.get("maximumPercent"),
            "circuit_breaker": {key: breaker.get(key, False) for key in ("enable", "rollback")},
            "availability_zone_rebalancing": service.get("availabilityZoneRebalancing", "DISABLED"),
            "enable_execute_command": service.get("enableExecuteCommand", False),
            "enable_ecs_managed_tags": service.get("enableECSManagedTags", False),
            "propagate_tags": service.get("propagateTags", "NONE"),
            "rollout_state": primary.get("rolloutState"),
            "tags": from_ecs(service.get("tags")),
        }

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        wanted = {key: self.options[key] for key in self.options if key not in ("component", "name")}
        keep_count = wanted.pop("keep_desired_count")
        breaker = wanted["circuit_breaker"]
        wanted["circuit_breaker"] = {"enable": breaker, "rollback": breaker}
        wanted["availability_zone_rebalancing"] = "ENABLED" if wanted["availability_zone_rebalancing"] else "DISABLED"
        if not wanted["load_balancers"]:
            wanted["health_check_grace_period_seconds"] = None  # ECS takes it with a load balancer only
        if live and keep_count:
            wanted["desired_count"] = None
        if live and live["rollout_state"] == "FAILED":
            wanted["rollout_state"] = "IN_PROGRESS"
        return {**wanted, **FIXED, "tags": self.tags}

    def _parameters(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """The parameters that CreateService and UpdateService share."""
        parameters = {
            "taskDefinition": wanted["task_definition"],
            "desiredCount": wanted["desired_count"],
            "platformVersion": wanted["platform_version"],
            "networkConfiguration": {
                "awsvpcConfiguration": {
                    "subnets": wanted["subnets"],
                    "securityGroups": wanted["security_groups"],
                    "assignPublicIp": wanted["assign_public_ip"],
                }
            },
            "loadBalancers": [
                {
                    "targetGroupArn": balancer["target_group_arn"],
                    "containerName": balancer["container_name"],
                    "containerPort": balancer["container_port"],
                }
                for balancer in wanted["load_balancers"]
            ],
            "healthCheckGracePeriodSeconds": wanted["health_check_grace_period_seconds"],
            "deploymentConfiguration": {
                "minimumHealthyPercent": wanted["minimum_healthy_percent"],
                "maximumPercent": wanted["maximum_percent"],
                "deploymentCircuitBreaker": wanted["circuit_breaker"],
            },
            "availabilityZoneRebalancing": wanted["availability_zone_rebalancing"],
            "enableExecuteCommand": wanted["enable_execute_command"],
            "enableECSManagedTags": wanted["enable_ecs_managed_tags"],
            "propagateTags": wanted["propagate_tags"],
        }
        return {name: value for name, value in parameters.items() if value is not None}

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        answer = self.api.call(
            "create_service",
            on=self.name,
            cluster=self.cluster,
            serviceName=self.name,
            launchType=wanted["launch_type"],
            tags=to_ecs(self.tags),
            **self._parameters(wanted),
        )
        self.told = told(None, answer["service"])
        return str(answer["service"]["serviceArn"])

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if "tags" in fields:
            self.api.call("tag_resource", on=self.name, resourceArn=live["id"], tags=to_ecs(self.tags))
        parameters = self._parameters(wanted)
        given = {PARAMETERS[field]: parameters[PARAMETERS[field]] for field in fields if field in PARAMETERS}
        if set(fields) & set(RESTART):
            given["forceNewDeployment"] = True
        if given:
            answer = self.api.call("update_service", on=self.name, cluster=self.cluster, service=self.name, **given)
            self.told = told(self.before, answer["service"])

    @override
    def delete(self, live: dict[str, Any]) -> None:
        if live["status"] == "ACTIVE":
            self.api.call("delete_service", on=self.name, cluster=self.cluster, service=self.name, force=True)


@looks_again
def main() -> None:
    strings = {"type": "list", "elements": "str"}
    balancer = {
        "target_group_arn": {"type": "str", "required": True},
        "container_name": {"type": "str", "required": True},
        "container_port": {"type": "int", "required": True},
    }
    options = {
        "component": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
        "task_definition": {"type": "str"},
        "desired_count": {"type": "int"},
        "keep_desired_count": {"type": "bool", "default": False},
        "subnets": strings,
        "security_groups": strings,
        "load_balancers": {"type": "list", "elements": "dict", "default": [], "options": balancer},
        "health_check_grace_period_seconds": {"type": "int"},
        "minimum_healthy_percent": {"type": "int", "default": 100},
        "maximum_percent": {"type": "int", "default": 200},
        "circuit_breaker": {"type": "bool", "default": True},
        "availability_zone_rebalancing": {"type": "bool", "default": True},
        "enable_execute_command": {"type": "bool", "default": False},
    }
    module = StackModule(
        {
            "cluster": {"type": "str", "required": True},
            "services": {"type": "list", "elements": "dict", "required": True, "options": options},
            "wait_timeout": {"type": "int", "default": 600},
        }
    )
    api, cluster, entries = module.api("ecs"), module.params["cluster"], module.params["services"]
    present = module.params["state"] == "present"
    described = read_services(api, cluster, [entry["name"] for entry in entries])
    before = module.attempts.first("services", described)
    for entry in entries if present else ():
        missing = [name for name in REQUIRED if entry[name] is None]
        if missing:
            module.fail(f"{entry['component']} lacks {', '.join(missing)}: state present needs them")
        status = described.get(entry["name"], {}).get("status", "ACTIVE")
        if not alive("ECS service", status):
            module.fail(f"Service {entry['name']} of cluster {cluster} is {explained('ECS service', status)}")
    run = Run(module)
    services = [
        Service(api, cluster, entry, described.get(entry["name"]), before.get(entry["name"])) for entry in entries
    ]
    run.converge(services)
    waited = {}
    for service in services if not present and not module.check_mode else ():
        live = service.find()
        if live and not service.is_foreign(live, module.params["stack"]):
            timeout = module.params["wait_timeout"]
            waited[service.component] = api.wait(
                "services_inactive", on=service.name, timeout=timeout, cluster=cluster, services=[service.name]
            )
    run.exit(waited=waited, deployments={service.name: service.told for service in services if service.told})


if __name__ == "__main__":
    main()
