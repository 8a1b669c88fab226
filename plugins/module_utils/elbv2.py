# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the modules of the load balancer share: tags, names, attributes and forward actions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource
from ansible_collections.triflow.platform.plugins.module_utils.tags import from_aws, to_aws

MOST_TARGET_GROUPS, LARGEST_WEIGHT, LONGEST_STICKINESS = 5, 999, 604800  # ForwardActionConfig; seconds
_ARNS_A_CALL = 20  # of DescribeTags


def read_tags(api: Api, arns: Iterable[str]) -> dict[str, dict[str, str]]:
    """``{ARN: tags}``, twenty a call."""
    listed = list(arns)
    found: dict[str, dict[str, str]] = {}
    for start in range(0, len(listed), _ARNS_A_CALL):
        answer = api.call("describe_tags", on="the tags", ResourceArns=listed[start : start + _ARNS_A_CALL])
        found |= {item["ResourceArn"]: from_aws(item["Tags"]) for item in answer["TagDescriptions"]}
    return found


def typed(text: str, like: type) -> Any:
    """An attribute's text as the option that it belongs to."""
    if like is bool:
        return text == "true"
    return like(text)


def attributes(values: dict[str, Any]) -> list[dict[str, str]]:
    """``{key: value}`` as AWS takes attributes: text, switches in lower case."""
    return [
        {"Key": key, "Value": str(value).lower() if isinstance(value, bool) else str(value)}
        for key, value in sorted(values.items())
    ]


def forward_of(action: dict[str, Any]) -> dict[str, Any]:
    """Target groups and stickiness of a forward action with a ForwardConfig, in the listeners' option names."""
    forward = action["ForwardConfig"]
    stickiness = forward.get("TargetGroupStickinessConfig", {})
    return {
        "target_groups": [
            {"target_group_arn": group["TargetGroupArn"], "weight": int(group.get("Weight", 1))}
            for group in forward["TargetGroups"]
        ],
        "stickiness_duration": stickiness.get("DurationSeconds") if stickiness.get("Enabled") else None,
    }


def forward_request(forward: dict[str, Any]) -> dict[str, Any]:
    """What `forward_of` gives, as an action that CreateListener and ModifyListener take."""
    duration = forward["stickiness_duration"]
    stickiness = {"Enabled": True, "DurationSeconds": duration} if duration else {"Enabled": False}
    groups = [
        {"TargetGroupArn": group["target_group_arn"], "Weight": group["weight"]} for group in forward["target_groups"]
    ]
    return {
        "Type": "forward",
        "ForwardConfig": {"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness},
    }


def weights_problem(groups: list[dict[str, Any]], stickiness_duration: int | None) -> str | None:
    """What ForwardActionConfig does not take, or what would leave a listener without traffic."""
    arns = [group["target_group_arn"] for group in groups]
    weights = [group["weight"] for group in groups]
    if not 1 <= len(arns) <= MOST_TARGET_GROUPS:
        return f"target_groups has {len(arns)} elements: a listener forwards to 1 to {MOST_TARGET_GROUPS}"
    if len(set(arns)) < len(arns):
        return "target_groups names a target group twice: give each one once"
    if not all(0 <= weight <= LARGEST_WEIGHT for weight in weights):
        return f"target_groups has the weights {weights}: each is 0 to {LARGEST_WEIGHT}"
    if not any(weights):
        return "target_groups has no weight over 0: no request would be answered"
    if stickiness_duration is not None and not 0 <= stickiness_duration <= LONGEST_STICKINESS:
        return f"stickiness_duration {stickiness_duration} is not 0 to {LONGEST_STICKINESS} seconds"
    return None


class NamedResource(Resource):
    """A load balancer or target group: found by its name, which is unique in the account and region."""

    def __init__(self, api: Api, component: str, name: str) -> None:
        super().__init__(component)
        self.api = api
        self.name = name
        self.stack: str = api.module.params["stack"]
        self.tags = api.module.tags_of(component)

    def update_tags(self, live: dict[str, Any]) -> None:
        self.api.call("add_tags", on=self.component, ResourceArns=[live["id"]], Tags=to_aws(self.tags))
