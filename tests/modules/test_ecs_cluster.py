"""ecs_cluster (CMP-1, MON-4)."""

from __future__ import annotations

from typing import Any

from tests.conftest import Lab
from tests.modules.compute import ecs_tags
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags

MODULE = "ecs_cluster"


def test_grammar(lab: Lab, stack: str, run_module: RunModule) -> None:
    ecs = lab.aws("ecs")

    def read() -> Any:
        for cluster in ecs.describe_clusters(clusters=[stack], include=["SETTINGS", "TAGS"])["clusters"]:
            if cluster["status"] == "ACTIVE":
                (setting,) = cluster["settings"]
                assert ecs_tags(cluster) == expected_tags(stack, "cluster")
                return setting["value"], cluster["capacityProviders"], cluster["defaultCapacityProviderStrategy"]
        return None

    strategy = [{"capacityProvider": "FARGATE", "weight": 1, "base": 0}]
    case = Case(
        module=MODULE,
        options={"name": stack, "container_insights": "enabled"},
        update={"container_insights": "disabled", "capacity_providers": ["FARGATE", "FARGATE_SPOT"]},
        read=read,
        created=("enabled", ["FARGATE"], strategy),
        updated=("disabled", ["FARGATE", "FARGATE_SPOT"], strategy),
        deleted=None,
        creates=["cluster"],
        named=["cluster"],
        updates={"cluster": ["container_insights", "capacity_providers"]},
        deletes=["cluster"],
        refused=[
            ({"name": None}, "missing required arguments: name"),
            ({"container_insights": "on"}, "value of container_insights must be one of"),
            ({"capacity_providers": []}, "capacity_providers is empty"),
            ({"capacity_providers": ["EC2"]}, "value of capacity_providers must be one or more of"),
        ],
    )
    walk(case, lab, run_module)


def test_tags_that_somebody_took_away_come_back(lab: Lab, stack: str, run_module: RunModule) -> None:
    ecs = lab.aws("ecs")
    arn = run_module(MODULE, name=stack)["resources"]["cluster"]["id"]
    ecs.untag_resource(resourceArn=arn, tagKeys=["triflow:component"])
    result = run_module(MODULE, name=stack)
    assert result["changes"] == [{"component": "cluster", "action": "update", "fields": ["tags"]}]
    assert ecs_tags({"tags": ecs.list_tags_for_resource(resourceArn=arn)["tags"]}) == expected_tags(stack, "cluster")


def test_what_is_not_given_is_left(stack: str, run_module: RunModule) -> None:
    run_module(MODULE, name=stack, container_insights="enhanced")
    assert run_module(MODULE, name=stack)["changed"] is False


def test_a_deleted_cluster_is_created_again(stack: str, run_module: RunModule) -> None:
    run_module(MODULE, name=stack)
    run_module(MODULE, name=stack, state="absent")
    assert run_module(MODULE, name=stack)["changes"] == [{"component": "cluster", "action": "create", "fields": []}]
