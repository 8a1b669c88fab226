# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads a stack's ECS services back, by the tags of those in its cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils.ecs import from_ecs, read_services
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api


def read(api: Api, cluster: str, stack: str) -> list[dict[str, Any]]:
    """The stack's services in the cluster: two calls, and one more for every ten services."""
    described = api.call("describe_clusters", on=cluster, clusters=[cluster])["clusters"]
    if not any(item["status"] != "INACTIVE" for item in described):
        return []
    arns: list[Any] = api.pages("list_services", "serviceArns", on=cluster, cluster=cluster)
    found = []
    for name, service in read_services(api, cluster, [arn.split("/")[-1] for arn in arns]).items():
        tags = from_ecs(service.get("tags"))
        if tags.get(STACK) == stack:
            found.append(
                {
                    "type": "service",
                    "id": service["serviceArn"],
                    "component": tags.get(COMPONENT),
                    "stack": stack,
                    "name": name,
                    "task_definition": service["taskDefinition"],
                    "container_ports": [balancer["containerPort"] for balancer in service["loadBalancers"]],
                    "tags": tags,
                }
            )
    return found
