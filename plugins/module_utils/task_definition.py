# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A task definition as flat fields that can be compared: pure functions.

``cpu`` and ``task_role_arn`` are fields of the task, ``backend.image`` and ``backend.environment`` those of the
container backend. What AWS fills in by itself is filled in on both sides; what is empty is left out.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import hidden

# DescribeTaskDefinition: what nobody asked for.
ANSWER_ONLY = {
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
    "family",
    "containerDefinitions",
    "tags",
}
HEALTH_CHECK = {"interval": 30, "timeout": 5, "retries": 3}  # HealthCheck, in seconds and times


def _filled(value: Any) -> Any:
    """The value without what is empty, 0 or false inside it: those are AWS's defaults."""
    if isinstance(value, dict):
        return {key: filled for key, item in value.items() if (filled := _filled(item))}
    if isinstance(value, list):
        return [_filled(item) for item in value]
    return value


def _container(definition: dict[str, Any]) -> dict[str, Any]:
    state: dict[str, Any] = {
        key: value for key, value in definition.items() if key not in ("name", "essential", "environment")
    }
    state["secrets"] = {item["name"]: item["valueFrom"] for item in definition.get("secrets") or []}
    state["portMappings"] = [
        {"hostPort": mapping["containerPort"], "protocol": "tcp", **mapping}
        for mapping in definition.get("portMappings") or []
    ]
    for ordered in ("command", "entryPoint"):  # as text, since the order of lists counts as nothing in a comparison
        state[ordered] = shlex.join(definition.get(ordered) or [])
    if definition.get("healthCheck"):
        check = definition["healthCheck"]
        state["healthCheck"] = {**HEALTH_CHECK, **_filled(check), "command": shlex.join(check["command"])}
    given = {key: filled for key, value in state.items() if (filled := _filled(value))}
    environment = {item["name"]: item["value"] for item in definition.get("environment") or []}
    if environment:  # where an empty value is one
        given["environment"] = environment
    return {**given, "essential": definition.get("essential", True)}


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()


def fields_of(definition: dict[str, Any]) -> dict[str, Any]:
    """A task definition in the shape of RegisterTaskDefinition or DescribeTaskDefinition, as flat fields."""
    fields = {
        snake_case(key): filled
        for key, value in definition.items()
        if key not in ANSWER_ONLY and key != "volumes" and (filled := _filled(value))
    }
    volumes = {volume["name"]: _filled({**volume, "name": None}) for volume in definition.get("volumes") or []}
    if volumes:
        fields["volumes"] = volumes
    for container in definition["containerDefinitions"]:
        fields |= {f"{container['name']}.{key}": value for key, value in _container(container).items()}
    return fields


def with_surplus(live: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """The wanted fields, with an empty text for each live one that is not wanted: it differs, and goes."""
    return {**dict.fromkeys(live.keys() - {"id", "tags"}, ""), **wanted}


def keep_images(containers: list[dict[str, Any]], live: dict[str, Any] | None, kept: list[str]) -> list[dict[str, Any]]:
    """The containers, those in ``kept`` with the image that they have in the live fields."""
    images = {name: (live or {}).get(f"{name}.image") for name in kept}
    return [{**item, "image": images.get(item["name"]) or item["image"]} for item in containers]


def shown(
    live: dict[str, Any] | None, wanted: dict[str, Any] | None, secret: Mapping[str, Collection[str]]
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Both sides' fields as a diff may show them. ``secret`` are the marked names of each container's environment."""
    before, after = hidden.shown(live), hidden.shown(wanted)
    for field in {*(live or {}), *(wanted or {})}:
        container, _dot, name = field.rpartition(".")
        if name != "environment":
            continue
        # one that goes altogether is wanted as an empty text
        old, new = ((state or {}).get(field) or {} for state in (live, wanted))
        shown_old, shown_new = hidden.shown_environments(old, new, secret.get(container, ()))
        if before and shown_old:
            before[field] = shown_old
        if after and shown_new:
            after[field] = shown_new
    return before, after


def shown_containers(containers: list[dict[str, Any]], secret: Mapping[str, Collection[str]]) -> list[dict[str, Any]]:
    """Container definitions as AWS's API has them, as a result may show them."""
    found = []
    for container in hidden.shown(containers):
        values = {item["name"]: item["value"] for item in container.get("environment") or []}
        _none, environment = hidden.shown_environments({}, values, secret.get(container["name"], ()))
        found.append({**container, "environment": [{"name": name, "value": environment[name]} for name in environment]})
    return found
