# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.module_utils import scaling

DOCUMENTATION = r"""
name: scaling_alarms
version_added: 0.1.0
short_description: Build the alarms by which services scale in steps
description:
  - One above the upper and one below the lower mark for each service (CMP-5, CMP-6).
positional: settings, policies
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
  policies:
    description: The policies by component, each with its C(id), as M(triflow.platform.scaling_policies) returns them.
    type: dict
    required: true
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
alarms: "{{ ['backend'] | triflow.platform.scaling_alarms(autoscaling_settings, policies.resources) }}"
"""

RETURN = r"""
_value:
  description: The option C(alarms) of M(triflow.platform.metric_alarms).
  type: list
  elements: dict
"""


def scaling_alarms(services: list[str], settings: dict[str, Any], policies: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the alarms."""
    try:
        return scaling.alarms(services, settings, policies)
    except KeyError as error:
        raise AnsibleFilterError(f"scaling_alarms: {error} is missing in the settings") from error


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"scaling_alarms": scaling_alarms}
