"""The edge through its playbook: a zone that nobody delegates, hands on the listener, a release, access logs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Lab
from tests.integration.playbook import Played, play

STACK = "triflow-edge"
PARENT = "triflow-edge.com"
ZONE = f"shop.{PARENT}"
COMPONENTS = {
    "hosted-zone", "certificate", "dns-record-validation", "load-balancer", "target-group-backend", "listener-80",
    "listener-443", "dns-record-apex", "dns-record-wildcard",
}  # fmt: skip


class Edge:
    """The stack's playbooks and what AWS shows of it."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab = lab
        self.directory = directory
        self.inventory = directory / "hosts.yml"
        self.inventory.write_text(f"prod: {{hosts: {{{STACK}: {{s3_bucket_name: {STACK}, dns_zone_name: {ZONE}}}}}}}\n")
        self.elb = lab.aws("elbv2")
        self.dns = lab.aws("route53")

    def play(self, playbook: str, *options: str, **variables: str) -> Played:
        given = [word for name, value in variables.items() for word in ("-e", f"{name}={value}")]
        return play(self.lab, self.directory, f"playbooks/{playbook}.yml", "-i", str(self.inventory), *options, *given)

    def zone(self, name: str) -> str:
        found = self.dns.list_hosted_zones()["HostedZones"]
        (identifier,) = [zone["Id"].removeprefix("/hostedzone/") for zone in found if zone["Name"] == f"{name}."]
        return str(identifier)

    def name_servers(self) -> list[str]:
        servers: list[str] = self.dns.get_hosted_zone(Id=self.zone(ZONE))["DelegationSet"]["NameServers"]
        return servers

    def delegate(self) -> None:
        servers = [{"Value": server} for server in self.name_servers()]
        record = {"Name": ZONE, "Type": "NS", "TTL": 300, "ResourceRecords": servers}
        batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
        self.dns.change_resource_record_sets(HostedZoneId=self.zone(PARENT), ChangeBatch=batch)

    def listener(self, port: int) -> dict[str, Any]:
        (balancer,) = self.elb.describe_load_balancers(Names=[STACK])["LoadBalancers"]
        found = self.elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        (listener,) = [item for item in found if item["Port"] == port]
        return dict(listener)

    def target_group(self) -> dict[str, Any]:
        (group,) = self.elb.describe_target_groups(Names=[f"{STACK}-backend"])["TargetGroups"]
        return dict(group)


def changed(played: Played) -> dict[str, str]:
    return {name: action for name, action in played.components(STACK).items() if action != "none"}


@pytest.fixture(scope="module")
def undelegated(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> tuple[Edge, Played]:
    """The run that ends because the zone above does not name the stack's zone."""
    lab.reset()
    edge = Edge(lab, tmp_path_factory.mktemp("edge"))
    edge.dns.create_hosted_zone(Name=PARENT, CallerReference=PARENT)
    network = edge.play("network", stack_start_only="true")
    assert network.exit_code == 0, network.output
    return edge, edge.play("edge", dns_wait_timeout="1")


@pytest.fixture(scope="module")
def edge(undelegated: tuple[Edge, Played]) -> Edge:
    """The edge, built by the run after the delegation."""
    edge, _failed = undelegated
    edge.delegate()
    built = edge.play("edge")
    assert built.exit_code == 0, built.output
    assert set(changed(built)) == {"listener-443", "dns-record-apex", "dns-record-wildcard"}
    return edge


def test_a_zone_that_is_not_delegated_ends_with_its_name_servers(undelegated: tuple[Edge, Played]) -> None:
    edge, failed = undelegated
    assert failed.exit_code != 0
    (result,) = [result for result in failed.results[STACK] if result.get("failed")]
    assert "has to be delegated" in result["msg"]
    for server in edge.name_servers():
        assert server in result["msg"]
    late = {"listener-443", "dns-record-apex", "dns-record-wildcard"}
    assert set(changed(failed)) == COMPONENTS - late  # what could be started is there


@pytest.mark.usefixtures("edge")
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

    check = edge.play("edge", "--check", "--diff")
    assert check.writes == []
    assert changed(check) == dict.fromkeys(("listener-443", "target-group-backend", "load-balancer"), "update")
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
    assert changed(edge.play("edge", "--check")) == {}


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
