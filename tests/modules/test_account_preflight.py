"""account_preflight: what the parts of a run need and no part of it makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import parts

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.unit.test_parts import VARIABLES

MODULE = "account_preflight"
PARTS = list(dict.fromkeys(need.part for need in parts.NEEDS))
# What claims.py says of the components that these parts need: kind and name.
CLAIMS = {
    "bucket": ("bucket", "{stack}"),
    "security-group-alb": ("security_group", "{stack}-alb"),
    "security-group-ecs": ("security_group", "{stack}-ecs"),
    "security-group-rds": ("security_group", "{stack}-rds"),
    "database": ("database", "{stack}-db"),
    "load-balancer": ("load_balancer", "{stack}"),
    "target-group-backend": ("target_group", "{stack}-backend"),
    "hosted-zone": ("hosted_zone", "example.com"),
    "role-execution": ("role", "{stack}-execution"),
    "role-task": ("role", "{stack}-task"),
    "cluster": ("cluster", "{stack}"),
    "service-backend": ("service", "{stack}/backend"),
    "log-group-backend": ("log_group", "/ecs/triflow-test/backend"),
    "log-group-worker": ("log_group", "/ecs/triflow-test/worker"),
}


def claims(stack: str) -> list[dict[str, Any]]:
    return [
        {"component": component, "kind": kind, "name": name.format(stack=stack), "variable": "stack_name"}
        for component, (kind, name) in CLAIMS.items()
    ]


@pytest.fixture
def preflight(run_module: RunModule, stack: str) -> Any:
    """``preflight(*parts)``: what is said of a run of these parts."""

    def run(*chosen: str, check: bool = False, **change: Any) -> dict[str, Any]:
        variables = VARIABLES | {"stack_name": stack, "vpc_owner": stack, "s3_owner": stack} | change
        return run_module(
            MODULE,
            check=check,
            availability_zones=variables["vpc_availability_zones"],
            vpc_owner=variables["vpc_owner"],
            vpc_cidr="10.77.0.0/16",
            subnet_cidrs={"vpc_public_subnet_cidrs": [], "vpc_private_subnet_cidrs": []},
            bucket_name=stack,
            bucket_owner=stack,
            claims=claims(stack),
            adopt=list(CLAIMS),  # what boto3 has made there is nobody's
            needed=[{**need} for need in parts.needed(chosen, variables | {"s3_bucket_name": stack})],
        )

    return run


@pytest.mark.parametrize("part", PARTS)
def test_a_part_alone_is_refused_in_an_empty_account(part: str, lab: Lab, stack: str, preflight: Any) -> None:
    before = len(lab.calls())
    change = {"alb_access_logs": True, "vpc_nat_gateways": "per_zone"}
    if part == "vpc":  # needs something of another stack only
        change = {"vpc_nat_gateways": "shared"}
    results = [preflight(part, check=check, **change) for check in (False, True)]
    assert [call["operation"] for call in lab.calls()[before:] if call["write"]] == []
    variables = VARIABLES | {"stack_name": stack, "vpc_owner": stack, "s3_owner": stack} | change
    for result in results:
        (problem,) = result["problems"]
        assert problem["value"] == part.replace(":", ", ")
        for need in parts.needed([part], variables):
            assert need["component"] in problem["reason"]
            place = parts.PLACES[need["maker"]]
            assert place.playbook in problem["accepted"]
            assert place.tag in problem["accepted"]


@pytest.fixture
def made(empty_lab: Lab, stack: str) -> Iterator[None]:
    """Some of what parts need, made by boto3."""
    tags = {"triflow:stack": stack}
    ec2, s3, ecs, iam, logs = (empty_lab.aws(name) for name in ("ec2", "s3", "ecs", "iam", "logs"))

    def tagged(component: str, kind: str) -> list[dict[str, Any]]:
        pairs = [{"Key": key, "Value": value} for key, value in (tags | {"triflow:component": component}).items()]
        return [{"ResourceType": kind, "Tags": pairs}]

    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16", TagSpecifications=tagged("vpc", "vpc"))["Vpc"]["VpcId"]
    for zone, block in (("a", "10.77.1.0/24"), ("c", "10.77.2.0/24")):
        ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=block,
            AvailabilityZone=f"ap-northeast-2{zone}",
            TagSpecifications=tagged(f"subnet-private-{zone}", "subnet"),
        )
    s3.create_bucket(Bucket=stack, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    ecs.create_cluster(clusterName=stack)
    iam.create_role(RoleName=f"{stack}-execution", AssumeRolePolicyDocument="{}")
    logs.create_log_group(logGroupName="/ecs/triflow-test/backend")
    yield
    iam.delete_role(RoleName=f"{stack}-execution")


@pytest.mark.usefixtures("made")
def test_what_is_there_is_not_asked_for(preflight: Any) -> None:
    reasons = {found["value"]: found["reason"] for found in preflight("rds", "ecs:ready", "logs:archive")["problems"]}
    assert reasons["rds"].startswith("security-group-rds is not there")
    assert reasons["logs, archive"].startswith("log-group-worker is not there")
    for there in ("subnet-private", "cluster", "role-execution", "log-group-backend"):
        assert there not in reasons["ecs, ready"]
    assert preflight("security_groups")["problems"] == []


def test_a_plan_does_without_what_another_stack_lends(preflight: Any) -> None:
    lent = {"vpc_owner": "triflow-lender", "vpc_nat_gateways": "shared"}
    assert preflight("vpc", check=True, **lent)["problems"] == []
    said = preflight("vpc", **lent)["problems"]
    assert "playbooks/network.yml of triflow-lender" in said[-1]["accepted"]
