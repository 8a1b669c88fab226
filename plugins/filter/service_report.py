# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import service_report

DOCUMENTATION = r"""
name: service_report
version_added: 0.1.0
short_description: What runs in a service, for a person
description:
  - Says which revision and image run since when, how the targets are, what stopped and what happened last.
options:
  _input:
    description: A service as M(triflow.platform.ecs_service_info) returns it.
    type: dict
    required: true
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
msg: "{{ found.services['backend'] | triflow.platform.service_report }}"
"""

RETURN = r"""
_value:
  description: One sentence an element.
  type: list
  elements: str
"""


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"service_report": service_report.service_report}
