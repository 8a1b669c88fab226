# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.module_utils import services as all_services

DOCUMENTATION = r"""
name: ecs_services
version_added: 0.1.0
short_description: Build the ECS services from the stack's services
description:
  - One for each service, with its task definition, network and target group.
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
services: "{{ ecs_services | triflow.platform.ecs_services(ecs_settings) }}"
"""

RETURN = r"""
_value:
  description: The option C(services) of M(triflow.platform.ecs_services).
  type: list
  elements: dict
"""


def ecs_services(services: list[dict[str, Any]], settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the services."""
    try:
        return [all_services.ecs_service(service, settings) for service in services]
    except KeyError as error:
        raise AnsibleFilterError(f"ecs_services: {error} is missing in a service or in the settings") from error


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"ecs_services": ecs_services}
