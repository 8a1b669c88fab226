# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.module_utils import lifecycle
from ansible_collections.triflow.platform.plugins.module_utils.problems import describe_problems

DOCUMENTATION = r"""
name: lifecycle_rules
version_added: 0.1.0
short_description: Build the lifecycle rules of the stack's bucket
description:
  - One rule per object category, filtered by object tag, one per literal prefix, and one for all objects that aborts
    incomplete multipart uploads and removes expired delete markers.
  - Input that S3 would refuse, such as a wildcard in a prefix, fails.
positional: prefix_rules, abort_multipart_days, category_tag, shares
options:
  _input:
    description: Categories in the shape of C(s3_object_categories) of the s3 role.
    type: list
    elements: dict
    required: true
  prefix_rules:
    description: Rules in the shape of C(s3_prefix_rules) of the s3 role.
    type: list
    elements: dict
    required: true
  abort_multipart_days:
    description: Days after which an incomplete multipart upload is aborted.
    type: int
    required: true
  category_tag:
    description: Key of the object tag that holds the category.
    type: str
    required: true
  shares:
    description: Prefixes of other stacks in the bucket. The O(prefix_rules) hold below each of them too (ENV-4).
    type: list
    elements: str
    default: []
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
rules: "{{ [{'name': 'logs', 'expiration_days': 365}] | triflow.platform.lifecycle_rules([], 7, 'category') }}"
"""

RETURN = r"""
_value:
  description: The rules of C(PutBucketLifecycleConfiguration), sorted by ID.
  type: list
  elements: dict
"""


def lifecycle_rules(
    categories: Sequence[Mapping[str, Any]],
    prefix_rules: Sequence[Mapping[str, Any]],
    abort_multipart_days: int,
    category_tag: str,
    shares: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Return the lifecycle rules, or fail with all that is wrong with the input."""
    try:
        problems = lifecycle.lifecycle_problems(categories, prefix_rules, abort_multipart_days, shares)
        rules = lifecycle.lifecycle_rules(categories, prefix_rules, abort_multipart_days, category_tag, shares)
    except KeyError as error:
        raise AnsibleFilterError(f"lifecycle_rules: a rule lacks {error}") from error
    except (TypeError, ValueError) as error:
        raise AnsibleFilterError(f"lifecycle_rules: {error}") from error
    if problems:
        raise AnsibleFilterError(describe_problems("lifecycle_rules: S3 would refuse this", problems))
    return rules


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., list[dict[str, Any]]]]:
        return {"lifecycle_rules": lifecycle_rules}
