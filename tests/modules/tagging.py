"""Tags as boto3 gives and takes them, without the collection's own functions."""

from __future__ import annotations

from typing import Any


def tags(described: dict[str, Any]) -> dict[str, str]:
    """Tags of what AWS describes."""
    return {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}


def expected_tags(stack: str, component: str, **more: str) -> dict[str, str]:
    """Tags that a component of a stack carries."""
    return {"Name": f"{stack}-{component}", "triflow:stack": stack, "triflow:component": component, **more}


def tag_list(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]


def lose_tags(ec2: Any, *ids: str) -> None:
    """Take a component's tags from these resources, as a person can do."""
    ec2.delete_tags(Resources=list(ids), Tags=[{"Key": key} for key in expected_tags("", "")])
