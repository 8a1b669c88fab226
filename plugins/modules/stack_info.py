#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: stack_info
version_added: 0.1.0
short_description: Read a stack back by its tags
author: TriFlow AI (@triflow-ai)
description:
  - The tags are the state. What carries C(triflow:stack) belongs to the stack, and C(triflow:component) says which
    part it is. This module describes it in a few calls, whatever the stack's size, in the option names of the modules
    that manage it.
  - It changes nothing and does the same in check mode.
options:
  services:
    description: What to read.
    type: list
    elements: str
    choices: [ec2, rds, s3]
    required: true
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
- name: Read the network
  triflow.platform.stack_info:
    services: [ec2]
  register: vpc_stack
"""

RETURN = r"""
live:
  description: Each thing with its C(type), C(id), C(component), C(tags) and the options of the module that manages it.
  returned: always
  type: list
  elements: dict
  sample: [{type: subnet, id: subnet-0a1b2c3d4e5f60718, component: subnet-public-a, cidr: 10.0.1.0/24}]
check_mode:
  description: Whether a missing component may be given a placeholder id.
  returned: always
  type: bool
"""

from ansible_collections.triflow.platform.plugins.module_utils import live_ec2, live_rds, live_s3
from ansible_collections.triflow.platform.plugins.module_utils.resource import StackModule


def main() -> None:
    module = StackModule(
        {"services": {"type": "list", "elements": "str", "choices": ["ec2", "rds", "s3"], "required": True}},
        state=False,
    )
    stack, services = module.params["stack"], module.params["services"]
    live = []
    if "ec2" in services:
        live += live_ec2.read(module.api("ec2"), stack)
    if "rds" in services or "s3" in services:
        tagging = module.api("resourcegroupstaggingapi")
        if "rds" in services:
            live += live_rds.read(module.api("rds"), tagging, stack)
        if "s3" in services:
            live += live_s3.read(module.api("s3"), tagging, stack)
    module.exit_json(changed=False, live=live, check_mode=module.check_mode)


if __name__ == "__main__":
    main()
