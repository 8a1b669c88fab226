# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: stock
version_added: 0.1.0
short_description: Run a stock module under the plan contract
author: TriFlow AI (@triflow-ai)
description:
  - Stock modules plan in their own ways. Many have no check mode or no diff, or fail in check mode when the thing that
    they depend on is not there yet. This action compares the options with what M(triflow.platform.stack_info) read,
    field by field, and runs the stock module only to carry a change out. So check mode, diff and the second run behave
    the same for all of them, and an unchanged resource costs no process.
  - It adds the tags C(Name), C(triflow:stack) and C(triflow:component). Other tags on the resource are left alone.
  - In check mode a component that is not there gets a placeholder id, which later tasks can refer to.
options:
  module:
    description: The stock module, one of those that C(plugins/module_utils/stock.py) knows.
    type: str
    required: true
  component:
    description: Which part of the stack it is, the value of the tag C(triflow:component).
    type: str
    required: true
  live:
    description: What M(triflow.platform.stack_info) returned as C(live).
    type: list
    elements: dict
    required: true
  options:
    description: The stock module's options. Region, state and tags are added.
    type: dict
    default: {}
  state:
    description: Whether it should be there.
    type: str
    choices: [present, absent]
    default: present
  region:
    description: AWS region, from C(module_defaults).
    type: str
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.plan
"""

EXAMPLES = r"""
- name: Read the network
  triflow.platform.stack_info:
    services: [ec2]
  register: vpc_stack

- name: VPC
  triflow.platform.stock:
    module: amazon.aws.ec2_vpc_net
    component: vpc
    live: "{{ vpc_stack.live }}"
    options:
      name: triflow-prod-vpc
      cidr_block: [10.0.0.0/16]
  register: vpc_net
"""

RETURN = r"""
id:
  description: The resource's id, or a placeholder for one that is only announced.
  returned: always
  type: str
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: vpc, action: create, fields: []}]
"""
