"""SQS: SetQueueAttributes leaves the rest and refuses what is no policy; a deleted queue's name is not free at once."""

from __future__ import annotations

from typing import Any

from moto.sqs.exceptions import InvalidAttributeValue, SQSException
from moto.sqs.models import Queue, SQSBackend

from lab import aws_like
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


@override(SQSBackend, "delete_queue")
def _delete_queue(original: Any, self: SQSBackend, queue_name: str) -> None:
    """Its name is not free for 60 seconds; in the lab for some calls ("DeleteQueue", Amazon SQS API Reference)."""
    original(self, queue_name)
    if aws_like.on():
        _taken(self)[queue_name] = aws_like.ANSWERS


@override(SQSBackend, "create_queue")
def _create_queue(original: Any, self: SQSBackend, name: str, *arguments: Any, **options: Any) -> Queue:
    """CreateQueue, Errors: QueueDeletedRecently."""
    taken = _taken(self)
    if taken.get(name, 0) > 0:
        taken[name] -= 1
        raise SQSException(
            "AWS.SimpleQueueService.QueueDeletedRecently",
            "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
        )
    created: Queue = original(self, name, *arguments, **options)
    return created


def _taken(backend: SQSBackend) -> dict[str, int]:
    """{name of a queue that was deleted lately: how often it is refused yet}"""
    taken: dict[str, int] = backend.__dict__.setdefault("taken_names", {})
    return taken
