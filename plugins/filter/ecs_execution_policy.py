# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.module_utils import iam_policies
from ansible_collections.triflow.platform.plugins.module_utils import services as all_services

DOCUMENTATION = r"""
name: ecs_execution_policy
version_added: 0.1.0
short_description: Build the policy of the execution role of the services
description:
  - Lets ECS pull exactly the services' images, write to exactly their log groups and read exactly their secrets.
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
policy_json: "{{ ecs_services | triflow.platform.ecs_execution_policy(iam_settings) }}"
"""

RETURN = r"""
_value:
  description: The policy document.
  type: dict
"""


def ecs_execution_policy(services: list[dict[str, Any]], settings: dict[str, Any]) -> dict[str, Any]:
    """Return the policy."""
    try:
        prefix = f"arn:aws:logs:{settings['region']}:{settings['account_id']}:log-group:"
        groups = [f"{prefix}{all_services.log_group(service['name'], settings)}" for service in services]
        return iam_policies.execution_policy(
            all_services.images_of(services, settings), groups, all_services.secrets_of(services, settings)
        )
    except KeyError as error:
        raise AnsibleFilterError(f"ecs_execution_policy: {error} is missing in a service or in the settings") from error


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"ecs_execution_policy": ecs_execution_policy}
