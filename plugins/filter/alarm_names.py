# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.module_utils import alarms

DOCUMENTATION = r"""
name: alarm_names
version_added: 0.1.0
short_description: Names of the alarms that a table makes
description:
  - Without the stack's name in front.
positional: services
options:
  _input:
    description: The rows, as C(alarms_definitions) of the role C(alarms) has them.
    type: list
    elements: dict
    required: true
  services:
    description: Names of the services.
    type: list
    elements: str
    required: true
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
names: "{{ alarms_definitions | triflow.platform.alarm_names(['backend']) }}"
"""

RETURN = r"""
_value:
  description: The names, in the order of the rows.
  type: list
  elements: str
"""


def alarm_names(rows: list[dict[str, Any]], services: list[str]) -> list[str]:
    """Return the names."""
    try:
        return alarms.names(rows, services)
    except KeyError as error:
        raise AnsibleFilterError(f"alarm_names: {error} is missing in a row") from error


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"alarm_names": alarm_names}
