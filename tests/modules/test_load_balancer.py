"""load_balancer (ALB-1, ALB-8)."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import placeholders

from tests.modules.conftest import RunModule, ShowAnswer
from tests.modules.edge import Edge, edge
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags

__all__ = ["edge"]
MODULE = "load_balancer"


def options(edge: Edge, stack: str, **more: Any) -> dict[str, Any]:
    required = {"name": stack, "subnet_ids": edge.subnets[:2], "security_group_ids": edge.groups[:1]}
    return {**required, "deletion_protection": False, **more}


def find(edge: Edge, name: str) -> dict[str, Any] | None:
    pages = edge.elb.get_paginator("describe_load_balancers").paginate()
    return next((item for page in pages for item in page["LoadBalancers"] if item["LoadBalancerName"] == name), None)


def attributes(edge: Edge, arn: str) -> dict[str, str]:
    found = edge.elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    return {item["Key"]: item["Value"] for item in found}


def test_grammar(edge: Edge, stack: str, run_module: RunModule) -> None:
    def read() -> Any:
        balancer = find(edge, stack)
        if balancer is None:
            return None
        values = attributes(edge, balancer["LoadBalancerArn"])
        return (
            {zone["SubnetId"] for zone in balancer["AvailabilityZones"]},
            set(balancer["SecurityGroups"]),
            (balancer["Scheme"], balancer["Type"], balancer["IpAddressType"]),
            values["routing.http.drop_invalid_header_fields.enabled"],
            values["idle_timeout.timeout_seconds"],
            edge.tags(balancer["LoadBalancerArn"]),
        )

    tags = expected_tags(stack, "load-balancer")
    kind = ("internet-facing", "application", "ipv4")
    case = Case(
        module=MODULE,
        options=options(edge, stack, drop_invalid_header_fields=True),
        update={
            "subnet_ids": edge.subnets[1:],
            "security_group_ids": edge.groups,
            "idle_timeout": 90,
            "tags": {"team": "web"},
        },
        read=read,
        created=(set(edge.subnets[:2]), set(edge.groups[:1]), kind, "true", "60", tags),
        updated=(set(edge.subnets[1:]), set(edge.groups), kind, "true", "90", {**tags, "team": "web"}),
        deleted=None,
        creates=["load-balancer"],
        named=["load-balancer"],
        updates={"load-balancer": ["subnet_ids", "security_group_ids", "idle_timeout", "tags"]},
        deletes=["load-balancer"],
        refused=[
            ({"name": None}, "missing required arguments: name"),
            ({"subnet_ids": None}, "state is present but all of the following are missing: subnet_ids"),
            ({"scheme": "public"}, "value of scheme must be one of"),
            ({"access_logs": True}, "access_logs is True but all of the following are missing: access_logs_bucket"),
            ({"subnet_ids": edge.subnets[:1]}, "at least two availability zones"),
        ],
    )
    walk(case, edge.lab, run_module)


def test_the_plan_of_a_network_that_is_only_announced(edge: Edge, stack: str, run_module: RunModule) -> None:
    announced = [placeholders.make("subnet-", name) for name in ("a", "c")]
    result = run_module(MODULE, check=True, **options(edge, stack, subnet_ids=announced))
    assert [change["action"] for change in result["changes"]] == ["create"]
    assert placeholders.within(result["resources"]["load-balancer"]["id"])


def test_another_scheme_is_refused(edge: Edge, stack: str, run_module: RunModule) -> None:
    run_module(MODULE, **options(edge, stack))
    result = run_module(MODULE, **options(edge, stack, scheme="internal", idle_timeout=90))
    assert "scheme of load-balancer" in result["msg"]
    balancer = find(edge, stack)
    assert balancer
    assert attributes(edge, balancer["LoadBalancerArn"])["idle_timeout.timeout_seconds"] == "60"


def test_a_protected_one_goes_only_when_that_is_asked_for(edge: Edge, stack: str, run_module: RunModule) -> None:
    run_module(MODULE, **options(edge, stack, deletion_protection=True))
    for check in (True, False):
        result = run_module(MODULE, check=check, name=stack, state="absent")
        assert "alb_deletion_protection" in result["msg"]
    assert find(edge, stack)
    result = run_module(MODULE, name=stack, state="absent", deletion_protection=False)
    assert result["changed"]
    assert find(edge, stack) is None


def test_lost_tags_come_back_when_asked_for(edge: Edge, stack: str, run_module: RunModule) -> None:
    arn = run_module(MODULE, **options(edge, stack))["resources"]["load-balancer"]["id"]
    edge.lose_tags(arn)
    assert run_module(MODULE, name=stack, state="absent", deletion_protection=False)["changed"] is False
    assert f"{arn} is there and has no tag triflow:stack" in run_module(MODULE, **options(edge, stack))["msg"]
    result = run_module(MODULE, **options(edge, stack), adopt=["load-balancer"])
    assert result["changes"] == [{"component": "load-balancer", "action": "update", "fields": ["tags"]}]
    assert edge.tags(arn) == expected_tags(stack, "load-balancer")


def test_another_stacks_one_is_refused(edge: Edge, stack: str, run_module: RunModule) -> None:
    run_module(MODULE, **options(edge, stack))
    result = run_module(MODULE, **options(edge, stack), stack="another")
    assert f"belongs to the stack {stack}" in result["msg"]
    assert run_module(MODULE, name=stack, state="absent", stack="another")["changed"] is False
    assert find(edge, stack)


@pytest.mark.parametrize("allowed", [True, False])
def test_access_logs(edge: Edge, stack: str, run_module: RunModule, allowed: bool) -> None:
    s3 = edge.lab.aws("s3")
    s3.create_bucket(Bucket=stack, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    if allowed:
        s3.put_bucket_policy(
            Bucket=stack,
            Policy=f'{{"Statement": [{{"Effect": "Allow", "Action": "s3:PutObject", '
            f'"Principal": {{"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}}, '
            f'"Resource": "arn:aws:s3:::{stack}/alb/AWSLogs/123456789012/*"}}]}}',
        )
    run_module(MODULE, **options(edge, stack, access_logs=False))
    logs = {"access_logs": True, "access_logs_bucket": stack, "access_logs_prefix": "alb"}
    result = run_module(MODULE, **options(edge, stack, **logs))
    if not allowed:
        assert "Access Denied for bucket" in result["msg"]
        assert "run playbooks/data.yml first" in result["msg"]
        return
    assert result["diff"][0]["after"] == logs
    balancer = find(edge, stack)
    assert balancer
    assert attributes(edge, balancer["LoadBalancerArn"])["access_logs.s3.enabled"] == "true"
    assert run_module(MODULE, **options(edge, stack, **logs))["changed"] is False
    disabled = [{"Key": "access_logs.s3.enabled", "Value": "false"}]
    edge.elb.modify_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"], Attributes=disabled)
    again = run_module(MODULE, **options(edge, stack, **logs))
    assert again["diff"][0]["after"] == {"access_logs": True}
    off = run_module(MODULE, **options(edge, stack, access_logs=False))
    assert off["diff"][0]["after"] == {"access_logs": False}


def test_one_that_could_not_be_set_up_is_named_in_the_plan(
    edge: Edge, stack: str, run_module: RunModule, show_answer: ShowAnswer
) -> None:
    """Elastic Load Balancing API reference, LoadBalancerState."""
    run_module(MODULE, **options(edge, stack))

    def failed(answer: dict[str, Any]) -> None:
        for balancer in answer["LoadBalancers"]:
            balancer["State"] = {"Code": "failed", "Reason": "no addresses"}

    show_answer("DescribeLoadBalancers", failed)
    for check in (True, False):
        refused = run_module(MODULE, check=check, **options(edge, stack))
        assert f"Load balancer {stack} is failed (no addresses): it could not be set up: delete it" in refused["msg"]
