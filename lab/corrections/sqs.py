"""SQS: SetQueueAttributes sets what it is given and leaves the rest; what is no policy is refused."""

from __future__ import annotations

from typing import Any

from moto.sqs.exceptions import InvalidAttributeValue
from moto.sqs.models import Queue

from lab.corrections.override import override
from lab.corrections.policy import is_document


@override(Queue, "_set_attributes")
def _set_attributes(original: Any, self: Queue, attributes: dict[str, Any], now: float | None = None) -> None:
    """The policy stays when it is not among them ("SetQueueAttributes", Amazon SQS API Reference)."""
    policy = getattr(self, "policy", None)
    if attributes.get("Policy") and not is_document(attributes["Policy"]):
        raise InvalidAttributeValue("Policy")
    original(self, attributes, now)
    if "Policy" not in attributes:
        self.policy = policy
