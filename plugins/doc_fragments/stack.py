# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  stack:
    description:
      - Name of the stack. Every module needs it; it comes from C(module_defaults) of the group
        C(triflow.platform.aws), see the variable C(stack_defaults).
    type: str
  tags:
    description: Further tags for what is created, beside C(Name), C(triflow:stack) and C(triflow:component).
    type: dict
    default: {}
  adopt:
    description:
      - Components that may be taken over, with tags and settings, when something that is not this stack's has their
        name. What is not named is refused. It comes from the variable C(stack_adopt), by C(stack_defaults).
    type: list
    elements: str
    default: []
"""
    STATE = r"""
options:
  state:
    description: Whether it should be there.
    type: str
    choices: [present, absent]
    default: present
"""
