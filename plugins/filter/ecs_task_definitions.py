# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.parsing.vault import VaultHelper
from ansible_collections.triflow.platform.plugins.module_utils import services as all_services

DOCUMENTATION = r"""
name: ecs_task_definitions
version_added: 0.1.0
short_description: Build the task definitions of the services
description:
  - One for each service, with the application's container and, where it is switched on, a Prometheus sidecar.
  - C(secret_environment) names what is vaulted in its environment, whose values no plan shows.
positional: settings
options:
  _input:
    description: The services, as the variable C(ecs_services) of the role C(ecs) has them.
    type: list
    elements: dict
    required: true
  settings:
    description:
      - The variables of the role C(ecs) without their prefix, with C(stack), C(region) and C(account_id).
    type: dict
    required: true
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
task_definitions: "{{ ecs_services | triflow.platform.ecs_task_definitions(ecs_settings) }}"
"""

RETURN = r"""
_value:
  description: The option C(task_definitions) of M(triflow.platform.ecs_task_definitions).
  type: list
  elements: dict
"""


def _vaulted(service: dict[str, Any], settings: dict[str, Any]) -> dict[str, list[str]]:
    """The service's container with the names of its environment whose values come from a vault."""
    environment = {**settings["environment"], **(service.get("environment") or {})}
    names = [name for name, value in environment.items() if VaultHelper.get_ciphertext(value, with_tags=False)]
    return {service["name"]: sorted(names)} if names else {}


def ecs_task_definitions(services: list[dict[str, Any]], settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the task definitions."""
    try:
        return [
            {**all_services.task_definition(service, settings), "secret_environment": _vaulted(service, settings)}
            for service in services
        ]
    except KeyError as error:
        raise AnsibleFilterError(f"ecs_task_definitions: {error} is missing in a service or in the settings") from error


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"ecs_task_definitions": ecs_task_definitions}
