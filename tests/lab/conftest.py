"""What the tests of the lab's corrections share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conftest import Lab


@contextmanager
def refused(code: str, text: str = "") -> Iterator[None]:
    """The API call in the block is refused with this error code and a message that holds the text."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert text in error["Message"]


class Account:
    """An empty account with boto3 clients and what the database needs: a VPC with subnets in two zones."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.ec2: Any = lab.aws("ec2")
        self.rds: Any = lab.aws("rds")
        self.secretsmanager: Any = lab.aws("secretsmanager")

    def vpc(self) -> str:
        vpc: str = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        return vpc

    def subnet(self, vpc: str, cidr: str, zone: str = "a") -> str:
        created = self.ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=f"ap-northeast-2{zone}")
        subnet: str = created["Subnet"]["SubnetId"]
        return subnet

    def subnet_group(self, name: str = "private") -> str:
        vpc = self.vpc()
        subnets = [self.subnet(vpc, "10.0.11.0/24", "a"), self.subnet(vpc, "10.0.12.0/24", "c")]
        self.rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription=name, SubnetIds=subnets)
        return name

    def database(self, name: str = "triflow", **options: Any) -> dict[str, Any]:
        """Create an instance as the record wants it; `options` replace its parameters, None leaves one out."""
        wanted: dict[str, Any] = {
            "DBInstanceIdentifier": name,
            "DBInstanceClass": "db.t4g.medium",
            "Engine": "postgres",
            "EngineVersion": "14",
            "AllocatedStorage": 100,
            "StorageType": "gp3",
            "MasterUsername": "triflow_admin",
            "ManageMasterUserPassword": True,
            "DBName": "triflow",
        } | options
        given = {key: value for key, value in wanted.items() if value is not None}
        instance: dict[str, Any] = self.rds.create_db_instance(**given)["DBInstance"]
        return instance

    def describe(self, name: str = "triflow") -> dict[str, Any]:
        instance: dict[str, Any] = self.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
        return instance


@pytest.fixture
def account(empty_lab: Lab) -> Account:
    return Account(empty_lab)
