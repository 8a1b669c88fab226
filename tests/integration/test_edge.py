"""The edge through its playbook: a zone that nobody delegates, hands on the listener, a release, access logs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Lab
from tests.integration.conftest import STACK, ZONE, Built, Services
from tests.integration.playbook import Played

COMPONENTS = {
    "hosted-zone", "certificate", "dns-record-validation", "load-balancer", "target-group-backend", "listener-80",
    "listener-443", "dns-record-apex",
}  # fmt: skip
LATE = {"listener-443", "dns-record-apex"}


class Edge(Services):
    """What AWS shows of the edge."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        super().__init__(lab, directory)
        self.elb = lab.aws("elbv2")

    def listener(self, port: int) -> dict[str, Any]:
        (balancer,) = self.elb.describe_load_balancers(Names=[STACK])["LoadBalancers"]
        found = self.elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        (listener,) = [item for item in found if item["Port"] == port]
        return dict(listener)

    def put_wildcard(self, balancer: dict[str, Any]) -> None:
        """The record that leads all names below the domain to the load balancer."""
        target = {
            "DNSName": balancer["DNSName"],
            "HostedZoneId": balancer["CanonicalHostedZoneId"],
            "EvaluateTargetHealth": False,
        }
        record = {"Name": f"*.{ZONE}", "Type": "A", "AliasTarget": target}
        batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
        self.dns.change_resource_record_sets(HostedZoneId=self._zone(ZONE), ChangeBatch=batch)

    def target_group(self) -> dict[str, Any]:
        (group,) = self.elb.describe_target_groups(Names=[f"{STACK}-backend"])["TargetGroups"]
        return dict(group)


def changed(played: Played) -> dict[str, str]:
    return {name: action for name, action in played.components(STACK).items() if action != "none"}


@pytest.fixture(scope="module")
def edge(lab: Lab, services: Built) -> Edge:
    return Edge(lab, services.directory)


def test_a_zone_that_is_not_delegated_ends_with_its_name_servers(edge: Edge, services: Built) -> None:
    failed = services.undelegated
    assert failed.exit_code != 0
    (result,) = [result for result in failed.results[STACK] if result.get("failed")]
    assert "has to be delegated" in result["msg"]
    servers = edge.name_servers()
    assert servers
    for server in servers:
        assert server in result["msg"]
    assert set(changed(failed)) == COMPONENTS - LATE  # what could be started is there
    assert set(changed(services.edge)) == LATE


def test_then_there_is_nothing_to_do(edge: Edge) -> None:
    again = edge.play("edge")
    assert set(again.components(STACK)) == COMPONENTS
    assert changed(again) == {}
    assert again.writes == []


def test_what_hands_changed_is_shown_and_put_right(edge: Edge) -> None:
    listener, group = edge.listener(443)["ListenerArn"], edge.target_group()["TargetGroupArn"]
    edge.elb.modify_listener(ListenerArn=listener, SslPolicy="ELBSecurityPolicy-2016-08")
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
    condition = {"Field": "path-pattern", "Values": ["/admin"]}
    edge.elb.create_rule(ListenerArn=listener, Priority=1, Conditions=[condition], Actions=[answer])
    edge.elb.modify_target_group(TargetGroupArn=group, HealthCheckPath="/")
    attributes = [{"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "false"}]
    (balancer,) = edge.elb.describe_load_balancers(Names=[STACK])["LoadBalancers"]
    edge.elb.modify_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"], Attributes=attributes)
    edge.put_wildcard(balancer)

    check = edge.play("edge", "--check", "--diff")
    assert check.writes == []
    updated = dict.fromkeys(("listener-443", "target-group-backend", "load-balancer"), "update")
    assert changed(check) == updated | {"dns-record-wildcard": "delete"}  # as an earlier version made it (OPT-2)
    diffs = check.diffs(STACK)
    assert diffs["target-group-backend"] == ({"health_check_path": "/"}, {"health_check_path": "/health"})
    assert diffs["load-balancer"] == ({"drop_invalid_header_fields": False}, {"drop_invalid_header_fields": True})
    before, after = diffs["listener-443"]
    assert before["ssl_policy"] == "ELBSecurityPolicy-2016-08"
    assert [rule["conditions"][0]["values"] for rule in before["rules"]] == [["/admin"]]
    assert after == {"ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06", "rules": []}

    run = edge.play("edge")
    assert changed(run) == changed(check)
    assert edge.target_group()["HealthCheckPath"] == "/health"
    assert changed(edge.play("edge", "--check", dns_wildcard_record="true")) == {"dns-record-wildcard": "create"}


def test_a_run_during_a_release_leaves_its_weights(edge: Edge) -> None:
    blue = edge.target_group()
    tags = [{"Key": "triflow:stack", "Value": STACK}]
    green = edge.elb.create_target_group(
        Name=f"{STACK}-canary", Protocol="HTTP", Port=8000, VpcId=blue["VpcId"], TargetType="ip", Tags=tags
    )["TargetGroups"][0]
    forward = edge.listener(443)["DefaultActions"][0]["ForwardConfig"]
    forward["TargetGroups"] = [
        {"TargetGroupArn": blue["TargetGroupArn"], "Weight": 90},
        {"TargetGroupArn": green["TargetGroupArn"], "Weight": 10},
    ]
    edge.elb.modify_listener(
        ListenerArn=edge.listener(443)["ListenerArn"], DefaultActions=[{"Type": "forward", "ForwardConfig": forward}]
    )
    run = edge.play("edge")
    assert run.exit_code == 0, run.output
    assert changed(run) == {}
    assert run.writes == []


def test_access_logs_need_the_bucket_to_be_told_first(edge: Edge) -> None:
    """ALB-8"""
    early = edge.play("edge", "--tags", "alb", alb_access_logs="true")
    assert early.exit_code != 0
    assert "playbooks/data.yml" in early.output
    bucket = edge.play("data", "--tags", "s3", alb_access_logs="true")
    assert bucket.exit_code == 0, bucket.output
    switched = edge.play("edge", "--tags", "alb", alb_access_logs="true")
    assert switched.exit_code == 0, switched.output
    assert changed(switched) == {"load-balancer": "update"}
    (balancer,) = edge.elb.describe_load_balancers(Names=[STACK])["LoadBalancers"]
    found = edge.elb.describe_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"])["Attributes"]
    assert {"Key": "access_logs.s3.enabled", "Value": "true"} in found
