# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: what_stays
version_added: 0.2.0
short_description: Say what is left of a stack, and why
author: TriFlow AI (@triflow-ai)
description:
  - One sentence on each thing that stays when a stack was taken down.
positional: snapshots, adopted_zone
options:
  _input:
    description: What still carries the stack's tag, from M(triflow.platform.stack_resources).
    type: list
    elements: dict
    required: true
  snapshots:
    description: ARNs of the database's snapshots.
    type: list
    elements: str
    required: true
  adopted_zone:
    description: Name of the hosted zone that the stack uses and did not make. Empty when there is none.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: What stays, and why
  ansible.builtin.debug:
    msg: "{{ left.resources | triflow.platform.what_stays([], '') }}"
"""

RETURN = r"""
_value:
  description: The sentences.
  type: list
  elements: str
  sample: ["arn:aws:s3:::triflow-ai-prod: the bucket holds objects: -e s3_empty_bucket=true deletes them with it"]
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.remains import what_stays


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"what_stays": what_stays}
