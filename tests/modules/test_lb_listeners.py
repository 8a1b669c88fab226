"""lb_listeners (ALB-2, ALB-3)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import placeholders

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.edge import Edge, edge
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags

__all__ = ["edge"]
MODULE = "lb_listeners"
TLS_1_3 = "ELBSecurityPolicy-TLS13-1-2-2021-06"
TLS_1_2 = "ELBSecurityPolicy-TLS-1-2-2017-01"
REDIRECT = {"component": "listener-80", "port": 80, "redirect_port": 443}
ISSUE_SECONDS = 10


@pytest.fixture
def balancer(edge: Edge, stack: str) -> str:
    return edge.balancer(stack)


@pytest.fixture
def blue(edge: Edge, stack: str) -> str:
    return edge.target_group(f"{stack}-blue", stack)


@pytest.fixture
def green(edge: Edge, stack: str) -> str:
    return edge.target_group(f"{stack}-green", stack)


@pytest.fixture(scope="module")
def certificate(lab: Lab) -> str:
    """An issued one."""
    acm, dns = lab.aws("acm"), lab.aws("route53")
    arn = str(acm.request_certificate(DomainName="listeners.com", ValidationMethod="DNS")["CertificateArn"])
    zone = dns.create_hosted_zone(Name="listeners.com", CallerReference=arn)["HostedZone"]["Id"]
    acm.describe_certificate(CertificateArn=arn)
    wanted = acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"][0]["ResourceRecord"]
    record = {"Name": wanted["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": wanted["Value"]}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
    end = time.monotonic() + ISSUE_SECONDS
    while acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] != "ISSUED":
        assert time.monotonic() < end
    return arn


def secure(certificate: str, *weights: tuple[str, int], **more: Any) -> dict[str, Any]:
    entry = {
        "component": "listener-443",
        "port": 443,
        "protocol": "HTTPS",
        "ssl_policy": TLS_1_3,
        "certificate_arn": certificate,
        "target_groups": [{"target_group_arn": arn, "weight": weight} for arn, weight in weights],
        "stickiness_duration": 3600,
        **more,
    }
    return {key: value for key, value in entry.items() if value is not None}


def listeners(edge: Edge, balancer: str) -> dict[int, dict[str, Any]]:
    found = edge.elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    return {item["Port"]: item for item in found}


def weights(edge: Edge, balancer: str) -> dict[str, int]:
    forward = listeners(edge, balancer)[443]["DefaultActions"][0]["ForwardConfig"]
    return {item["TargetGroupArn"]: item["Weight"] for item in forward["TargetGroups"]}


def shift(edge: Edge, balancer: str, **targets: Any) -> None:
    """Forward as somebody else wants it."""
    arn = listeners(edge, balancer)[443]["ListenerArn"]
    groups = [{"TargetGroupArn": group, "Weight": weight} for group, weight in targets["to"]]
    stickiness = {"Enabled": True, "DurationSeconds": 3600}
    forward = {"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness}
    edge.elb.modify_listener(ListenerArn=arn, DefaultActions=[{"Type": "forward", "ForwardConfig": forward}])


def test_grammar(edge: Edge, balancer: str, blue: str, certificate: str, stack: str, run_module: RunModule) -> None:
    def read() -> Any:
        return {
            port: (
                item["Protocol"],
                item.get("SslPolicy"),
                [found["CertificateArn"] for found in item.get("Certificates", [])],
                [action["Type"] for action in item["DefaultActions"]],
                item["DefaultActions"][0].get("RedirectConfig"),
                item["DefaultActions"][0].get("ForwardConfig"),
                edge.tags(item["ListenerArn"]),
            )
            for port, item in listeners(edge, balancer).items()
        }

    redirect = {
        "Protocol": "HTTPS",
        "Port": "443",
        "StatusCode": "HTTP_301",
        "Host": "#{host}",
        "Path": "/#{path}",
        "Query": "#{query}",
    }
    forward = {
        "TargetGroups": [{"TargetGroupArn": blue, "Weight": 100}],
        "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 3600},
    }
    plain: Any = ("HTTP", None, [], ["redirect"], redirect, None, expected_tags(stack, "listener-80"))
    tags = expected_tags(stack, "listener-443")
    loose = {**forward, "TargetGroupStickinessConfig": {"Enabled": False}}
    case = Case(
        module=MODULE,
        options={"load_balancer_arn": balancer, "listeners": [REDIRECT, secure(certificate, (blue, 100))]},
        update={
            "listeners": [
                REDIRECT,
                secure(certificate, (blue, 100), ssl_policy=TLS_1_2, stickiness_duration=None),
            ]
        },
        read=read,
        created={80: plain, 443: ("HTTPS", TLS_1_3, [certificate], ["forward"], None, forward, tags)},
        updated={80: plain, 443: ("HTTPS", TLS_1_2, [certificate], ["forward"], None, loose, tags)},
        deleted={},
        creates=["listener-80", "listener-443"],
        updates={"listener-443": ["ssl_policy", "default_actions"]},
        deletes=["listener-80", "listener-443"],
        refused=[
            ({"load_balancer_arn": None}, "missing required arguments: load_balancer_arn"),
            ({"listeners": [{**REDIRECT, "component": "port-80"}]}, "does not begin with listener-"),
            ({"listeners": [{"component": "listener-80", "port": 80}]}, "one of the following is required"),
            (
                {"listeners": [{**REDIRECT, "target_groups": [{"target_group_arn": blue}]}]},
                "parameters are mutually exclusive: redirect_port|target_groups",
            ),
            ({"listeners": [secure(certificate, (blue, 1), ssl_policy=None)]}, "ssl_policy"),
        ],
    )
    walk(case, edge.lab, run_module)


def test_the_plan_of_a_load_balancer_that_is_only_announced(
    edge: Edge, certificate: str, blue: str, run_module: RunModule
) -> None:
    before = len(edge.lab.calls())
    announced = placeholders.make("arn:aws:elasticloadbalancing:::loadbalancer/", "load-balancer")
    entries = [REDIRECT, secure(certificate, (blue, 100))]
    result = run_module(MODULE, check=True, load_balancer_arn=announced, listeners=entries)
    assert [change["action"] for change in result["changes"]] == ["create", "create"]
    assert edge.lab.calls()[before:] == []


def test_a_release_keeps_its_weights(
    edge: Edge, balancer: str, blue: str, green: str, certificate: str, run_module: RunModule
) -> None:
    both = {"load_balancer_arn": balancer, "listeners": [secure(certificate, (blue, 100), (green, 0))]}
    run_module(MODULE, **both)
    assert weights(edge, balancer) == {blue: 100, green: 0}
    shift(edge, balancer, to=[(green, 10), (blue, 90)])
    assert run_module(MODULE, **both)["changed"] is False
    one = {"load_balancer_arn": balancer, "listeners": [secure(certificate, (blue, 100))]}
    assert run_module(MODULE, **one)["changed"] is False  # green is the stack's, though it is not listed
    assert weights(edge, balancer) == {blue: 90, green: 10}


def test_a_release_keeps_its_weights_when_the_policy_changes(
    edge: Edge, balancer: str, blue: str, green: str, certificate: str, run_module: RunModule
) -> None:
    entry = secure(certificate, (blue, 100), (green, 0))
    run_module(MODULE, load_balancer_arn=balancer, listeners=[entry])
    shift(edge, balancer, to=[(blue, 90), (green, 10)])
    result = run_module(MODULE, load_balancer_arn=balancer, listeners=[{**entry, "ssl_policy": TLS_1_2}])
    assert result["changes"] == [{"component": "listener-443", "action": "update", "fields": ["ssl_policy"]}]
    assert weights(edge, balancer) == {blue: 90, green: 10}


@pytest.mark.parametrize("traffic", ["to a foreign group", "to nobody", "past the listed group"])
def test_other_weights_are_drift(
    edge: Edge,
    balancer: str,
    blue: str,
    green: str,
    certificate: str,
    stack: str,
    run_module: RunModule,
    traffic: str,
) -> None:
    arguments = {"load_balancer_arn": balancer, "listeners": [secure(certificate, (blue, 100))]}
    run_module(MODULE, **arguments)
    shift(
        edge,
        balancer,
        to={
            "to a foreign group": [(blue, 90), (edge.target_group(f"{stack}-foreign"), 10)],
            "to nobody": [(blue, 0)],
            "past the listed group": [(green, 100)],
        }[traffic],
    )
    result = run_module(MODULE, **arguments)
    assert result["changes"] == [{"component": "listener-443", "action": "update", "fields": ["default_actions"]}]
    assert weights(edge, balancer) == {blue: 100}


def test_a_rule_that_somebody_added_is_shown_and_removed(edge: Edge, balancer: str, run_module: RunModule) -> None:
    arguments = {"load_balancer_arn": balancer, "listeners": [REDIRECT]}
    run_module(MODULE, **arguments)
    arn = listeners(edge, balancer)[80]["ListenerArn"]
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
    condition = {"Field": "path-pattern", "Values": ["/admin"]}
    edge.elb.create_rule(ListenerArn=arn, Priority=7, Conditions=[condition], Actions=[answer])
    result = run_module(MODULE, check=True, **arguments)
    (rule,) = result["diff"][0]["before"]["rules"]
    assert (rule["priority"], rule["conditions"][0]["values"]) == ("7", ["/admin"])
    assert result["diff"][0]["after"] == {"rules": []}
    run_module(MODULE, **arguments)
    assert [rule["IsDefault"] for rule in edge.elb.describe_rules(ListenerArn=arn)["Rules"]] == [True]
    assert run_module(MODULE, **arguments)["changed"] is False


def test_another_default_action_is_shown_and_put_right(edge: Edge, balancer: str, run_module: RunModule) -> None:
    arguments = {"load_balancer_arn": balancer, "listeners": [REDIRECT]}
    run_module(MODULE, **arguments)
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503", "ContentType": "text/plain"}}
    arn = listeners(edge, balancer)[80]["ListenerArn"]
    edge.elb.modify_listener(ListenerArn=arn, DefaultActions=[answer])
    result = run_module(MODULE, **arguments)
    (before,) = result["diff"][0]["before"]["default_actions"]
    assert before["fixed_response_config"]["status_code"] == "503"
    assert listeners(edge, balancer)[80]["DefaultActions"][0]["Type"] == "redirect"


def test_listeners_on_other_ports_are_left_and_no_list_means_all(
    edge: Edge, balancer: str, run_module: RunModule
) -> None:
    action = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
    edge.elb.create_listener(LoadBalancerArn=balancer, Port=8080, Protocol="HTTP", DefaultActions=[action])
    run_module(MODULE, load_balancer_arn=balancer, listeners=[REDIRECT])
    assert set(listeners(edge, balancer)) == {80, 8080}
    result = run_module(MODULE, load_balancer_arn=balancer, listeners=[], state="absent")
    assert [change["component"] for change in result["changes"]] == ["listener-80", "listener-8080"]
    assert listeners(edge, balancer) == {}
