"""E-mail subscriptions that have ended stay listed for a while, with the word `Deleted` in the place of their ARN.

Not in AWS's documentation; reported, and handled since, in github.com/ansible/ansible/pull/20086. What SNS answers to a
call with such a word: github.com/hashicorp/terraform/issues/2776.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend, Subscription
from moto.sns.responses import SNSResponse

from lab.corrections.override import override
from lab.corrections.sns import CONFIRMED_BY_MAIL

DELETED = "Deleted"


def _ended(backend: SNSBackend) -> list[Subscription]:
    ended: list[Subscription] = backend.__dict__.setdefault("ended_subscriptions", [])
    return ended


@override(SNSBackend, "unsubscribe")
def _unsubscribe(original: Any, self: SNSBackend, subscription_arn: str) -> None:
    """Unsubscribe, and the link in each mail, which does the same."""
    _check_arn(subscription_arn)
    subscription = self.subscriptions.get(subscription_arn)
    if subscription and subscription.protocol in CONFIRMED_BY_MAIL:
        _ended(self).append(subscription)
    original(self, subscription_arn)


@override(SNSBackend, "get_subscription_attributes")
def _attributes(original: Any, self: SNSBackend, arn: str) -> Any:
    _check_arn(arn)
    return original(self, arn)


def _check_arn(arn: str) -> None:
    parts = arn.split(":")
    if len(parts) < 6:
        raise SNSInvalidParameter(
            f"Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not {len(parts)}"
        )


@override(SNSResponse, "list_subscriptions_by_topic")
def _list_by_topic(original: Any, self: SNSResponse) -> ActionResult:
    """ListSubscriptionsByTopic: what has ended comes last."""
    answer: ActionResult = original(self)
    listed: Any = answer.result
    topic = self._get_param("TopicArn")
    if not listed["NextToken"]:
        listed["Subscriptions"] += [
            {
                "SubscriptionArn": DELETED,
                "Owner": item.owner,
                "Protocol": item.protocol,
                "Endpoint": item.endpoint,
                "TopicArn": topic,
            }
            for item in _ended(self.backend)
            if item.topic_arn == topic
        ]
    return answer
