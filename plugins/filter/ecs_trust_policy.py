# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.module_utils import iam_policies

DOCUMENTATION = r"""
name: ecs_trust_policy
version_added: 0.1.0
short_description: Build the trust policy of the roles of ECS tasks
description:
  - Lets ECS assume a role for tasks of one account and region only.
positional: region
options:
  _input:
    description: The AWS account, 12 digits.
    type: str
    required: true
  region:
    description: AWS region.
    type: str
    required: true
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
assume_role_policy_document: "{{ '123456789012' | triflow.platform.ecs_trust_policy('ap-northeast-2') }}"
"""

RETURN = r"""
_value:
  description: The policy document.
  type: dict
"""


def ecs_trust_policy(account_id: str, region: str) -> dict[str, Any]:
    """Return the trust policy."""
    if len(str(account_id)) != 12:
        raise AnsibleFilterError(f"ecs_trust_policy: {account_id!r} is no AWS account ID: give 12 digits, in quotes")
    return iam_policies.trust_policy(account_id, region)


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"ecs_trust_policy": ecs_trust_policy}
