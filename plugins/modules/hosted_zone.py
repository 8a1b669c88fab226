#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: hosted_zone
version_added: 0.1.0
short_description: A public hosted zone of Route 53, created or adopted (OPT-2)
author: TriFlow AI (@triflow-ai)
description:
  - A zone that the stack created is found by its tags, or by its comment when a run ended before it was tagged.
  - A second zone of a name that the account already has is refused, since nobody would ask it.
  - An adopted zone is used and never changed. It has no tags of the stack, and is never deleted.
  - The stock module knows neither tags at sight nor whose a zone is, and gives no diff.
options:
  name:
    description: Domain name of the zone.
    type: str
    required: true
  mode:
    description: Create the zone, or use the one that the account has.
    type: str
    choices: [create, adopt]
    default: create
  own_records:
    description:
      - The stack's own records, each with C(name) and C(type). A run has deleted them before it deletes the zone.
      - In check mode they are still there, and do not count.
    type: list
    elements: dict
    default: []
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Announces exactly what a run would do, and refuses what it would refuse.
    support: full
notes:
  - With O(state=absent) a zone that still holds records of others is kept, with a warning.
"""

EXAMPLES = r"""
- name: Zone
  triflow.platform.hosted_zone:
    name: triflow-ai.com
    mode: adopt
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: hosted-zone, action: create, fields: []}]
resources:
  description: The zone by component, with its C(id) or a placeholder. Empty when absent.
  returned: always
  type: dict
  sample: {hosted-zone: {id: Z0123456789ABCDEFGHIJ, name: triflow-ai.com}}
"""

import uuid
from functools import cached_property
from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils import route53, twice
from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.tags import to_aws


class HostedZone(Resource):
    id_prefix = "hostedzone/"

    def __init__(self, module: StackModule) -> None:
        super().__init__(route53.COMPONENT_NAME)
        self.module = module
        self.api: Api = module.api("route53")
        self.name = route53.plain(module.params["name"])
        self.stack: str = module.params["stack"]

    @cached_property
    def zones(self) -> list[route53.Zone]:
        return route53.read_zones(self.api, self.name)

    @override
    def find(self) -> dict[str, Any] | None:
        own = [zone for zone in self.zones if route53.is_own(zone, self.stack)]
        if self.module.params["state"] == "absent":
            empty = [zone for zone in own if self._is_empty(zone)]
            self.leftovers = empty[1:]
            return next(iter(empty), None)
        if len(own) > 1:
            holds = route53.read_holds(self.api, own)
            try:
                choice = twice.choose(
                    self.stack,
                    self.component,
                    [twice.Carrier(zone["id"], holds[zone["id"]]) for zone in own],
                    refuse=not self.module.only_reports,
                )
            except twice.TwiceError as error:
                self.module.fail(str(error))
            self.leftovers = [zone for zone in own if zone["id"] in choice.leftovers]
            return next(zone for zone in own if zone["id"] == choice.stays)
        try:
            return route53.choose(self.zones, self.name, self.stack, self.module.params["mode"])
        except ValueError as error:
            reason, _separator, accepted = str(error).partition("; ")
            self.module.fail(f"mode (variable dns_zone) is {self.module.params['mode']}, but {reason}. Give {accepted}")

    @override
    def is_foreign(self, live: dict[str, Any], stack: str) -> bool:
        return False  # what the mode does not accept, `find` has refused

    def _is_empty(self, zone: route53.Zone) -> bool:
        """Whether it holds no more than the records that every zone has."""
        if self.module.params["mode"] == "adopt":
            return False
        records = [
            f"{route53.plain(record['Name'])} {record['Type']}"
            for record in self.api.pages(
                "list_resource_record_sets", "ResourceRecordSets", on=self.name, HostedZoneId=zone["id"]
            )
            if (route53.plain(record["Name"]), record["Type"]) not in self._expected()
        ]
        if records and not self.module.check_mode:
            self.module.warn(
                f"The hosted zone {self.name} ({zone['id']}) is kept, since it holds records that are not this "
                f"stack's: {', '.join(records)}"
            )
        return not records

    def _expected(self) -> set[tuple[str, str]]:
        own = self.module.params["own_records"] if self.module.check_mode else []
        return {(self.name, "NS"), (self.name, "SOA")} | {(route53.plain(item["name"]), item["type"]) for item in own}

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        if live and not route53.is_own(live, self.stack):
            return {"name": self.name}
        return {"name": self.name, "tags": self.module.tags_of(self.component)}

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        answer = self.api.call(
            "create_hosted_zone",
            on=self.name,
            Name=self.name,
            # one for each run: it may never be used again, not even for the same zone
            CallerReference=self.module.attempts.first("reference", uuid.uuid4().hex),
            HostedZoneConfig={"Comment": route53.comment_of(self.stack), "PrivateZone": False},
        )
        identifier = str(answer["HostedZone"]["Id"]).removeprefix("/hostedzone/")
        self._tag(identifier, wanted)
        return identifier

    def _tag(self, identifier: str, wanted: dict[str, Any]) -> None:
        self.api.call(
            "change_tags_for_resource",
            on=self.name,
            ResourceType="hostedzone",
            ResourceId=identifier,
            AddTags=to_aws(wanted["tags"]),
        )

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        self._tag(live["id"], wanted)

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self.api.call("delete_hosted_zone", on=self.name, Id=live["id"])


@looks_again
def main() -> None:
    module = StackModule(
        {
            "name": {"type": "str", "required": True},
            "mode": {"type": "str", "choices": ["create", "adopt"], "default": "create"},
            "own_records": {"type": "list", "elements": "dict", "default": []},
        }
    )
    run = Run(module)
    run.converge([HostedZone(module)])
    run.exit()


if __name__ == "__main__":
    main()
