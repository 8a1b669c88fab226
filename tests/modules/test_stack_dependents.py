"""stack_dependents: what another stack uses is not taken down (ENV-1, ENV-4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.tagging import expected_tags, tag_list


def specification(kind: str, stack: str, component: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": tag_list(expected_tags(stack, component))}]


@pytest.fixture
def other(stack: str) -> str:
    return f"{stack}-other"


@pytest.fixture
def vpc(ec2: Any, stack: str) -> str:
    created = ec2.create_vpc(CidrBlock="10.2.0.0/16", TagSpecifications=specification("vpc", stack, "vpc"))
    return str(created["Vpc"]["VpcId"])


@pytest.fixture
def bucket(lab: Lab, stack: str) -> Iterator[str]:
    s3: Any = lab.aws("s3")
    s3.create_bucket(Bucket=stack, CreateBucketConfiguration={"LocationConstraint": lab.environment["AWS_REGION"]})
    s3.put_bucket_versioning(Bucket=stack, VersioningConfiguration={"Status": "Enabled"})
    yield stack
    listed = s3.list_object_versions(Bucket=stack)
    for item in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
        s3.delete_object(Bucket=stack, Key=item["Key"], VersionId=item["VersionId"])
    s3.delete_bucket(Bucket=stack)


def look(run_module: RunModule, bucket: str, other: str, **options: Any) -> dict[str, Any]:
    return run_module("stack_dependents", bucket_name=bucket, shares={other: "dev/"}, **options)


@pytest.mark.parametrize("check", [False, True])
def test_nobody_uses_it(
    ec2: Any, lab: Lab, stack: str, vpc: str, bucket: str, other: str, check: bool, run_module: RunModule
) -> None:
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.2.1.0/24", TagSpecifications=specification("subnet", stack, "subnet-x"))
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.2.2.0/24")
    lab.aws("s3").put_object(Bucket=bucket, Key="development/1", Body=b"x")
    before = len(lab.calls())
    result = look(run_module, bucket, other, check=check)
    assert (result["changed"], result["dependents"]) == (False, {})
    assert not any(call["write"] for call in lab.calls()[before:])


@pytest.mark.parametrize("check", [False, True])
def test_subnet_of_another_stack(
    ec2: Any, vpc: str, bucket: str, other: str, check: bool, run_module: RunModule
) -> None:
    tags = specification("subnet", other, "subnet-public-a")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.2.101.0/24", TagSpecifications=tags)["Subnet"]["SubnetId"]
    result = look(run_module, bucket, other, check=check)
    assert result["failed"] is True
    assert result["dependents"] == {other: [f"{subnet} in the VPC {vpc}"]}
    assert f"{other}: playbooks/destroy.yml with the inventory of {other}" in result["msg"]


def test_what_a_sharing_stack_runs(lab: Lab, bucket: str, other: str, run_module: RunModule) -> None:
    rds = lab.aws("rds")
    identifier = f"{other}-db"
    rds.create_db_instance(
        DBInstanceIdentifier=identifier,
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="x",
        MasterUserPassword="not-a-secret",
        Tags=tag_list(expected_tags(other, "database")),
    )
    result = look(run_module, bucket, other)
    (arn,) = result["dependents"][other]
    assert arn.endswith(f":db:{identifier}")
    assert run_module("stack_dependents", bucket_name=bucket, shares={f"{other}-2": "dev/"})["dependents"] == {}
    rds.delete_db_instance(DBInstanceIdentifier=identifier, SkipFinalSnapshot=True)


@pytest.mark.parametrize("deleted", [False, True])
def test_objects_of_a_stack_that_is_gone(
    lab: Lab, bucket: str, other: str, deleted: bool, run_module: RunModule
) -> None:
    lab.aws("s3").put_object(Bucket=bucket, Key="dev/shared/1", Body=b"x")
    if deleted:
        lab.aws("s3").delete_object(Bucket=bucket, Key="dev/shared/1")
    assert look(run_module, bucket, other)["dependents"] == {other: [f"objects under dev/ in the bucket {bucket}"]}
    assert look(run_module, bucket, other, objects_may_go=True)["dependents"] == {}


def test_bucket_that_is_gone(stack: str, other: str, run_module: RunModule) -> None:
    assert look(run_module, f"{stack}-gone", other)["dependents"] == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shares": {}}, "missing required arguments: bucket_name"),
        ({"bucket_name": "b", "shares": "x"}, "shares"),
        ({"bucket_name": "b", "shares": {}, "stack": None}, "stack is not set"),
    ],
)
def test_bad_input(run_module: RunModule, options: dict[str, Any], message: str) -> None:
    result = run_module("stack_dependents", **options)
    assert result["failed"] is True
    assert message in result["msg"]
