"""Reads everything that carries a stack's tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils import live_budgets
from ansible_collections.triflow.platform.plugins.module_utils.statuses import alive
from ansible_collections.triflow.platform.plugins.module_utils.tags import STACK, from_aws
from ansible_collections.triflow.platform.plugins.module_utils.tags import tagged as read_tagged

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import StackModule

GLOBAL_REGION = "us-east-1"  # where the tags of Route 53, a global service, are listed


def read(module: StackModule) -> dict[str, dict[str, str]]:
    """``{ARN: tags}`` of what carries the stack's tag and is not gone."""
    found = (
        tagged(module, None) | tagged(module, GLOBAL_REGION, "route53:hostedzone") | _roles(module) | _budget(module)
    )
    gone = _deleted(module, set(found))
    return {arn: found[arn] for arn in sorted(found) if arn not in gone}


def tagged(module: StackModule, region: str | None, *types: str) -> dict[str, dict[str, str]]:
    """``{ARN: tags}`` of what the Resource Groups Tagging API lists in a region, the stack's when it is None."""
    api = module.api("resourcegroupstaggingapi")
    if region:
        api.client = module.client("resourcegroupstaggingapi", region=region)
    return read_tagged(api, module.params["stack"], *types)


def _roles(module: StackModule) -> dict[str, dict[str, str]]:
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


def _budget(module: StackModule) -> dict[str, dict[str, str]]:
    """``{ARN: tags}`` of the stack's budget, which has its name. The tagging API is not documented to list budgets."""
    stack = module.params["stack"]
    account = module.api("sts").call("get_caller_identity", on="the account")["Account"]
    # Most stacks have none, and their drift is read by identities that may not read budgets.
    found = live_budgets.find_budget(module.api("budgets"), account, stack, lenient=True)
    if found is None or found[1].get(STACK) != stack:
        return {}
    return {live_budgets.arn_of(account, stack): found[1]}


def _deleted(module: StackModule, arns: set[str]) -> set[str]:
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
        if key and not alive("KMS key", key["KeyState"]):
            when = f" on {key['DeletionDate']:%Y-%m-%d}" if "DeletionDate" in key else ""
            return f"deleted by KMS{when}"
    if ":secret:" in arn:
        secret = module.api("secretsmanager").call(
            "describe_secret", on=arn, absent=("ResourceNotFoundException",), SecretId=arn
        )
        if "DeletedDate" in secret:
            return f"deleted by Secrets Manager on {secret['DeletedDate']:%Y-%m-%d}"
    return ""
