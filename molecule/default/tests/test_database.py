"""DB-1..9 and DB-12..16, read with boto3 and SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

Aws = Callable[[str], Any]
Instance = dict[str, Any]


def test_engine_is_the_newest_fourteen_on_offer(aws: Aws, instance: Instance) -> None:
    """DB-1"""
    offered = aws("rds").describe_db_engine_versions(Engine="postgres", EngineVersion="14")["DBEngineVersions"]
    newest = max((version["EngineVersion"] for version in offered), key=lambda text: [int(n) for n in text.split(".")])
    assert (instance["Engine"], instance["EngineVersion"]) == ("postgres", newest)


def test_size_and_storage(instance: Instance) -> None:
    """DB-2, DB-3, DB-4, DB-5, DB-16"""
    assert instance["DBInstanceClass"] == "db.t4g.medium"
    assert instance["MultiAZ"] is True
    assert instance["StorageType"] == "gp3"
    assert (instance["AllocatedStorage"], instance["MaxAllocatedStorage"]) == (100, 200)
    assert (instance["Iops"], instance["StorageThroughput"]) == (3000, 125)  # the baseline, which nobody asked for


def test_windows_are_the_records_in_utc(instance: Instance) -> None:
    """DB-6: 03:00-04:00 KST; DB-7: Monday 04:00-05:00 KST"""
    assert instance["BackupRetentionPeriod"] == 7
    assert instance["PreferredBackupWindow"] == "18:00-19:00"
    assert instance["PreferredMaintenanceWindow"] == "sun:19:00-sun:20:00"


def test_protection_and_encryption(instance: Instance) -> None:
    """DB-8, DB-12"""
    assert instance["DeletionProtection"] is True
    assert instance["StorageEncrypted"] is True


def test_network(aws: Aws, instance: Instance, vpc: dict[str, Any], stack: str) -> None:
    """DB-13"""
    assert instance["PubliclyAccessible"] is False
    groups = [group["VpcSecurityGroupId"] for group in instance["VpcSecurityGroups"]]
    names = [group["GroupName"] for group in aws("ec2").describe_security_groups(GroupIds=groups)["SecurityGroups"]]
    assert names == [f"{stack}-rds"]
    subnets = [subnet["SubnetIdentifier"] for subnet in instance["DBSubnetGroup"]["Subnets"]]
    described = aws("ec2").describe_subnets(SubnetIds=subnets)["Subnets"]
    assert {subnet["CidrBlock"] for subnet in described} == {"10.0.11.0/24", "10.0.12.0/24"}
    assert {subnet["VpcId"] for subnet in described} == {vpc["VpcId"]}


def test_logs_and_parameters(aws: Aws, instance: Instance) -> None:
    """DB-9, DB-14, DB-15"""
    assert instance["EnabledCloudwatchLogsExports"] == ["postgresql"]
    group = instance["DBParameterGroups"][0]["DBParameterGroupName"]
    pages = aws("rds").get_paginator("describe_db_parameters").paginate(DBParameterGroupName=group)
    values = {item["ParameterName"]: item.get("ParameterValue") for page in pages for item in page["Parameters"]}
    assert "pg_stat_statements" in values["shared_preload_libraries"].split(",")
    assert values["rds.force_ssl"] == "1"
    assert values["password_encryption"] == "scram-sha-256"
    assert values["max_connections"] == "100"
    assert values["log_min_duration_statement"] == "1000"


def test_master_password_is_managed_by_rds(aws: Aws, instance: Instance) -> None:
    secret = instance["MasterUserSecret"]
    assert secret["SecretStatus"] == "active"
    assert aws("secretsmanager").describe_secret(SecretId=secret["SecretArn"])["ARN"] == secret["SecretArn"]


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database_url) as connection:
        yield connection


def test_extensions(connection: psycopg.Connection[Any]) -> None:
    """DB-9"""
    found = {row[0] for row in connection.execute("SELECT extname FROM pg_extension")}
    assert found >= {"vector", "uuid-ossp", "pg_trgm", "pg_stat_statements"}


def test_a_vector_distance_answers(connection: psycopg.Connection[Any]) -> None:
    """DB-9"""
    row = connection.execute("SELECT '[1,2,3]'::vector <-> '[1,2,5]'::vector").fetchone()
    assert row == (2.0,)


def test_statements_are_counted(connection: psycopg.Connection[Any]) -> None:
    """DB-9: the library is preloaded, or the view would fail."""
    row = connection.execute("SELECT count(*) > 0 FROM pg_stat_statements").fetchone()
    assert row == (True,)
