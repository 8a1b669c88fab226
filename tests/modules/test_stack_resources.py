"""stack_resources: everything with the stack's tag, and nothing that is gone."""

from __future__ import annotations

import json
from typing import Any

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.tagging import expected_tags, tag_list

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def components(result: dict[str, Any]) -> list[str]:
    return sorted(found["component"] for found in result["resources"])


def specification(kind: str, stack: str, component: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": tag_list(expected_tags(stack, component))}]


def test_empty(run_module: RunModule) -> None:
    assert run_module("stack_resources")["resources"] == []
    assert run_module("stack_resources", check=True)["changed"] is False


def test_regional_global_and_iam_resources(lab: Lab, stack: str, run_module: RunModule) -> None:
    ec2, route53, iam = lab.aws("ec2"), lab.aws("route53"), lab.aws("iam")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specification("vpc", stack, "vpc"))["Vpc"]["VpcId"]
    ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=specification("vpc", "another", "vpc"))
    zone = route53.create_hosted_zone(Name=f"{stack}.example", CallerReference=stack)["HostedZone"]["Id"]
    route53.change_tags_for_resource(
        ResourceType="hostedzone",
        ResourceId=zone.split("/")[-1],
        AddTags=tag_list(expected_tags(stack, "hosted-zone")),
    )
    for name, owner in ((f"{stack}-task", stack), (f"{stack}-2-task", f"{stack}-2"), (f"{stack}-untagged", None)):
        tags = tag_list(expected_tags(owner, "role-task")) if owner else []
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, Tags=tags)
    found = {item["component"]: item for item in run_module("stack_resources")["resources"]}
    assert {name: item["arn"].split(":")[5] for name, item in found.items()} == {
        "vpc": f"vpc/{vpc}",
        "hosted-zone": zone.strip("/"),
        "role-task": f"role/{stack}-task",
    }
    assert {item["going"] for item in found.values()} == {""}


def test_a_budget_with_the_stacks_name_and_tag(lab: Lab, stack: str, run_module: RunModule) -> None:
    limit = {"Amount": "1.00", "Unit": "USD"}
    for name, owner in ((stack, stack), (f"{stack}-2", "another")):
        lab.aws("budgets").create_budget(
            AccountId="123456789012",
            Budget={"BudgetName": name, "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": limit},
            ResourceTags=tag_list(expected_tags(owner, "budget")),
        )
    (found,) = run_module("stack_resources")["resources"]
    assert (found["arn"], found["component"]) == (f"arn:aws:budgets::123456789012:budget/{stack}", "budget")
    assert run_module("stack_resources", stack=f"{stack}-2")["resources"] == []


def test_what_is_gone_is_left_out(lab: Lab, stack: str, run_module: RunModule) -> None:
    ec2, ecs = lab.aws("ec2"), lab.aws("ecs")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    for component in ("nat-gateway-a", "nat-gateway-c"):
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        gateway = ec2.create_nat_gateway(
            SubnetId=subnet, AllocationId=address, TagSpecifications=specification("natgateway", stack, component)
        )["NatGateway"]["NatGatewayId"]
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    revisions = [
        ecs.register_task_definition(
            family=stack,
            containerDefinitions=[{"name": "backend", "image": "backend", "memory": 128}],
            tags=[{"key": tag["Key"], "value": tag["Value"]} for tag in tag_list(expected_tags(stack, "definition"))],
        )["taskDefinition"]["taskDefinitionArn"]
        for _unused in range(2)
    ]
    ecs.deregister_task_definition(taskDefinition=revisions[0])
    found = run_module("stack_resources")
    assert components(found) == ["definition", "nat-gateway-a"]
    assert revisions[1] in {item["arn"] for item in found["resources"]}


def test_what_aws_deletes_later_says_when(lab: Lab, stack: str, run_module: RunModule) -> None:
    kms, secrets = lab.aws("kms"), lab.aws("secretsmanager")
    tags = [{"TagKey": key, "TagValue": value} for key, value in expected_tags(stack, "kms-key").items()]
    key = kms.create_key(Tags=tags)["KeyMetadata"]["KeyId"]
    secrets.create_secret(Name=f"{stack}/secret", SecretString="x", Tags=tag_list(expected_tags(stack, "secret")))
    assert {item["going"] for item in run_module("stack_resources")["resources"]} == {""}
    date = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)["DeletionDate"]
    secrets.delete_secret(SecretId=f"{stack}/secret", RecoveryWindowInDays=7)
    found = {item["component"]: item["going"] for item in run_module("stack_resources")["resources"]}
    assert found["kms-key"] == f"deleted by KMS on {date:%Y-%m-%d}"
    assert found["secret"].startswith("deleted by Secrets Manager on 20")
