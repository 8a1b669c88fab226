"""Reads a stack's subnet groups back by their tags, in the option names of amazon.aws.rds_subnet_group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK, from_aws

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api


def tagged(api: Api, stack: str, *types: str) -> dict[str, dict[str, str]]:
    """``{ARN: tags}`` of the stack's resources of these types, by the Resource Groups Tagging API."""
    found = api.pages(
        "get_resources",
        "ResourceTagMappingList",
        on="the tags",
        TagFilters=[{"Key": STACK, "Values": [stack]}],
        ResourceTypeFilters=list(types),
    )
    return {item["ResourceARN"]: from_aws(item["Tags"]) for item in found}


def read(rds: Api, tagging: Api, stack: str) -> list[dict[str, Any]]:
    """The stack's subnet groups: one call for the tags and one a group."""
    found: list[dict[str, Any]] = []
    for arn, tags in tagged(tagging, stack, "rds:subgrp").items():
        name = arn.split(":")[-1]
        answer = rds.call(
            "describe_db_subnet_groups", on=name, absent=("DBSubnetGroupNotFoundFault",), DBSubnetGroupName=name
        )
        found += [
            {
                "type": "db_subnet_group",
                "id": name,
                "component": tags.get(COMPONENT),
                "stack": stack,
                "name": name,
                "description": group["DBSubnetGroupDescription"],
                "subnets": [subnet["SubnetIdentifier"] for subnet in group["Subnets"]],
                "tags": tags,
            }
            for group in answer.get("DBSubnetGroups", [])
        ]
    return found
