#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: budget
version_added: 0.2.0
short_description: A monthly budget of AWS Budgets for what the stack costs
author: TriFlow AI (@triflow-ai)
description:
  - Creates a budget for the costs that a filter names, and changes it in place. Its notifications are exactly those
    that are listed. Each goes to one SNS topic.
  - Budgets are the account's and have no region. One of this name that is not this stack's is refused, unless O(adopt)
    names it.
  - AWS counts by a tag only once it is activated as a cost allocation tag in the account that pays. Until then a budget
    with a filter by tag sees nothing.
  - Taxes, credits and refunds are left out, as M(triflow.platform.stack_cost) leaves them out.
options:
  name:
    description: Name of the budget.
    type: str
    required: true
  account_id:
    description: The AWS account.
    type: str
    required: true
  limit_usd:
    description: What the stack may cost a month, in USD. Counted to the cent. Required when O(state=present).
    type: float
  cost_filters:
    description:
      - Which costs count, as C(CostFilters) of the AWS Budgets API reference has them. A tag that the account's users
        set is C(TagKeyValue) with C(user:<key>$<value>). Required when O(state=present).
    type: dict
  topic_arn:
    description: SNS topic of the same account that gets the notifications. Required when O(state=present).
    type: str
  notifications:
    description: When to notify.
    type: list
    elements: dict
    default: []
    suboptions:
      type:
        description: Whether what was spent counts, or what AWS forecasts for the month.
        type: str
        choices: [ACTUAL, FORECASTED]
        required: true
      above_percent:
        description: Share of O(limit_usd) above which it notifies.
        type: float
        required: true
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  diff_mode:
    description: Shows the fields that differ; of a notification's further subscribers how many there are.
    support: full
notes:
  - With O(state=absent), an identity that may not read budgets is told that there is none.
"""

EXAMPLES = r"""
- name: Budget
  triflow.platform.budget:
    name: triflow-prod
    account_id: "123456789012"
    limit_usd: 384.62
    cost_filters: {TagKeyValue: ["user:triflow:stack$triflow-prod"]}
    topic_arn: arn:aws:sns:ap-northeast-2:123456789012:triflow-alarms-prod
    notifications:
      - {type: ACTUAL, above_percent: 80}
      - {type: FORECASTED, above_percent: 100}
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: budget, action: update, fields: [limit, notification ACTUAL above 80 %]}]
resources:
  description: The budget by its component, with its ARN as C(id) or a placeholder. Empty when absent.
  returned: always
  type: dict
"""

from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.live_budgets import arn_of, find_budget
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.tags import to_aws

# AWS Budgets API reference, CostTypes: all eleven, so that what somebody changes by hand is seen.
COST_TYPES = {
    "IncludeCredit": False,
    "IncludeDiscount": True,
    "IncludeOtherSubscription": True,
    "IncludeRecurring": True,
    "IncludeRefund": False,
    "IncludeSubscription": True,
    "IncludeSupport": True,
    "IncludeTax": False,
    "IncludeUpfront": True,
    "UseAmortized": False,
    "UseBlended": False,
}
ABOVE = {"ComparisonOperator": "GREATER_THAN", "ThresholdType": "PERCENTAGE"}
OPERATORS = {"GREATER_THAN": "above", "LESS_THAN": "below", "EQUAL_TO": "at"}


def limit(amount: float | str, unit: str = "USD") -> str:
    return f"{float(amount):.2f} {unit}"


def name_of(notification: dict[str, Any]) -> str:
    """The field that stands for a notification: ``notification ACTUAL above 80 %``."""
    operator = OPERATORS[notification["ComparisonOperator"]]
    unit = " %" if notification.get("ThresholdType", "PERCENTAGE") == "PERCENTAGE" else ""
    return f"notification {notification['NotificationType']} {operator} {notification['Threshold']:g}{unit}"


class Budget(Resource):
    id_prefix = "arn:aws:budgets::"

    def __init__(self, module: StackModule) -> None:
        super().__init__("budget")
        self.module = module
        self.api: Api = module.api("budgets")
        self.name = module.params["name"]
        self.of_budget = {"AccountId": module.params["account_id"], "BudgetName": self.name}
        self.tags = module.tags_of(self.component)
        asked_for = [
            {**ABOVE, "NotificationType": entry["type"], "Threshold": entry["above_percent"]}
            for entry in module.params["notifications"]
        ]
        self.asked_for = {name_of(notification): notification for notification in asked_for}
        self.there: dict[str, dict[str, Any]] = {}
        self.period: dict[str, Any] = {}

    @override
    def find(self) -> dict[str, Any] | None:
        # Who may not read budgets cannot have made one, and a stack without a budget must not need that permission.
        lenient = self.module.params["state"] == "absent"
        found = find_budget(self.api, self.module.params["account_id"], self.name, lenient)
        if found is None:
            return None
        budget, tags = found
        self.period = budget["TimePeriod"]
        listed = self.api.pages("describe_notifications_for_budget", "Notifications", on=self.name, **self.of_budget)
        self.there = {name_of(item): item for item in listed}
        amount = budget.get("BudgetLimit", {"Amount": "0", "Unit": "USD"})  # one that adjusts itself may have none
        return {
            "id": arn_of(self.module.params["account_id"], self.name),
            "name": self.name,
            "type": budget["BudgetType"],
            "time_unit": budget["TimeUnit"],
            "limit": limit(amount["Amount"], amount["Unit"]),
            "cost_filters": budget.get("CostFilters", {}),
            "cost_types": budget.get("CostTypes", {}),
            **{name: self._subscribers(item) for name, item in self.there.items()},
            "tags": tags,
        }

    def _subscribers(self, notification: dict[str, Any]) -> dict[str, Any]:
        """The topic, and how many others there are: they may be people's addresses."""
        found = self.api.pages(
            "describe_subscribers_for_notification",
            "Subscribers",
            on=self.name,
            Notification=_plain(notification),
            **self.of_budget,
        )
        topics = [item["Address"] for item in found if item["SubscriptionType"] == "SNS"]
        return {"topic": topics[0] if topics else "", "others": len(found) - len(topics)}

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        to_topic = {"topic": self.module.params["topic_arn"], "others": 0}
        return {
            "name": self.name,
            "type": "COST",
            "time_unit": "MONTHLY",
            "limit": limit(self.module.params["limit_usd"]),
            "cost_filters": self.module.params["cost_filters"],
            "cost_types": COST_TYPES,
            **dict.fromkeys(self.there, ""),  # what nobody asked for goes
            **dict.fromkeys(self.asked_for, to_topic),
            "tags": self.tags,
        }

    def _body(self, wanted: dict[str, Any]) -> dict[str, Any]:
        amount, unit = wanted["limit"].split(" ")
        return {
            "BudgetName": self.name,
            "BudgetType": wanted["type"],
            "TimeUnit": wanted["time_unit"],
            "BudgetLimit": {"Amount": amount, "Unit": unit},
            "CostFilters": wanted["cost_filters"],
            "CostTypes": wanted["cost_types"],
        }

    def _topic(self) -> list[dict[str, str]]:
        return [{"SubscriptionType": "SNS", "Address": self.module.params["topic_arn"]}]

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        self.api.call(
            "create_budget",
            on=self.name,
            AccountId=self.module.params["account_id"],
            Budget=self._body(wanted),
            NotificationsWithSubscribers=[
                {"Notification": item, "Subscribers": self._topic()} for item in self.asked_for.values()
            ],
            ResourceTags=to_aws(self.tags),
        )
        return arn_of(self.module.params["account_id"], self.name)

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if "tags" in fields:
            self.api.call("tag_resource", on=self.name, ResourceARN=live["id"], ResourceTags=to_aws(self.tags))
        notifications = [field for field in fields if field in {*self.there, *self.asked_for}]
        if set(fields) - {"tags", *notifications}:
            # Without its period the budget would begin anew.
            body = {**self._body(wanted), "TimePeriod": self.period}
            self.api.call("update_budget", on=self.name, AccountId=self.module.params["account_id"], NewBudget=body)
        for name in notifications:
            if name in self.there:
                gone = _plain(self.there[name])
                self.api.call("delete_notification", on=self.name, Notification=gone, **self.of_budget)
            if name in self.asked_for:
                self.api.call(
                    "create_notification",
                    on=self.name,
                    Notification=self.asked_for[name],
                    Subscribers=self._topic(),
                    **self.of_budget,
                )

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self.api.call("delete_budget", on=self.name, **self.of_budget)


def _plain(notification: dict[str, Any]) -> dict[str, Any]:
    """A notification without its state, which is none of its name."""
    return {key: value for key, value in notification.items() if key != "NotificationState"}


@looks_again
def main() -> None:
    notification = {
        "type": {"type": "str", "choices": ["ACTUAL", "FORECASTED"], "required": True},
        "above_percent": {"type": "float", "required": True},
    }
    module = StackModule(
        {
            "name": {"type": "str", "required": True},
            "account_id": {"type": "str", "required": True},
            "limit_usd": {"type": "float"},
            "cost_filters": {"type": "dict"},
            "topic_arn": {"type": "str"},
            "notifications": {"type": "list", "elements": "dict", "default": [], "options": notification},
        },
        required_if=[("state", "present", ["limit_usd", "cost_filters", "topic_arn"])],
    )
    run = Run(module)
    run.converge([Budget(module)])
    run.exit()


if __name__ == "__main__":
    main()
