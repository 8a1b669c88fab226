"""SNS: who has to confirm, what Lambda gets, and where a message goes that cannot be delivered.

Amazon SNS API reference: Subscribe, ConfirmSubscription, ListSubscriptionsByTopic. Amazon SNS developer guide: "Fanout
to Lambda functions", "Dead-letter queues". No mail is sent in the lab, so the token that the mail would bring is the
address itself.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends
from moto.core.responses import ActionResult
from moto.core.utils import iso_8601_datetime_with_milliseconds
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SMS, SNSBackend, Subscription
from moto.sns.responses import SNSResponse
from moto.sqs.exceptions import QueueDoesNotExist
from moto.sqs.models import sqs_backends
from requests import Session

from lab.corrections.lambda_functions import invoke_later
from lab.corrections.override import override
from lab.corrections.service_principals import service_may
from lab.turns import TURN

CONFIRMED_BY_MAIL = ("email", "email-json")


def _is_pending(subscription: Subscription) -> bool:
    return subscription.attributes.get("PendingConfirmation") is True


@override(SNSBackend, "subscribe")
def _subscribe(original: Any, self: SNSBackend, topic_arn: str, endpoint: str, protocol: str) -> Subscription:
    """Subscribe: an address is pending until it is confirmed."""
    known = self._find_subscription(topic_arn, endpoint, protocol)
    subscription: Subscription = original(self, topic_arn, endpoint, protocol)
    if not known and protocol in CONFIRMED_BY_MAIL:
        subscription.attributes |= {"PendingConfirmation": True, "ConfirmationWasAuthenticated": False}
    return subscription


@override(SNSResponse, "subscribe")
def _subscribe_call(original: Any, self: SNSResponse) -> ActionResult:
    """Subscribe, ReturnSubscriptionArn: without it a pending subscription's ARN is not told."""
    answer: ActionResult = original(self)
    known = self.backend._find_subscription(
        self._get_param("TopicArn"), self._get_param("Endpoint"), self._get_param("Protocol")
    )
    if known and _is_pending(known) and not self._get_bool_param("ReturnSubscriptionArn", False):
        return ActionResult({"SubscriptionArn": "pending confirmation"})
    return answer


def _shown(subscription: Subscription) -> dict[str, str]:
    return {
        "SubscriptionArn": "PendingConfirmation" if _is_pending(subscription) else subscription.arn,
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "TopicArn": subscription.topic_arn,
    }


@override(SNSResponse, "list_subscriptions_by_topic")
def _list_by_topic(_unused: Any, self: SNSResponse) -> ActionResult:
    """ListSubscriptionsByTopic: PendingConfirmation stands in the place of the ARN."""
    found, token = self.backend.list_subscriptions_by_topic(
        self._get_param("TopicArn"), next_token=self._get_param("NextToken")
    )
    return ActionResult({"Subscriptions": [_shown(item) for item in found], "NextToken": token})


@override(SNSResponse, "list_subscriptions")
def _list(_unused: Any, self: SNSResponse) -> ActionResult:
    """ListSubscriptions: the same."""
    found, token = self.backend.list_subscriptions(next_token=self._get_param("NextToken"))
    return ActionResult({"Subscriptions": [_shown(item) for item in found], "NextToken": token})


@override(SNSResponse, "confirm_subscription")
def _confirm(_unused: Any, self: SNSResponse) -> ActionResult:
    """ConfirmSubscription: with the token of the mail, which in the lab is the address."""
    topic, token = self._get_param("TopicArn"), self._get_param("Token")
    for subscription in self.backend.subscriptions.values():
        if (subscription.topic_arn, subscription.endpoint) == (topic, token) and _is_pending(subscription):
            subscription.attributes |= {"PendingConfirmation": False, "ConfirmationWasAuthenticated": True}
            return ActionResult({"SubscriptionArn": subscription.arn})
    raise SNSInvalidParameter("Invalid parameter: Token")


@override(Subscription, "publish")
def _publish(
    original: Any,
    self: Subscription,
    message: str,
    message_id: str,
    subject: str | None = None,
    message_attributes: dict[str, Any] | None = None,
    **more: Any,
) -> None:
    """Publish: nothing to an address that is not confirmed; an SMS is kept; Lambda gets the documented event."""
    if _is_pending(self):
        return
    if self.protocol == "sms":
        backend = self.topic.sns_backend
        backend.sms_messages[message_id] = (self.endpoint, message)
        backend.sms_message_objects[message_id] = SMS(message_id, self.endpoint, message)
    elif self.protocol == "lambda":
        _to_function(self, message, message_id, subject, message_attributes)
    else:
        original(self, message, message_id, subject=subject, message_attributes=message_attributes, **more)


def _to_function(
    subscription: Subscription,
    message: str,
    message_id: str,
    subject: str | None,
    attributes: dict[str, Any] | None,
) -> None:
    """Lambda itself tries again what fails inside the function. What cannot be called goes to the queue at once."""
    topic, account = subscription.topic, subscription.account_id
    notification = {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": topic.arn,
        "Subject": subject,
        "Message": message,
        "Timestamp": iso_8601_datetime_with_milliseconds(),
        "SignatureVersion": "1",
        "Signature": "EXAMPLE",
        "SigningCertUrl": f"https://sns.{topic.sns_backend.region_name}.amazonaws.com/EXAMPLE.pem",
        "UnsubscribeUrl": f"https://sns.{topic.sns_backend.region_name}.amazonaws.com/?Action=Unsubscribe",
        "MessageAttributes": attributes or {},
    }
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "Sns": notification,
    }
    region = subscription.endpoint.split(":")[3]
    try:
        function = lambda_backends[account][region].get_function(subscription.endpoint)
    except UnknownFunctionException:
        _to_dead_letters(subscription, notification)
        return
    document = json.dumps({"Statement": function.policy.statements})
    context = {"aws:sourcearn": [topic.arn]}
    if service_may(document, "sns.amazonaws.com", "lambda:InvokeFunction", function.function_arn, account, context):
        invoke_later(function, {"Records": [record]})
    else:
        _to_dead_letters(subscription, notification)


def _to_dead_letters(subscription: Subscription, notification: dict[str, Any]) -> None:
    """RedrivePolicy: to the queue, when its policy lets SNS send for this topic."""
    target = json.loads(subscription.attributes.get("RedrivePolicy") or "{}").get("deadLetterTargetArn")
    if not target:
        return
    _unused, _unused, _unused, region, account, name = target.split(":")
    backend = sqs_backends[account][region]
    with suppress(QueueDoesNotExist):
        queue = backend.get_queue(name)
        context = {"aws:sourcearn": [subscription.topic_arn]}
        if queue.policy and service_may(queue.policy, "sns.amazonaws.com", "sqs:SendMessage", target, account, context):
            backend.send_message(name, json.dumps(notification))


@override(Session, "request")
def _request(original: Any, self: Session, *arguments: Any, **options: Any) -> Any:
    """Fanout to HTTP(S) endpoints: whoever is told may call the lab before it answers."""
    with TURN.handed_on():
        return original(self, *arguments, **options)
