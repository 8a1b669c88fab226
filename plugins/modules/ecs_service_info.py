#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_service_info
version_added: 0.1.0
short_description: What ECS services run, what they ran before, and how they are
author: TriFlow AI (@triflow-ai)
description:
  - Reads services with their images, network, targets' health, events, stopped tasks and deployments.
  - What ran before comes from ECS's own history of 90 days. No state is kept elsewhere.
  - It changes nothing and does the same in check mode.
options:
  cluster:
    description: Cluster of the services.
    type: str
    required: true
  services:
    description: Names of the services. One that is not there is left out of the answer.
    type: list
    elements: str
    required: true
  events:
    description: Largest number of events to return for each service.
    type: int
    default: 5
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.plan.reads
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Read the service
  triflow.platform.ecs_service_info:
    cluster: triflow-prod
    services: [backend]
  register: release_service
"""

RETURN = r"""
services:
  description: The services that are there, by name.
  returned: always
  type: dict
  contains:
    arn:
      description: ARN of the service.
      type: str
    status:
      description: C(ACTIVE), or C(DRAINING) while it is being deleted.
      type: str
    task_definition:
      description: ARN of the revision that it was told to run last.
      type: str
    stable_task_definition:
      description:
        - ARN of the revision of the newest successful deployment, which a failed release goes back to.
        - Null when none has succeeded yet.
      type: str
    previous_task_definition:
      description: ARN of the newest other revision that was deployed successfully. Null when there is none.
      type: str
    image:
      description: Image of the container that has the service's name, else of the first container.
      type: str
    images:
      description: Image of each container, by its name.
      type: dict
    since:
      description: Start of the current deployment, in UTC.
      type: str
      sample: "2026-01-20T09:00:00+00:00"
    desired_count:
      description: Number of tasks that it should run.
      type: int
    running_count:
      description: Number of tasks that run.
      type: int
    pending_count:
      description: Number of tasks that start.
      type: int
    rollout_state:
      description: C(COMPLETED), C(IN_PROGRESS) or C(FAILED), of the current deployment.
      type: str
    rollout_state_reason:
      description: Why it is in this state.
      type: str
    subnets:
      description: Ids of its tasks' subnets.
      type: list
    security_groups:
      description: Ids of its tasks' security groups.
      type: list
    load_balancers:
      description: C(target_group_arn), C(container_name) and C(container_port) of each.
      type: list
    health_check_grace_period_seconds:
      description: Seconds in which a new task may fail its load balancer's health check.
      type: int
    enable_execute_command:
      description: Whether C(aws ecs execute-command) into the tasks is allowed.
      type: bool
    targets:
      description: C(target_group_arn), C(id), C(port), C(state) and C(description) of each target.
      type: list
    events:
      description: C(at) and C(message) of each event, the newest first.
      type: list
    deployments:
      description:
        - The newest ten service deployments, the newest first.
        - Each has C(at), C(finished_at), C(status), C(reason) and C(task_definition).
      type: list
    stopped_tasks:
      description: A sentence on each of the three tasks that stopped last. ECS keeps them for an hour.
      type: list
"""

from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import service_history
from ansible_collections.triflow.platform.plugins.module_utils.ecs import read_services
from ansible_collections.triflow.platform.plugins.module_utils.moments import iso
from ansible_collections.triflow.platform.plugins.module_utils.resource import StackModule
from ansible_collections.triflow.platform.plugins.module_utils.rollout import DESCRIBED_AT_ONCE, SHOWN, stopped_task


class Reader:
    """Reads one cluster's services."""

    def __init__(self, module: StackModule) -> None:
        self.cluster: str = module.params["cluster"]
        self.events: int = module.params["events"]
        self.ecs = module.api("ecs")
        self.elbv2 = module.api("elbv2")

    def service(self, name: str, service: dict[str, Any]) -> dict[str, Any]:
        primary: dict[str, Any] = next((item for item in service["deployments"] if item["status"] == "PRIMARY"), {})
        network = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
        images = self._images(name, service["taskDefinition"])
        balancers = [
            {
                "target_group_arn": balancer.get("targetGroupArn"),
                "container_name": balancer["containerName"],
                "container_port": balancer["containerPort"],
            }
            for balancer in service["loadBalancers"]
        ]
        return {
            "arn": service["serviceArn"],
            "status": service["status"],
            "task_definition": service["taskDefinition"],
            **service_history.read(self.ecs, self.cluster, name, primary),
            "image": images.get(name, next(iter(images.values()))),
            "images": images,
            "since": iso(primary.get("createdAt")),
            "desired_count": service["desiredCount"],
            "running_count": service["runningCount"],
            "pending_count": service["pendingCount"],
            "rollout_state": primary.get("rolloutState"),
            "rollout_state_reason": primary.get("rolloutStateReason"),
            "subnets": network.get("subnets", []),
            "security_groups": network.get("securityGroups", []),
            "load_balancers": balancers,
            "health_check_grace_period_seconds": service.get("healthCheckGracePeriodSeconds", 0),
            "enable_execute_command": service.get("enableExecuteCommand", False),
            "targets": [target for balancer in balancers for target in self._targets(name, balancer)],
            "events": [
                {"at": iso(event["createdAt"]), "message": event["message"]}
                for event in service["events"][: self.events]
            ],
            "stopped_tasks": self._stopped_tasks(name),
        }

    def _images(self, name: str, task_definition: str) -> dict[str, str]:
        answer = self.ecs.call("describe_task_definition", on=name, taskDefinition=task_definition)
        return {item["name"]: item["image"] for item in answer["taskDefinition"]["containerDefinitions"]}

    def _targets(self, name: str, balancer: dict[str, Any]) -> list[dict[str, Any]]:
        arn = balancer["target_group_arn"]
        answer = self.elbv2.call("describe_target_health", on=name, absent=("TargetGroupNotFound",), TargetGroupArn=arn)
        return [
            {
                "target_group_arn": arn,
                "id": item["Target"]["Id"],
                "port": item["Target"].get("Port"),
                "state": item["TargetHealth"]["State"],
                "description": item["TargetHealth"].get("Description") or item["TargetHealth"].get("Reason"),
            }
            for item in answer.get("TargetHealthDescriptions", [])
        ]

    def _stopped_tasks(self, name: str) -> list[str]:
        answer = self.ecs.call("list_tasks", on=name, cluster=self.cluster, serviceName=name, desiredStatus="STOPPED")
        listed = answer["taskArns"][:DESCRIBED_AT_ONCE]
        if not listed:
            return []
        tasks = self.ecs.call("describe_tasks", on=name, cluster=self.cluster, tasks=listed)["tasks"]
        newest = sorted(tasks, key=lambda task: str(task.get("stoppedAt", "")), reverse=True)
        return [stopped_task(task) for task in newest[: SHOWN["tasks"]]]


def main() -> None:
    module = StackModule(
        {
            "cluster": {"type": "str", "required": True},
            "services": {"type": "list", "elements": "str", "required": True},
            "events": {"type": "int", "default": 5},
        },
        state=False,
    )
    reader = Reader(module)
    found = read_services(reader.ecs, reader.cluster, module.params["services"])
    module.exit_json(
        changed=False, services={name: reader.service(name, described) for name, described in found.items()}
    )


if __name__ == "__main__":
    main()
