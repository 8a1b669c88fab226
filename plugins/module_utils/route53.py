# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the modules for Route 53 share: how names are written, and which of an account's zones is the stack's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils import twice
from ansible_collections.triflow.platform.plugins.module_utils.tags import STACK, from_aws

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api

COMPONENT_NAME = "hosted-zone"
_IDS_A_CALL = 10  # of ListTagsForResources

Zone = dict[str, Any]


def plain(name: str) -> str:
    """A domain name in lower case, without the dot at its end, and with the ``*`` that Route 53 writes as ``\\052``."""
    return name.lower().removesuffix(".").replace("\\052", "*")


def in_the_way(records: Iterable[dict[str, Any]], name: str, kind: str) -> str:
    """What of a zone's record sets keeps a plain record of this name and type from being made, empty when nothing does.

    Amazon Route 53 developer guide, "Supported DNS record types", CNAME: no other record has the name of a CNAME. API
    reference, ResourceRecordSet: records of one name and type have all the same routing policy.
    """
    for record in records:
        if plain(record["Name"]) != plain(name):
            continue
        if (record["Type"] == "CNAME") != (kind == "CNAME"):
            return f"the zone has a {record['Type']} record of that name, and Route 53 takes no {kind} beside it"
        if record["Type"] == kind and "SetIdentifier" in record:
            return f"the zone has {kind} records of that name with a routing policy, which a plain one cannot replace"
    return ""


def comment_of(stack: str) -> str:
    """The zone's comment. CreateHostedZone takes no tags: a run that ends before the next call leaves only this."""
    return f"Zone of the stack {stack}"


def read_zones(api: Api, name: str) -> list[Zone]:
    """The account's public zones of that name: id, name, tags, comment."""
    answer = api.call("list_hosted_zones_by_name", on=name, DNSName=name)  # in order, beginning with that name
    zones = [
        {
            "id": zone["Id"].removeprefix("/hostedzone/"),
            "name": plain(zone["Name"]),
            "comment": zone["Config"].get("Comment", ""),
        }
        for zone in answer["HostedZones"]
        if plain(zone["Name"]) == plain(name) and not zone["Config"]["PrivateZone"]
    ]
    for start in range(0, len(zones), _IDS_A_CALL):
        ids = [zone["id"] for zone in zones[start : start + _IDS_A_CALL]]
        answer = api.call("list_tags_for_resources", on=name, ResourceType="hostedzone", ResourceIds=ids)
        tags = {item["ResourceId"]: from_aws(item["Tags"]) for item in answer["ResourceTagSets"]}
        for zone in zones[start : start + _IDS_A_CALL]:
            zone["tags"] = tags[zone["id"]]
    return zones


def is_own(zone: Zone, stack: str) -> bool:
    """Whether the stack created it."""
    owner = zone["tags"].get(STACK)
    return bool(owner == stack or (owner is None and zone["comment"] == comment_of(stack)))


def choose(zones: list[Zone], name: str, stack: str, mode: str) -> Zone | None:
    """The stack's zone, None when it is to be created.

    `mode` is ``create`` or ``adopt``. Raises ValueError with the reason and, after a semicolon, what would do.
    """
    own = [zone for zone in zones if is_own(zone, stack)]
    if own:
        return own[0]
    ids = ", ".join(zone["id"] for zone in zones)
    if mode == "create":
        if zones:
            raise ValueError(
                f"the account has a hosted zone {name} ({ids}) that is not this stack's, and a second one would not "
                "be asked by anybody; adopt, which uses that one"
            )
        return None
    if not zones:
        raise ValueError(f"the account has no public hosted zone {name}; create, which makes one")
    if len(zones) > 1:
        raise ValueError(f"the account has several public hosted zones {name} ({ids}); only the delegated one kept")
    return zones[0]


def read_holds(api: Api, zones: list[Zone]) -> dict[str, list[str]]:
    """What each of several zones of one name holds, and whether it is the one that resolvers come to, by its id."""
    above = _named_above(api, zones[0]["name"])
    holds = {}
    for zone in zones:
        records = api.pages("list_resource_record_sets", "ResourceRecordSets", on=zone["name"], HostedZoneId=zone["id"])
        own = ((zone["name"], "NS"), (zone["name"], "SOA"))
        held = twice.counted("record set" for item in records if (plain(item["Name"]), item["Type"]) not in own)
        if above is None:
            held.append("whether the zone above names it cannot be told")
        elif above & set(name_servers(api, zone["id"])):
            held.append("named by the zone above")
        holds[zone["id"]] = held
    return holds


def _named_above(api: Api, name: str) -> set[str] | None:
    """The name servers that the zone above names for a zone; None when the account has no zone above it."""
    labels = name.split(".")
    for start in range(1, len(labels)):
        for parent in read_zones(api, ".".join(labels[start:])):
            answer = api.call(
                "list_resource_record_sets",
                on=parent["name"],
                HostedZoneId=parent["id"],
                StartRecordName=name,
                StartRecordType="NS",
                MaxItems="1",
            )
            named = [
                record
                for record in answer["ResourceRecordSets"]
                if (plain(record["Name"]), record["Type"]) == (name, "NS")
            ]
            return {plain(value["Value"]) for record in named for value in record["ResourceRecords"]}
    return None


def name_servers(api: Api, zone_id: str) -> list[str]:
    """The zone's name servers, which the zone above or the registrar has to name."""
    answer = api.call("get_hosted_zone", on=zone_id, Id=zone_id)
    return sorted(answer["DelegationSet"]["NameServers"])
