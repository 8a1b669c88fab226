# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.module_utils import windows

DOCUMENTATION = r"""
name: utc_window
version_added: 0.1.0
short_description: Convert a backup or maintenance window to UTC
description:
  - RDS takes its windows in UTC only. The day rolls over where needed.
  - The zone's standard offset is used all year, so that the result does not change with daylight saving time.
positional: time_zone
options:
  _input:
    description: Daily window C(hh:mm-hh:mm) or weekly window C(ddd:hh:mm-ddd:hh:mm), 30 minutes to 24 hours long.
    type: str
    required: true
  time_zone:
    description: IANA time zone in which the window is written.
    type: str
    required: true
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
backup_window: "{{ '03:00-04:00' | triflow.platform.utc_window('Asia/Seoul') }}" # 18:00-19:00
maintenance_window: "{{ 'mon:04:00-mon:05:00' | triflow.platform.utc_window('Asia/Seoul') }}" # sun:19:00-sun:20:00
"""

RETURN = r"""
_value:
  description: The window in UTC, in the same notation.
  type: str
"""


def utc_window(window: str, time_zone: str) -> str:
    """Return the window in UTC."""
    try:
        return windows.utc_window(window, time_zone)
    except ValueError as error:
        raise AnsibleFilterError(f"utc_window: {error}") from error


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., str]]:
        return {"utc_window": utc_window}
