# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.module_utils import windows

DOCUMENTATION = r"""
name: windows_overlap
version_added: 0.1.0
short_description: Tell whether a daily and a weekly window overlap
description:
  - RDS refuses a backup window that overlaps the maintenance window. Windows that only touch do not overlap.
positional: weekly
options:
  _input:
    description: Daily window C(hh:mm-hh:mm).
    type: str
    required: true
  weekly:
    description: Weekly window C(ddd:hh:mm-ddd:hh:mm) in the same time zone.
    type: str
    required: true
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
conflict: "{{ '03:00-04:00' | triflow.platform.windows_overlap('mon:03:30-mon:04:30') }}" # true
"""

RETURN = r"""
_value:
  description: Whether they share a minute.
  type: bool
"""


def windows_overlap(daily: str, weekly: str) -> bool:
    """Return whether the windows overlap."""
    try:
        return windows.windows_overlap(daily, weekly)
    except ValueError as error:
        raise AnsibleFilterError(f"windows_overlap: {error}") from error


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., bool]]:
        return {"windows_overlap": windows_overlap}
