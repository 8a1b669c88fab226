#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: dns_records
version_added: 0.1.0
short_description: Records of a hosted zone, in one change batch (ALB-7, OPT-2)
author: TriFlow AI (@triflow-ai)
description:
  - Creates and changes the listed records, all or none. Records that are not listed are never touched.
  - With O(state=absent) a listed record goes when it still is as listed. One that points elsewhere is somebody else's.
  - The stock module takes one record, fails in check mode when the zone is not there yet, and shows no diff of aliases.
options:
  zone_id:
    description: Id of the hosted zone.
    type: str
    required: true
  records:
    description: The records.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: C(dns-record-apex) and the like.
        type: str
        required: true
      name:
        description: Domain name of the record.
        type: str
        required: true
      type:
        description: Type of the record.
        type: str
        choices: [A, AAAA, CNAME, TXT]
        required: true
      state:
        description: Whether it is wanted. With C(absent) it goes like all of them do with O(state=absent).
        type: str
        choices: [present, absent]
        default: present
      values:
        description: Values of the record.
        type: list
        elements: str
      ttl:
        description: Seconds that an answer with O(records[].values) may be kept.
        type: int
        default: 300
      alias_dns_name:
        description: AWS resource to answer for, a load balancer's DNS name. Instead of O(records[].values).
        type: str
      alias_zone_id:
        description: Hosted zone of O(records[].alias_dns_name), which the load balancer names.
        type: str
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Announces exactly what a run would do. The zone may be one that is only announced.
    support: full
"""

EXAMPLES = r"""
- name: A record
  triflow.platform.dns_records:
    zone_id: Z0123456789ABCDEFGHIJ
    records:
      - component: dns-record-validation
        name: _0a1b2c.triflow-ai.com
        type: CNAME
        values: [_3d4e5f.acm-validations.aws]
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: dns-record-apex, action: create, fields: []}]
resources:
  description: The records by component, the C(id) being name and type. Empty when absent.
  returned: always
  type: dict
"""

from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils import compare, placeholders
from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.resource import Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.route53 import in_the_way, plain

PREFIX = "dns-record-"
FIELDS = ("name", "type", "values", "ttl", "alias_dns_name", "alias_zone_id")
EVALUATE_TARGET_HEALTH = False  # there is nowhere else to send clients to


def live_record(described: dict[str, Any]) -> dict[str, Any]:
    """A record set as the options spell it."""
    name = plain(described["Name"])
    alias = described.get("AliasTarget")
    return {
        "id": f"{name} {described['Type']}",
        "name": name,
        "type": described["Type"],
        "values": None if alias else [item["Value"] for item in described.get("ResourceRecords", [])],
        "ttl": described.get("TTL"),
        "alias_dns_name": plain(alias["DNSName"]) if alias else None,
        "alias_zone_id": alias["HostedZoneId"] if alias else None,
        "evaluate_target_health": alias["EvaluateTargetHealth"] if alias else None,
    }


def wanted_record(options: dict[str, Any]) -> dict[str, Any]:
    """An element of ``records`` as `live_record` spells it, without what its kind of record does not have."""
    wanted = {field: options[field] for field in FIELDS} | {"name": plain(options["name"])}
    if options["alias_dns_name"]:
        alias = {"alias_dns_name": plain(options["alias_dns_name"]), "evaluate_target_health": EVALUATE_TARGET_HEALTH}
        return wanted | {"values": None, "ttl": None, **alias}
    # Route 53 gives names back as they were written, with or without the dot at the end
    values = [plain(value) for value in options["values"]] if options["type"] == "CNAME" else options["values"]
    return wanted | {"values": values}


def record_set(record: dict[str, Any]) -> dict[str, Any]:
    """What `wanted_record` gives, as ChangeResourceRecordSets takes it."""
    head = {"Name": record["name"], "Type": record["type"]}
    if record["alias_dns_name"]:
        target = {
            "DNSName": record["alias_dns_name"],
            "HostedZoneId": record["alias_zone_id"],
            "EvaluateTargetHealth": EVALUATE_TARGET_HEALTH,
        }
        return {**head, "AliasTarget": target}
    return {**head, "TTL": record["ttl"], "ResourceRecords": [{"Value": value} for value in record["values"]]}


class Record(Resource):
    def __init__(
        self,
        module: StackModule,
        options: dict[str, Any],
        described: dict[str, Any] | None,
        batch: list[dict[str, Any]],
    ) -> None:
        super().__init__(options["component"])
        self.module = module
        self.options = options
        self.described = described
        self.batch = batch
        self.wanted_at_all = "present" == module.params["state"] == options["state"]

    @override
    def find(self) -> dict[str, Any] | None:
        if self.described is None:
            return None
        live = live_record(self.described)
        if live["type"] == "CNAME" and live["values"]:
            live["values"] = [plain(value) for value in live["values"]]
        elsewhere = set(compare.differences(live, self.wanted(live))) - {"ttl", "evaluate_target_health"}
        return None if elsewhere and not self.wanted_at_all else live

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        return wanted_record(self.options)

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        self.batch.append({"Action": "UPSERT", "ResourceRecordSet": record_set(wanted)})
        return f"{wanted['name']} {wanted['type']}"

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        self.create(wanted)

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self.batch.append({"Action": "DELETE", "ResourceRecordSet": self.described})  # AWS wants it as it is


@looks_again
def main() -> None:
    required = {"type": "str", "required": True}
    options = {
        **dict.fromkeys(("component", "name"), required),
        "type": {"type": "str", "choices": ["A", "AAAA", "CNAME", "TXT"], "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "values": {"type": "list", "elements": "str"},
        "ttl": {"type": "int", "default": 300},
        "alias_dns_name": {"type": "str"},
        "alias_zone_id": {"type": "str"},
    }
    module = StackModule(
        {
            "zone_id": required,
            "records": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": options,
                "mutually_exclusive": [("values", "alias_dns_name")],
                "required_one_of": [("values", "alias_dns_name")],
                "required_together": [("alias_dns_name", "alias_zone_id")],
            },
        }
    )
    zone, entries = module.params["zone_id"], module.params["records"]
    api = module.api("route53")
    described: dict[tuple[str, str], dict[str, Any]] = {}
    if not placeholders.within(zone):
        for record in api.pages("list_resource_record_sets", "ResourceRecordSets", on="the records", HostedZoneId=zone):
            described[plain(record["Name"]), record["Type"]] = record
    for entry in entries:
        if not entry["component"].startswith(PREFIX):
            module.fail(f"component {entry['component']} does not begin with {PREFIX}")
        reason = in_the_way(described.values(), entry["name"], entry["type"])
        if reason and "present" == module.params["state"] == entry["state"]:
            module.fail(
                f"{entry['name']} {entry['type']} of the zone {zone}: {reason}. Delete it first, then run again"
            )
    batch: list[dict[str, Any]] = []
    run = Run(module)
    records = [Record(module, entry, described.get((plain(entry["name"]), entry["type"])), batch) for entry in entries]
    present = module.params["state"] == "present"
    run.converge([record for record in records if record.options["state"] == "present" or not present])
    for unwanted in records:
        if present and not unwanted.wanted_at_all and unwanted.find():
            run.absent(unwanted)
    if batch:
        api.call("change_resource_record_sets", on=zone, HostedZoneId=zone, ChangeBatch={"Changes": batch})
    run.exit()


if __name__ == "__main__":
    main()
