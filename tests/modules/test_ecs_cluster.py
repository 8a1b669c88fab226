"""ecs_cluster (CMP-1, MON-4)."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import progress

from tests.conftest import Lab
from tests.modules.compute import ecs_tags
from tests.modules.conftest import Refuse, RunModule, ShowAnswer
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


def test_a_cluster_is_waited_for_until_it_takes_services(
    lab: Lab, stack: str, run_module: RunModule, show_answer: ShowAnswer
) -> None:
    """Amazon ECS API reference, Cluster, status: PROVISIONING while its capacity providers are made."""
    left = ["PROVISIONING", "PROVISIONING"]

    def provisioning(answer: dict[str, Any]) -> None:
        if answer["clusters"] and left:
            answer["clusters"][0]["status"] = left.pop()

    show_answer("DescribeClusters", provisioning)
    before = len(lab.calls())
    run_module(MODULE, name=stack)
    assert [call["operation"] for call in lab.calls()[before:]] == [
        "DescribeClusters",
        "CreateCluster",
        *["DescribeClusters"] * 3,
    ]
    # A run that was killed leaves it so, too. One that is ready is asked about once.
    left.append("PROVISIONING")
    before = len(lab.calls())
    assert run_module(MODULE, name=stack)["changed"] is False
    assert run_module(MODULE, name=stack)["changed"] is False
    assert len(lab.calls()) - before == 2 + 1


@pytest.fixture
def provisioning(show_answer: ShowAnswer) -> None:
    """Each cluster stays what it is while its capacity providers are made."""

    def change(answer: dict[str, Any]) -> None:
        for cluster in answer["clusters"]:
            cluster["status"] = "PROVISIONING"

    show_answer("DescribeClusters", change)


@pytest.mark.usefixtures("provisioning")
def test_a_wait_says_how_it_goes_and_ends_with_the_last_state_and_the_limit(
    stack: str, run_module: RunModule, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(progress, "show", lines.append)
    message = run_module(MODULE, name=stack)["msg"]
    assert message == (
        f"The wait for cluster_active failed on {stack} of stack {stack}: after 300 s it is PROVISIONING. "
        "Look at its state in AWS, then run again, which goes on waiting."
    )
    assert sum(slept) == pytest.approx(300, abs=3)
    assert len(lines) == 26
    assert lines[0] == f"{stack} is PROVISIONING (0 s of at most 300 s)"


@pytest.mark.usefixtures("provisioning")
def test_a_question_that_fails_to_the_end_of_a_wait_is_told_with_the_last_state(
    stack: str, run_module: RunModule, slept: list[float], refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []

    def show(line: str) -> None:
        lines.append(line)
        if line.startswith(f"{stack} is PROVISIONING (12 s"):
            refuse("DescribeClusters", "ThrottlingException")

    monkeypatch.setattr(progress, "show", show)
    message = run_module(MODULE, name=stack, retry_seconds=5)["msg"]
    assert "after 300 s it is PROVISIONING; the last question failed: words of ThrottlingException. Look at" in message
    assert message.count("words of") == 1
    assert sum(slept) == pytest.approx(300, abs=3)
    assert any("ecs DescribeClusters: ThrottlingException, repeated in" in line for line in lines)


@pytest.mark.usefixtures("provisioning")
def test_a_refusal_that_lasts_ends_a_wait_at_once(
    stack: str, run_module: RunModule, slept: list[float], refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "show", lambda _line: refuse("DescribeClusters", "AccessDeniedException"))
    assert "ecs DescribeClusters failed on" in run_module(MODULE, name=stack)["msg"]
    assert len(slept) == 1


def test_a_cluster_that_could_not_be_made_is_named(stack: str, run_module: RunModule, show_answer: ShowAnswer) -> None:
    run_module(MODULE, name=stack)
    show_answer("DescribeClusters", lambda answer: answer["clusters"][0].update(status="FAILED"))
    for check in (True, False):
        refused = run_module(MODULE, check=check, name=stack)
        assert f"Cluster {stack} is FAILED: its capacity providers could not be made" in refused["msg"]
