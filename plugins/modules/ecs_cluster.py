#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_cluster
version_added: 0.1.0
short_description: An ECS cluster with its tags, Container Insights and capacity providers
author: TriFlow AI (@triflow-ai)
description:
  - Creates the cluster and changes it in place (CMP-1, MON-4).
  - A task that is started without a launch type runs on Fargate, on Spot only when O(capacity_providers) has no other.
options:
  name:
    description: Name of the cluster.
    type: str
    required: true
  container_insights:
    description: Metrics of tasks and services in CloudWatch, among them RunningTaskCount (MON-4).
    type: str
    choices: [enabled, enhanced, disabled]
  capacity_providers:
    description: Where tasks may run.
    type: list
    elements: str
    choices: [FARGATE, FARGATE_SPOT]
    default: [FARGATE]
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Cluster
  triflow.platform.ecs_cluster:
    name: triflow-prod
    container_insights: enabled
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: cluster, action: update, fields: [container_insights]}]
resources:
  description: The cluster by its component, with its ARN as C(id) or a placeholder. Empty when absent.
  returned: always
  type: dict
"""

from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.ecs import from_ecs, to_ecs
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.statuses import explained

INSIGHTS = "containerInsights"
WAIT_TIMEOUT = 300


class Cluster(Resource):
    id_prefix = "arn:aws:ecs:::cluster/"

    def __init__(self, module: StackModule) -> None:
        super().__init__("cluster")
        self.api: Api = module.api("ecs")
        self.tags = module.tags_of(self.component)
        self.name = module.params["name"]
        self.options = module.params
        self.status = ""

    @override
    def find(self) -> dict[str, Any] | None:
        answer = self.api.call("describe_clusters", on=self.name, clusters=[self.name], include=["SETTINGS", "TAGS"])
        for cluster in answer["clusters"]:
            self.status = cluster["status"]
            if self.status == "FAILED" and self.options["state"] == "present":
                self.api.module.fail(f"Cluster {self.name} is {explained('ECS cluster', self.status)}")
            if self.status != "INACTIVE":
                settings = {item["name"]: item["value"] for item in cluster["settings"]}
                return {
                    "id": cluster["clusterArn"],
                    "name": cluster["clusterName"],
                    "container_insights": settings.get(INSIGHTS, "disabled"),
                    "capacity_providers": cluster["capacityProviders"],
                    "default_capacity_provider_strategy": cluster["defaultCapacityProviderStrategy"],
                    "tags": from_ecs(cluster.get("tags")),
                }
        return None

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        providers = self.options["capacity_providers"]
        return {
            "name": self.name,
            "container_insights": self.options["container_insights"],
            "capacity_providers": providers,
            "default_capacity_provider_strategy": [{"capacityProvider": min(providers), "weight": 1, "base": 0}],
            "tags": self.tags,
        }

    @staticmethod
    def _settings(wanted: dict[str, Any]) -> list[dict[str, str]]:
        return [{"name": INSIGHTS, "value": wanted["container_insights"] or "disabled"}]

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        answer = self.api.call(
            "create_cluster",
            on=self.name,
            clusterName=self.name,
            settings=self._settings(wanted),
            capacityProviders=wanted["capacity_providers"],
            defaultCapacityProviderStrategy=wanted["default_capacity_provider_strategy"],
            tags=to_ecs(self.tags),
        )
        return str(answer["cluster"]["clusterArn"])

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if "tags" in fields:
            self.api.call("tag_resource", on=self.name, resourceArn=live["id"], tags=to_ecs(self.tags))
        if "container_insights" in fields:
            self.api.call("update_cluster_settings", on=self.name, cluster=self.name, settings=self._settings(wanted))
        if {"capacity_providers", "default_capacity_provider_strategy"} & set(fields):
            self.api.call(
                "put_cluster_capacity_providers",
                on=self.name,
                cluster=self.name,
                capacityProviders=wanted["capacity_providers"],
                defaultCapacityProviderStrategy=wanted["default_capacity_provider_strategy"],
            )

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self.api.call("delete_cluster", on=self.name, cluster=self.name)


@looks_again
def main() -> None:
    providers = ["FARGATE", "FARGATE_SPOT"]
    module = StackModule(
        {
            "name": {"type": "str", "required": True},
            "container_insights": {"type": "str", "choices": ["enabled", "enhanced", "disabled"]},
            "capacity_providers": {"type": "list", "elements": "str", "choices": providers, "default": ["FARGATE"]},
        }
    )
    if not module.params["capacity_providers"]:
        module.fail("capacity_providers is empty: name at least one of FARGATE, FARGATE_SPOT")
    run = Run(module)
    cluster = Cluster(module)
    run.converge([cluster])
    if module.params["state"] == "present" and not module.check_mode and cluster.status != "ACTIVE":
        # With capacity providers it is PROVISIONING first, and takes no service until it is ACTIVE.
        cluster.api.wait("cluster_active", on=cluster.name, timeout=WAIT_TIMEOUT, clusters=[cluster.name])
    run.exit()


if __name__ == "__main__":
    main()
