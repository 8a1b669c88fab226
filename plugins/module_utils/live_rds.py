"""Reads subnet groups back, by the stack's tag and by name, in the option names of amazon.aws.rds_subnet_group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils import twice
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK, from_aws, tagged

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api


def read(rds: Api, tagging: Api, stack: str, names: list[str]) -> list[dict[str, Any]]:
    """The stack's subnet groups, and those of the names that are there, whosever they are.

    One call for the tags, one a group, and one more for what is not the stack's.
    """
    found: list[dict[str, Any]] = []
    own = {arn.split(":")[-1]: tags for arn, tags in tagged(tagging, stack, "rds:subgrp").items()}
    for name in dict.fromkeys([*own, *names]):
        gone = ("DBSubnetGroupNotFoundFault",)
        answer = rds.call("describe_db_subnet_groups", on=name, absent=gone, DBSubnetGroupName=name)
        for group in answer.get("DBSubnetGroups", []):
            arn = group["DBSubnetGroupArn"]
            tags = own.get(name) or from_aws(rds.call("list_tags_for_resource", on=name, ResourceName=arn)["TagList"])
            found.append(
                {
                    "type": "db_subnet_group",
                    "id": name,
                    "component": tags.get(COMPONENT),
                    "stack": tags.get(STACK),
                    "name": name,
                    "description": group["DBSubnetGroupDescription"],
                    "subnets": [subnet["SubnetIdentifier"] for subnet in group["Subnets"]],
                    "tags": tags,
                }
            )
    for entries in twice.several(found, (stack,)):
        instances = rds.pages("describe_db_instances", "DBInstances", on="the DB instances")
        for entry in entries:
            entry["holds"] = [
                f"used by the DB instance {instance['DBInstanceIdentifier']}"
                for instance in instances
                if instance.get("DBSubnetGroup", {}).get("DBSubnetGroupName") == entry["name"]
            ]
    return found
