#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: stack_resources
version_added: 0.2.0
short_description: List everything that carries a stack's tag
author: TriFlow AI (@triflow-ai)
description:
  - Asks the Resource Groups Tagging API, in the stack's region and for hosted zones in us-east-1, and IAM and AWS
    Budgets, since that API does not list roles and is not documented to list budgets. Roles are looked for by the
    stack's name at the beginning of theirs, a budget by the stack's name, and both by their tags. An identity that may
    not read budgets sees none.
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


def main() -> None:
    module = StackModule({}, state=False)
    module.exit_json(
        changed=False,
        resources=[
            {"arn": arn, "component": tags.get(COMPONENT, ""), "going": stack_tags.going(module, arn)}
            for arn, tags in stack_tags.read(module).items()
        ],
    )


if __name__ == "__main__":
    main()
