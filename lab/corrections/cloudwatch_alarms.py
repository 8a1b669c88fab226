"""CloudWatch alarms: the state of a new one, since when it has it, what an update keeps, and tags."""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend

from lab.corrections.override import override


@override(CloudWatchBackend, "put_metric_alarm")
def _put_metric_alarm(
    original: Any, self: CloudWatchBackend, name: str, *rest: Any, tags: list[dict[str, str]] | None = None, **more: Any
) -> Alarm:
    """PutMetricAlarm: a new alarm has INSUFFICIENT_DATA; an update leaves the state, and ignores Tags."""
    before = self.alarms.get(name)
    alarm: Alarm = original(self, name, *rest, tags=None if before else tags, **more)
    if before:
        alarm.state_value, alarm.state_reason = before.state_value, before.state_reason
        alarm.state_updated_timestamp = before.state_updated_timestamp
        alarm.state_transitioned_timestamp = before.state_transitioned_timestamp  # type: ignore[attr-defined]
    else:
        alarm.state_value = "INSUFFICIENT_DATA"
        alarm.state_transitioned_timestamp = alarm.state_updated_timestamp  # type: ignore[attr-defined]
    return alarm


@override(Alarm, "update_state")
def _update_state(original: Any, self: Alarm, reason: str, reason_data: str, state_value: str) -> None:
    """MetricAlarm, StateTransitionedTimestamp: when the state became another one."""
    before = self.state_value
    original(self, reason, reason_data, state_value)
    if state_value != before:
        self.state_transitioned_timestamp = self.state_updated_timestamp  # type: ignore[attr-defined]


@override(CloudWatchBackend, "delete_alarms")
def _delete_alarms(original: Any, self: CloudWatchBackend, alarm_names: list[str]) -> None:
    """DeleteAlarms: the tags go with the alarm."""
    for name in alarm_names:
        if name in self.alarms:
            self.tagger.delete_all_tags_for_resource(self.alarms[name].alarm_arn)
    original(self, alarm_names)
