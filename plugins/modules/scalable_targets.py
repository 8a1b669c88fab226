#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: scalable_targets
version_added: 0.1.0
short_description: ECS services as scalable targets of Application Auto Scaling
author: TriFlow AI (@triflow-ai)
description:
  - Registers services with the number of tasks that they may have, and changes it in place (CMP-3, CMP-4).
  - A service outside the new bounds is scaled into them by AWS at once.
  - Deregistering takes the target's scaling policies and scheduled actions along.
options:
  keep_asleep:
    description: Leave a target that is there and may have no tasks at all as it is (ENV-6).
    type: bool
    default: false
  targets:
    description: The scalable targets.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: Component, which starts with C(scalable-target-).
        type: str
        required: true
      resource_id:
        description: The service, C(service/<cluster>/<service>).
        type: str
        required: true
      min_capacity:
        description: Least number of tasks (CMP-3).
        type: int
      max_capacity:
        description: Largest number of tasks (CMP-4).
        type: int
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Let the service have 2 to 5 tasks
  triflow.platform.scalable_targets:
    targets:
      - component: scalable-target-backend
        resource_id: service/triflow-prod/backend
        min_capacity: 2
        max_capacity: 5
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: scalable-target-backend, action: update, fields: [max_capacity]}]
resources:
  description: The targets by component, each with its ARN as C(id) or a placeholder. Empty when absent.
  returned: always
  type: dict
"""

from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule

SERVICE: dict[str, Any] = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
# Somebody may have suspended scaling by hand; the stack's services scale.
RUNNING = {"DynamicScalingInSuspended": False, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": False}


class Target(Resource):
    id_prefix = "arn:aws:application-autoscaling:::scalable-target/"
    untagged_is_own = True  # it belongs to a service of the stack

    def __init__(self, api: Api, options: dict[str, Any], described: dict[str, Any] | None) -> None:
        super().__init__(options["component"])
        self.api = api
        self.options = options
        self.described = described
        self.tags = api.module.tags_of(self.component)
        self.service = {**SERVICE, "ResourceId": options["resource_id"]}

    @override
    def find(self) -> dict[str, Any] | None:
        if self.described is None:
            return None
        arn = self.described["ScalableTargetARN"]
        return {
            "id": arn,
            "resource_id": self.described["ResourceId"],
            "min_capacity": self.described["MinCapacity"],
            "max_capacity": self.described["MaxCapacity"],
            "suspended_state": {**RUNNING, **self.described.get("SuspendedState", {})},
            "tags": self.api.call("list_tags_for_resource", on=self.component, ResourceARN=arn)["Tags"],
        }

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        options = {key: value for key, value in self.options.items() if key != "component"}
        if live and live["max_capacity"] == 0 and self.api.module.params["keep_asleep"]:
            options |= {"min_capacity": None, "max_capacity": None}
        return {**options, "suspended_state": RUNNING, "tags": self.tags}

    def _register(self, wanted: dict[str, Any], **more: Any) -> str:
        answer = self.api.call(
            "register_scalable_target",
            on=self.component,
            MinCapacity=wanted["min_capacity"],
            MaxCapacity=wanted["max_capacity"],
            SuspendedState=wanted["suspended_state"],
            **self.service,
            **more,
        )
        return str(answer["ScalableTargetARN"])

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        return self._register(wanted, Tags=self.tags)

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if "tags" in fields:
            self.api.call("tag_resource", on=self.component, ResourceARN=live["id"], Tags=self.tags)
        if fields != ["tags"]:
            self._register({**live, **{key: value for key, value in wanted.items() if value is not None}})

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self.api.call("deregister_scalable_target", on=self.component, **self.service)


@looks_again
def main() -> None:
    options = {
        "component": {"type": "str", "required": True},
        "resource_id": {"type": "str", "required": True},
        "min_capacity": {"type": "int"},
        "max_capacity": {"type": "int"},
    }
    module = StackModule(
        {
            "targets": {"type": "list", "elements": "dict", "required": True, "options": options},
            "keep_asleep": {"type": "bool", "default": False},
        }
    )
    entries = module.params["targets"]
    for entry in entries if module.params["state"] == "present" else ():
        least, most = entry["min_capacity"], entry["max_capacity"]
        if least is None or most is None or not 0 <= least <= most:
            module.fail(
                f"{entry['component']} has min_capacity {least} and max_capacity {most}: "
                "state present needs both, the first not above the second"
            )
    api = module.api("application-autoscaling")
    described = api.pages(
        "describe_scalable_targets",
        "ScalableTargets",
        on="the scalable targets",
        ResourceIds=[entry["resource_id"] for entry in entries],
        **SERVICE,
    )
    there = {target["ResourceId"]: target for target in described}
    run = Run(module)
    run.converge([Target(api, entry, there.get(entry["resource_id"])) for entry in entries])
    run.exit()


if __name__ == "__main__":
    main()
