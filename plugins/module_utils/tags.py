"""The tags that make the state: which stack made a resource, and which part of the stack it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api

NAME = "Name"
STACK = "triflow:stack"
COMPONENT = "triflow:component"


def tags_of(stack: str, component: str, extra: dict[str, str] | None = None) -> dict[str, str]:
    """Tags of one component. ``extra`` are the stack's further tags; it cannot override ours."""
    own = {NAME: f"{stack}-{component}", STACK: stack, COMPONENT: component}
    return {**{key: str(value) for key, value in (extra or {}).items()}, **own}


def from_aws(tag_list: list[dict[str, str]] | None) -> dict[str, str]:
    """``[{"Key": k, "Value": v}]`` as a dict."""
    return {tag["Key"]: tag["Value"] for tag in tag_list or []}


def to_aws(tags: dict[str, str]) -> list[dict[str, str]]:
    """A dict as ``[{"Key": k, "Value": v}]``, sorted by key."""
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


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
