#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: scheduled_actions
version_added: 0.1.0
short_description: Scheduled actions that change the capacity of ECS services
author: TriFlow AI (@triflow-ai)
description:
  - Gives the services exactly these scheduled actions of the stack (ENV-6). Of those that are not listed, the ones
    whose name begins with the stack's name and a hyphen go; others are left alone.
  - A scheduled action carries no tags. It belongs to its scalable target, which does.
options:
  resource_ids:
    description: The services whose scheduled actions these are, C(service/<cluster>/<service>).
    type: list
    elements: str
    required: true
  actions:
    description: The scheduled actions.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: Component, which starts with C(scheduled-action-).
        type: str
        required: true
      resource_id:
        description: The service, one of O(resource_ids).
        type: str
        required: true
      name:
        description: Name of the scheduled action, which begins with the stack's name and a hyphen.
        type: str
        required: true
      schedule:
        description: C(cron(...\)) or C(at(...\)), as the Application Auto Scaling API reference says.
        type: str
        required: true
      timezone:
        description: IANA time zone of O(actions[].schedule).
        type: str
        required: true
      min_capacity:
        description: Least number of tasks from then on.
        type: int
        required: true
      max_capacity:
        description: Largest number of tasks from then on.
        type: int
        required: true
      start:
        description:
          - Instant before which it does nothing, such as C(2026-12-24T15:00:00+00:00); empty for none. Not given, it is
            not compared.
        type: str
      end:
        description: Instant after which it does nothing, written in the same way; empty for none.
        type: str
        default: ""
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: No tasks after 20:00
  triflow.platform.scheduled_actions:
    resource_ids: [service/triflow-dev/backend]
    actions:
      - component: scheduled-action-backend-stop
        resource_id: service/triflow-dev/backend
        name: triflow-dev-backend-stop
        schedule: cron(0 20 * * ? *)
        timezone: Asia/Seoul
        min_capacity: 0
        max_capacity: 0
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: scheduled-action-backend-stop, action: update, fields: [schedule]}]
resources:
  description: The scheduled actions by component, each with its name as C(id).
  returned: always
  type: dict
"""

from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.moments import iso
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule

SERVICE: dict[str, Any] = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}


class Action(Resource):
    def __init__(self, api: Api, options: dict[str, Any], described: dict[str, Any] | None) -> None:
        super().__init__(options["component"])
        self.api = api
        self.options = options
        self.described = described
        self.identity = {**SERVICE, "ResourceId": options["resource_id"], "ScheduledActionName": options["name"]}

    @override
    def find(self) -> dict[str, Any] | None:
        action = self.described
        if action is None:
            return None
        capacity = action.get("ScalableTargetAction", {})
        return {
            "id": action["ScheduledActionName"],
            "resource_id": action["ResourceId"],
            "name": action["ScheduledActionName"],
            "schedule": action["Schedule"],
            "timezone": action.get("Timezone", "UTC"),
            "min_capacity": capacity.get("MinCapacity"),
            "max_capacity": capacity.get("MaxCapacity"),
            "start": iso(action.get("StartTime")) or "",
            "end": iso(action.get("EndTime")) or "",
        }

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        return {key: value for key, value in self.options.items() if key != "component"}

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        # an update that does not say them takes start and end away
        times = {"StartTime": wanted["start"], "EndTime": wanted["end"]}
        self.api.call(
            "put_scheduled_action",
            on=self.component,
            Schedule=wanted["schedule"],
            Timezone=wanted["timezone"],
            ScalableTargetAction={"MinCapacity": wanted["min_capacity"], "MaxCapacity": wanted["max_capacity"]},
            **self.identity,
            **{name: value for name, value in times.items() if value},
        )
        return str(wanted["name"])

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        self.create(wanted)

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self.api.call(
            "delete_scheduled_action", on=self.component, absent=("ObjectNotFoundException",), **self.identity
        )


def refuse(module: StackModule) -> None:
    """Refuse what could not be told from other stacks' actions, or from a service of another list."""
    prefix, resource_ids = f"{module.params['stack']}-", module.params["resource_ids"]
    for entry in module.params["actions"]:
        component, least, most = entry["component"], entry["min_capacity"], entry["max_capacity"]
        if entry["resource_id"] not in resource_ids:
            module.fail(
                f"resource_id of {component} is {entry['resource_id']}: it must be one of resource_ids, "
                f"{', '.join(resource_ids)}"
            )
        if not entry["name"].startswith(prefix):
            module.fail(f"name of {component} is {entry['name']}: it must begin with {prefix}")
        if not 0 <= least <= most:
            module.fail(
                f"{component} has min_capacity {least} and max_capacity {most}: the first must not be above the second"
            )


@looks_again
def main() -> None:
    text = {"type": "str", "required": True}
    number = {"type": "int", "required": True}
    options = {
        "component": text,
        "resource_id": text,
        "name": text,
        "schedule": text,
        "timezone": text,
        "min_capacity": number,
        "max_capacity": number,
        "start": {"type": "str"},
        "end": {"type": "str", "default": ""},
    }
    module = StackModule(
        {
            "resource_ids": {"type": "list", "elements": "str", "required": True},
            "actions": {"type": "list", "elements": "dict", "required": True, "options": options},
        },
        state=False,
    )
    refuse(module)
    entries, prefix = module.params["actions"], f"{module.params['stack']}-"
    api = module.api("application-autoscaling")
    there = {
        (resource, action["ScheduledActionName"]): action
        for resource in module.params["resource_ids"]
        for action in api.pages(
            "describe_scheduled_actions", "ScheduledActions", on=resource, ResourceId=resource, **SERVICE
        )
    }
    listed = [(entry["resource_id"], entry["name"]) for entry in entries]
    run = Run(module)
    for key, action in there.items():
        if key not in listed and key[1].startswith(prefix):
            component = f"scheduled-action-{key[1].removeprefix(prefix)}"
            run.absent(Action(api, {"component": component, "resource_id": key[0], "name": key[1]}, action))
    for entry, key in zip(entries, listed, strict=True):
        run.present(Action(api, entry, there.get(key)))
    run.exit()


if __name__ == "__main__":
    main()
