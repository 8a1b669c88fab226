"""budget: what a stack may cost a month, and who is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags

MODULE = "budget"
ACCOUNT = "123456789012"
TOPIC = f"arn:aws:sns:ap-northeast-2:{ACCOUNT}:alarms"
OTHER_TOPIC = f"{TOPIC}-2"
ACTUAL_80 = {"type": "ACTUAL", "above_percent": 80}
ACTUAL_100 = {"type": "ACTUAL", "above_percent": 100}
START = datetime(2026, 1, 1, tzinfo=UTC)
FORECASTED_100 = {"type": "FORECASTED", "above_percent": 100}


@pytest.fixture(scope="module")
def budgets(lab: Lab) -> Any:
    return lab.aws("budgets")


def read(budgets: Any, name: str) -> Any:
    """Limit, filter, what is left out, subscribers by notification, tags; None when there is no budget."""
    own = {"AccountId": ACCOUNT, "BudgetName": name}
    try:
        found = budgets.describe_budget(**own)["Budget"]
    except budgets.exceptions.NotFoundException:
        return None
    notifications = {}
    for item in budgets.describe_notifications_for_budget(**own)["Notifications"]:
        subscribers = budgets.describe_subscribers_for_notification(**own, Notification=item)["Subscribers"]
        at = (item["NotificationType"], item["ComparisonOperator"], item["Threshold"], item["ThresholdType"])
        notifications[at] = [(one["SubscriptionType"], one["Address"]) for one in subscribers]
    arn = f"arn:aws:budgets::{ACCOUNT}:budget/{name}"
    return {
        "limit": found["BudgetLimit"],
        "of": (found["BudgetType"], found["TimeUnit"]),
        "filters": found["CostFilters"],
        "left_out": sorted(key for key, value in found["CostTypes"].items() if key.startswith("Inc") and not value),
        "notifications": notifications,
        "tags": {tag["Key"]: tag["Value"] for tag in budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"]},
    }


def options(stack: str, **more: Any) -> dict[str, Any]:
    notifications = [ACTUAL_80, ACTUAL_100, FORECASTED_100]
    filters = {"TagKeyValue": [f"user:triflow:stack${stack}"]}
    given = {"name": stack, "account_id": ACCOUNT, "limit_usd": 384.62, "cost_filters": filters, "topic_arn": TOPIC}
    return {**given, "notifications": notifications, **more}


def told(topic: str, *notifications: tuple[str, float]) -> dict[tuple[str, str, float, str], list[tuple[str, str]]]:
    return {(kind, "GREATER_THAN", percent, "PERCENTAGE"): [("SNS", topic)] for kind, percent in notifications}


ALL = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))


def test_grammar(lab: Lab, budgets: Any, stack: str, run_module: RunModule) -> None:
    created = {
        "limit": {"Amount": "384.62", "Unit": "USD"},
        "of": ("COST", "MONTHLY"),
        "filters": {"TagKeyValue": [f"user:triflow:stack${stack}"]},
        "left_out": ["IncludeCredit", "IncludeRefund", "IncludeTax"],
        "notifications": told(TOPIC, *ALL),
        "tags": expected_tags(stack, "budget"),
    }
    case = Case(
        module=MODULE,
        options=options(stack),
        update={
            "limit_usd": 400,
            "notifications": [ACTUAL_80, {"type": "ACTUAL", "above_percent": 90}, FORECASTED_100],
            "tags": {"team": "platform"},
        },
        read=lambda: read(budgets, stack),
        created=created,
        updated={
            **created,
            "limit": {"Amount": "400.00", "Unit": "USD"},
            "notifications": told(TOPIC, ("ACTUAL", 80), ("ACTUAL", 90), ("FORECASTED", 100)),
            "tags": expected_tags(stack, "budget", team="platform"),
        },
        deleted=None,
        creates=["budget"],
        named=["budget"],
        updates={"budget": ["limit", "notification ACTUAL above 90 %", "notification ACTUAL above 100 %", "tags"]},
        deletes=["budget"],
        refused=[
            ({"limit_usd": None}, "state is present but all of the following are missing: limit_usd"),
            ({"cost_filters": None}, "state is present but all of the following are missing: cost_filters"),
            ({"topic_arn": None}, "state is present but all of the following are missing: topic_arn"),
            ({"notifications": [{"type": "SPENT", "above_percent": 1}]}, "one of: ACTUAL, FORECASTED, got: SPENT"),
        ],
    )
    walk(case, lab, run_module)


def test_another_topic_changes_every_notification_and_not_the_budget(
    lab: Lab, budgets: Any, stack: str, run_module: RunModule
) -> None:
    run_module(MODULE, **options(stack))
    before = len(lab.calls())
    result = run_module(MODULE, **options(stack, topic_arn=OTHER_TOPIC))
    assert len(result["changes"][0]["fields"]) == 3
    assert "UpdateBudget" not in {call["operation"] for call in lab.calls()[before:]}
    assert read(budgets, stack)["notifications"] == told(OTHER_TOPIC, *ALL)


@pytest.mark.parametrize(
    ("by_hand", "field"),
    [
        ({"BudgetLimit": {"Amount": "1.0", "Unit": "USD"}}, "limit"),
        ({"TimeUnit": "QUARTERLY"}, "time_unit"),
        ({"BudgetType": "USAGE"}, "type"),
        ({"CostFilters": {}}, "cost_filters"),
        ({"CostTypes": {"IncludeCredit": True}}, "cost_types"),
    ],
)
def test_what_somebody_changed_is_put_right_and_the_period_stays(
    budgets: Any, stack: str, run_module: RunModule, by_hand: dict[str, Any], field: str
) -> None:
    run_module(MODULE, **options(stack))
    own = {"AccountId": ACCOUNT, "BudgetName": stack}
    wanted, live = read(budgets, stack), budgets.describe_budget(**own)["Budget"]
    kept = ("BudgetName", "BudgetType", "TimeUnit", "BudgetLimit", "CostFilters", "CostTypes")
    period = {"Start": START, "End": live["TimePeriod"]["End"]}
    changed = {**{key: live[key] for key in kept}, "TimePeriod": period, **by_hand}
    budgets.update_budget(AccountId=ACCOUNT, NewBudget=changed)
    assert run_module(MODULE, check=True, **options(stack))["changes"][0]["fields"] == [field]
    assert run_module(MODULE, **options(stack))["changes"][0]["fields"] == [field]
    assert read(budgets, stack) == wanted
    assert budgets.describe_budget(**own)["Budget"]["TimePeriod"]["Start"] == START


def test_an_amount_is_compared_as_a_number(budgets: Any, stack: str, run_module: RunModule) -> None:
    """AWS may write 400.0 for 400.00."""
    run_module(MODULE, **options(stack, limit_usd=400))
    live = budgets.describe_budget(AccountId=ACCOUNT, BudgetName=stack)["Budget"]
    kept = ("BudgetName", "BudgetType", "TimeUnit", "CostFilters", "CostTypes")
    body = {**{key: live[key] for key in kept}, "BudgetLimit": {"Amount": "400.0", "Unit": "USD"}}
    budgets.update_budget(AccountId=ACCOUNT, NewBudget=body)
    assert run_module(MODULE, **options(stack, limit_usd=400))["changed"] is False


def test_further_subscribers_go_and_their_addresses_are_not_shown(
    budgets: Any, stack: str, run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_module(MODULE, **options(stack))
    own = {"AccountId": ACCOUNT, "BudgetName": stack}
    forecast = {"NotificationType": "FORECASTED", "ComparisonOperator": "GREATER_THAN", "Threshold": 100.0}
    below = {"NotificationType": "ACTUAL", "ComparisonOperator": "LESS_THAN", "Threshold": 5.0}
    person = {"SubscriptionType": "EMAIL", "Address": "someone@example.com"}
    budgets.delete_notification(**own, Notification=forecast)
    budgets.create_notification(**own, Notification=forecast, Subscribers=[person])
    budgets.create_notification(**own, Notification={**below, "ThresholdType": "ABSOLUTE_VALUE"}, Subscribers=[person])
    original, deleted = Api.call, []

    def call(self: Api, operation: str, /, **parameters: Any) -> dict[str, Any]:
        if operation == "delete_notification":
            deleted.append(parameters["Notification"])
        return original(self, operation, **parameters)

    monkeypatch.setattr(Api, "call", call)
    result = run_module(MODULE, **options(stack))
    assert deleted == [
        {**forecast, "ThresholdType": "PERCENTAGE"},  # as the reference names one: without its state
        {**below, "ThresholdType": "ABSOLUTE_VALUE"},
    ]
    fields = ["notification ACTUAL below 5", "notification FORECASTED above 100 %"]
    assert sorted(result["changes"][0]["fields"]) == fields
    assert "someone@example.com" not in str(result)
    assert result["diff"][0]["before"]["notification FORECASTED above 100 %"] == {"topic": "", "others": 1}
    assert read(budgets, stack)["notifications"] == told(TOPIC, *ALL)


def test_without_the_permission_to_read_budgets(
    stack: str, run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Absent, there is nothing to do; present, the message names the call and what to do."""

    def refuse(_unused: BaseClient, operation: str, _parameters: object) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, operation)

    monkeypatch.setattr(BaseClient, "_make_api_call", refuse)
    assert run_module(MODULE, name=stack, account_id=ACCOUNT, state="absent")["changed"] is False
    result = run_module(MODULE, **options(stack))
    assert result["failed"]
    assert f"budgets DescribeBudget failed on {stack}" in result["msg"]
    assert "Grant " in result["msg"]
