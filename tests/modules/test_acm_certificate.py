"""acm_certificate (ALB-7)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import placeholders

from tests.conftest import Lab
from tests.modules.conftest import RunModule, ShowAnswer
from tests.modules.edge import Edge, edge
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags

__all__ = ["edge"]
MODULE = "acm_certificate"
ISSUE_SECONDS = 10


@pytest.fixture
def acm(lab: Lab) -> Any:
    return lab.aws("acm")


@pytest.fixture
def domain(stack: str) -> str:
    return f"{stack}.com"


def certificates(acm: Any, domain: str) -> list[dict[str, Any]]:
    found = acm.list_certificates()["CertificateSummaryList"]
    arns = [item["CertificateArn"] for item in found if item["DomainName"] == domain]
    return [acm.describe_certificate(CertificateArn=arn)["Certificate"] for arn in arns]


def tags(acm: Any, arn: str) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in acm.list_tags_for_certificate(CertificateArn=arn)["Tags"]}


def validate(lab: Lab, acm: Any, result: dict[str, Any], domain: str) -> str:
    """Let the certificate be issued."""
    dns = lab.aws("route53")
    zone = dns.create_hosted_zone(Name=domain, CallerReference=domain)["HostedZone"]["Id"]
    changes = [
        {
            "Action": "UPSERT",
            "ResourceRecordSet": {
                "Name": record["name"],
                "Type": record["type"],
                "TTL": 60,
                "ResourceRecords": [{"Value": value} for value in record["values"]],
            },
        }
        for record in result["validation_records"]
    ]
    dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    arn = str(result["resources"]["certificate"]["id"])
    end = time.monotonic() + ISSUE_SECONDS
    while acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] != "ISSUED":
        assert time.monotonic() < end
    return arn


def test_grammar(lab: Lab, acm: Any, domain: str, stack: str, run_module: RunModule) -> None:
    own = expected_tags(stack, "certificate")
    names = sorted([domain, f"*.{domain}"])
    case = Case(
        module=MODULE,
        options={"domain_name": domain, "subject_alternative_names": [f"*.{domain}", domain]},
        update={"tags": {"team": "web"}},
        read=lambda: [
            (sorted(item["SubjectAlternativeNames"]), item["Type"], tags(acm, item["CertificateArn"]))
            for item in certificates(acm, domain)
        ],
        created=[(names, "AMAZON_ISSUED", own)],
        updated=[(names, "AMAZON_ISSUED", {**own, "team": "web"})],
        deleted=[],
        creates=["certificate"],
        updates={"certificate": ["tags"]},
        deletes=["certificate"],
        refused=[({"domain_name": None}, "missing required arguments: domain_name")],
    )
    walk(case, lab, run_module)


def test_the_validation_records(acm: Any, domain: str, run_module: RunModule) -> None:
    arguments = {"domain_name": domain, "subject_alternative_names": [f"*.{domain}"]}
    (announced,) = run_module(MODULE, check=True, **arguments)["validation_records"]
    assert announced["name"].endswith(f".{domain}")
    assert placeholders.within(announced["values"])
    (record,) = run_module(MODULE, **arguments)["validation_records"]
    wanted = certificates(acm, domain)[0]["DomainValidationOptions"][0]["ResourceRecord"]
    assert record == {"name": wanted["Name"][:-1], "type": "CNAME", "values": [wanted["Value"][:-1]]}
    assert run_module(MODULE, **arguments)["validation_records"] == [record]


def test_other_names_are_another_certificate(acm: Any, domain: str, run_module: RunModule) -> None:
    first = run_module(MODULE, domain_name=domain)["resources"]["certificate"]["id"]
    result = run_module(MODULE, domain_name=f"new.{domain}")
    assert [(change["component"], change["action"]) for change in result["changes"]] == [
        ("certificate", "create"),
        (f"certificate-{domain}", "delete"),
    ]
    assert result["resources"]["certificate"]["id"] != first
    assert certificates(acm, domain) == []


def test_one_in_use_stays_until_nothing_uses_it(
    edge: Edge, acm: Any, domain: str, stack: str, run_module: RunModule
) -> None:
    arn = validate(edge.lab, acm, run_module(MODULE, domain_name=domain), domain)
    listener = edge.elb.create_listener(
        LoadBalancerArn=edge.balancer(stack),
        Port=443,
        Protocol="HTTPS",
        Certificates=[{"CertificateArn": arn}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
    )["Listeners"][0]["ListenerArn"]
    new = {"domain_name": f"new.{domain}"}
    assert [change["action"] for change in run_module(MODULE, **new)["changes"]] == ["create"]
    assert run_module(MODULE, **new)["changed"] is False
    edge.elb.delete_listener(ListenerArn=listener)
    assert [change["action"] for change in run_module(MODULE, **new)["changes"]] == ["none", "delete"]


def test_the_issued_one_is_preferred(lab: Lab, acm: Any, domain: str, run_module: RunModule) -> None:
    arn = validate(lab, acm, run_module(MODULE, domain_name=domain), domain)
    acm.request_certificate(DomainName=domain, ValidationMethod="DNS")
    result = run_module(MODULE, domain_name=domain)
    assert result["changed"] is False
    assert result["resources"]["certificate"]["id"] == arn


@pytest.mark.parametrize("algorithm", ["RSA_4096", "EC_prime256v1"])
def test_a_certificate_with_another_key_is_found(
    lab: Lab, acm: Any, domain: str, stack: str, run_module: RunModule, algorithm: str
) -> None:
    """ListCertificates lists it only when it is asked for its type of key."""
    made = acm.request_certificate(
        DomainName=domain,
        ValidationMethod="DNS",
        KeyAlgorithm=algorithm,
        Tags=[{"Key": key, "Value": value} for key, value in expected_tags(stack, "certificate").items()],
    )["CertificateArn"]
    before = len(lab.calls())
    result = run_module(MODULE, domain_name=domain)
    assert (result["changed"], result["resources"]["certificate"]["id"]) == (False, made)
    assert not any(call["write"] for call in lab.calls()[before:])
    assert run_module(MODULE, domain_name=domain, state="absent")["changed"] is True


@pytest.mark.parametrize(
    ("renewal", "said"),
    [("PENDING_VALIDATION", "ACM does not find its validation records"), ("FAILED", "ACM could not renew it")],
)
def test_a_renewal_that_waits_for_a_person_is_a_warning(
    domain: str, run_module: RunModule, show_answer: ShowAnswer, renewal: str, said: str
) -> None:
    """RenewalSummary, RenewalStatus: managed renewal asks for the validation records again."""
    assert "warnings" not in run_module(MODULE, domain_name=domain)
    show_answer(
        "DescribeCertificate", lambda answer: answer["Certificate"].update(RenewalSummary={"RenewalStatus": renewal})
    )
    (warning,) = run_module(MODULE, check=True, domain_name=domain)["warnings"]
    assert f"The renewal of the certificate of {domain} is {renewal}: {said}" in warning


@pytest.mark.parametrize("value", ["VALIDATION_TIMED_OUT", "FAILED", "EXPIRED"])
def test_one_that_never_will_be_is_replaced_and_deleted(
    acm: Any, domain: str, run_module: RunModule, show_answer: ShowAnswer, value: str
) -> None:
    """CertificateDetail, Status: "delete the request, correct the issue [...] and try again"."""
    first = run_module(MODULE, domain_name=domain)["resources"]["certificate"]["id"]

    def dead(answer: dict[str, Any]) -> None:
        if answer["Certificate"]["CertificateArn"] == first:
            answer["Certificate"]["Status"] = value

    show_answer("DescribeCertificate", dead)
    plan = run_module(MODULE, check=True, domain_name=domain)
    done = run_module(MODULE, domain_name=domain)
    assert done["changes"] == plan["changes"]
    assert [change["action"] for change in done["changes"]] == ["create", "delete"]
    assert [item["CertificateArn"] for item in certificates(acm, domain)] == [done["resources"]["certificate"]["id"]]
    assert run_module(MODULE, domain_name=domain)["changed"] is False


def test_another_stacks_certificate_is_left(acm: Any, domain: str, run_module: RunModule) -> None:
    first = run_module(MODULE, domain_name=domain)["resources"]["certificate"]["id"]
    second = run_module(MODULE, domain_name=domain, stack="another")["resources"]["certificate"]["id"]
    assert first != second
    assert run_module(MODULE, domain_name=domain, stack="another", state="absent")["changed"] is True
    assert [item["CertificateArn"] for item in certificates(acm, domain)] == [first]


def test_one_without_tags_is_left_unless_it_is_to_be_adopted(
    acm: Any, domain: str, stack: str, run_module: RunModule
) -> None:
    arn = run_module(MODULE, domain_name=domain)["resources"]["certificate"]["id"]
    acm.remove_tags_from_certificate(CertificateArn=arn, Tags=[{"Key": key} for key in tags(acm, arn)])
    assert run_module(MODULE, domain_name=domain, state="absent")["changed"] is False
    plan = run_module(MODULE, check=True, domain_name=domain)
    assert plan["changes"] == [{"component": "certificate", "action": "create", "fields": []}]
    result = run_module(MODULE, domain_name=domain, adopt=["certificate"])
    assert result["changes"] == [{"component": "certificate", "action": "update", "fields": ["tags"]}]
    assert tags(acm, arn) == expected_tags(stack, "certificate")
