# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.module_utils import bucket_policy as policy

DOCUMENTATION = r"""
name: bucket_policy
version_added: 0.1.0
short_description: Build the policy of the stack's bucket
description:
  - Refuses requests without TLS 1.2, and under C(tenants/) uploads without a valid category tag.
  - Keeps each stack of O(shares) below its own prefix, with what it writes and deletes.
  - Lets Elastic Load Balancing write access logs when O(access_logs) says where.
  - An upload in parts carries the tag in C(CreateMultipartUpload) and is completed with C(If-None-Match), since the
    requests in between cannot carry tags.
positional: categories, category_tag, access_logs, shares, partition
options:
  _input:
    description: Name of the bucket.
    type: str
    required: true
  categories:
    description: Valid values of the category tag.
    type: list
    elements: str
    required: true
  category_tag:
    description: Key of the object tag that holds the category.
    type: str
    required: true
  access_logs:
    description: Beginnings of the access logs' keys with the load balancers' account, C(<prefix>/AWSLogs/<account>).
    type: list
    elements: str
    default: []
  shares:
    description: Other stacks that use the bucket, with the prefix of each (ENV-4).
    type: dict
    default: {}
  partition:
    description: AWS partition of the bucket's ARN.
    type: str
    default: aws
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
policy: "{{ 'triflow-ai-prod' | triflow.platform.bucket_policy(['logs', 'uploads'], 'category') }}"
"""

RETURN = r"""
_value:
  description: The policy document.
  type: dict
"""


def bucket_policy(
    bucket: str,
    categories: Sequence[str],
    category_tag: str,
    access_logs: Sequence[str] = (),
    shares: Mapping[str, str] | None = None,
    partition: str = "aws",
) -> dict[str, Any]:
    """Return the bucket's policy."""
    if isinstance(categories, str) or not categories:
        raise AnsibleFilterError(f"bucket_policy: categories is {categories!r}, not a list of at least one name")
    return policy.bucket_policy(bucket, categories, category_tag, access_logs, shares, partition)


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {"bucket_policy": bucket_policy}
