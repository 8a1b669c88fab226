#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_task_definitions
version_added: 0.1.0
short_description: Task definitions for Fargate, registered anew only when their content differs
author: TriFlow AI (@triflow-ai)
description:
  - Compares each task definition with the revision that its service runs, or without a service with the newest active
    one, and registers a new revision when the content differs (CMP-1, CMP-2, CMP-9..11).
  - A newer revision that somebody else registered is left alone unless a service runs it. If its content is what is
    wanted, it is taken instead of registering the same once more.
  - Tags are set at registration, and kept on revisions that carry the stack's tag.
options:
  cluster:
    description: Cluster of the services.
    type: str
    required: true
  task_definitions:
    description: The task definitions.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: Component, which starts with C(task-definition-).
        type: str
        required: true
      family:
        description: Family of the revisions.
        type: str
        required: true
      service:
        description: Service that runs it, in O(cluster).
        type: str
      cpu:
        description: CPU units of the task, 1024 a vCPU (CMP-2).
        type: int
      memory:
        description: Memory of the task in MiB (CMP-2).
        type: int
      cpu_architecture:
        description: What the image is built for.
        type: str
        choices: [X86_64, ARM64]
        default: X86_64
      task_role_arn:
        description: Role of the application.
        type: str
      execution_role_arn:
        description: Role with which ECS pulls images, reads secrets and writes logs.
        type: str
      volumes:
        description: Names of empty volumes for the containers' C(mountPoints).
        type: list
        elements: str
        default: []
      containers:
        description: Containers in the shape of C(ContainerDefinition) in the Amazon ECS API reference.
        type: list
        elements: dict
      secret_environment:
        description:
          - For containers by name, the environment variables whose values are secrets, shown by no diff and no result.
            Those that look like secrets by their name or value are hidden without being named.
        type: dict
        default: {}
      keep_images:
        description: Names of containers whose image is somebody else's to choose, once there is a revision.
        type: list
        elements: str
        default: []
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Announces exactly what a run would do. A revision that would be registered has a placeholder ARN.
    support: full
  diff_mode:
    description:
      - Shows the fields that differ, those of a container as C(container.field), and of what looks like a secret only
        that it differs.
    support: full
"""

EXAMPLES = r"""
- name: Task definition
  triflow.platform.ecs_task_definitions:
    cluster: triflow-prod
    task_definitions:
      - component: task-definition-backend
        family: triflow-prod-backend
        service: backend
        cpu: 1024
        memory: 2048
        containers:
          - name: backend
            image: 123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/triflow-prod/backend:1.4.0
            portMappings: [{containerPort: 8000}]
        keep_images: [backend]
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: task-definition-backend, action: update, fields: [memory, backend.environment]}]
resources:
  description: The task definitions by component, with the revision's ARN as C(id) or a placeholder.
  returned: always
  type: dict
"""

from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils import compare, placeholders
from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.ecs import from_ecs, read_services, to_ecs
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.tags import STACK
from ansible_collections.triflow.platform.plugins.module_utils.task_definition import (
    fields_of,
    keep_images,
    shown,
    shown_containers,
    with_surplus,
)

DELETED_AT_ONCE = 10  # DeleteTaskDefinitions, taskDefinitions


class Definition(Resource):
    untagged_is_own = True  # a revision that somebody else registered for the stack's service

    def __init__(self, api: Api, options: dict[str, Any], running: str | None) -> None:
        super().__init__(options["component"])
        self.api = api
        self.options = options
        self.family = options["family"]
        self.running = running  # ARN of the revision that the service runs
        self.tags = api.module.tags_of(self.component)
        self.id_prefix = f"arn:aws:ecs:::task-definition/{self.family}:"
        self.registered: str | None = None

    def _describe(self, name: str) -> dict[str, Any] | None:
        answer = self.api.call(
            "describe_task_definition",
            on=name,
            absent=("ClientException",),  # Unable to describe task definition
            taskDefinition=name,
            include=["TAGS"],
        )
        if not answer:
            return None
        definition = answer["taskDefinition"]
        return {
            **fields_of(definition),
            "id": definition["taskDefinitionArn"],
            "tags": from_ecs(answer.get("tags")),
        }

    @override
    def find(self) -> dict[str, Any] | None:
        live = self._describe(self.running or self.family)
        if live and self.running:
            wanted = {**self.wanted(live), "tags": None}
            # an earlier run may have been stopped after it registered what is wanted
            newest = self._describe(self.family) if compare.differences(live, wanted) else None
            if newest and not compare.differences(newest, with_surplus(newest, wanted)):
                return newest
        return live

    def _request(self, live: dict[str, Any] | None) -> dict[str, Any]:
        """The parameters of RegisterTaskDefinition."""
        request = {
            "family": self.family,
            "cpu": str(self.options["cpu"]),
            "memory": str(self.options["memory"]),
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "runtimePlatform": {
                "cpuArchitecture": self.options["cpu_architecture"],
                "operatingSystemFamily": "LINUX",
            },
            "taskRoleArn": self.options["task_role_arn"],
            "executionRoleArn": self.options["execution_role_arn"],
            "volumes": [{"name": name} for name in self.options["volumes"]],
            "containerDefinitions": keep_images(self.options["containers"], live, self.options["keep_images"]),
        }
        return {key: value for key, value in request.items() if value}

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        wanted = fields_of(self._request(live))
        if live is None:
            return {**wanted, "tags": self.tags}
        # a revision that somebody else registered keeps its tags
        tags = self.tags if STACK in live["tags"] else None
        return {**with_surplus(live, wanted), "tags": tags}

    @override
    def shown(
        self, live: dict[str, Any] | None, wanted: dict[str, Any] | None
    ) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        return shown(live, wanted, self.options["secret_environment"])

    def _register(self, live: dict[str, Any] | None) -> str:
        answer = self.api.call(
            "register_task_definition", on=self.family, tags=to_ecs(self.tags), **self._request(live)
        )
        self.registered = str(answer["taskDefinition"]["taskDefinitionArn"])
        return self.registered

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        return self._register(None)

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if fields == ["tags"]:
            self.api.call("tag_resource", on=self.family, resourceArn=live["id"], tags=to_ecs(self.tags))
        else:
            self._register(live)

    @override
    def id_after_update(self, live: dict[str, Any], fields: list[str]) -> str:
        if fields == ["tags"]:
            return str(live["id"])
        return self.registered or placeholders.make(self.id_prefix, self.component)


class Family(Resource):
    """All revisions of a family, to be deleted."""

    def __init__(self, api: Api, options: dict[str, Any]) -> None:
        super().__init__(options["component"])
        self.api = api
        self.family = options["family"]

    @override
    def find(self) -> dict[str, Any] | None:
        revisions = {
            status: self.api.pages(
                "list_task_definitions", "taskDefinitionArns", on=self.family, familyPrefix=self.family, status=status
            )
            for status in ("ACTIVE", "INACTIVE")
        }
        return {"id": self.family, **revisions} if any(revisions.values()) else None

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        raise NotImplementedError

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        raise NotImplementedError

    @override
    def delete(self, live: dict[str, Any]) -> None:
        for arn in live["ACTIVE"]:
            self.api.call("deregister_task_definition", on=self.family, taskDefinition=arn)
        inactive = live["ACTIVE"] + live["INACTIVE"]
        for first in range(0, len(inactive), DELETED_AT_ONCE):
            batch = inactive[first : first + DELETED_AT_ONCE]
            self.api.call("delete_task_definitions", on=self.family, taskDefinitions=batch)


@looks_again
def main() -> None:
    strings = {"type": "list", "elements": "str", "default": []}
    options = {
        "component": {"type": "str", "required": True},
        "family": {"type": "str", "required": True},
        "service": {"type": "str"},
        "cpu": {"type": "int"},
        "memory": {"type": "int"},
        "cpu_architecture": {"type": "str", "choices": ["X86_64", "ARM64"], "default": "X86_64"},
        "task_role_arn": {"type": "str"},
        "execution_role_arn": {"type": "str"},
        "volumes": strings,
        "containers": {"type": "list", "elements": "dict"},
        "secret_environment": {"type": "dict", "default": {}, "no_log": False},  # names only
        "keep_images": strings,
    }
    module = StackModule(
        {
            "cluster": {"type": "str", "required": True},
            "task_definitions": {"type": "list", "elements": "dict", "required": True, "options": options},
        }
    )
    api, entries = module.api("ecs"), module.params["task_definitions"]
    # what the result says that the module was called with
    module.params["task_definitions"] = [
        {**entry, "containers": shown_containers(entry["containers"] or [], entry["secret_environment"])}
        for entry in entries
    ]
    run = Run(module)
    if module.params["state"] == "absent":
        run.converge([Family(api, entry) for entry in entries])
        run.exit()
    for entry in entries:
        missing = [name for name in ("cpu", "memory", "containers") if not entry[name]]
        if missing:
            module.fail(f"{entry['component']} lacks {', '.join(missing)}: state present needs them")
    names = [entry["service"] for entry in entries if entry["service"]]
    services = read_services(api, module.params["cluster"], names)
    run.converge(
        [Definition(api, entry, services.get(entry["service"], {}).get("taskDefinition")) for entry in entries]
    )
    run.exit()


if __name__ == "__main__":
    main()
