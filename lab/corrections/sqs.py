"""SQS: SetQueueAttributes sets what it is given and leaves the rest."""

from __future__ import annotations

from typing import Any

from moto.sqs.models import Queue

from lab.corrections.override import override


@override(Queue, "_set_attributes")
def _set_attributes(original: Any, self: Queue, attributes: dict[str, Any], now: float | None = None) -> None:
    """The policy stays when it is not among them ("SetQueueAttributes", Amazon SQS API Reference)."""
    policy = getattr(self, "policy", None)
    original(self, attributes, now)
    if "Policy" not in attributes:
        self.policy = policy
