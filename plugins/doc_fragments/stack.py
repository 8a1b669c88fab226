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
  retry_seconds:
    description:
      - How long a call of AWS is repeated that is throttled, meets an error of AWS that passes, or loses its
        connection, in seconds. It comes from the variable C(stack_retry_seconds), by C(stack_defaults).
    type: int
    default: 120
  guard:
    description:
      - What must hold before anything is written, in check mode nothing. It is asked for at the first call that writes.
        It comes from C(stack_defaults). Without it nothing is asked for.
    type: dict
    suboptions:
      locked:
        description: Whether this run holds the lock of the stack. The module refuses to write when it is V(false).
        type: bool
        default: true
      account:
        description: The account that the credentials must belong to. Empty when it need not be asked for.
        type: str
        default: ""
      read_only:
        description:
          - Whether nothing may be written at all. A plan then reports what is there twice and in use, as something to
            delete, instead of ending with it.
        type: bool
        default: false
"""
    STATE = r"""
options:
  state:
    description: Whether it should be there.
    type: str
    choices: [present, absent]
    default: present
"""
