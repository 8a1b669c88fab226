# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.module_utils import alarms as tables

DOCUMENTATION = r"""
name: alarms
version_added: 0.1.0
short_description: Build a stack's alarms from a table
description:
  - Each row makes one alarm, or one for each service, for what the stack has (ALM-1..6, ALM-8).
positional: facts
options:
  _input:
    description: The rows, as C(alarms_definitions) of the role C(alarms) has them.
    type: list
    elements: dict
    required: true
  facts:
    description:
      - What the stack has, with C(stack), C(cluster), C(services), C(database), C(load_balancer), C(queue), C(topic),
        C(sms_topic), C(max_connections), C(allocated_storage) and C(thresholds).
      - What is empty the stack does not have. Rows about that make no alarm.
    type: dict
    required: true
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
alarms: "{{ alarms_definitions | triflow.platform.alarms(alarms_facts) }}"
"""

RETURN = r"""
_value:
  description: The option C(alarms) of M(triflow.platform.metric_alarms).
  type: list
  elements: dict
"""


def alarms(rows: list[dict[str, Any]], facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the alarms."""
    try:
        return tables.alarms(rows, facts)
    except KeyError as error:
        raise AnsibleFilterError(f"alarms: {error} is missing in a row or in the facts") from error


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"alarms": alarms}
