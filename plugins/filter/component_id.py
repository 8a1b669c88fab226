# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.module_utils import placeholders

DOCUMENTATION = r"""
name: component_id
version_added: 0.1.0
short_description: Id of a component that another role makes
author: TriFlow AI (@triflow-ai)
description:
  - The id of the stack's live component. In check mode a component that is not there yet gets a placeholder id.
  - Outside check mode a missing component is an error that names the playbook which makes it.
positional: stack_info, owner
options:
  _input:
    description: The component, a value of the tag C(triflow:component).
    type: str
    required: true
  stack_info:
    description: The result of M(triflow.platform.stack_info).
    type: dict
    required: true
  owner:
    description: Another stack whose component it is, the one whose VPC this stack uses (ENV-1).
    type: str
"""

EXAMPLES = r"""
subnets: "{{ ['subnet-private-a', 'subnet-private-c'] | map('triflow.platform.component_id', rds_stack) | list }}"
vpc_id: "{{ 'vpc' | triflow.platform.component_id(alb_stack, vpc_owner) }}"
"""

RETURN = r"""
_value:
  description: The id.
  type: str
"""


def component_id(component: str, stack_info: dict[str, Any], owner: str | None = None) -> str:
    try:
        return placeholders.component_id(component, stack_info, owner)
    except LookupError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"component_id": component_id}
