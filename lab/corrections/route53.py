"""Route 53: zones with name servers of their own, change batches that are all or nothing, and how names come back.

Route 53 API reference: CreateHostedZone, DeleteHostedZone, ListHostedZonesByName, ChangeResourceRecordSets,
ListResourceRecordSets. Developer guide, "DNS domain name format".
"""

from __future__ import annotations

import copy
import zlib
from typing import Any

from moto.route53.exceptions import HostedZoneNotEmpty, Route53ClientError
from moto.route53.models import DelegationSet, FakeZone, RecordSet, Route53Backend
from moto.route53.utils import validate_domain_name

from lab.corrections.elbv2_load_balancers import SEOUL
from lab.corrections.override import override

LOAD_BALANCERS = ".elb.amazonaws.com"


def lower(name: str) -> str:
    """The name in lower case with a dot at its end and, as Route 53 shows it, without a plain ``*``."""
    return f"{name.lower().removesuffix('.')}.".replace("*", "\\052")


@override(DelegationSet, "__init__")
def _delegation_set(
    original: Any, self: DelegationSet, caller_reference: str, name_servers: list[str] | None, *rest: Any
) -> None:
    """DelegationSet, NameServers: each zone gets four of some 2,000, one in each of four top-level domains."""
    original(self, caller_reference, name_servers, *rest)
    if not name_servers:
        number = zlib.crc32(f"{caller_reference}{id(self)}".encode()) % 500
        domains = ("com", "net", "org", "co.uk")
        self.name_servers = [
            f"ns-{number + 512 * position}.awsdns-{number // 8:02}.{domain}" for position, domain in enumerate(domains)
        ]


@override(Route53Backend, "create_hosted_zone")
def _create_hosted_zone(
    original: Any, self: Route53Backend, name: str, private_zone: bool, caller_reference: str | None = None, **rest: Any
) -> FakeZone:
    """CreateHostedZone, CallerReference: unique, whichever zone it was used for."""
    used = self.__dict__.setdefault("caller_references", set())
    if caller_reference in used:
        raise Route53ClientError(
            "HostedZoneAlreadyExists",
            f"A hosted zone has already been created with the specified caller reference: {caller_reference}",
        )
    zone: FakeZone = original(self, name.lower(), private_zone, caller_reference, **rest)
    used.add(caller_reference)
    return zone


def _belongs(zone: FakeZone, record: RecordSet) -> bool:
    """Whether it is one of the two record sets that every zone has."""
    return record.type in ("NS", "SOA") and lower(record.name) == lower(zone.name)


@override(Route53Backend, "delete_hosted_zone")
def _delete_hosted_zone(original: Any, self: Route53Backend, id_: str) -> FakeZone | None:
    """DeleteHostedZone: HostedZoneNotEmpty also for the name servers of a subdomain. Its tags go with it."""
    zone = self.get_hosted_zone(id_)
    if not all(_belongs(zone, record) for record in zone.rrsets):
        raise HostedZoneNotEmpty
    deleted: FakeZone | None = original(self, id_)
    self.resource_tags.pop(zone.resource_id, None)
    return deleted


@override(Route53Backend, "list_hosted_zones_by_name")
def _list_hosted_zones_by_name(
    original: Any, self: Route53Backend, dnsname: str | None
) -> tuple[str | None, list[FakeZone]]:
    """ListHostedZonesByName, DNSName: the list begins there, it does not end there."""
    _unused, zones = original(self, None)
    if not dnsname:
        return None, zones

    def labels(name: str) -> list[str]:
        return name.lower().removesuffix(".").split(".")[::-1]

    return dnsname, [zone for zone in zones if labels(zone.name) >= labels(dnsname)]


@override(Route53Backend, "change_resource_record_sets")
def _change_resource_record_sets(
    _unused: Any, self: Route53Backend, zoneid: str, change_list: list[dict[str, Any]]
) -> None:
    """ChangeResourceRecordSets: all changes or none; what a DELETE says is what there is."""
    zone = self.get_hosted_zone(zoneid)
    records = list(zone.rrsets)
    for change in change_list:
        validate_domain_name(change["ResourceRecordSet"]["Name"].replace("\\052", "*"), code="InvalidChangeBatch")
        _change(zone, records, change["Action"], copy.deepcopy(change["ResourceRecordSet"]))
    zone.rrsets = records


def _refuse(message: str) -> None:
    raise Route53ClientError("InvalidChangeBatch", f"[{message}]")


def _key(record: RecordSet) -> tuple[Any, ...]:
    return lower(record.name), record.type, record.set_identifier


def _content(record: RecordSet) -> tuple[Any, ...]:
    alias = record.alias_target
    target = (alias["HostedZoneId"], lower(alias["DNSName"])) if alias else None
    return (int(record.ttl) if record.ttl else None, sorted(record.records or []), target)


def _change(zone: FakeZone, records: list[RecordSet], action: str, given: dict[str, Any]) -> None:
    given["Name"] = lower(given["Name"])
    if "ResourceRecords" in given:
        given["ResourceRecords"] = [item["Value"] for item in given["ResourceRecords"]]
    if given.get("AliasTarget"):
        given["AliasTarget"]["DNSName"] = lower(given["AliasTarget"]["DNSName"])
    record = RecordSet(given)  # type: ignore[abstract]
    described = f"name='{record.name}', type='{record.type}'"
    if not f".{record.name}".endswith(f".{lower(zone.name)}"):
        _refuse(f"RRSet with DNS name {record.name} is not permitted in zone {zone.name}")
    there = next((found for found in records if _key(found) == _key(record)), None)
    if action == "DELETE":
        if there is None:
            _refuse(f"Tried to delete resource record set [{described}] but it was not found")
        elif _content(there) != _content(record):
            _refuse(
                f"Tried to delete resource record set [{described}] but the values provided do not match the current "
                "values"
            )
        elif _belongs(zone, record):
            _refuse(f"A HostedZone must contain exactly one {record.type} record.")
        records[:] = [found for found in records if found is not there]
        return
    if action == "CREATE" and there:
        _refuse(f"Tried to create resource record set [{described}] but it already exists")
    same = [found for found in records if lower(found.name) == record.name and found is not there]
    if any("CNAME" in (found.type, record.type) and found.type != record.type for found in same):
        _refuse(
            f"RRSet of type {record.type} with DNS name {record.name} is not permitted because a conflicting RRSet "
            "exists with the same DNS name: a CNAME has a name for itself"
        )
    if any(
        found.type == record.type and (found.set_identifier is None) != (record.set_identifier is None)
        for found in same
    ):
        _refuse(f"RRSet with DNS name {record.name}, type {record.type} and the same routing policy only")
    alias = record.alias_target
    if alias and alias["DNSName"].endswith(f"{LOAD_BALANCERS}.") and alias["HostedZoneId"] != SEOUL:
        _refuse(
            f"Tried to create an alias that targets {alias['DNSName']}, type {record.type} in zone "
            f"{alias['HostedZoneId']}, but the alias target name does not lie within the target zone"
        )
    if there:
        records[records.index(there)] = record
    else:
        records.append(record)
