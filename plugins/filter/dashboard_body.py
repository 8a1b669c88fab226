# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.module_utils import dashboard

DOCUMENTATION = r"""
name: dashboard_body
version_added: 0.1.0
short_description: Build the body of a stack's dashboard
description:
  - The metrics of the services, the database and the load balancer, with the thresholds of the alarms drawn, the
    alarms' states, and on demand the application's own metrics (MON-4..7).
positional: alarms
options:
  _input:
    description: What the stack has, C(dashboard_facts) of the role C(dashboard).
    type: dict
    required: true
  alarms:
    description: The alarms, as the filter P(triflow.platform.alarms#filter) makes them.
    type: list
    elements: dict
    required: true
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
body: "{{ dashboard_facts | triflow.platform.dashboard_body(dashboard_alarms) }}"
"""

RETURN = r"""
_value:
  description: The option C(body) of M(triflow.platform.cloudwatch_dashboard).
  type: dict
"""


def dashboard_body(facts: dict[str, Any], alarms: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the body."""
    try:
        return dashboard.body(facts, alarms)
    except KeyError as error:
        raise AnsibleFilterError(f"dashboard_body: {error} is missing in the facts") from error
    except ValueError as error:
        raise AnsibleFilterError(f"dashboard_body: {error}") from error


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"dashboard_body": dashboard_body}
