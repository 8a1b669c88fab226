"""EventBridge Scheduler: what is refused, what an update resets, and what is listed.

EventBridge Scheduler API reference, CreateSchedule, UpdateSchedule, CreateScheduleGroup and ListSchedules; user guide,
"Setting up Amazon EventBridge Scheduler" and "Confused deputy prevention".
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.scheduler.exceptions import ScheduleGroupNotFound, ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend, Schedule, ScheduleGroup
from moto.scheduler.responses import EventBridgeSchedulerResponse

from lab.corrections.override import override
from lab.corrections.service_principals import service_may_assume

SERVICE = "scheduler.amazonaws.com"
LATEST_START = timedelta(minutes=5)  # before now


class ConflictError(JsonRESTError):
    """409 ConflictException."""

    code = 409

    def __init__(self, message: str) -> None:
        super().__init__("ConflictException", message)


def _check(self: EventBridgeSchedulerBackend, group: str, options: dict[str, Any]) -> None:
    """The role can be assumed for the schedule's group, and the schedule does not begin in the past."""
    role = options["target"]["RoleArn"]
    arn = f"arn:aws:scheduler:{self.region_name}:{self.account_id}:schedule-group/{group}"
    if not service_may_assume(SERVICE, role, {"aws:sourceaccount": [self.account_id], "aws:sourcearn": [arn]}):
        raise ValidationException(
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        )
    begin, end = (
        datetime.fromtimestamp(float(options[name]), UTC) if options.get(name) else None
        for name in ("start_date", "end_date")
    )
    if options["schedule_expression"].startswith("at("):
        return  # both are ignored
    if begin and begin < datetime.now(UTC) - LATEST_START:
        raise ValidationException("The StartDate you specify cannot be earlier than 5 minutes ago.")
    if end and begin and end <= begin:
        raise ValidationException("The EndDate you specify must come after the StartDate you specify.")


@override(EventBridgeSchedulerBackend, "create_schedule")
def _create(original: Any, self: EventBridgeSchedulerBackend, **options: Any) -> Schedule:
    """CreateSchedule: a group that is there, a role that Scheduler can assume, dates; ActionAfterCompletion is NONE."""
    group = options["group_name"] or "default"
    if group not in self.schedule_groups:
        raise ScheduleGroupNotFound(group)
    _check(self, group, options)
    options["action_after_completion"] = options.get("action_after_completion") or "NONE"
    created: Schedule = original(self, **options)
    return created


@override(EventBridgeSchedulerBackend, "update_schedule")
def _update(original: Any, self: EventBridgeSchedulerBackend, **options: Any) -> Schedule:
    """UpdateSchedule: the same checks; what is not given gets its default again, also the state."""
    group = options["group_name"] or "default"
    if group not in self.schedule_groups:
        raise ScheduleGroupNotFound(group)
    _check(self, group, options)
    options["state"] = options.get("state") or "ENABLED"
    updated: Schedule = original(self, **options)
    return updated


@override(EventBridgeSchedulerResponse, "update_schedule")
def _update_call(original: Any, self: EventBridgeSchedulerResponse) -> str:
    """UpdateSchedule, ActionAfterCompletion, which moto does not hand over."""
    answer: str = original(self)
    name = self.uri.split("?")[0].split("/")[-1]
    schedule = self.scheduler_backend.get_schedule(self._get_param("GroupName"), name)
    schedule.action_after_completion = self._get_param("ActionAfterCompletion") or "NONE"
    return answer


@override(EventBridgeSchedulerResponse, "list_schedules")
def _list(original: Any, self: EventBridgeSchedulerResponse) -> str:
    """ListSchedules: ScheduleGroup of a group that is not there."""
    groups = self.querystring.get("ScheduleGroup") or []
    for group in groups if isinstance(groups, list) else [groups]:
        self.scheduler_backend.get_schedule_group(group)
    answer = json.loads(original(self))
    return json.dumps({key: value for key, value in answer.items() if value is not None})


@override(EventBridgeSchedulerBackend, "create_schedule_group")
def _create_group(original: Any, self: EventBridgeSchedulerBackend, name: str, tags: Any) -> ScheduleGroup:
    """CreateScheduleGroup: ConflictException; moto forgets the schedules of the group that is there."""
    if name in self.schedule_groups:
        raise ConflictError(f"Schedule group {name} already exists.")
    created: ScheduleGroup = original(self, name, tags or [])
    return created


@override(EventBridgeSchedulerBackend, "delete_schedule_group")
def _delete_group(original: Any, self: EventBridgeSchedulerBackend, name: str | None) -> None:
    """DeleteScheduleGroup: ResourceNotFoundException, and the tags go too."""
    group = self.get_schedule_group(name)
    self.tagger.delete_all_tags_for_resource(group.arn)
    original(self, name)
