#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_deployment
version_added: 0.1.0
short_description: Move an ECS service to a revision of its task definition
author: TriFlow AI (@triflow-ai)
description:
  - Tells a service to run another revision of its task definition, and changes nothing else of it.
  - Does not wait for the rollout; M(triflow.platform.ecs_rollout) does.
options:
  component:
    description: Component, which starts with C(service-).
    type: str
    required: true
  cluster:
    description: Cluster of the service.
    type: str
    required: true
  service:
    description: Name of the service.
    type: str
    required: true
  task_definition:
    description: ARN of an active revision of the family that the service runs.
    type: str
    required: true
  force:
    description: Deploy once more what the service runs already, with new tasks. With it each run is a change.
    type: bool
    default: false
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  diff_mode:
    description: Shows the revision before and after.
    support: full
"""

EXAMPLES = r"""
- name: Service with the new revision
  triflow.platform.ecs_deployment:
    component: service-backend
    cluster: triflow-prod
    service: backend
    task_definition: arn:aws:ecs:ap-northeast-2:123456789012:task-definition/triflow-prod-backend:7
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: service-backend, action: update, fields: [task_definition]}]
resources:
  description: The service by component, with its ARN as C(id).
  returned: always
  type: dict
deployments:
  description:
    - The new deployment of each service that has one, by the service's name. C(id) is what ECS answered with, C(older)
      are the deployments before it. It is for O(triflow.platform.ecs_rollout#module:deployments).
  returned: always
  type: dict
  sample: {backend: {id: ecs-svc/0123456789012345678, older: [ecs-svc/0123456789012345677]}}
"""

from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils import placeholders
from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.ecs import read_services
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.rollout import short, told
from ansible_collections.triflow.platform.plugins.module_utils.statuses import alive, explained


def family(arn: str) -> str:
    return short(arn).rpartition(":")[0]


class Deployment(Resource):
    def __init__(self, api: Api, described: dict[str, Any]) -> None:
        super().__init__(api.module.params["component"])
        self.api = api
        self.options = api.module.params
        self.described = described
        self.before = api.module.attempts.first("service", described)  # before this module wrote anything
        self.told = told(self.before, described)  # its new deployment

    @override
    def find(self) -> dict[str, Any] | None:
        return {
            "id": self.described["serviceArn"],
            "task_definition": self.described["taskDefinition"],
            "force": self.told is not None,
        }

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        same = self.options["task_definition"] == self.before["taskDefinition"]
        return {
            "task_definition": self.options["task_definition"],
            "force": True if same and self.options["force"] else None,
        }

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        raise NotImplementedError

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        given = {"forceNewDeployment": True} if "force" in fields else {"taskDefinition": wanted["task_definition"]}
        name = self.options["service"]
        answer = self.api.call("update_service", on=name, cluster=self.options["cluster"], service=name, **given)
        self.told = told(self.before, answer["service"])


def check(api: Api, live: str, wanted: str) -> None:
    """Refuse a revision that the service cannot run, or that is another service's."""
    refused = f"{short(wanted)} is refused for service {api.module.params['service']}, which runs {short(live)}: "
    if family(wanted) != family(live):
        api.module.fail(f"{refused}it is of another family than {family(live)}")
    if placeholders.within(wanted):
        return
    answer = api.call(
        "describe_task_definition",
        on=short(wanted),
        absent=("ClientException",),  # Unable to describe task definition
        taskDefinition=wanted,
    )
    if not answer:
        api.module.fail(f"{refused}there is no such revision")
    status = answer["taskDefinition"]["status"]
    if status != "ACTIVE":
        api.module.fail(f"{refused}it is {status}, and ECS starts no tasks of it; register its content as a new one")


@looks_again
def main() -> None:
    module = StackModule(
        {
            "component": {"type": "str", "required": True},
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "task_definition": {"type": "str", "required": True},
            "force": {"type": "bool", "default": False},
        },
        state=False,
    )
    api, cluster, name = module.api("ecs"), module.params["cluster"], module.params["service"]
    described = read_services(api, cluster, [name]).get(name)
    if described is None:
        module.fail(f"Service {name} of cluster {cluster} is not there: run playbooks/compute.yml")
    if not alive("ECS service", described["status"]):
        module.fail(f"Service {name} of cluster {cluster} is {explained('ECS service', described['status'])}")
    live, wanted = described["taskDefinition"], module.params["task_definition"]
    if wanted != live or module.params["force"]:
        check(api, live, wanted)
    run = Run(module)
    deployment = Deployment(api, described)
    run.present(deployment)
    run.exit(deployments={name: deployment.told} if deployment.told else {})


if __name__ == "__main__":
    main()
