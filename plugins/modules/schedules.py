#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: schedules
version_added: 0.1.0
short_description: A group of EventBridge Scheduler with its schedules
author: TriFlow AI (@triflow-ai)
description:
  - Gives the group exactly these schedules (ENV-6); one that is not listed goes. Schedules carry no tags, the group
    does.
  - A schedule calls one operation of an AWS service, at its time and not some minutes later. One that is over is
    deleted by AWS.
  - Deleting the group takes its schedules along.
options:
  group:
    description: Name of the group. Its component is C(schedule-group).
    type: str
    required: true
  schedules:
    description: The schedules.
    type: list
    elements: dict
    default: []
    suboptions:
      component:
        description: Component, which starts with C(schedule-).
        type: str
        required: true
      name:
        description: Name of the schedule in its group.
        type: str
        required: true
      schedule_expression:
        description: C(cron(...\)) or C(at(...\)), as the EventBridge Scheduler API reference says.
        type: str
        required: true
      timezone:
        description: IANA time zone of O(schedules[].schedule_expression).
        type: str
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
      target_arn:
        description: What is called, such as C(arn:aws:scheduler:::aws-sdk:rds:stopDBInstance).
        type: str
        required: true
      role_arn:
        description: ARN of the role with which it is called.
        type: str
        required: true
      input:
        description: Parameters of the call.
        type: dict
        required: true
      retry_attempts:
        description: How often a call that failed is made again, within 15 minutes.
        type: int
        default: 0
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Stop the database every night
  triflow.platform.schedules:
    group: triflow-dev
    schedules:
      - component: schedule-database-stop
        name: database-stop
        schedule_expression: cron(10 20 * * ? *)
        timezone: Asia/Seoul
        target_arn: arn:aws:scheduler:::aws-sdk:rds:stopDBInstance
        role_arn: arn:aws:iam::123456789012:role/triflow-dev-nights
        input: {DbInstanceIdentifier: triflow-dev-db}
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: schedule-database-stop, action: update, fields: [schedule_expression]}]
resources:
  description: Group and schedules by component, each with its ARN as C(id) or a placeholder. Empty when absent.
  returned: always
  type: dict
"""

import json
from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.moments import iso
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.statuses import alive, explained
from ansible_collections.triflow.platform.plugins.module_utils.tags import from_aws, to_aws

NOT_THERE = ("ResourceNotFoundException",)
RETRY_SECONDS = 900


class Group(Resource):
    id_prefix = "arn:aws:scheduler:::schedule-group/"

    def __init__(self, api: Api) -> None:
        super().__init__("schedule-group")
        self.api = api
        self.name = api.module.params["group"]
        self.tags = api.module.tags_of(self.component)

    @override
    def find(self) -> dict[str, Any] | None:
        group = self.api.call("get_schedule_group", on=self.name, absent=NOT_THERE, Name=self.name)
        if not group:
            return None
        if not alive("schedule group", group["State"]):
            if self.api.module.params["state"] == "present":
                said = explained("schedule group", group["State"])
                self.api.module.fail(f"The schedule group {self.name} is {said}")
            return None
        tags = self.api.call("list_tags_for_resource", on=self.name, ResourceArn=group["Arn"])["Tags"]
        return {"id": group["Arn"], "name": self.name, "tags": from_aws(tags)}

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        return {"name": self.name, "tags": self.tags}

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        answer = self.api.call("create_schedule_group", on=self.name, Name=self.name, Tags=to_aws(self.tags))
        return str(answer["ScheduleGroupArn"])

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        self.api.call("tag_resource", on=self.name, ResourceArn=live["id"], Tags=to_aws(self.tags))

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self.api.call("delete_schedule_group", on=self.name, absent=NOT_THERE, Name=self.name)


class Schedule(Resource):
    id_prefix = "arn:aws:scheduler:::schedule/"

    def __init__(self, api: Api, options: dict[str, Any], there: bool) -> None:
        super().__init__(options["component"])
        self.api = api
        self.options = options
        self.there = there
        self.identity = {"GroupName": api.module.params["group"], "Name": options["name"]}

    @override
    def find(self) -> dict[str, Any] | None:
        if not self.there:
            return None
        schedule = self.api.call("get_schedule", on=self.component, absent=NOT_THERE, **self.identity)
        if not schedule:
            return None
        target = schedule["Target"]
        return {
            "id": schedule["Arn"],
            "name": schedule["Name"],
            "schedule_expression": schedule["ScheduleExpression"],
            "timezone": schedule.get("ScheduleExpressionTimezone", "UTC"),
            "start": iso(schedule.get("StartDate")) or "",
            "end": iso(schedule.get("EndDate")) or "",
            "target_arn": target["Arn"],
            "role_arn": target["RoleArn"],
            "input": json.loads(target.get("Input", "{}")),
            "retry_attempts": target.get("RetryPolicy", {}).get("MaximumRetryAttempts"),
            "state": schedule["State"],
        }

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        return {**{key: value for key, value in self.options.items() if key != "component"}, "state": "ENABLED"}

    def _put(self, operation: str, wanted: dict[str, Any]) -> str:
        times = {"StartDate": wanted["start"], "EndDate": wanted["end"]}
        answer = self.api.call(
            operation,
            on=self.component,
            ScheduleExpression=wanted["schedule_expression"],
            ScheduleExpressionTimezone=wanted["timezone"],
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            State=wanted["state"],
            Target={
                "Arn": wanted["target_arn"],
                "RoleArn": wanted["role_arn"],
                "Input": json.dumps(wanted["input"], sort_keys=True),
                "RetryPolicy": {
                    "MaximumRetryAttempts": wanted["retry_attempts"],
                    "MaximumEventAgeInSeconds": RETRY_SECONDS,
                },
            },
            **self.identity,
            **{name: value for name, value in times.items() if value},
        )
        return str(answer["ScheduleArn"])

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        return self._put("create_schedule", wanted)

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        self._put("update_schedule", wanted)  # which replaces everything

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self.api.call("delete_schedule", on=self.component, absent=NOT_THERE, **self.identity)


@looks_again
def main() -> None:
    text = {"type": "str", "required": True}
    options = {
        "component": text,
        "name": text,
        "schedule_expression": text,
        "timezone": text,
        "start": {"type": "str"},
        "end": {"type": "str", "default": ""},
        "target_arn": text,
        "role_arn": text,
        "input": {"type": "dict", "required": True},
        "retry_attempts": {"type": "int", "default": 0},
    }
    module = StackModule(
        {"group": text, "schedules": {"type": "list", "elements": "dict", "default": [], "options": options}}
    )
    api, entries, name = module.api("scheduler"), module.params["schedules"], module.params["group"]
    run = Run(module)
    group = Group(api)
    if module.params["state"] == "absent":
        run.absent(group)
        run.exit()
    there = []
    if group.find():
        there = [found["Name"] for found in api.pages("list_schedules", "Schedules", on=name, GroupName=name)]
    run.present(group)
    for surplus in sorted(set(there) - {entry["name"] for entry in entries}):
        run.absent(Schedule(api, {"component": f"schedule-{surplus}", "name": surplus}, there=True))
    for entry in entries:
        run.present(Schedule(api, entry, there=entry["name"] in there))
    run.exit()


if __name__ == "__main__":
    main()
