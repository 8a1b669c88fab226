# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a person wants to know of a running service: a pure function."""

from __future__ import annotations

from typing import Any


def short(arn: str) -> str:
    return arn.split("/")[-1]


def service_report(service: dict[str, Any]) -> list[str]:
    """The service as M(triflow.platform.ecs_service_info) returns it, in sentences."""
    return [
        f"{short(service['arn'])}: {service['running_count']} of {service['desired_count']} tasks run, "
        f"{service['pending_count']} pending",
        f"revision {short(service['task_definition'])} since {service['since']}: {service['rollout_state']}",
        *(f"image of {name}: {image}" for name, image in service["images"].items()),
        *_before(service),
        *(_target(target) for target in service["targets"]),
        *(f"stopped: {sentence}" for sentence in service["stopped_tasks"]),
        *(f"event {event['at']}: {event['message']}" for event in service["events"]),
    ]


def _before(service: dict[str, Any]) -> list[str]:
    before = service["previous_task_definition"]
    return [f"a rollback goes to {short(before)}"] if before else []


def _target(target: dict[str, Any]) -> str:
    why = f" ({target['description']})" if target.get("description") else ""
    return f"target {target['id']}:{target['port']} is {target['state']}{why}"
