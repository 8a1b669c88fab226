"""AWS Budgets: changes, subscribers and tags of a budget, and what CreateBudget refuses.

AWS Billing and Cost Management API reference, AWS Budgets: CreateBudget, UpdateBudget, CreateNotification,
DescribeSubscribersForNotification, TagResource. Nothing is spent in the lab, so no budget ever sends a notification.
"""

from __future__ import annotations

import json
from typing import Any

from moto.budgets.exceptions import DuplicateRecordException, NotFoundException
from moto.budgets.models import Budget, BudgetsBackend, Notification
from moto.budgets.responses import BudgetsResponse
from moto.core.exceptions import JsonRESTError

from lab.corrections.override import add, override

IDENTITY = ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")
NOTIFICATIONS = 10
SUBSCRIBERS = {"SNS": 1, "EMAIL": 10}


class InvalidParameterError(JsonRESTError):
    code = 400

    def __init__(self, message: str) -> None:
        super().__init__("InvalidParameterException", message)


def _whole(notification: dict[str, Any]) -> dict[str, Any]:
    """A notification with its defaults."""
    return {"ThresholdType": "PERCENTAGE", "NotificationState": "OK", **notification}


def _is_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(_whole(one)[key] == _whole(other)[key] for key in IDENTITY)


def _check_budget(budget: dict[str, Any]) -> None:
    old, new = {"CostFilters", "CostTypes"} & set(budget), {"FilterExpression", "Metrics"} & set(budget)
    if old and new:
        raise InvalidParameterError(f"{', '.join(sorted(old))} cannot be used with {', '.join(sorted(new))}.")
    if "BudgetLimit" in budget and "PlannedBudgetLimits" in budget:
        raise InvalidParameterError("BudgetLimit cannot be used with PlannedBudgetLimits.")


def _check_subscribers(subscribers: list[dict[str, str]]) -> None:
    kinds = [subscriber["SubscriptionType"] for subscriber in subscribers]
    if not kinds or any(kinds.count(kind) > most for kind, most in SUBSCRIBERS.items()):
        raise InvalidParameterError("A notification has one SNS subscriber and up to 10 email subscribers.")


def _arn(backend: BudgetsBackend, account: str, name: str) -> str:
    return f"arn:{backend.partition}:budgets::{account}:budget/{name}"


def _tags(backend: BudgetsBackend) -> dict[str, dict[str, str]]:
    """``{ARN: tags}`` of all budgets; kept in the backend, so that a reset empties it."""
    found: dict[str, dict[str, str]] = backend.__dict__.setdefault("triflow_tags", {})
    return found


@override(BudgetsResponse, "create_budget")
def _create_budget(original: Any, self: BudgetsResponse) -> str:
    """CreateBudget: with ResourceTags, and either the old filters or the new ones."""
    account, budget = self._get_param("AccountId"), self._get_param("Budget")
    _check_budget(budget)
    given = self._get_param("NotificationsWithSubscribers", [])
    if len(given) > NOTIFICATIONS:
        raise InvalidParameterError(f"A budget has at most {NOTIFICATIONS} notifications.")
    for item in given:
        _check_subscribers(item["Subscribers"])
    answer: str = original(self)
    tags = {tag["Key"]: tag["Value"] for tag in self._get_param("ResourceTags", [])}
    _tags(self.backend)[_arn(self.backend, account, budget["BudgetName"])] = tags
    return answer


@add(BudgetsResponse)
def update_budget(self: BudgetsResponse) -> str:
    """UpdateBudget: every part but the name, the period too, which has its default when it is not given."""
    account, new = self._get_param("AccountId"), self._get_param("NewBudget")
    self.backend.describe_budget(account, new["BudgetName"])  # refuses what is not there
    _check_budget(new)
    self.backend.budgets[account][new["BudgetName"]].budget = Budget(new, []).budget
    return json.dumps({})


@override(BudgetsBackend, "delete_budget")
def _delete_budget(original: Any, self: BudgetsBackend, account_id: str, budget_name: str) -> None:
    """DeleteBudget: tags go with it."""
    original(self, account_id, budget_name)
    _tags(self).pop(_arn(self, account_id, budget_name), None)


@override(BudgetsBackend, "create_notification")
def _create_notification(
    original: Any,
    self: BudgetsBackend,
    account_id: str,
    budget_name: str,
    notification: dict[str, Any],
    subscribers: list[dict[str, str]],
) -> None:
    """CreateNotification: each one once, with at least one subscriber."""
    _check_subscribers(subscribers)
    budget = self.budgets[account_id].get(budget_name)
    if budget and any(_is_same(there.details, notification) for there in budget.notifications):
        raise DuplicateRecordException("notification", budget_name)
    original(self, account_id, budget_name, notification, subscribers)


def _notification(
    backend: BudgetsBackend, account: str, budget_name: str, notification: dict[str, Any]
) -> Notification:
    backend.describe_budget(account, budget_name)
    for there in backend.budgets[account][budget_name].notifications:
        if _is_same(there.details, notification):
            return there
    raise NotFoundException(f"Unable to find the notification of the budget {budget_name}.")


@override(BudgetsBackend, "delete_notification")
def _delete_notification(
    _unused: Any, self: BudgetsBackend, account_id: str, budget_name: str, notification: dict[str, Any]
) -> None:
    """DeleteNotification: known by type, operator and threshold, whatever its state."""
    there = _notification(self, account_id, budget_name, notification)
    self.budgets[account_id][budget_name].notifications.remove(there)


@override(BudgetsBackend, "describe_notifications_for_budget")
def _describe_notifications(
    original: Any, self: BudgetsBackend, account_id: str, budget_name: str
) -> list[dict[str, Any]]:
    """DescribeNotificationsForBudget: of a budget that is there, with type of threshold and state."""
    self.describe_budget(account_id, budget_name)
    return [_whole(details) for details in original(self, account_id, budget_name)]


@add(BudgetsResponse)
def describe_subscribers_for_notification(self: BudgetsResponse) -> str:
    """DescribeSubscribersForNotification"""
    there = _notification(
        self.backend,
        self._get_param("AccountId"),
        self._get_param("BudgetName"),
        self._get_param("Notification"),
    )
    return json.dumps({"Subscribers": there.subscribers})


def _tags_of(response: BudgetsResponse) -> dict[str, str]:
    arn = response._get_param("ResourceARN")
    found = _tags(response.backend).get(arn)
    if found is None:
        raise NotFoundException(f"Unable to find {arn}.")
    return found


@add(BudgetsResponse)
def tag_resource(self: BudgetsResponse) -> str:
    """TagResource"""
    _tags_of(self).update({tag["Key"]: tag["Value"] for tag in self._get_param("ResourceTags")})
    return json.dumps({})


@add(BudgetsResponse)
def untag_resource(self: BudgetsResponse) -> str:
    """UntagResource"""
    tags = _tags_of(self)
    for key in self._get_param("ResourceTagKeys"):
        tags.pop(key, None)
    return json.dumps({})


@add(BudgetsResponse)
def list_tags_for_resource(self: BudgetsResponse) -> str:
    """ListTagsForResource"""
    return json.dumps({"ResourceTags": [{"Key": key, "Value": value} for key, value in _tags_of(self).items()]})
