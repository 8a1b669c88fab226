"""Application Auto Scaling: a scheduled action belongs to a scalable target.

Application Auto Scaling API reference, PutScheduledAction and DeleteScheduledAction.
"""

from __future__ import annotations

from typing import Any

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend

from lab.corrections.application_autoscaling import ObjectNotFoundError
from lab.corrections.override import override


@override(ApplicationAutoscalingBackend, "put_scheduled_action")
def _put(original: Any, self: ApplicationAutoscalingBackend, **options: Any) -> None:
    """PutScheduledAction: only for a registered target; a new one needs schedule and capacity."""
    resource, name = options["resource_id"], options["scheduled_action_name"]
    if resource not in self.targets.get(options["scalable_dimension"], {}):
        raise ObjectNotFoundError(
            f"No scalable target registered for service namespace: {options['service_namespace']}, resource ID: "
            f"{resource}, scalable dimension: {options['scalable_dimension']}"
        )
    there = any(
        (action.resource_id, action.scheduled_action_name) == (resource, name) for action in self.scheduled_actions
    )
    if not there and not (options.get("schedule") and options.get("scalable_target_action")):
        raise AWSValidationException("A new scheduled action needs Schedule and ScalableTargetAction")
    original(self, **options)


@override(ApplicationAutoscalingBackend, "delete_scheduled_action")
def _delete(original: Any, self: ApplicationAutoscalingBackend, **options: Any) -> None:
    """DeleteScheduledAction: ObjectNotFoundException."""
    before = len(self.scheduled_actions)
    original(self, **options)
    if len(self.scheduled_actions) == before:
        raise ObjectNotFoundError(f"No scheduled action found: {options['scheduled_action_name']}")
