#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: stack_resources
version_added: 0.2.0
short_description: List everything that carries a stack's tag
author: TriFlow AI (@triflow-ai)
description:
  - Asks the Resource Groups Tagging API, in the stack's region and for hosted zones in us-east-1, and IAM, whose roles
    that API does not list. Roles are looked for by the stack's name at the beginning of theirs, and by their tags.
  - What AWS makes from a component carries its tag, too, such as a snapshot or a task. What is deleted already and only
    listed for a while is left out.
  - It changes nothing and does the same in check mode.
extends_documentation_fragment:
  - triflow.platform.stack
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Reads only.
    support: full
"""

EXAMPLES = r"""
- name: Look for what is left
  triflow.platform.stack_resources:
  register: left
"""

RETURN = r"""
resources:
  description: Each with its C(arn) and C(component). C(going) says when AWS deletes it by itself, and is empty for what
    stays.
  returned: always
  type: list
  elements: dict
  sample:
    - arn: arn:aws:ec2:ap-northeast-2:123456789012:vpc/vpc-0a1b2c3d4e5f60718
      component: vpc
      going: ""
"""

from ansible_collections.triflow.platform.plugins.module_utils import stack_tags
from ansible_collections.triflow.platform.plugins.module_utils.resource import StackModule
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT


def going(module: StackModule, arn: str) -> str:
    """When AWS deletes a key or a secret whose deletion is scheduled, empty for anything else."""
    if ":key/" in arn:
        answer = module.api("kms").call("describe_key", on=arn, absent=("NotFoundException",), KeyId=arn)
        key = answer.get("KeyMetadata", {})
        if key.get("KeyState") == "PendingDeletion":
            return f"deleted by KMS on {key['DeletionDate']:%Y-%m-%d}"
    if ":secret:" in arn:
        secret = module.api("secretsmanager").call(
            "describe_secret", on=arn, absent=("ResourceNotFoundException",), SecretId=arn
        )
        if "DeletedDate" in secret:
            return f"deleted by Secrets Manager on {secret['DeletedDate']:%Y-%m-%d}"
    return ""


def main() -> None:
    module = StackModule({}, state=False)
    module.exit_json(
        changed=False,
        resources=[
            {"arn": arn, "component": tags.get(COMPONENT, ""), "going": going(module, arn)}
            for arn, tags in stack_tags.read(module).items()
        ],
    )


if __name__ == "__main__":
    main()
