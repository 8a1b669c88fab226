# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.module_utils import scaling

DOCUMENTATION = r"""
name: scaling_policies
version_added: 0.1.0
short_description: Build the scaling policies of services
description:
  - Two for each service that scales in steps, one for each that tracks a target (CMP-5, CMP-6).
positional: settings
options:
  _input:
    description: Names of the services.
    type: list
    elements: str
    required: true
  settings:
    description: The variables of the role C(autoscaling) without their prefix, with C(stack) and C(cluster).
    type: dict
    required: true
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
policies: "{{ ['backend'] | triflow.platform.scaling_policies(autoscaling_settings) }}"
"""

RETURN = r"""
_value:
  description: The option C(policies) of M(triflow.platform.scaling_policies).
  type: list
  elements: dict
"""


def scaling_policies(services: list[str], settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the policies."""
    try:
        return scaling.policies(services, settings)
    except KeyError as error:
        raise AnsibleFilterError(f"scaling_policies: {error} is missing in the settings") from error


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"scaling_policies": scaling_policies}
