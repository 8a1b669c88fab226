"""stack_info: the stack as its tags and names find it, in the option names of the modules that manage it."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from tests.conftest import Lab
from tests.modules.compute import Compute
from tests.modules.conftest import RunModule, ShowAnswer
from tests.modules.tagging import expected_tags, tag_list

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}],
}
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}


def specification(kind: str, stack: str, component: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": tag_list(expected_tags(stack, component))}]


def of_type(result: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [entry for entry in result["live"] if entry["type"] == kind]


@pytest.fixture
def vpc(ec2: Any, stack: str) -> str:
    created = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specification("vpc", stack, "vpc"))
    return str(created["Vpc"]["VpcId"])


def test_network_is_read_in_the_modules_option_names(ec2: Any, stack: str, vpc: str, run_module: RunModule) -> None:
    subnet = ec2.create_subnet(
        VpcId=vpc,
        CidrBlock="10.0.1.0/24",
        AvailabilityZone="ap-northeast-2a",
        TagSpecifications=specification("subnet", stack, "subnet-public-a"),
    )["Subnet"]["SubnetId"]
    result = run_module("stack_info", services=["ec2"])
    assert of_type(result, "vpc") == [
        {
            "type": "vpc",
            "id": vpc,
            "component": "vpc",
            "stack": stack,
            "name": f"{stack}-vpc",
            "cidr_block": ["10.0.0.0/16"],
            "dns_hostnames": False,
            "dns_support": True,
            "tags": expected_tags(stack, "vpc"),
        }
    ]
    assert of_type(result, "subnet") == [
        {
            "type": "subnet",
            "id": subnet,
            "component": "subnet-public-a",
            "stack": stack,
            "vpc_id": vpc,
            "cidr": "10.0.1.0/24",
            "az": "ap-northeast-2a",
            "map_public": False,
            "tags": expected_tags(stack, "subnet-public-a"),
        }
    ]


def test_what_lost_its_tags_in_the_vpc_is_there_without_a_component(ec2: Any, vpc: str, run_module: RunModule) -> None:
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    (entry,) = of_type(run_module("stack_info", services=["ec2"]), "subnet")
    assert (entry["id"], entry["component"], entry["stack"]) == (subnet, None, None)


def test_another_stack_is_not_read(vpc: str, stack: str, run_module: RunModule) -> None:
    assert vpc
    assert run_module("stack_info", services=["ec2", "s3", "rds"], stack=f"{stack}-other")["live"] == []


def test_the_vpc_of_another_stack_is_read_with_what_is_whose(
    ec2: Any, stack: str, vpc: str, run_module: RunModule
) -> None:
    """ENV-1"""
    tags = specification("subnet", f"{stack}-other", "subnet-public-a")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", TagSpecifications=tags)["Subnet"]["SubnetId"]
    result = run_module("stack_info", services=["ec2"], stack=f"{stack}-other", vpc_owner=stack)
    assert result["stack"] == f"{stack}-other"
    (found,) = of_type(result, "subnet")
    assert (found["id"], found["component"], found["stack"]) == (subnet, "subnet-public-a", f"{stack}-other")
    (found,) = of_type(result, "vpc")
    assert (found["id"], found["component"], found["stack"]) == (vpc, "vpc", stack)


def test_bucket_and_subnet_group(lab: Lab, ec2: Any, stack: str, vpc: str, run_module: RunModule) -> None:
    tags = tag_list(expected_tags(stack, "part"))
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="ap-northeast-2a")
    other = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.2.0/24", AvailabilityZone="ap-northeast-2c")
    subnets = [subnet["Subnet"]["SubnetId"], other["Subnet"]["SubnetId"]]
    lab.aws("rds").create_db_subnet_group(
        DBSubnetGroupName=stack, DBSubnetGroupDescription="for the test", SubnetIds=subnets, Tags=tags
    )
    s3 = lab.aws("s3")
    s3.create_bucket(Bucket=stack, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    s3.put_bucket_tagging(Bucket=stack, Tagging={"TagSet": tags})
    s3.put_bucket_versioning(Bucket=stack, VersioningConfiguration={"Status": "Enabled"})
    result = run_module("stack_info", services=["s3", "rds"])
    (bucket,) = of_type(result, "bucket")
    assert (bucket["id"], bucket["component"], bucket["versioning"], bucket["policy"]) == (stack, "part", True, {})
    (group,) = of_type(result, "db_subnet_group")
    assert (group["id"], group["description"], sorted(group["subnets"])) == (stack, "for the test", sorted(subnets))


@pytest.mark.parametrize("owner", ["another", None])
def test_bucket_and_subnet_group_of_somebody_else_are_read_by_name(
    lab: Lab, ec2: Any, stack: str, vpc: str, run_module: RunModule, owner: str | None
) -> None:
    tags = tag_list({"triflow:stack": owner} if owner else {"theirs": "x"})
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=f"ap-northeast-2{zone}")["Subnet"]["SubnetId"]
        for cidr, zone in (("10.0.1.0/24", "a"), ("10.0.2.0/24", "c"))
    ]
    lab.aws("rds").create_db_subnet_group(
        DBSubnetGroupName=stack, DBSubnetGroupDescription="Theirs", SubnetIds=subnets, Tags=tags
    )
    s3 = lab.aws("s3")
    s3.create_bucket(Bucket=stack, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    named: dict[str, Any] = {
        "bucket_names": [stack, f"{stack}-not-there"],
        "db_subnet_group_names": [stack, "not-there"],
    }
    (bucket,) = of_type(run_module("stack_info", services=["s3", "rds"], **named), "bucket")
    assert (bucket["name"], bucket["stack"], bucket["tags"]) == (stack, None, {})
    s3.put_bucket_tagging(Bucket=stack, Tagging={"TagSet": tags})
    for entry in run_module("stack_info", services=["s3", "rds"], **named)["live"]:
        assert (entry["name"], entry["stack"], entry["component"]) == (stack, owner, None)
        assert tag_list(entry["tags"]) == tags
    assert run_module("stack_info", services=["s3", "rds"])["live"] == []


def test_the_account_alone(run_module: RunModule) -> None:
    result = run_module("stack_info", services=[], account=True)
    assert (result["account_id"], result["live"]) == ("123456789012", [])
    assert "account_id" not in run_module("stack_info", services=[])


def test_log_group_and_role_are_read_by_name(lab: Lab, stack: str, run_module: RunModule) -> None:
    logs, iam = lab.aws("logs"), lab.aws("iam")
    logs.create_log_group(logGroupName=stack, tags=expected_tags(stack, "log-group"))
    logs.create_log_group(logGroupName=f"{stack}-longer")
    logs.put_retention_policy(logGroupName=stack, retentionInDays=14)
    role = iam.create_role(
        RoleName=stack, AssumeRolePolicyDocument=json.dumps(TRUST), Tags=tag_list(expected_tags(stack, "role"))
    )["Role"]
    iam.put_role_policy(RoleName=stack, PolicyName="list", PolicyDocument=json.dumps(POLICY))
    names = [stack, f"{stack}-missing"]
    result = run_module("stack_info", services=["ec2"], log_group_names=names, role_names=names)
    assert result["account_id"] == "123456789012"
    assert result["live"] == [
        {
            "type": "log_group",
            "id": stack,
            "component": "log-group",
            "stack": stack,
            "log_group_name": stack,
            "retention": 14,
            "tags": expected_tags(stack, "log-group"),
        },
        {
            "type": "role",
            "id": role["Arn"],
            "role_id": role["RoleId"],
            "component": "role",
            "stack": stack,
            "name": stack,
            "assume_role_policy_document": TRUST,
            "managed_policies": [],
            "tags": expected_tags(stack, "role"),
        },
        {
            "type": "role_policy",
            "id": stack,
            "component": None,
            "stack": stack,
            "iam_type": "role",
            "iam_name": stack,
            "policy_name": "list",
            "policy_json": POLICY,
        },
    ]


@pytest.mark.parametrize("check", [True, False])
def test_it_changes_nothing_and_says_whether_it_is_a_plan(
    lab: Lab, vpc: str, run_module: RunModule, check: bool
) -> None:
    before = len(lab.calls())
    result = run_module("stack_info", check=check, services=["ec2", "s3", "rds"])
    assert [entry["id"] for entry in of_type(result, "vpc")] == [vpc]
    assert (result["changed"], result["check_mode"]) == (False, check)
    calls = lab.calls()[before:]
    assert not any(call["write"] for call in calls)
    assert len([call for call in calls if call["service"] == "ec2"]) == 7


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"services": ["ecs"]}, "value of services must be one or more of: ec2, rds, s3"),
        ({"services": None}, "missing required arguments: services"),
        ({"services": ["ec2"], "stack": None}, "stack is not set"),
    ],
)
def test_bad_input(run_module: RunModule, options: dict[str, Any], message: str) -> None:
    result = run_module("stack_info", **options)
    assert result["failed"] is True
    assert message in result["msg"]


def test_services_of_the_stack_in_its_cluster(lab: Lab, stack: str, run_module: RunModule) -> None:
    compute = Compute(lab, stack)
    definition = compute.register()
    compute.create_service(definition)
    assert of_type(run_module("stack_info", services=[], cluster_name=stack), "service") == []  # without its tags
    arn = compute.service()["serviceArn"]  # type: ignore[index]
    tags = expected_tags(stack, "service-backend")
    compute.ecs.tag_resource(resourceArn=arn, tags=[{"key": key, "value": value} for key, value in tags.items()])
    (service,) = of_type(run_module("stack_info", services=[], cluster_name=stack), "service")
    assert (service["id"], service["component"], service["name"]) == (arn, "service-backend", "backend")
    assert (service["task_definition"], service["tags"]) == (definition, tags)
    assert run_module("stack_info", services=[], cluster_name=f"{stack}-none")["live"] == []


def set_key_state(state: str, answer: dict[str, Any]) -> None:
    answer["KeyMetadata"]["KeyState"] = state


def test_keys_and_queues_are_read_by_name(lab: Lab, stack: str, run_module: RunModule, show_answer: ShowAnswer) -> None:
    kms, sqs = lab.aws("kms"), lab.aws("sqs")
    tags = expected_tags(stack, "kms-key")
    key = kms.create_key(Description="d", Tags=[{"TagKey": name, "TagValue": value} for name, value in tags.items()])
    arn = key["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName=f"alias/{stack}", TargetKeyId=arn)
    kms.enable_key_rotation(KeyId=arn)
    sqs.create_queue(QueueName=stack, tags=expected_tags(stack, "queue-x"), Attributes={"MessageRetentionPeriod": "60"})
    options = {"services": [], "key_aliases": [f"alias/{stack}", "alias/none"], "queue_names": [stack, f"{stack}-none"]}
    found, queue = run_module("stack_info", **options)["live"]
    assert found.pop("policy")["Statement"]
    assert found == {
        "type": "kms_key",
        "id": arn,
        "component": "kms-key",
        "stack": stack,
        "alias": f"alias/{stack}",
        "description": "d",
        "enabled": True,
        "enable_key_rotation": True,
        "tags": tags,
    }
    assert queue == {
        "type": "queue",
        "id": f"arn:aws:sqs:ap-northeast-2:123456789012:{stack}",
        "component": "queue-x",
        "stack": stack,
        "name": stack,
        "message_retention_period": 60,
        "policy": {},
        "tags": expected_tags(stack, "queue-x"),
    }
    for state in ("PendingDeletion", "PendingReplicaDeletion"):  # KMS deletes it
        show_answer("DescribeKey", partial(set_key_state, state))
        assert of_type(run_module("stack_info", **options), "kms_key") == []
    show_answer("DescribeKey", lambda _answer: None)
    kms.delete_alias(AliasName=f"alias/{stack}")
    (found,) = of_type(run_module("stack_info", **options), "kms_key")  # as a run leaves it that was killed in between
    assert (found["id"], found["component"], found["alias"]) == (arn, "kms-key", None)
    kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
    assert of_type(run_module("stack_info", **options), "kms_key") == []
