# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.module_utils import nights

DOCUMENTATION = r"""
name: nights_plan
version_added: 0.1.0
short_description: Plan the nights of a stack
description:
  - What is to be up now, and the scheduled actions and schedules that start and stop services and database (ENV-6).
positional: settings
options:
  _input:
    description: Names of the services.
    type: list
    elements: str
    required: true
  settings:
    description:
      - The variables of the role C(nights) without their prefix, with C(stack), C(cluster), C(min_capacity),
        C(max_capacity), C(time_zone), C(db_instance_identifier) and C(role_arn).
    type: dict
    required: true
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
schedules: "{{ (['backend'] | triflow.platform.nights_plan(nights_settings)).schedules }}"
"""

RETURN = r"""
_value:
  description:
    - C(up) says whether C(services) and C(database) are to be up now, C(scheduled_actions) is the option C(actions) of
      M(triflow.platform.scheduled_actions) and C(schedules) that of M(triflow.platform.schedules).
  type: dict
"""


def nights_plan(services: list[str], settings: dict[str, Any]) -> dict[str, Any]:
    """Return the plan as of now."""
    now = datetime.now(UTC)
    try:
        return {
            "up": nights.wanted(settings, now),
            "scheduled_actions": nights.scheduled_actions(services, settings, now),
            "schedules": nights.schedules(settings, now),
        }
    except KeyError as error:
        raise AnsibleFilterError(f"nights_plan: {error} is missing in the settings") from error


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"nights_plan": nights_plan}
