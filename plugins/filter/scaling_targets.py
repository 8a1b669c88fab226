# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.module_utils import scaling

DOCUMENTATION = r"""
name: scaling_targets
version_added: 0.1.0
short_description: Build the scalable targets of services
description:
  - One for each service, with the number of tasks that it may have (CMP-3, CMP-4).
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
targets: "{{ ['backend'] | triflow.platform.scaling_targets(autoscaling_settings) }}"
"""

RETURN = r"""
_value:
  description: The option C(targets) of M(triflow.platform.scalable_targets).
  type: list
  elements: dict
"""


def scaling_targets(services: list[str], settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the targets."""
    try:
        return scaling.targets(services, settings)
    except KeyError as error:
        raise AnsibleFilterError(f"scaling_targets: {error} is missing in the settings") from error


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"scaling_targets": scaling_targets}
