# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an ECS service ran before, by ECS's own history: pure functions, and one that reads it.

The shapes are those of ListServiceDeployments (``briefs``) and of DescribeServiceRevisions, here as ``definitions``:
``{service revision's ARN: task definition's ARN}``. ECS keeps 90 days (developer guide, "View service history using
Amazon ECS service deployments"). A deployment that was rolled back is not SUCCESSFUL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils.moments import iso

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api

Brief = dict[str, Any]
SHOWN = 10
LISTED_AT_ONCE = 100  # ListServiceDeployments, maxResults
PAGES = 10  # a deployment every two hours for 90 days
DESCRIBED_AT_ONCE = 20  # DescribeServiceRevisions, serviceRevisionArns


def newest_first(briefs: list[Brief]) -> list[Brief]:
    return sorted(briefs, key=lambda brief: brief["createdAt"], reverse=True)


def successful(briefs: list[Brief]) -> list[Brief]:
    return [brief for brief in briefs if brief["status"] == "SUCCESSFUL"]


def revisions(briefs: list[Brief]) -> list[str]:
    """ARNs of the service revisions worth a look, in the order of their use: those shown, then the successful ones."""
    return list(dict.fromkeys(brief["targetServiceRevisionArn"] for brief in briefs[:SHOWN] + successful(briefs)))


def stable(briefs: list[Brief], definitions: dict[str, str], primary: dict[str, Any]) -> str | None:
    """Task definition of the newest successful deployment.

    Without one in the history it is that of the PRIMARY deployment when this is done, else none.
    """
    for brief in successful(briefs):
        if brief["targetServiceRevisionArn"] in definitions:
            return definitions[brief["targetServiceRevisionArn"]]
    return primary["taskDefinition"] if primary.get("rolloutState") == "COMPLETED" else None


def previous(briefs: list[Brief], definitions: dict[str, str], now: set[str | None]) -> str | None:
    """Task definition of the newest successful deployment of another one than those in ``now``."""
    found = [definitions.get(brief["targetServiceRevisionArn"]) for brief in successful(briefs)]
    return next((definition for definition in found if definition and definition not in now), None)


def shown(briefs: list[Brief], definitions: dict[str, str]) -> list[dict[str, Any]]:
    """The newest deployments, in the module's words."""
    return [
        {
            "at": iso(brief["createdAt"]),
            "finished_at": iso(brief.get("finishedAt")),
            "status": brief["status"],
            "reason": brief.get("statusReason"),
            "task_definition": definitions.get(brief["targetServiceRevisionArn"]),
        }
        for brief in briefs[:SHOWN]
    ]


def _read_briefs(ecs: Api, cluster: str, service: str) -> list[Brief]:
    briefs: list[Brief] = []
    token: dict[str, str] = {}
    for _unused in range(PAGES):
        answer = ecs.call(
            "list_service_deployments",
            on=service,
            absent=("ServiceNotFoundException",),  # deleted in between
            cluster=cluster,
            service=service,
            maxResults=LISTED_AT_ONCE,
            **token,
        )
        briefs += answer.get("serviceDeployments", [])
        if not answer.get("nextToken"):
            break
        token = {"nextToken": answer["nextToken"]}
    return newest_first(briefs)


def read(ecs: Api, cluster: str, service: str, primary: dict[str, Any]) -> dict[str, Any]:
    """``stable_task_definition``, ``previous_task_definition`` and the newest ``deployments`` of a service.

    ``primary`` is its PRIMARY deployment. Two calls, unless a long history holds nothing but one task definition.
    """
    briefs = _read_briefs(ecs, cluster, service)
    arns = revisions(briefs)
    definitions: dict[str, str] = {}
    before = None
    for first in range(0, len(arns), DESCRIBED_AT_ONCE):
        batch = arns[first : first + DESCRIBED_AT_ONCE]
        answer = ecs.call("describe_service_revisions", on=service, serviceRevisionArns=batch)
        definitions |= {item["serviceRevisionArn"]: item["taskDefinition"] for item in answer["serviceRevisions"]}
        before = previous(briefs, definitions, {stable(briefs, definitions, primary), primary.get("taskDefinition")})
        if before:
            break
    return {
        "stable_task_definition": stable(briefs, definitions, primary),
        "previous_task_definition": before,
        "deployments": shown(briefs, definitions),
    }
