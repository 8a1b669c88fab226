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
  - Keeps other stacks' roles out, and each stack of O(shares) below its own prefix.
  - Lets no role of a stack delete a version, and no call of tagging change a category that is kept for good.
  - Lets Elastic Load Balancing write access logs when O(access_logs) says where.
  - An upload in parts carries the tag in C(CreateMultipartUpload) and is completed with C(If-None-Match), since the
    requests in between cannot carry tags.
positional: categories, category_tag, stack, access_logs, shares, partition
options:
  _input:
    description: Name of the bucket.
    type: str
    required: true
  categories:
    description:
      - Valid values of the category tag, in the shape of C(s3_object_categories). One without C(expiration_days) and
        C(noncurrent_expiration_days) is kept.
    type: list
    elements: dict
    required: true
  category_tag:
    description: Key of the object tag that holds the category.
    type: str
    required: true
  stack:
    description: The stack that the bucket belongs to.
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
policy: "{{ 'triflow-ai-prod' | triflow.platform.bucket_policy(s3_object_categories, 'category', 'triflow-prod') }}"
"""

RETURN = r"""
_value:
  description: The policy document.
  type: dict
"""


def bucket_policy(
    bucket: str,
    categories: Sequence[Mapping[str, Any]],
    category_tag: str,
    stack: str,
    access_logs: Sequence[str] = (),
    shares: Mapping[str, str] | None = None,
    partition: str = "aws",
) -> dict[str, Any]:
    """Return the bucket's policy."""
    if isinstance(categories, str) or not categories:
        raise AnsibleFilterError(f"bucket_policy: categories is {categories!r}, not a list of at least one category")
    return policy.bucket_policy(bucket, categories, category_tag, stack, access_logs, shares, partition)


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {"bucket_policy": bucket_policy}
