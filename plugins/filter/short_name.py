# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import aws_names

DOCUMENTATION = r"""
name: short_name
version_added: 0.1.0
short_description: A name that Elastic Load Balancing takes
author: TriFlow AI (@triflow-ai)
description:
  - A load balancer's or target group's name has at most 32 characters. A longer one keeps its beginning and gets eight
    digits of its hash, so that two long names stay different.
options:
  _input:
    description: The name.
    type: str
    required: true
"""

EXAMPLES = r"""
name: "{{ (stack_name ~ '-backend') | triflow.platform.short_name }}"
"""

RETURN = r"""
_value:
  description: The name, or its short form.
  type: str
"""


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"short_name": aws_names.short_name}
