"""dns_records (ALB-7, OPT-2)."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import placeholders

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.edge import Edge, edge
from tests.modules.grammar import Case, walk

__all__ = ["edge"]
MODULE = "dns_records"
SEOUL = "ZWKZPGTI48KDX"


@pytest.fixture
def dns(lab: Lab) -> Any:
    return lab.aws("route53")


@pytest.fixture
def name(stack: str) -> str:
    return f"{stack}.com"


@pytest.fixture
def zone(dns: Any, name: str) -> str:
    created = dns.create_hosted_zone(Name=name, CallerReference=name)
    return str(created["HostedZone"]["Id"].removeprefix("/hostedzone/"))


def records(dns: Any, zone: str) -> dict[tuple[str, str], Any]:
    """Value or alias of each record that is not the zone's own."""
    return {
        (item["Name"], item["Type"]): item["AliasTarget"]["DNSName"]
        if "AliasTarget" in item
        else (item["TTL"], [value["Value"] for value in item["ResourceRecords"]])
        for item in dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        if item["Type"] not in ("NS", "SOA")
    }


def change(dns: Any, zone: str, action: str, name: str, kind: str, value: str, **options: Any) -> None:
    record = {"Name": name, "Type": kind, "TTL": 300, "ResourceRecords": [{"Value": value}], **options}
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)


def alias(component: str, name: str, target: str) -> dict[str, Any]:
    return {
        "component": f"dns-record-{component}",
        "name": name,
        "type": "A",
        "alias_dns_name": target,
        "alias_zone_id": SEOUL,
    }


def cname(name: str, value: str = "_3d4e5f.acm-validations.aws", **more: Any) -> dict[str, Any]:
    return {"component": "dns-record-validation", "name": f"_0a1b2c.{name}", "type": "CNAME", "values": [value], **more}


def test_grammar(edge: Edge, dns: Any, zone: str, name: str, run_module: RunModule) -> None:
    one, two = ("one.elb.amazonaws.com", "two.elb.amazonaws.com")
    change(dns, zone, "CREATE", name, "MX", "10 mail.example.com")
    foreign = {(f"{name}.", "MX"): (300, ["10 mail.example.com"])}
    validation = {(f"_0a1b2c.{name}.", "CNAME"): (300, ["_3d4e5f.acm-validations.aws"])}
    plain = {"component": "dns-record-text", "name": f"text.{name}", "type": "TXT", "ttl": 60, "values": ['"a"', '"b"']}
    text = {(f"text.{name}.", "TXT"): (60, ['"a"', '"b"'])}
    wildcard = (f"\\052.{name}.", "A")
    case = Case(
        module=MODULE,
        options={"zone_id": zone, "records": [alias("wildcard", f"*.{name}", one.upper()), cname(name), plain]},
        update={"records": [alias("wildcard", f"*.{name}", two), cname(name, ttl=60), plain]},
        read=lambda: records(dns, zone),
        created={**foreign, **validation, **text, wildcard: f"{one}."},
        updated={
            **foreign,
            **text,
            (f"_0a1b2c.{name}.", "CNAME"): (60, ["_3d4e5f.acm-validations.aws"]),
            wildcard: f"{two}.",
        },
        deleted=foreign,
        creates=["dns-record-wildcard", "dns-record-validation", "dns-record-text"],
        updates={"dns-record-wildcard": ["alias_dns_name"], "dns-record-validation": ["ttl"]},
        deletes=["dns-record-wildcard", "dns-record-validation", "dns-record-text"],
        refused=[
            ({"zone_id": None}, "missing required arguments: zone_id"),
            ({"records": [{**cname(name), "component": "validation"}]}, "does not begin with dns-record-"),
            ({"records": [{**cname(name), "type": "NS"}]}, "value of type must be one of"),
            (
                {"records": [{"component": "dns-record-a", "name": name, "type": "A"}]},
                "one of the following is required: values, alias_dns_name",
            ),
            (
                {"records": [{"component": "dns-record-a", "name": name, "type": "A", "alias_dns_name": one}]},
                "parameters are required together: alias_dns_name, alias_zone_id",
            ),
        ],
    )
    walk(case, edge.lab, run_module)


def test_all_records_in_one_batch(lab: Lab, zone: str, name: str, run_module: RunModule) -> None:
    before = len(lab.calls())
    target = "one.elb.amazonaws.com"
    run_module(MODULE, zone_id=zone, records=[alias("apex", name, target), alias("wildcard", f"*.{name}", target)])
    made = [call["operation"] for call in lab.calls()[before:]]
    assert made == ["ListResourceRecordSets", "ChangeResourceRecordSets"]


def test_a_record_that_is_not_wanted_goes_in_the_same_batch(
    lab: Lab, dns: Any, zone: str, name: str, run_module: RunModule
) -> None:
    """OPT-2: the wildcard of a stack that had one. What leads elsewhere is somebody else's."""
    one, two = "one.elb.amazonaws.com", "two.elb.amazonaws.com"
    run_module(MODULE, zone_id=zone, records=[alias("apex", name, one), alias("wildcard", f"*.{name}", one)])
    wanted = [alias("apex", name, one), {**alias("wildcard", f"*.{name}", one), "state": "absent"}]
    for check in (True, False):
        before = len(lab.calls())
        result = run_module(MODULE, check=check, zone_id=zone, records=wanted)
        done = {item["component"]: item["action"] for item in result["changes"]}
        assert done == {"dns-record-apex": "none", "dns-record-wildcard": "delete"}
        made = [call["operation"] for call in lab.calls()[before:]]
        assert made == ["ListResourceRecordSets", *([] if check else ["ChangeResourceRecordSets"])]
    assert set(records(dns, zone)) == {(f"{name}.", "A")}
    again = run_module(MODULE, zone_id=zone, records=wanted)
    assert (again["changed"], [item["component"] for item in again["changes"]]) == (False, ["dns-record-apex"])
    run_module(MODULE, zone_id=zone, records=[alias("wildcard", f"*.{name}", two)])
    assert run_module(MODULE, zone_id=zone, records=wanted)["changed"] is False
    run_module(MODULE, zone_id=zone, records=[alias("wildcard", f"*.{name}", two)], state="absent")
    change(dns, zone, "CREATE", f"*.{name}", "CNAME", "elsewhere.example.com")
    again = run_module(MODULE, zone_id=zone, records=wanted)
    assert (again.get("failed"), again["changed"]) == (None, False)


def test_the_plan_of_a_zone_that_is_only_announced(lab: Lab, name: str, run_module: RunModule) -> None:
    before = len(lab.calls())
    result = run_module(
        MODULE, check=True, zone_id=placeholders.make("hostedzone/", "hosted-zone"), records=[cname(name)]
    )
    assert [change["action"] for change in result["changes"]] == ["create"]
    assert lab.calls()[before:] == []


def test_a_record_becomes_an_alias(dns: Any, zone: str, name: str, run_module: RunModule) -> None:
    change(dns, zone, "CREATE", name, "A", "192.0.2.1")
    result = run_module(MODULE, zone_id=zone, records=[alias("apex", name, "one.elb.amazonaws.com")])
    assert result["changes"][0]["fields"] == ["alias_dns_name", "alias_zone_id", "evaluate_target_health"]
    assert records(dns, zone) == {(f"{name}.", "A"): "one.elb.amazonaws.com."}


def test_a_record_that_points_elsewhere_stays(dns: Any, zone: str, name: str, run_module: RunModule) -> None:
    run_module(MODULE, zone_id=zone, records=[alias("apex", name, "new.elb.amazonaws.com")])
    old = [alias("apex", name, "old.elb.amazonaws.com")]
    assert run_module(MODULE, zone_id=zone, records=old, state="absent")["changed"] is False
    assert records(dns, zone) == {(f"{name}.", "A"): "new.elb.amazonaws.com."}


def test_a_routing_policy_is_not_replaced(dns: Any, zone: str, name: str, run_module: RunModule) -> None:
    change(dns, zone, "CREATE", name, "A", "192.0.2.1", SetIdentifier="blue", Weight=1)
    result = run_module(MODULE, zone_id=zone, records=[alias("apex", name, "one.elb.amazonaws.com")])
    assert f"{name} A of the zone" in result["msg"]
    assert "with a routing policy, which a plain one cannot replace" in result["msg"]


@pytest.mark.parametrize("check", [True, False])
def test_nothing_stands_beside_a_cname(dns: Any, zone: str, name: str, check: bool, run_module: RunModule) -> None:
    """Route 53 refuses it, and the plan as well: for an alias, and for a CNAME beside another record."""
    change(dns, zone, "CREATE", f"app.{name}", "CNAME", "elsewhere.example.com")
    before = records(dns, zone)
    result = run_module(
        MODULE, check=check, zone_id=zone, records=[alias("apex", f"app.{name}", "one.elb.amazonaws.com")]
    )
    assert f"app.{name} A of the zone" in result["msg"]
    assert "the zone has a CNAME record of that name" in result["msg"]
    assert records(dns, zone) == before
    change(dns, zone, "CREATE", f"x.{name}", "A", "192.0.2.1")
    wanted = {"component": "dns-record-validation", "name": f"x.{name}", "type": "CNAME", "values": ["y.example.com"]}
    result = run_module(MODULE, check=check, zone_id=zone, records=[wanted])
    assert "the zone has a A record of that name, and Route 53 takes no CNAME beside it" in result["msg"]
