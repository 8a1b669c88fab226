"""EventBridge: how many targets a rule has, and whether a pattern matches.

Amazon EventBridge API reference, PutTargets and TestEventPattern; user guide, quotas, "Targets per rule".
"""

from __future__ import annotations

import json
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.events.exceptions import ValidationException
from moto.events.models import EventPattern, EventsBackend, Rule
from moto.events.responses import EventsHandler

from lab.corrections.override import override

TARGETS = 5
MANDATORY = ("id", "account", "source", "time", "region", "resources", "detail-type")


class LimitExceededError(JsonRESTError):
    """400 LimitExceededException."""

    code = 400

    def __init__(self, message: str) -> None:
        super().__init__("LimitExceededException", message)


@override(Rule, "put_targets")
def _put_targets(original: Any, self: Rule, targets: list[dict[str, Any]]) -> None:
    """PutTargets: five at the most, or none of them is put."""
    if len({target["Id"] for target in [*self.targets, *targets]}) > TARGETS:
        raise LimitExceededError("The requested resource exceeds the maximum number allowed.")
    original(self, targets)


@override(EventsBackend, "test_event_pattern")
def _test_event_pattern(_unused: Any, _self: EventsBackend, pattern: str, event: str) -> bool:
    """TestEventPattern: the pattern is valid JSON of a pattern, the event has the fields that every event has."""
    loaded = EventPattern.load(pattern)
    try:
        content = json.loads(event)
    except ValueError:
        raise ValidationException("Parameter Event is not valid. Reason: Invalid JSON") from None
    missing = [name for name in MANDATORY if not isinstance(content, dict) or name not in content]
    if missing:
        raise ValidationException(f"Parameter(s) {', '.join(missing)} must be specified in the event.")
    return bool(loaded.matches_event(content))


@override(EventsHandler, "test_event_pattern")
def _test_event_pattern_call(_unused: Any, self: EventsHandler) -> str:
    """TestEventPattern: Result."""
    matches = self.events_backend.test_event_pattern(  # type: ignore[call-arg,func-returns-value]
        self._get_param("EventPattern"), self._get_param("Event")
    )
    return json.dumps({"Result": matches})
