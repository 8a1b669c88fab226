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
    choices: [ec2, rds, s3, elbv2]
    required: true
  vpc_owner:
    description:
      - Stack whose VPC this stack uses (ENV-1), itself unless given. What is in that VPC is read whoever's it is, each
        with the C(stack) of its tags.
    type: str
  bucket_names:
    description: Buckets of the account to read as well, whosever they are, with the service C(s3).
    type: list
    elements: str
    default: []
  db_subnet_group_names:
    description: DB subnet groups to read as well, whosever they are, with the service C(rds).
    type: list
    elements: str
    default: []
  log_group_names:
    description: Log groups to read as well.
    type: list
    elements: str
    default: []
  role_names:
    description: IAM roles to read as well, with their inline policies. No API finds a role by its tags.
    type: list
    elements: str
    default: []
  account:
    description: Return C(account_id) without reading any role.
    type: bool
    default: false
  key_aliases:
    description: KMS keys to read as well, each by its alias, C(alias/) included.
    type: list
    elements: str
    default: []
  queue_names:
    description: SQS queues to read as well.
    type: list
    elements: str
    default: []
  cluster_name:
    description: ECS cluster whose services to read as well.
    type: str
  zone_name:
    description: Public hosted zone to read as well, the stack's or an adopted one, with its C(name_servers).
    type: str
  certificate_domain:
    description: Domain whose certificate to read as well, with its C(validation_records).
    type: str
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.plan.reads
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
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
    What carries the same tags as another says in C(holds) what it holds, is used by or is pointed to by.
  returned: always
  type: list
  elements: dict
  sample: [{type: subnet, id: subnet-0a1b2c3d4e5f60718, component: subnet-public-a, cidr: 10.0.1.0/24}]
account_id:
  description: The AWS account.
  returned: with O(account) or O(role_names)
  type: str
  sample: "123456789012"
stack:
  description: The stack that was read.
  returned: always
  type: str
  sample: triflow-prod
check_mode:
  description: Whether a missing component may be given a placeholder id.
  returned: always
  type: bool
read_only:
  description: Whether what is there twice and in use is reported instead of refused.
  returned: always
  type: bool
"""

from ansible_collections.triflow.platform.plugins.module_utils import (
    live_ec2,
    live_ecs,
    live_edge,
    live_iam,
    live_kms,
    live_logs,
    live_rds,
    live_s3,
    live_sqs,
)
from ansible_collections.triflow.platform.plugins.module_utils.resource import StackModule


def main() -> None:
    names = {"type": "list", "elements": "str", "default": []}
    module = StackModule(
        {
            "services": {"type": "list", "elements": "str", "choices": ["ec2", "rds", "s3", "elbv2"], "required": True},
            "vpc_owner": {"type": "str"},
            "bucket_names": names,
            "db_subnet_group_names": names,
            "log_group_names": names,
            "role_names": names,
            "account": {"type": "bool", "default": False},
            "key_aliases": {**names, "no_log": False},
            "queue_names": names,
            "cluster_name": {"type": "str"},
            "zone_name": {"type": "str"},
            "certificate_domain": {"type": "str"},
        },
        state=False,
    )
    stack, services = module.params["stack"], module.params["services"]
    live = []
    if "ec2" in services:
        live += live_ec2.read(module.api("ec2"), module.params["vpc_owner"] or stack)
    if "rds" in services or "s3" in services:
        tagging = module.api("resourcegroupstaggingapi")
        if "rds" in services:
            live += live_rds.read(module.api("rds"), tagging, stack, module.params["db_subnet_group_names"])
        if "s3" in services:
            live += live_s3.read(module.api("s3"), tagging, stack, module.params["bucket_names"])
    if "elbv2" in services:
        live += live_edge.read_load_balancers(module.api("elbv2"), stack)
    if module.params["cluster_name"]:
        live += live_ecs.read(module.api("ecs"), module.params["cluster_name"], stack)
    if module.params["zone_name"]:
        live += live_edge.read_zone(module.api("route53"), module.params["zone_name"], stack)
    if module.params["certificate_domain"]:
        live += live_edge.read_certificate(module.api("acm"), module.params["certificate_domain"], stack)
    if module.params["log_group_names"]:
        live += live_logs.read(module.api("logs"), module.params["log_group_names"])
    if module.params["role_names"]:
        live += live_iam.read(module.api("iam"), module.params["role_names"])
    if module.params["key_aliases"]:
        live += live_kms.read(
            module.api("kms"), module.api("resourcegroupstaggingapi"), stack, module.params["key_aliases"]
        )
    if module.params["queue_names"]:
        live += live_sqs.read(module.api("sqs"), module.params["queue_names"])
    account = {}
    if module.params["account"] or module.params["role_names"]:
        account["account_id"] = module.api("sts").call("get_caller_identity", on="the account")["Account"]
    module.exit_json(
        changed=False,
        live=live,
        stack=stack,
        check_mode=module.check_mode,
        read_only=module.only_reports,
        **account,
    )


if __name__ == "__main__":
    main()
