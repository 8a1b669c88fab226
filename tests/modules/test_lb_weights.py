"""lb_weights: the shares of target groups in a listener, and nothing else of it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import placeholders

from tests.modules.conftest import RunModule
from tests.modules.edge import Edge, edge
from tests.modules.grammar import Case, Steps

__all__ = ["edge"]
MODULE = "lb_weights"
POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"


@pytest.fixture
def balancer(edge: Edge, stack: str) -> str:
    return edge.balancer(stack)


@pytest.fixture
def blue(edge: Edge, stack: str) -> str:
    return edge.target_group(f"{stack}-blue")


@pytest.fixture
def green(edge: Edge, stack: str) -> str:
    return edge.target_group(f"{stack}-green")


def listen(edge: Edge, balancer: str, action: dict[str, Any], name: str) -> dict[str, Any]:
    """A listener on 443 with a policy, a certificate and a tag."""
    certificate = edge.lab.aws("iam").upload_server_certificate(
        ServerCertificateName=name, CertificateBody="body", PrivateKey="key"
    )["ServerCertificateMetadata"]["Arn"]
    (created,) = edge.elb.create_listener(
        LoadBalancerArn=balancer,
        Port=443,
        Protocol="HTTPS",
        SslPolicy=POLICY,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[action],
        Tags=[{"Key": "triflow:component", "Value": "listener-443"}],
    )["Listeners"]
    listener: dict[str, Any] = created
    return listener


def shares(*weights: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"target_group_arn": arn, "weight": weight} for arn, weight in weights]


def forward(stickiness: dict[str, Any], *weights: tuple[str, int]) -> dict[str, Any]:
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights]
    return {"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness}


def test_grammar(edge: Edge, balancer: str, blue: str, green: str, stack: str, run_module: RunModule) -> None:
    on = {"Enabled": True, "DurationSeconds": 3600}
    before = listen(edge, balancer, {"Type": "forward", "TargetGroupArn": blue}, stack)

    def read() -> Any:
        (live,) = edge.elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
        others = {key: value for key, value in live.items() if key != "DefaultActions"}
        assert others == {key: value for key, value in before.items() if key != "DefaultActions"}
        assert edge.tags(live["ListenerArn"]) == {"triflow:component": "listener-443"}
        (action,) = live["DefaultActions"]
        return action["ForwardConfig"]

    alone = forward({"Enabled": False}, (blue, 1))
    canary: dict[str, Any] = {
        "load_balancer_arn": balancer,
        "target_groups": shares((blue, 90), (green, 10)),
        "stickiness_duration": 3600,
    }
    back = {"load_balancer_arn": balancer, "target_groups": shares((blue, 100))}
    case = Case(MODULE, canary, back, read, None, None, alone, ["listener-443"], {})
    step = Steps(case, edge.lab, run_module)
    for wrong, message in (
        ({"target_groups": []}, "target_groups has 0 elements: a listener forwards to 1 to 5"),
        ({"target_groups": shares((blue, 0))}, "no weight over 0"),
        ({"target_groups": shares((blue, 1000))}, "each is 0 to 999"),
        ({"target_groups": shares((blue, 1), (blue, 2))}, "names a target group twice"),
        ({"stickiness_duration": 604801}, "stickiness_duration 604801 is not 0 to 604800 seconds"),
        ({"port": 8443}, f"{balancer} has no listener on port 8443: run playbooks/edge.yml"),
    ):
        step.refused({**canary, **wrong}, message)

    def changes(*fields: str) -> list[dict[str, Any]]:
        return [{"component": "listener-443", "action": "update", "fields": list(fields)}]

    with_canary = forward(on, (blue, 90), (green, 10))
    step.planned(canary, changes("target_groups", "stickiness_duration"), alone)
    step.carried_out(canary, changes("target_groups", "stickiness_duration"), with_canary)
    step.unchanged({**canary, "target_groups": canary["target_groups"][::-1]}, with_canary)
    without = forward(on, (blue, 100))  # stickiness was not given: it stays
    step.planned(back, changes("target_groups"), with_canary)
    step.carried_out(back, changes("target_groups"), without)
    step.unchanged(back, without)
    loose = {**back, "stickiness_duration": 0}
    step.planned(loose, changes("stickiness_duration"), without)
    step.carried_out(loose, changes("stickiness_duration"), forward({"Enabled": False}, (blue, 100)))
    step.unchanged(loose, forward({"Enabled": False}, (blue, 100)))


def test_one_call_writes(edge: Edge, balancer: str, blue: str, green: str, stack: str, run_module: RunModule) -> None:
    listen(edge, balancer, {"Type": "forward", "TargetGroupArn": blue}, stack)
    before = len(edge.lab.calls())
    result = run_module(MODULE, load_balancer_arn=balancer, target_groups=shares((blue, 90), (green, 10)))
    assert [call["operation"] for call in edge.lab.calls()[before:]] == ["DescribeListeners", "ModifyListener"]
    live = result["resources"]["listener-443"]
    assert live["target_groups"] == shares((blue, 90), (green, 10))
    assert live["stickiness_duration"] == 0
    assert live["id"].startswith("arn:aws:elasticloadbalancing:")


@pytest.mark.parametrize("announced", ["target group", "load balancer"])
def test_a_plan_with_what_is_only_announced(
    edge: Edge, balancer: str, blue: str, stack: str, run_module: RunModule, announced: str
) -> None:
    listen(edge, balancer, {"Type": "forward", "TargetGroupArn": blue}, stack)
    group = placeholders.make("arn:aws:elasticloadbalancing:::targetgroup/", "target-group-canary")
    nowhere = placeholders.make("arn:aws:elasticloadbalancing:::loadbalancer/", "load-balancer")
    wanted = shares((blue, 90), (group, 10))
    result = run_module(
        MODULE,
        check=True,
        load_balancer_arn=balancer if announced == "target group" else nowhere,
        target_groups=wanted,
    )
    action = "update" if announced == "target group" else "create"
    assert [(change["component"], change["action"]) for change in result["changes"]] == [("listener-443", action)]
    after = result["diff"][0]["after"]["target_groups"]
    assert {item["target_group_arn"]: item["weight"] for item in after} == {blue: 90, group: 10}


def test_a_listener_that_does_not_forward_is_refused(
    edge: Edge, balancer: str, blue: str, stack: str, run_module: RunModule
) -> None:
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
    listen(edge, balancer, answer, stack)
    result = run_module(MODULE, load_balancer_arn=balancer, target_groups=shares((blue, 1)))
    assert "default action of the listener on port 443 is fixed-response" in result["msg"]
