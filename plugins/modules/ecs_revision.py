#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_revision
version_added: 0.1.0
short_description: A revision of a service's task definition with another image
author: TriFlow AI (@triflow-ai)
description:
  - Registers the task definition that a service runs once more, with another image in one container and everything else
    as it is.
  - Nothing is registered when the service runs the image already, or when the newest active revision of the family is
    exactly what would be registered. An earlier run may have been stopped after it registered that.
  - The service is not touched; M(triflow.platform.ecs_deployment) moves it to the revision.
options:
  component:
    description: Component, which starts with C(task-definition-).
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
  image:
    description: Full name of the image.
    type: str
    required: true
  container:
    description: Container that gets the image. Default the one with the service's name.
    type: str
extends_documentation_fragment:
  - triflow.platform.stack
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Announces exactly what a run would do. A revision that would be registered has a placeholder ARN.
    support: full
  diff_mode:
    description: Shows the image as C(container.image).
    support: full
"""

EXAMPLES = r"""
- name: Task definition with the image
  triflow.platform.ecs_revision:
    component: task-definition-backend
    cluster: triflow-prod
    service: backend
    image: 123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/triflow-prod/backend:1.4.0
  register: release_definition
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: task-definition-backend, action: update, fields: [backend.image]}]
resources:
  description: The revision by component, with its ARN as C(id) or a placeholder.
  returned: always
  type: dict
"""

from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils import compare, placeholders
from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.ecs import from_ecs, read_services, to_ecs
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.rollout import short
from ansible_collections.triflow.platform.plugins.module_utils.task_definition import fields_of, shown, with_surplus


class Revision(Resource):
    def __init__(self, api: Api, running: str) -> None:
        options = api.module.params
        super().__init__(options["component"])
        self.api = api
        self.running = running  # ARN of the revision that the service was told to run
        self.family = short(running).rpartition(":")[0]
        self.id_prefix = f"arn:aws:ecs:::task-definition/{self.family}:"
        self.image: str = options["image"]
        self.container: str = options["container"] or options["service"]
        self.registered: str | None = None

    def _describe(self, name: str) -> tuple[dict[str, Any], dict[str, str]]:
        """A task definition and its tags."""
        answer = self.api.call("describe_task_definition", on=name, taskDefinition=name, include=["TAGS"])
        return answer["taskDefinition"], from_ecs(answer.get("tags"))

    @override
    def find(self) -> dict[str, Any] | None:
        self.definition, self.tags = self._describe(self.running)
        live = fields_of(self.definition)
        names = [container["name"] for container in self.definition["containerDefinitions"]]
        if self.container not in names:
            self.api.module.fail(
                f"Service {self.api.module.params['service']} has no container {self.container}: "
                f"name one of {', '.join(names)} as container"
            )
        identifier = self.definition["taskDefinitionArn"]
        if live[f"{self.container}.image"] != self.image:
            newest, _unused = self._describe(self.family)
            there = fields_of(newest)
            if not compare.differences(there, with_surplus(there, {**live, **self.wanted(live)})):
                live, identifier = there, newest["taskDefinitionArn"]
        return {**live, "id": identifier}

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        return {f"{self.container}.image": self.image}

    @override
    def shown(
        self, live: dict[str, Any] | None, wanted: dict[str, Any] | None
    ) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        return shown(live, wanted, {})

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        raise NotImplementedError

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        # What describes a revision and what registers one have the same names: all of it is taken over.
        known = self.api.client.meta.service_model.operation_model("RegisterTaskDefinition").input_shape.members
        request = {key: value for key, value in self.definition.items() if key in known}
        request["containerDefinitions"] = [
            {**item, "image": self.image} if item["name"] == self.container else item
            for item in self.definition["containerDefinitions"]
        ]
        kept = {key: value for key, value in self.tags.items() if not key.startswith("aws:")}
        tags = to_ecs({**kept, **self.api.module.tags_of(self.component)})
        answer = self.api.call("register_task_definition", on=self.family, tags=tags, **request)
        self.registered = str(answer["taskDefinition"]["taskDefinitionArn"])

    @override
    def id_after_update(self, live: dict[str, Any], fields: list[str]) -> str:
        return self.registered or placeholders.make(self.id_prefix, self.component)


@looks_again
def main() -> None:
    module = StackModule(
        {
            "component": {"type": "str", "required": True},
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "image": {"type": "str", "required": True},
            "container": {"type": "str"},
        },
        state=False,
    )
    api, cluster, name = module.api("ecs"), module.params["cluster"], module.params["service"]
    services = read_services(api, cluster, [name])
    if name not in services:
        module.fail(f"Service {name} of cluster {cluster} is not there: run playbooks/compute.yml")
    run = Run(module)
    run.present(Revision(api, services[name]["taskDefinition"]))
    run.exit()


if __name__ == "__main__":
    main()
