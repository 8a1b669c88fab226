"""Reads a stack's database groups and instances back by their tags, in the option names of the modules."""

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


def _user_parameters(api: Api, name: str) -> dict[str, str]:
    parameters = api.pages("describe_db_parameters", "Parameters", on=name, DBParameterGroupName=name, Source="user")
    return {item["ParameterName"]: item.get("ParameterValue", "") for item in parameters}


def read(rds: Api, tagging: Api, stack: str) -> list[dict[str, Any]]:
    """The stack's subnet groups, parameter groups and instances."""
    found: list[dict[str, Any]] = []
    for arn, tags in tagged(tagging, stack, "rds:subgrp", "rds:pg", "rds:db").items():
        kind, name = arn.split(":")[-2:]
        entry = {"id": name, "name": name, "component": tags.get(COMPONENT), "tags": tags}
        if kind == "subgrp":
            answer = rds.call(
                "describe_db_subnet_groups", on=name, absent=("DBSubnetGroupNotFoundFault",), DBSubnetGroupName=name
            )
            if answer:
                group = answer["DBSubnetGroups"][0]
                entry["type"] = "db_subnet_group"
                entry["description"] = group["DBSubnetGroupDescription"]
                entry["subnets"] = [subnet["SubnetIdentifier"] for subnet in group["Subnets"]]
                found.append(entry)
        elif kind == "pg":
            answer = rds.call(
                "describe_db_parameter_groups",
                on=name,
                absent=("DBParameterGroupNotFound",),
                DBParameterGroupName=name,
            )
            if answer:
                group = answer["DBParameterGroups"][0]
                entry["type"] = "db_parameter_group"
                entry["description"] = group["Description"]
                entry["engine"] = group["DBParameterGroupFamily"]
                entry["params"] = _user_parameters(rds, name)
                found.append(entry)
        else:
            found.append({**entry, "type": "db_instance"})
    return found
