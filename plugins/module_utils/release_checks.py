# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks over the variables of the operations on a service: release, rollback, one-off task and logs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.images import image_fault
from ansible_collections.triflow.platform.plugins.module_utils.limits import SECONDS, Range, limit_problems
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, nearest, problem

Variables = Mapping[str, Any]

# A tag (OCI distribution specification), a digest, or a repository with one of the two.
IMAGE = re.compile(r"(?!sha256:)([\w.:/-]+:)?\w[\w.-]{0,127}|([\w.:/-]+@)?sha256:[0-9a-f]{64}")
RANGES = {
    "release_wait_timeout": SECONDS,
    "release_migration_timeout": SECONDS,
    "release_canary_bake_time": Range(0, 86400, "seconds", "it is no time to watch a canary"),
}
SERVICE_VARIABLES = ("release_service", "ecs_task_service", "ecs_logs_service")
COMMAND_VARIABLES = ("release_migration_command", "ecs_task_command")


def release_problems(variables: Variables) -> list[Problem]:
    """All that is wrong with the variables of the operations. What is not given is not checked."""
    problems = [
        *limit_problems(variables, {}, RANGES),
        *_service_problems(variables),
        *_command_problems(variables),
        *_image_problems(variables),
    ]
    revision = variables.get("release_revision")
    if revision and not re.fullmatch(r"[1-9][0-9]*", revision):
        problems.append(
            problem("release_revision", revision, "it is no revision of a task definition", "a number, such as 7")
        )
    if variables.get("release_strategy") == "canary":
        problems += _canary_problems(variables)
    return problems


def _services(variables: Variables) -> dict[str, Mapping[str, Any]]:
    return {service["name"]: service for service in variables.get("ecs_services") or []}


def _service_problems(variables: Variables) -> Iterator[Problem]:
    services = _services(variables)
    for variable in SERVICE_VARIABLES:
        name = variables.get(variable)
        if name and services and name not in services:
            accepted = nearest(name, services) or f"one of {', '.join(services)}"
            yield problem(variable, name, "it is none of ecs_services", accepted)


def _command_problems(variables: Variables) -> Iterator[Problem]:
    for variable in COMMAND_VARIABLES:
        command = variables.get(variable) or ""
        try:
            shlex.split(command)
        except ValueError as error:
            yield problem(
                variable, command, f"it cannot be split into words: {error}", "a command line with its quotes closed"
            )


def _image_problems(variables: Variables) -> Iterator[Problem]:
    image = variables.get("release_image")
    if not image:
        return
    if not IMAGE.fullmatch(image):
        accepted = "a tag such as 1.4.0, sha256:<64 digits>, or a repository with one of the two"
        yield problem("release_image", image, "it is no tag, digest or image with one of them", accepted)
    elif ("/" in image or ":" in image) and not image.startswith("sha256:") and (fault := image_fault(image)):
        yield problem("release_image", image, fault.reason, f"did you mean {fault.meant}?" if fault.meant else "a tag")
    if variables.get("ecs_image_owner") == "stack":
        reason = "ecs_image_owner is stack, and the next run would put ecs_image back"
        accepted = "ecs_image_owner: pipeline, or a new ecs_image and playbooks/compute.yml"
        yield problem("release_image", image, reason, accepted)


def _canary_problems(variables: Variables) -> Iterator[Problem]:
    weight, tasks = variables.get("release_canary_weight"), variables.get("release_canary_desired_count")
    if weight is not None and not 1 <= weight <= 50:
        yield problem("release_canary_weight", weight, "it is no share for a trial", "1 to 50, per cent")
    if tasks is not None and tasks < 1:
        yield problem("release_canary_desired_count", tasks, "a canary without a task answers nobody", "1 or more")
    name, groups = variables.get("release_service"), variables.get("alb_target_groups")
    service = _services(variables).get(name or "")
    if service and groups and service.get("target_group") != groups[0]:
        reason = f"the listener sends its users to the target group {groups[0]}, which {name} does not serve"
        yield problem("release_strategy", "canary", reason, "rolling")
    if f"{name}-canary" in _services(variables):
        reason = f"ecs_services has a service {name}-canary, whose name the canary would take"
        yield problem("release_strategy", "canary", reason, "rolling, or another name of that service")
