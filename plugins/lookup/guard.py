# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: guard
version_added: 0.3.0
short_description: What must hold before a module writes
author: TriFlow AI (@triflow-ai)
description:
  - The option C(guard) of the modules, as C(stack_defaults) gives it to them. It says whether this run has locked the
    stack, as the callback P(triflow.platform.stack_lock#callback) knows, and in which account it may write, unless
    preflight has found that account already.
options:
  _terms:
    description: Name of the stack.
    required: true
  region:
    description: AWS region of the stack.
    type: str
    required: true
  lock:
    description: Whether the run has to hold the lock of the stack.
    type: bool
    default: true
  read_only:
    description: Whether nothing may be written, as in a report of drift.
    type: bool
    default: false
  account:
    description: The AWS account that the stack belongs to. Any, when it is empty.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Hand it to all modules of a play
  hosts: all
  module_defaults:
    group/triflow.platform.aws:
      stack: "{{ inventory_hostname }}"
      region: ap-northeast-2
      guard: "{{ lookup('triflow.platform.guard', inventory_hostname, region='ap-northeast-2') }}"
  tasks: []
"""

RETURN = r"""
_raw:
  description: The option C(guard).
  type: list
  elements: dict
  sample: [{locked: true, account: "", read_only: false}]
"""

from typing import Any

from ansible.plugins.lookup import LookupBase
from ansible_collections.triflow.platform.plugins.plugin_utils import lock


class LookupModule(LookupBase):
    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **options: Any) -> list[dict[str, Any]]:
        self.set_options(var_options=variables, direct=options)
        account, host = self.get_option("account"), (variables or {}).get("inventory_hostname", "")
        checked = account == lock.accounts.get(host)
        return [
            {
                "locked": not self.get_option("lock")
                or (lock.parameter(stack), self.get_option("region")) in lock.held,
                "account": "" if checked else account,
                "read_only": self.get_option("read_only"),
            }
            for stack in terms
        ]
