"""hosted_zone (OPT-2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags

MODULE = "hosted_zone"


@pytest.fixture
def dns(lab: Lab) -> Any:
    return lab.aws("route53")


@pytest.fixture
def name(stack: str) -> str:
    return f"{stack}.com"


def zones(dns: Any, name: str) -> list[str]:
    found = dns.list_hosted_zones()["HostedZones"]
    return [zone["Id"].removeprefix("/hostedzone/") for zone in found if zone["Name"] == f"{name}."]


def tags(dns: Any, zone: str) -> dict[str, str]:
    answer = dns.list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone)
    return {tag["Key"]: tag["Value"] for tag in answer["ResourceTagSet"]["Tags"]}


def create(dns: Any, name: str, reference: str = "one", **options: Any) -> str:
    created = dns.create_hosted_zone(Name=name, CallerReference=f"{name} {reference}", **options)
    return str(created["HostedZone"]["Id"].removeprefix("/hostedzone/"))


def add_record(dns: Any, zone: str, name: str) -> None:
    record = {"Name": name, "Type": "MX", "TTL": 300, "ResourceRecords": [{"Value": "10 mail.example.com"}]}
    dns.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    )


def test_grammar(lab: Lab, dns: Any, name: str, stack: str, run_module: RunModule) -> None:
    own = expected_tags(stack, "hosted-zone")
    case = Case(
        module=MODULE,
        options={"name": name},
        update={"tags": {"team": "web"}},
        read=lambda: [tags(dns, zone) for zone in zones(dns, name)],
        created=[own],
        updated=[{**own, "team": "web"}],
        deleted=[],
        creates=["hosted-zone"],
        updates={"hosted-zone": ["tags"]},
        deletes=["hosted-zone"],
        refused=[
            ({"name": None}, "missing required arguments: name"),
            ({"mode": "steal"}, "value of mode must be one of"),
            ({"mode": "adopt"}, f"no public hosted zone {name}. Give create"),
        ],
    )
    walk(case, lab, run_module)


def test_a_second_zone_of_the_name_is_refused(dns: Any, name: str, run_module: RunModule) -> None:
    zone = create(dns, name)
    for check in (True, False):
        result = run_module(MODULE, name=name, check=check)
        assert f"({zone}) that is not this stack's" in result["msg"]
        assert "Give adopt" in result["msg"]
    assert zones(dns, name) == [zone]


def test_an_adopted_zone_is_never_changed_nor_deleted(lab: Lab, dns: Any, name: str, run_module: RunModule) -> None:
    zone = create(dns, name)
    before = len(lab.calls())
    result = run_module(MODULE, name=name, mode="adopt")
    assert result["resources"]["hosted-zone"]["id"] == zone
    assert result["changed"] is False
    for mode in ("adopt", "create"):
        assert run_module(MODULE, name=name, mode=mode, state="absent")["changed"] is False
    assert not any(call["write"] for call in lab.calls()[before:])
    assert tags(dns, zone) == {}


def test_which_of_several_zones_is_not_guessed(dns: Any, name: str, run_module: RunModule) -> None:
    ids = {create(dns, name), create(dns, name, "two")}
    result = run_module(MODULE, name=name, mode="adopt")
    assert "several public hosted zones" in result["msg"]
    assert all(zone in result["msg"] for zone in ids)


def test_a_private_zone_does_not_count(dns: Any, ec2: Any, name: str, run_module: RunModule) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    create(
        dns,
        name,
        HostedZoneConfig={"Comment": "", "PrivateZone": True},
        VPC={"VPCRegion": "ap-northeast-2", "VPCId": vpc},
    )
    assert run_module(MODULE, name=name)["changed"] is True
    assert len(zones(dns, name)) == 2


def test_a_run_that_ended_before_the_tags_goes_on(dns: Any, name: str, stack: str, run_module: RunModule) -> None:
    zone = create(dns, name, HostedZoneConfig={"Comment": f"Zone of the stack {stack}", "PrivateZone": False})
    result = run_module(MODULE, name=name)
    assert result["changes"] == [{"component": "hosted-zone", "action": "update", "fields": ["tags"]}]
    assert zones(dns, name) == [zone]
    assert tags(dns, zone) == expected_tags(stack, "hosted-zone")


@pytest.mark.parametrize("own", [True, False])
def test_the_plan_counts_on_the_stacks_own_records_to_be_gone(
    dns: Any, name: str, run_module: RunModule, own: bool
) -> None:
    zone = run_module(MODULE, name=name)["resources"]["hosted-zone"]["id"]
    add_record(dns, zone, name)
    records = [{"name": name, "type": "MX" if own else "TXT"}]
    assert run_module(MODULE, check=True, name=name, state="absent", own_records=records)["changed"] is own
    assert run_module(MODULE, name=name, state="absent", own_records=records)["changed"] is False
    assert zones(dns, name) == [zone]


def test_a_zone_with_records_of_others_is_kept(dns: Any, name: str, run_module: RunModule) -> None:
    zone = run_module(MODULE, name=name)["resources"]["hosted-zone"]["id"]
    add_record(dns, zone, name)
    result = run_module(MODULE, name=name, state="absent")
    assert result["changed"] is False
    (warning,) = result["warnings"]
    assert f"{name} MX" in str(warning)
    assert zones(dns, name) == [zone]
