"""SNS: topics, policies and subscriptions that are refused.

Amazon SNS API reference: CreateTopic, SetTopicAttributes, Subscribe, Publish. From which regions SMS go is a table of
the collection's.
"""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.sms_regions import SNS_TEXTING
from moto.core.utils import camelcase_to_underscores
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend, Subscription, Topic
from moto.sns.responses import SNSResponse

from lab.corrections.override import override
from lab.corrections.policy import is_document

ENDPOINTS = {
    "application": r"arn:aws:sns:.+",
    "email": r"[^@\s]+@[^@\s]+",
    "email-json": r"[^@\s]+@[^@\s]+",
    "firehose": r"arn:aws:firehose:.+",
    "http": r"http://.+",
    "https": r"https://.+",
    "lambda": r"arn:aws:lambda:.+",
    "sms": r".+",
    "sqs": r".*",
}


@override(SNSBackend, "create_topic")
def _create_topic(
    original: Any,
    self: SNSBackend,
    name: str,
    attributes: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
) -> Topic:
    """CreateTopic: the topic that is there, when all that is given of attributes and tags is the same."""
    known = next((topic for topic in self.topics.values() if topic.name == name), None)
    if "Policy" in (attributes or {}):
        _check_policy((attributes or {})["Policy"])
    if known and tags and tags != known._tags:
        raise SNSInvalidParameter("Invalid parameter: Tags Reason: Topic already exists with different tags")
    for attribute, value in (attributes or {}).items() if known else ():
        if attribute != "Policy" and str(getattr(known, camelcase_to_underscores(attribute), None)) != str(value):
            raise SNSInvalidParameter(
                "Invalid parameter: Attributes Reason: Topic already exists with different attributes"
            )
    topic: Topic = original(self, name, attributes, tags)
    return topic


def _check_policy(document: str) -> None:
    if not is_document(document):
        raise SNSInvalidParameter("Invalid parameter: Policy Error: null")


@override(SNSBackend, "set_topic_attribute")
def _set_topic_attribute(original: Any, self: SNSBackend, topic_arn: str, name: str, value: str) -> None:
    """SetTopicAttributes, Policy: a policy."""
    if name.lower() == "policy":
        _check_policy(value)
    original(self, topic_arn, name, value)


@override(SNSBackend, "subscribe")
def _subscribe(original: Any, self: SNSBackend, topic_arn: str, endpoint: str, protocol: str) -> Subscription:
    """Subscribe: a protocol that there is, an endpoint of its form, SMS where SNS has it."""
    form = ENDPOINTS.get(protocol)
    if form is None:
        raise SNSInvalidParameter(
            f"Invalid parameter: Amazon SNS does not support this protocol string: {protocol or 'null'}"
        )
    if protocol == "sms" and self.region_name not in SNS_TEXTING:
        raise SNSInvalidParameter(f"Invalid parameter: Protocol Reason: SMS is not supported in {self.region_name}")
    if not re.fullmatch(form, endpoint):
        raise SNSInvalidParameter(f"Invalid parameter: {protocol} endpoint")
    subscription: Subscription = original(self, topic_arn, endpoint, protocol)
    return subscription


@override(SNSResponse, "publish")
def _publish(original: Any, self: SNSResponse) -> Any:
    """Publish, PhoneNumber: where SNS has SMS."""
    number = self._get_param("PhoneNumber")
    if number and self.region not in SNS_TEXTING:
        raise SNSInvalidParameter(f"Invalid parameter: PhoneNumber Reason: {number} is not valid to publish to")
    return original(self)
