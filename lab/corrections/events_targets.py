"""EventBridge: a rule that is enabled sends what matches to topics too.

Amazon EventBridge user guide, "Event structure", "Event bus targets" and "Input transformation".
"""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

from moto.events.models import Rule
from moto.events.utils import EventTemplateParser
from moto.sns.models import sns_backends

from lab.corrections.override import override
from lab.corrections.service_principals import may_publish

FIELDS = ("version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail")


@override(Rule, "send_to_targets")
def _send(original: Any, self: Rule, original_event: Any, transform_input: bool = True) -> None:
    """PutTargets: an SNS topic is a target, when its policy and its key's let events.amazonaws.com publish."""
    if self.state == "DISABLED":
        return
    topics = [target for target in self.targets if target["Arn"].split(":")[2] == "sns"]
    others = copy.copy(self)
    others.targets = [target for target in self.targets if target not in topics]
    original(others, original_event, transform_input)
    if not topics or not self.event_pattern.matches_event(original_event):
        return
    for target in topics:
        _unused, _unused, _unused, region, account, _unused = target["Arn"].split(":", 5)
        topic = sns_backends[account][region].topics.get(target["Arn"])
        if topic and may_publish(topic, "events.amazonaws.com", self.arn):
            topic.publish(_input(target, original_event))


def _input(target: dict[str, Any], event: dict[str, Any]) -> str:
    """Input, InputTransformer, or the event as it is."""
    if target.get("Input"):
        return str(target["Input"])
    moment = event["time"]
    if not isinstance(moment, str):
        moment = f"{datetime.fromtimestamp(float(moment), UTC):%Y-%m-%dT%H:%M:%SZ}"
    shown = {**{field: event.get(field) for field in FIELDS}, "version": "0", "time": moment}
    transformer = target.get("InputTransformer")
    if not transformer:
        return json.dumps(shown)
    whole: Any = {**shown, "ingestion-time": moment}
    made: Any = EventTemplateParser.parse(
        input_template=transformer["InputTemplate"],
        input_paths_map=transformer.get("InputPathsMap", {}),
        event=whole,
    )
    return made if isinstance(made, str) else json.dumps(made)
