# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import alarms

DOCUMENTATION = r"""
name: task_stopped_pattern
version_added: 0.1.0
short_description: Build the event pattern of a task that ended without anybody's wish
description:
  - Matches a crash, a task out of memory, one that did not start and one that failed its health check (ALM-7).
  - Deployments, scale-in, maintenance and C(StopTask) pass unnoticed.
options:
  _input:
    description: ARN of the ECS cluster.
    type: str
    required: true
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
event_pattern: >-
  {{ 'arn:aws:ecs:ap-northeast-2:123456789012:cluster/triflow-prod' | triflow.platform.task_stopped_pattern }}
"""

RETURN = r"""
_value:
  description: The event pattern of EventBridge.
  type: dict
"""


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"task_stopped_pattern": alarms.task_stopped_pattern}
