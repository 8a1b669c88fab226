"""Topics and queue answer over TLS only, and the topic for SMS to nobody but alarms (MON-8)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.filter.notification_policies import notification_policies

from lab.corrections.policy import Request, is_allowed, is_denied

ACCOUNT = "123456789012"
ARNS = {
    "topic": f"arn:aws:sns:ap-northeast-2:{ACCOUNT}:triflow-alarms-prod",
    "sms_topic": f"arn:aws:sns:ap-northeast-2:{ACCOUNT}:triflow-alarms-prod-sms",
    "queue": f"arn:aws:sqs:ap-northeast-2:{ACCOUNT}:triflow-prod-slack-dead-letters",
}
POLICIES = notification_policies(
    {
        "account_id": ACCOUNT,
        "secret": "x",
        "log_group": "l",
        "sms_log_group": "m",
        "sms_region": "ap-northeast-2",
        "budgets": True,
        **ARNS,
    }
)


def request(action: str, resource: str, principal: str, **context: str) -> Request:
    keys = {name: [value] for name, value in context.items()}
    return Request(action, ARNS[resource], ACCOUNT, frozenset({principal}), keys)


@pytest.mark.parametrize(
    ("resource", "action"),
    [
        *(
            (topic, f"SNS:{name}")
            for topic in ("topic", "sms_topic")
            for name in ("Publish", "Subscribe", "DeleteTopic")
        ),
        *(("queue", f"sqs:{name}") for name in ("SendMessage", "ReceiveMessage", "PurgeQueue")),
    ],
)
@pytest.mark.parametrize("who", [f"arn:aws:iam::{ACCOUNT}:role/triflow-prod-task", "*", "sns.amazonaws.com"])
def test_plain_http_is_refused(resource: str, action: str, who: str) -> None:
    def denied(**context: str) -> bool:
        return is_denied(json.dumps(POLICIES[resource]), request(action, resource, who, **context))

    assert denied(**{"aws:securetransport": "false"})
    assert not denied(**{"aws:securetransport": "true"})
    assert not denied()  # a service that does not tell


@pytest.mark.parametrize(("topic", "expected"), [("topic", True), ("sms_topic", False)])
def test_eventbridge_publishes_where_a_rule_does(topic: str, expected: bool) -> None:
    def allowed(service: str, **context: Any) -> bool:
        return is_allowed(json.dumps(POLICIES[topic]), request("SNS:Publish", topic, service, **context))

    assert allowed("events.amazonaws.com") is expected
    assert allowed("cloudwatch.amazonaws.com", **{"aws:sourceaccount": ACCOUNT})
    assert not allowed("cloudwatch.amazonaws.com", **{"aws:sourceaccount": "999999999999"})
    # Budgets warn by e-mail and Slack only.
    budget = {"aws:sourceaccount": ACCOUNT, "aws:sourcearn": f"arn:aws:budgets::{ACCOUNT}:budget/triflow-prod"}
    assert allowed("budgets.amazonaws.com", **budget) is expected
    assert not is_denied(json.dumps(POLICIES[topic]), request("SNS:Publish", topic, "events.amazonaws.com"))
    assert json.dumps(POLICIES[topic]).count("events.amazonaws.com") == int(expected)
    assert "DenyInsecureTransport" in json.dumps(POLICIES[topic])
