#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: log_subscription_filters
version_added: 0.1.0
short_description: Subscription filters of log groups
author: TriFlow AI (@triflow-ai)
description:
  - Sends what log groups take in to a delivery stream, all filters in one run (MON-3).
  - A filter has no tags. Its name and its log group identify it; other filters of the group are left alone. CloudWatch
    Logs takes two a group.
options:
  filters:
    description: The filters.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: Which part of the stack it is.
        type: str
        required: true
      log_group_name:
        description: Log group.
        type: str
        required: true
      filter_name:
        description: Name of the filter in its log group.
        type: str
        required: true
      filter_pattern:
        description: Which events are sent. Empty for all.
        type: str
        default: ""
      destination_arn:
        description: ARN of the delivery stream. Required when O(state=present), as is the role.
        type: str
      role_arn:
        description: ARN of the role with which CloudWatch Logs writes to it.
        type: str
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Subscription filters
  triflow.platform.log_subscription_filters:
    filters:
      - component: subscription-filter-backend
        log_group_name: /aws/ecs/triflow-backend
        filter_name: triflow-prod-logs-archive
        destination_arn: arn:aws:firehose:ap-northeast-2:123456789012:deliverystream/triflow-prod-logs-archive
        role_arn: arn:aws:iam::123456789012:role/triflow-prod-logs-to-firehose
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: subscription-filter-backend, action: update, fields: [role_arn]}]
resources:
  description: The filters by component, each with its name as C(id). Empty when absent.
  returned: always
  type: dict
"""

from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule

MISSING = ("ResourceNotFoundException",)
PARAMETERS = {"filter_pattern": "filterPattern", "destination_arn": "destinationArn", "role_arn": "roleArn"}


class SubscriptionFilter(Resource):
    def __init__(self, api: Api, options: dict[str, Any]) -> None:
        super().__init__(options["component"])
        self.api = api
        self.options = options
        self.identity = {"logGroupName": options["log_group_name"], "filterName": options["filter_name"]}

    @override
    def find(self) -> dict[str, Any] | None:
        group, name = self.options["log_group_name"], self.options["filter_name"]
        answer = self.api.call("describe_subscription_filters", on=group, absent=MISSING, logGroupName=group)
        for found in answer.get("subscriptionFilters", []):
            if found["filterName"] == name:
                live = {option: found.get(parameter) for option, parameter in PARAMETERS.items()}
                return {"id": name, "log_group_name": group, "filter_name": name, **live}
        return None

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        return {option: value for option, value in self.options.items() if option != "component"}

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        self.api.call(
            "put_subscription_filter",
            on=self.options["log_group_name"],
            advice="the log group has to be there, and takes two filters",
            **self.identity,
            **{parameter: wanted[option] for option, parameter in PARAMETERS.items()},
        )
        return str(self.options["filter_name"])

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        self.create(wanted)

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self.api.call("delete_subscription_filter", on=self.options["log_group_name"], **self.identity)


@looks_again
def main() -> None:
    required, text = {"type": "str", "required": True}, {"type": "str"}
    options = {
        **dict.fromkeys(("component", "log_group_name", "filter_name"), required),
        "filter_pattern": {"type": "str", "default": ""},
        **dict.fromkeys(("destination_arn", "role_arn"), text),
    }
    module = StackModule({"filters": {"type": "list", "elements": "dict", "required": True, "options": options}})
    entries = module.params["filters"]
    for entry in entries if module.params["state"] == "present" else ():
        missing = [name for name in ("destination_arn", "role_arn") if not entry[name]]
        if missing:
            module.fail(f"{entry['component']} lacks {', '.join(missing)}: state present needs them")
    # OperationAborted: another change of the same log group is under way
    api = module.api("logs")
    run = Run(module)
    run.converge([SubscriptionFilter(api, entry) for entry in entries])
    run.exit()


if __name__ == "__main__":
    main()
