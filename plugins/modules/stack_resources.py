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

from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.resource import StackModule
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK, from_aws

GLOBAL_REGION = "us-east-1"  # where the tags of Route 53, a global service, are listed


def tagged(module: StackModule, region: str | None, *types: str) -> dict[str, dict[str, str]]:
    """``{ARN: tags}`` of what the Resource Groups Tagging API lists in a region, the stack's when it is None."""
    api = module.api("resourcegroupstaggingapi")
    if region:
        api.client = module.client("resourcegroupstaggingapi", region=region)
    found = api.pages(
        "get_resources",
        "ResourceTagMappingList",
        on="the tags",
        TagFilters=[{"Key": STACK, "Values": [module.params["stack"]]}],
        ResourceTypeFilters=list(types),
    )
    return {item["ResourceARN"]: from_aws(item["Tags"]) for item in found}


def roles(module: StackModule) -> dict[str, dict[str, str]]:
    """``{ARN: tags}`` of the stack's roles."""
    iam, stack = module.api("iam"), module.params["stack"]
    found = {}
    for role in iam.pages("list_roles", "Roles", on="the roles"):
        name = role["RoleName"]
        if not name.startswith(stack):
            continue
        tags = from_aws(iam.call("list_role_tags", on=name, absent=("NoSuchEntity",), RoleName=name).get("Tags"))
        if tags.get(STACK) == stack:
            found[role["Arn"]] = tags
    return found


def deleted(module: StackModule, arns: set[str]) -> set[str]:
    """Those of the ARNs that are gone. AWS lists NAT gateways for an hour after, tasks and revisions, too."""
    identifiers = {arn.split("/")[-1]: arn for arn in arns if ":natgateway/" in arn}
    gone = {arn for arn in arns if ":task/" in arn}
    if identifiers:
        live = module.api("ec2").pages(
            "describe_nat_gateways",
            "NatGateways",
            on="the NAT gateways",
            Filters=[
                {"Name": "nat-gateway-id", "Values": sorted(identifiers)},
                {"Name": "state", "Values": ["pending", "available", "failed"]},
            ],
        )
        gone |= set(identifiers.values()) - {identifiers[gateway["NatGatewayId"]] for gateway in live}
    revisions = {arn for arn in arns if ":task-definition/" in arn}
    if revisions:
        ecs = module.api("ecs")
        active: set[Any] = set()
        for family in sorted({arn.split("/")[-1].rpartition(":")[0] for arn in revisions}):
            active |= set(
                ecs.pages(
                    "list_task_definitions", "taskDefinitionArns", on=family, familyPrefix=family, status="ACTIVE"
                )
            )
        gone |= revisions - active
    return gone


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
    found = tagged(module, None) | tagged(module, GLOBAL_REGION, "route53:hostedzone") | roles(module)
    there = set(found) - deleted(module, set(found))
    module.exit_json(
        changed=False,
        resources=[
            {"arn": arn, "component": found[arn].get(COMPONENT, ""), "going": going(module, arn)}
            for arn in sorted(there)
        ],
    )


if __name__ == "__main__":
    main()
