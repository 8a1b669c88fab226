#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: event_rule
version_added: 0.1.0
short_description: An EventBridge rule on events, with its targets
author: TriFlow AI (@triflow-ai)
description:
  - Creates a rule on the account's own event bus and changes it in place. Its targets are exactly the listed ones.
  - Unlike M(amazon.aws.cloudwatchevent_rule) it has a check mode and a diff, sets tags, and compares the pattern by its
    meaning, not by its spelling.
options:
  component:
    description: Component, which starts with C(rule-).
    type: str
    required: true
  name:
    description: Name of the rule.
    type: str
    required: true
  description:
    description: What the rule is for.
    type: str
  event_pattern:
    description: The event pattern. Required when present.
    type: dict
  targets:
    description: Where a matching event goes. Required when present.
    type: list
    elements: dict
    suboptions:
      id:
        description: Name of the target within the rule.
        type: str
        required: true
      arn:
        description: ARN of the target, such as a topic's. Its own policy has to let EventBridge publish.
        type: str
        required: true
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Tell of tasks that stop
  triflow.platform.event_rule:
    component: rule-task-stopped
    name: triflow-prod-task-stopped
    event_pattern:
      source: [aws.ecs]
      detail-type: [ECS Task State Change]
      detail:
        lastStatus: [STOPPED]
    targets:
      - id: topic
        arn: arn:aws:sns:ap-northeast-2:123456789012:triflow-prod-alarms
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: rule-task-stopped, action: update, fields: [event_pattern]}]
resources:
  description: The rule by its component, with its ARN as C(id) or a placeholder. Empty when absent.
  returned: always
  type: dict
"""

import json
from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.tags import from_aws, to_aws

RULE = ("description", "event_pattern", "enabled")  # what PutRule sets
NOT_THERE = ("ResourceNotFoundException",)


class Rule(Resource):
    id_prefix = "arn:aws:events:::rule/"

    def __init__(self, api: Api) -> None:
        self.options = api.module.params
        super().__init__(self.options["component"])
        self.api = api
        self.name = self.options["name"]
        self.tags = api.module.tags_of(self.component)

    @override
    def find(self) -> dict[str, Any] | None:
        rule = self.api.call("describe_rule", on=self.name, absent=NOT_THERE, Name=self.name)
        if not rule:
            return None
        tags = from_aws(self.api.call("list_tags_for_resource", on=self.name, ResourceARN=rule["Arn"])["Tags"])
        targets = self.api.pages("list_targets_by_rule", "Targets", on=self.name, Rule=self.name)
        return {
            "id": rule["Arn"],
            "name": self.name,
            "description": rule.get("Description", ""),
            "event_pattern": json.loads(rule.get("EventPattern", "{}")),
            "enabled": rule["State"] == "ENABLED",
            # all of a target, so that an input that somebody gave it differs
            "targets": {target["Id"]: {key: target[key] for key in target if key != "Id"} for target in targets},
            "tags": tags,
        }

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        return {
            "name": self.name,
            "description": self.options["description"],
            "event_pattern": self.options["event_pattern"],
            "enabled": True,
            "targets": {target["id"]: {"Arn": target["arn"]} for target in self.options["targets"]},
            "tags": self.tags,
        }

    def _put_rule(self, description: str | None, **more: Any) -> str:
        pattern = json.dumps(self.options["event_pattern"], sort_keys=True)
        if description:
            more["Description"] = description
        answer = self.api.call("put_rule", on=self.name, Name=self.name, EventPattern=pattern, State="ENABLED", **more)
        return str(answer["RuleArn"])

    def _put_targets(self, wanted: dict[str, Any]) -> None:
        targets = [{"Id": identifier, **target} for identifier, target in wanted["targets"].items()]
        answer = self.api.call("put_targets", on=self.name, Rule=self.name, Targets=targets)
        self._refuse_failed(answer)

    def _remove_targets(self, identifiers: list[str]) -> None:
        if identifiers:
            answer = self.api.call("remove_targets", on=self.name, Rule=self.name, Ids=identifiers)
            self._refuse_failed(answer)

    def _refuse_failed(self, answer: dict[str, Any]) -> None:
        """PutTargets and RemoveTargets succeed as a call when they fail for a target."""
        for entry in answer.get("FailedEntries") or []:
            self.api.module.fail(
                f"events refused the target {entry['TargetId']} of {self.name}: {entry['ErrorCode']} "
                f"{entry['ErrorMessage']}"
            )

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        arn = self._put_rule(wanted["description"], Tags=to_aws(self.tags))
        self._put_targets(wanted)
        return arn

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if "tags" in fields:
            self.api.call("tag_resource", on=self.name, ResourceARN=live["id"], Tags=to_aws(self.tags))
        if set(fields) & set(RULE):
            # PutRule replaces everything: a description that is not given stays
            self._put_rule(live["description"] if wanted["description"] is None else wanted["description"])
        if "targets" in fields:
            self._remove_targets([identifier for identifier in live["targets"] if identifier not in wanted["targets"]])
            self._put_targets(wanted)

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self._remove_targets(list(live["targets"]))
        self.api.call("delete_rule", on=self.name, Name=self.name)


@looks_again
def main() -> None:
    text: dict[str, Any] = {"type": "str", "required": True}
    target = {"id": text, "arn": text}
    module = StackModule(
        {
            "component": text,
            "name": text,
            "description": {"type": "str"},
            "event_pattern": {"type": "dict"},
            "targets": {"type": "list", "elements": "dict", "options": target},
        },
        required_if=[("state", "present", ("event_pattern", "targets"))],
    )
    run = Run(module)
    run.converge([Rule(module.api("events"))])
    run.exit()


if __name__ == "__main__":
    main()
