"""AWS Budgets in the lab: CreateBudget, UpdateBudget, notifications and TagResource in the API reference."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.conftest import Lab
from tests.lab.conftest import refused

ACCOUNT = "123456789012"
TOPIC = f"arn:aws:sns:ap-northeast-2:{ACCOUNT}:alarms"
OVER_80: dict[str, Any] = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
SNS = {"SubscriptionType": "SNS", "Address": TOPIC}
MAIL = {"SubscriptionType": "EMAIL", "Address": "someone@example.com"}


class Budget:
    """A budget of the test's own."""

    def __init__(self, lab: Lab) -> None:
        self.client: Any = lab.aws("budgets")
        self.name = f"test-{uuid.uuid4().hex[:8]}"
        self.arn = f"arn:aws:budgets::{ACCOUNT}:budget/{self.name}"

    def body(self, **more: Any) -> dict[str, Any]:
        limit = {"Amount": "100.00", "Unit": "USD"}
        body = {"BudgetName": self.name, "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": limit}
        return {**body, **more}

    def create(self, *notifications: dict[str, Any], tags: dict[str, str] | None = None, **more: Any) -> None:
        self.client.create_budget(
            AccountId=ACCOUNT,
            Budget=self.body(**more),
            NotificationsWithSubscribers=list(notifications),
            ResourceTags=[{"Key": key, "Value": value} for key, value in (tags or {}).items()],
        )

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self.client, operation)(AccountId=ACCOUNT, BudgetName=self.name, **parameters)
        return answer

    def tags(self) -> dict[str, str]:
        return {
            tag["Key"]: tag["Value"] for tag in self.client.list_tags_for_resource(ResourceARN=self.arn)["ResourceTags"]
        }


@pytest.fixture
def budget(lab: Lab) -> Budget:
    return Budget(lab)


def test_an_update_changes_all_but_the_name_and_the_notifications(budget: Budget) -> None:
    budget.create({"Notification": OVER_80, "Subscribers": [SNS]})
    default = budget.call("describe_budget")["Budget"]["TimePeriod"]
    new = budget.body(BudgetLimit={"Amount": "200.00", "Unit": "USD"}, CostFilters={"TagKeyValue": ["user:a$b"]})
    period = {**default, "Start": datetime(2026, 1, 1, tzinfo=UTC)}
    budget.client.update_budget(AccountId=ACCOUNT, NewBudget={**new, "TimePeriod": period})
    assert budget.call("describe_budget")["Budget"]["TimePeriod"] == period
    budget.client.update_budget(AccountId=ACCOUNT, NewBudget=new)
    after = budget.call("describe_budget")["Budget"]
    assert after["BudgetLimit"]["Amount"] == "200.00"
    assert after["CostFilters"] == {"TagKeyValue": ["user:a$b"]}
    assert after["TimePeriod"]["Start"].date() == default["Start"].date()
    assert len(budget.call("describe_notifications_for_budget")["Notifications"]) == 1


def test_what_is_not_there(budget: Budget) -> None:
    for operation in ("describe_budget", "delete_budget", "describe_notifications_for_budget"):
        with refused("NotFoundException"):
            budget.call(operation)
    with refused("NotFoundException"):
        budget.client.update_budget(AccountId=ACCOUNT, NewBudget=budget.body())
    with refused("NotFoundException"):
        budget.client.list_tags_for_resource(ResourceARN=budget.arn)
    budget.create()
    for operation in ("describe_subscribers_for_notification", "delete_notification"):
        with refused("NotFoundException"):
            budget.call(operation, Notification=OVER_80)


@pytest.mark.parametrize(
    "more",
    [
        {"CostFilters": {"TagKeyValue": ["user:a$b"]}, "Metrics": ["UnblendedCost"]},
        {"CostTypes": {"IncludeTax": False}, "FilterExpression": {"Tags": {"Key": "a", "Values": ["b"]}}},
        {"PlannedBudgetLimits": {"1798761600": {"Amount": "1", "Unit": "USD"}}},
    ],
)
def test_what_does_not_go_together(budget: Budget, more: dict[str, Any]) -> None:
    with refused("InvalidParameterException"):
        budget.create(**more)
    budget.create()
    with refused("InvalidParameterException"):
        budget.client.update_budget(AccountId=ACCOUNT, NewBudget=budget.body(**more))


def test_notifications_have_defaults_and_are_known_without_their_state(budget: Budget) -> None:
    budget.create({"Notification": OVER_80, "Subscribers": [SNS, MAIL]})
    (found,) = budget.call("describe_notifications_for_budget")["Notifications"]
    assert found == {**OVER_80, "ThresholdType": "PERCENTAGE", "NotificationState": "OK"}
    subscribers = budget.call("describe_subscribers_for_notification", Notification=OVER_80)["Subscribers"]
    assert subscribers == [SNS, MAIL]
    with refused("DuplicateRecordException"):
        budget.call("create_notification", Notification=found, Subscribers=[SNS])
    budget.call("delete_notification", Notification=OVER_80)
    assert budget.call("describe_notifications_for_budget")["Notifications"] == []


@pytest.mark.parametrize("subscribers", [[SNS, {**SNS, "Address": f"{TOPIC}-2"}], [MAIL] * 11])
def test_subscribers_that_are_refused(budget: Budget, subscribers: list[dict[str, str]]) -> None:
    with refused("InvalidParameterException"):
        budget.create({"Notification": OVER_80, "Subscribers": subscribers})
    budget.create()
    with refused("InvalidParameterException"):
        budget.call("create_notification", Notification=OVER_80, Subscribers=subscribers)


def test_a_budget_has_ten_notifications(budget: Budget) -> None:
    given: list[dict[str, Any]] = [
        {"Notification": {**OVER_80, "Threshold": float(at)}, "Subscribers": [SNS]} for at in range(11)
    ]
    with refused("InvalidParameterException"):
        budget.create(*given)
    budget.create(*given[:10])


def test_tags(budget: Budget) -> None:
    """They come with CreateBudget, change by TagResource and UntagResource, and go with the budget."""
    budget.create(tags={"a": "1", "b": "2"})
    assert budget.tags() == {"a": "1", "b": "2"}
    budget.client.tag_resource(ResourceARN=budget.arn, ResourceTags=[{"Key": "a", "Value": "3"}])
    budget.client.untag_resource(ResourceARN=budget.arn, ResourceTagKeys=["b"])
    assert budget.tags() == {"a": "3"}
    budget.call("delete_budget")
    with refused("NotFoundException"):
        budget.tags()
    budget.create()
    assert budget.tags() == {}
