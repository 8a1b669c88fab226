# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the modules for EC2's resources share: their tags, and how ranges are written."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network
from typing import Any, ClassVar

from ansible_collections.triflow.platform.plugins.module_utils import twice
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK, from_aws, to_aws


def is_cidr(text: str) -> bool:
    """Whether it is an IPv4 range as AWS writes it, without host bits: what it is given otherwise, it rewrites."""
    try:
        return str(IPv4Network(text)) == text
    except ValueError:
        return False


class Ec2Resource(Resource):
    """A resource that is tagged while it is created, and whose tags EC2 changes in place."""

    tag_type: ClassVar[str]  # ResourceType of TagSpecifications
    untagged_is_own = True  # it has no name, and is found by its tags or in a VPC of the stack

    def __init__(self, api: Api, component: str) -> None:
        super().__init__(component)
        self.api = api
        self.stack: str = api.module.params["stack"]
        self.tags = api.module.tags_of(component)

    def is_ours(self, described: dict[str, Any]) -> bool:
        """Whether what AWS describes carries the tags of this component of this stack."""
        tags = from_aws(described.get("Tags"))
        return tags.get(STACK) == self.stack and tags.get(COMPONENT) == self.component

    def one_of(
        self,
        carriers: list[dict[str, Any]],
        holds: Callable[[Api, list[str]], dict[str, list[str]]],
        fits: Callable[[dict[str, Any]], bool] = bool,
    ) -> dict[str, Any] | None:
        """Of the live states that carry the component's tags the one that stays; the others are leftovers.

        The module ends when more than one is in use. What is to be absent, all of them are.
        """
        self.leftovers = []
        if len(carriers) < 2 or self.api.module.params["state"] == "absent":
            self.leftovers = carriers[1:]
            return next(iter(carriers), None)
        held = holds(self.api, [live["id"] for live in carriers])
        try:
            choice = twice.choose(
                self.stack,
                self.component,
                [twice.Carrier(live["id"], held[live["id"]], fits(live)) for live in carriers],
                refuse=not self.api.module.only_reports,
            )
        except twice.TwiceError as error:
            self.api.module.fail(str(error))
        self.leftovers = [live for live in carriers if live["id"] in choice.leftovers]
        return next(live for live in carriers if live["id"] == choice.stays)

    def tag_specifications(self) -> list[dict[str, Any]]:
        return [{"ResourceType": self.tag_type, "Tags": to_aws(self.tags)}]

    def update_tags(self, live: dict[str, Any]) -> None:
        self.api.call("create_tags", on=self.component, Resources=[live["id"]], Tags=to_aws(self.tags))
