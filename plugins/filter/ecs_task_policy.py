# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.module_utils import iam_policies

DOCUMENTATION = r"""
name: ecs_task_policy
version_added: 0.1.0
short_description: Build the policy of the application's role
description:
  - Lets the application read and write below some prefixes of the bucket and read below others (S3-2).
positional: write_prefixes, read_prefixes, execute_command, metric_namespace, further
options:
  _input:
    description: Name of the bucket.
    type: str
    required: true
  write_prefixes:
    description: Prefixes below which objects are read, written and deleted, each ending with C(/).
    type: list
    elements: str
    required: true
  read_prefixes:
    description: Prefixes below which objects are read.
    type: list
    elements: str
    required: true
  execute_command:
    description: Allow C(aws ecs execute-command) into the tasks.
    type: bool
    default: false
  metric_namespace:
    description: Allow to put metrics in this CloudWatch namespace (MON-7). Empty for none.
    type: str
    default: ""
  further:
    description: Further statements, as a policy document has them.
    type: list
    elements: dict
    default: []
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
policy_json: "{{ 'triflow-ai-prod' | triflow.platform.ecs_task_policy(['tenants/'], ['shared/']) }}"
"""

RETURN = r"""
_value:
  description: The policy document.
  type: dict
"""


def ecs_task_policy(
    bucket: str,
    write_prefixes: list[str],
    read_prefixes: list[str],
    execute_command: bool = False,
    metric_namespace: str = "",
    further: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return the policy."""
    wrong = [prefix for prefix in [*write_prefixes, *read_prefixes] if not prefix.endswith("/") or "*" in prefix]
    if wrong:
        raise AnsibleFilterError(f"ecs_task_policy: {wrong[0]!r} is no prefix: give literal ones that end with /")
    return iam_policies.task_policy(bucket, write_prefixes, read_prefixes, execute_command, metric_namespace, further)


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"ecs_task_policy": ecs_task_policy}
