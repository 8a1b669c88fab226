# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the modules of the load balancer share: tags, names and attributes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource
from ansible_collections.triflow.platform.plugins.module_utils.tags import STACK, from_aws, to_aws

LONGEST_NAME = 32  # of a load balancer and of a target group (CreateLoadBalancer, CreateTargetGroup)
_ARNS_A_CALL = 20  # of DescribeTags


def short_name(name: str) -> str:
    """The name if Elastic Load Balancing takes it, else its beginning and eight digits of its hash."""
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9].rstrip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


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


class NamedResource(Resource):
    """A load balancer or target group: found by its name, which is unique in the account and region."""

    kind: str

    def __init__(self, api: Api, component: str, name: str) -> None:
        super().__init__(component)
        self.api = api
        self.name = name
        self.stack: str = api.module.params["stack"]
        self.tags = api.module.tags_of(component)

    def is_usable(self, tags: dict[str, str]) -> bool:
        """Whether what has the name is this stack's. One without a stack becomes it; another stack's is refused."""
        if self.api.module.params["state"] == "absent":
            return tags.get(STACK) == self.stack  # only what carries the stack's tag is deleted
        if tags.get(STACK) not in (self.stack, None):
            self.api.module.fail(
                f"{self.component}: the {self.kind} {self.name} belongs to the stack {tags[STACK]}: "
                "a name is unique in an account and region, so give another one"
            )
        return True

    def update_tags(self, live: dict[str, Any]) -> None:
        self.api.call("add_tags", on=self.component, ResourceArns=[live["id"]], Tags=to_aws(self.tags))
