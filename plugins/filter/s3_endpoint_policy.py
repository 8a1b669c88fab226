# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import endpoint_policy

DOCUMENTATION = r"""
name: s3_endpoint_policy
version_added: 0.3.0
short_description: Build the policy of the gateway endpoint for S3
description:
  - Lets the VPC reach some buckets only (NET-5), and read what ECR and other services of AWS keep in S3 in the region.
positional: buckets
options:
  _input:
    description: AWS region.
    type: str
    required: true
  buckets:
    description: Names of the buckets that may be reached, with every action.
    type: list
    elements: str
    required: true
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
policy: "{{ 'ap-northeast-2' | triflow.platform.s3_endpoint_policy(['triflow-ai-prod']) }}"
"""

RETURN = r"""
_value:
  description: The policy document.
  type: dict
"""


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"s3_endpoint_policy": endpoint_policy.s3_endpoint_policy}
