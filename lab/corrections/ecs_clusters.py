"""ECS clusters: settings that change one by one, counts, and when a cluster can be deleted."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import ECSException
from moto.ecs.models import Cluster, EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse

from lab.corrections.override import add, override

DEFAULT_SETTINGS = [{"name": "containerInsights", "value": "disabled"}]
INSIGHTS = ("enhanced", "enabled", "disabled")


def _check_settings(settings: list[dict[str, str]]) -> None:
    """ClusterSetting: the one name, and its three values."""
    for setting in settings:
        if setting.get("name") != "containerInsights" or setting.get("value") not in INSIGHTS:
            raise ECSException("InvalidParameterException", f"Invalid cluster setting: {setting}.")


@override(EC2ContainerServiceBackend, "create_cluster")
def _create_cluster(
    original: Any, self: EC2ContainerServiceBackend, cluster_name: str, tags: Any = None, *rest: Any, **options: Any
) -> Cluster:
    """CreateCluster: an active cluster of that name is answered as it is. What was not given is an empty list."""
    there = self.clusters.get(cluster_name)
    if there and there.status == "ACTIVE":
        return there
    if rest and rest[0]:
        _check_settings(rest[0])
    cluster: Cluster = original(self, cluster_name, tags, *rest, **options)
    cluster.settings = cluster.settings or list(DEFAULT_SETTINGS)
    cluster.capacity_providers = cluster.capacity_providers or []
    cluster.default_capacity_provider_strategy = cluster.default_capacity_provider_strategy or []
    return cluster


@override(EC2ContainerServiceBackend, "update_cluster")
def _update_cluster(
    original: Any,
    self: EC2ContainerServiceBackend,
    cluster_name: str,
    cluster_settings: list[dict[str, str]] | None,
    *rest: Any,
    **options: Any,
) -> Cluster:
    if cluster_settings:
        _check_settings(cluster_settings)
    cluster: Cluster = original(self, cluster_name, cluster_settings, *rest, **options)
    return cluster


@add(EC2ContainerServiceResponse)
def update_cluster_settings(self: EC2ContainerServiceResponse) -> ActionResult:
    """UpdateClusterSettings, which moto lacks."""
    settings = self._get_param("settings") or []
    cluster = self.ecs_backend.update_cluster(self._get_param("cluster"), settings, None, None)
    return ActionResult({"cluster": cluster})


@override(EC2ContainerServiceBackend, "put_cluster_capacity_providers")
def _put_cluster_capacity_providers(
    original: Any,
    self: EC2ContainerServiceBackend,
    cluster_name: str,
    capacity_providers: list[str] | None,
    default_capacity_provider_strategy: list[dict[str, Any]] | None,
) -> Cluster:
    """PutClusterCapacityProviders: a strategy names providers of the cluster only; weight and base default to 0."""
    strategy = [{"weight": 0, "base": 0, **entry} for entry in default_capacity_provider_strategy or []]
    for entry in strategy:
        if entry["capacityProvider"] not in (capacity_providers or []):
            raise ECSException(
                "InvalidParameterException",
                "The specified capacity provider strategy cannot contain a capacity provider that is not associated "
                "with the cluster.",
            )
    cluster: Cluster = original(self, cluster_name, capacity_providers, strategy)
    return cluster


@override(EC2ContainerServiceBackend, "describe_clusters")
def _describe_clusters(original: Any, self: EC2ContainerServiceBackend, cluster_names: list[str]) -> Any:
    """DescribeClusters: counts of what is there; a deleted cluster is INACTIVE."""
    clusters, failures = original(self, cluster_names)
    for cluster in clusters:
        services = [service for service in self.services.values() if service.cluster_name == cluster.name]
        tasks = [task for task in self.tasks.get(cluster.name, {}).values() if task.last_status != "STOPPED"]
        cluster.active_services_count = sum(service.status == "ACTIVE" for service in services)
        cluster.running_tasks_count = sum(task.last_status == "RUNNING" for task in tasks)
        cluster.pending_tasks_count = len(tasks) - cluster.running_tasks_count
    return clusters, failures


@override(EC2ContainerServiceBackend, "delete_cluster")
def _delete_cluster(original: Any, self: EC2ContainerServiceBackend, cluster_str: str) -> Cluster:
    """DeleteCluster: refused while it has services or tasks."""
    cluster = self._get_cluster(cluster_str)
    services = [service for service in self.services.values() if service.cluster_name == cluster.name]
    if any(service.status != "INACTIVE" for service in services):
        raise ECSException(
            "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."
        )
    if any(task.last_status != "STOPPED" for task in self.tasks.get(cluster.name, {}).values()):
        raise ECSException("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
    deleted: Cluster = original(self, cluster_str)
    deleted.tags = []  # an inactive cluster is no longer found by its tags
    return deleted
