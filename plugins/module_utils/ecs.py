# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the modules for ECS share: its spelling of tags, and its services read in one call for ten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api

DESCRIBED_AT_ONCE = 10  # DescribeServices, services


def from_ecs(tag_list: list[dict[str, str]] | None) -> dict[str, str]:
    """``[{"key": k, "value": v}]`` as a dict."""
    return {tag["key"]: tag["value"] for tag in tag_list or []}


def to_ecs(tags: dict[str, str]) -> list[dict[str, str]]:
    """A dict as ``[{"key": k, "value": v}]``, sorted by key."""
    return [{"key": key, "value": tags[key]} for key in sorted(tags)]


def read_services(api: Api, cluster: str, names: list[str]) -> dict[str, dict[str, Any]]:
    """``{name: service as DescribeServices shows it}`` of those that are there. A deleted one is not."""
    found: dict[str, dict[str, Any]] = {}
    for first in range(0, len(names), DESCRIBED_AT_ONCE):
        answer = api.call(
            "describe_services",
            on=cluster,
            absent=("ClusterNotFoundException",),
            cluster=cluster,
            services=names[first : first + DESCRIBED_AT_ONCE],
            include=["TAGS"],
        )
        for service in answer.get("services", []):
            if service["status"] != "INACTIVE":
                found[service["serviceName"]] = service
    return found
