"""stack_info: load balancer, target groups, hosted zone and certificate."""

from __future__ import annotations

from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.tags import STACK

from tests.modules.conftest import RunModule
from tests.modules.edge import Edge, edge

__all__ = ["edge"]


def build(edge: Edge, stack: str, run_module: RunModule) -> dict[str, str]:
    """Make one of each; their ids by component."""
    group = {"component": "target-group-backend", "name": f"{stack}-backend", "port": 8000}
    made = [
        run_module(
            "load_balancer", name=stack, subnet_ids=edge.subnets[:2], security_group_ids=edge.groups, tags={"a": "b"}
        ),
        run_module("target_groups", vpc_id=edge.vpc, target_groups=[group]),
        run_module("hosted_zone", name=f"{stack}.com"),
        run_module("acm_certificate", domain_name=f"{stack}.com"),
    ]
    return {component: found["id"] for result in made for component, found in result["resources"].items()}


def read(run_module: RunModule, name: str, **options: Any) -> dict[str, dict[str, Any]]:
    result = run_module("stack_info", services=["elbv2"], zone_name=name, certificate_domain=name, **options)
    assert not result.get("failed"), result["msg"]
    return {entry["component"]: entry for entry in result["live"]}


def test_everything_is_found_by_its_component(edge: Edge, stack: str, run_module: RunModule) -> None:
    ids = build(edge, stack, run_module)
    found = read(run_module, f"{stack}.com")
    assert {component: entry["id"] for component, entry in found.items()} == ids
    assert {entry["stack"] for entry in found.values()} == {stack}
    (balancer,) = edge.elb.describe_load_balancers(Names=[stack])["LoadBalancers"]
    assert found["load-balancer"]["dns_name"] == balancer["DNSName"]
    assert found["load-balancer"]["zone_id"] == balancer["CanonicalHostedZoneId"]
    assert len(found["hosted-zone"]["name_servers"]) == 4
    assert found["certificate"]["validation_records"][0]["type"] == "CNAME"


def test_of_another_stack_only_the_zone_serves(edge: Edge, stack: str, run_module: RunModule) -> None:
    ids = build(edge, stack, run_module)
    found = read(run_module, f"{stack}.com", stack=f"{stack}-other")
    assert {component: entry["id"] for component, entry in found.items()} == {"hosted-zone": ids["hosted-zone"]}
    assert (found["hosted-zone"]["stack"], found["hosted-zone"]["tags"][STACK]) == (f"{stack}-other", stack)


def test_nothing_is_there(stack: str, run_module: RunModule) -> None:
    assert read(run_module, f"{stack}.com") == {}


def test_twenty_tags_a_call(edge: Edge, stack: str, run_module: RunModule) -> None:
    arns = [edge.target_group(f"{stack}-{number}", stack) for number in range(21)]
    found = run_module("stack_info", services=["elbv2"])["live"]
    assert {entry["id"] for entry in found} == set(arns)
