"""The history of ECS services in the lab: service deployments and service revisions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import Lab
from tests.lab.conftest import Account, refused
from tests.lab.test_corrections_ecs import Ecs


@pytest.fixture
def ecs(lab: Lab) -> Ecs:
    return Ecs(Account(lab))


def history(ecs: Ecs, **options: Any) -> list[dict[str, Any]]:
    """ListServiceDeployments, the newest first."""
    found: list[dict[str, Any]] = ecs.ecs.list_service_deployments(cluster=ecs.name, service="backend", **options)[
        "serviceDeployments"
    ]
    return found


def statuses(ecs: Ecs) -> list[str]:
    return [item["status"] for item in history(ecs)]


def described(ecs: Ecs, brief: dict[str, Any]) -> dict[str, Any]:
    (deployment,) = ecs.ecs.describe_service_deployments(serviceDeploymentArns=[brief["serviceDeploymentArn"]])[
        "serviceDeployments"
    ]
    found: dict[str, Any] = deployment
    return found


def revisions(ecs: Ecs, *arns: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ecs.ecs.describe_service_revisions(serviceRevisionArns=list(arns))["serviceRevisions"]
    return found


def test_a_deployment_is_remembered_with_what_it_deployed(ecs: Ecs) -> None:
    """ServiceDeployment and ServiceRevision."""
    first, second = ecs.register(), ecs.register("example/backend:2")
    service = ecs.create(first)
    (begun,) = history(ecs)
    assert begun["status"] == "SUCCESSFUL"  # to list is to look, and the tasks start at once
    assert begun["serviceArn"] == service["serviceArn"]
    assert begun["finishedAt"] >= begun["startedAt"] >= begun["createdAt"]
    assert "statusReason" not in begun
    ecs.update(taskDefinition=second)
    newest, oldest = history(ecs)
    assert oldest == begun
    deployment = described(ecs, newest)
    assert [item["arn"] for item in deployment["sourceServiceRevisions"]] == [oldest["targetServiceRevisionArn"]]
    assert deployment["targetServiceRevision"]["arn"] == newest["targetServiceRevisionArn"]
    assert deployment["targetServiceRevision"]["runningTaskCount"] == 2
    breaker = {"status": "MONITORING_COMPLETE", "failureCount": 0, "threshold": 3}
    assert deployment["deploymentCircuitBreaker"] == breaker
    new, old = revisions(ecs, newest["targetServiceRevisionArn"], oldest["targetServiceRevisionArn"])
    assert (old["taskDefinition"], new["taskDefinition"]) == (first, second)
    assert new["containerImages"] == [{"containerName": "backend", "image": "example/backend:2"}]
    assert new["networkConfiguration"] == service["networkConfiguration"]


def test_only_what_changes_the_tasks_is_a_deployment(ecs: Ecs) -> None:
    """View service history: what makes a new service deployment."""
    ecs.create(ecs.register())
    ecs.update(desiredCount=3)
    assert len(history(ecs)) == 1
    ecs.update(forceNewDeployment=True)
    assert len(history(ecs)) == 2


@pytest.mark.parametrize("image", ["example/backend:2-fails-exit-7", "example/backend:2-cannot-pull"])
def test_a_rollback_is_part_of_the_deployment_that_failed(ecs: Ecs, image: str) -> None:
    """Rollback: the revision of the last successful deployment is deployed again."""
    ecs.create(ecs.register())
    ecs.look()
    ecs.update(taskDefinition=ecs.register(image))
    failed, first = history(ecs)
    assert (failed["status"], first["status"]) == ("ROLLBACK_IN_PROGRESS", "SUCCESSFUL")
    failed, first = history(ecs)
    assert (failed["status"], first["status"]) == ("ROLLBACK_SUCCESSFUL", "SUCCESSFUL")
    assert "circuit breaker" in failed["statusReason"]
    deployment = described(ecs, failed)
    assert deployment["rollback"]["serviceRevisionArn"] == first["targetServiceRevisionArn"]
    assert deployment["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}


def test_without_a_rollback_a_failed_deployment_is_stopped(ecs: Ecs) -> None:
    """ServiceDeployment, stoppedAt: "The rollback option is not in use"."""
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    ecs.create(ecs.register("example/backend:fails-exit-1"), deploymentConfiguration=breaker)
    (stopped,) = history(ecs)
    assert stopped["status"] == "STOPPED"
    assert described(ecs, stopped)["stoppedAt"]


def test_nothing_to_go_back_to(ecs: Ecs) -> None:
    ecs.create(ecs.register("example/backend:fails-exit-1"))
    (failed,) = history(ecs)
    assert (failed["status"], failed["statusReason"]) == (
        "ROLLBACK_FAILED",
        "No rollback candidate was found to run the rollback.",
    )
    ecs.look()
    assert statuses(ecs) == ["ROLLBACK_FAILED"]


def test_a_newer_deployment_stops_the_one_under_way(ecs: Ecs) -> None:
    """ServiceDeploymentStatus STOPPED."""
    ecs.create(ecs.register())
    ecs.look()
    ecs.update(taskDefinition=ecs.register("example/backend:starts-after-600s"))
    assert statuses(ecs) == ["IN_PROGRESS", "SUCCESSFUL"]
    ecs.update(taskDefinition=ecs.register("example/backend:3"))
    assert statuses(ecs) == ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]


def test_filters_and_pages(ecs: Ecs) -> None:
    """ListServiceDeployments: status, createdAt, maxResults and nextToken."""
    ecs.create(ecs.register())
    ecs.look()
    for _unused in range(20):
        ecs.update(forceNewDeployment=True)
        ecs.look()
    ecs.update(taskDefinition=ecs.register("example/backend:starts-after-600s"))
    assert [item["status"] for item in history(ecs, status=["IN_PROGRESS", "STOPPED"])] == ["IN_PROGRESS"]
    page = ecs.ecs.list_service_deployments(cluster=ecs.name, service="backend")
    assert len(page["serviceDeployments"]) == 20
    rest = ecs.ecs.list_service_deployments(cluster=ecs.name, service="backend", nextToken=page["nextToken"])
    assert "nextToken" not in rest
    everything = history(ecs, maxResults=100)
    assert page["serviceDeployments"] + rest["serviceDeployments"] == everything
    assert len(everything) == 22
    moment = everything[0]["createdAt"]
    assert history(ecs, createdAt={"after": moment + timedelta(hours=1)}) == []
    assert history(ecs, createdAt={"before": moment - timedelta(hours=1)}) == []
    with refused("InvalidParameterException", "maxResults"):
        history(ecs, maxResults=101)
    arns = [item["targetServiceRevisionArn"] for item in everything]
    assert len(revisions(ecs, *arns[:20])) == 20
    with refused("InvalidParameterException", "20"):
        revisions(ecs, *arns[:21])


def test_history_that_is_not_there(ecs: Ecs) -> None:
    """Failures; the service deployments of a deleted service are deleted with it."""
    ecs.create(ecs.register())
    (deployment,) = history(ecs)
    ecs.ecs.delete_service(cluster=ecs.name, service="backend", force=True)
    ecs.look()
    with refused("ServiceNotFoundException"):
        history(ecs)
    with refused("ClusterNotFoundException"):
        ecs.ecs.list_service_deployments(cluster="no-such-cluster", service="backend")
    for key, call in (
        ("serviceDeploymentArn", ecs.ecs.describe_service_deployments),
        ("targetServiceRevisionArn", ecs.ecs.describe_service_revisions),
    ):
        answer = call(**{"serviceDeploymentArns" if "Deployment" in key else "serviceRevisionArns": [deployment[key]]})
        assert answer["failures"] == [{"arn": deployment[key], "reason": "MISSING"}]
