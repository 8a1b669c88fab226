"""RDS parameter groups and subnet groups as the lab's corrections restore them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.conftest import Account, refused

GROUP = "triflow-postgres14"


@pytest.fixture
def group(account: Account) -> Account:
    """The account with a parameter group of the family postgres14."""
    account.rds.create_db_parameter_group(
        DBParameterGroupName=GROUP, DBParameterGroupFamily="postgres14", Description="TriFlow"
    )
    return account


def parameters(account: Account, name: str = GROUP, **options: Any) -> dict[str, dict[str, Any]]:
    pages = account.rds.get_paginator("describe_db_parameters").paginate(DBParameterGroupName=name, **options)
    return {entry["ParameterName"]: entry for page in pages for entry in page["Parameters"]}


def change(account: Account, name: str, value: str, method: str = "pending-reboot") -> None:
    account.rds.modify_db_parameter_group(
        DBParameterGroupName=GROUP,
        Parameters=[{"ParameterName": name, "ParameterValue": value, "ApplyMethod": method}],
    )


def test_describe_db_parameter_groups_of_an_unknown_name_is_an_error(account: Account) -> None:
    with refused("DBParameterGroupNotFound"):
        account.rds.describe_db_parameter_groups(DBParameterGroupName="nobody")
    with refused("DBParameterGroupNotFound"):
        account.rds.describe_db_parameters(DBParameterGroupName="nobody")


def test_default_groups_exist_and_cannot_be_changed(account: Account) -> None:
    (found,) = account.rds.describe_db_parameter_groups(DBParameterGroupName="default.postgres14")["DBParameterGroups"]
    assert found["DBParameterGroupFamily"] == "postgres14"
    with refused("InvalidParameterValue", "default"):
        account.rds.reset_db_parameter_group(DBParameterGroupName="default.postgres14")
    with refused("InvalidParameterValue", "default"):
        account.rds.delete_db_parameter_group(DBParameterGroupName="default.postgres14")


def test_create_db_parameter_group_wants_a_family_that_exists(account: Account) -> None:
    with refused("InvalidParameterValue", "postgres99"):
        account.rds.create_db_parameter_group(
            DBParameterGroupName=GROUP, DBParameterGroupFamily="postgres99", Description="TriFlow"
        )


def test_group_holds_the_parameters_of_the_engine(group: Account) -> None:
    found = parameters(group)
    libraries = found["shared_preload_libraries"]
    assert (libraries["ApplyType"], libraries["DataType"]) == ("static", "list")
    assert "pg_stat_statements" in libraries["AllowedValues"].split(",")
    assert found["log_min_duration_statement"]["ApplyType"] == "dynamic"
    assert found["log_min_duration_statement"]["Source"] == "engine-default"
    assert "ParameterValue" not in found["log_min_duration_statement"]
    assert found["rds.force_ssl"]["ParameterValue"] == "0"
    assert parameters(group, "default.postgres15")["rds.force_ssl"]["ParameterValue"] == "1"
    assert parameters(group, Source="user") == {}


def test_modify_db_parameter_group_sets_user_values_and_reset_takes_them_back(group: Account) -> None:
    change(group, "log_min_duration_statement", "1000", "immediate")
    change(group, "max_connections", "100")
    changed = parameters(group, Source="user")
    assert {name: entry["ParameterValue"] for name, entry in changed.items()} == {
        "log_min_duration_statement": "1000",
        "max_connections": "100",
    }
    assert changed["log_min_duration_statement"]["ApplyMethod"] == "immediate"
    group.rds.reset_db_parameter_group(
        DBParameterGroupName=GROUP,
        ResetAllParameters=False,
        Parameters=[{"ParameterName": "max_connections", "ApplyMethod": "pending-reboot"}],
    )
    assert set(parameters(group, Source="user")) == {"log_min_duration_statement"}
    group.rds.reset_db_parameter_group(DBParameterGroupName=GROUP, ResetAllParameters=True)
    assert parameters(group, Source="user") == {}


REFUSED_CHANGES = [
    ("no_such_parameter", "1", "immediate", "InvalidParameterValue"),
    ("log_statement", "everything", "immediate", "InvalidParameterValue"),
    ("rds.force_ssl", "yes", "immediate", "InvalidParameterValue"),
    ("log_min_duration_statement", "-2", "immediate", "InvalidParameterValue"),
    ("max_connections", "many", "pending-reboot", "InvalidParameterValue"),
    ("shared_preload_libraries", "pg_stat_statements,nobody", "pending-reboot", "InvalidParameterValue"),
    ("max_connections", "100", "immediate", "InvalidParameterCombination"),
    ("log_statement", "ddl", "later", "InvalidParameterValue"),
]


def test_modify_db_parameter_group_refuses(group: Account) -> None:
    for name, value, method, code in REFUSED_CHANGES:
        with refused(code):
            change(group, name, value, method)
    assert parameters(group, Source="user") == {}


def test_parameter_group_in_use_cannot_be_deleted(group: Account) -> None:
    group.database(DBParameterGroupName=GROUP)
    assert group.describe()["DBParameterGroups"][0]["DBParameterGroupName"] == GROUP
    with refused("InvalidDBParameterGroupState"):
        group.rds.delete_db_parameter_group(DBParameterGroupName=GROUP)
    group.rds.modify_db_instance(DBInstanceIdentifier="triflow", DBParameterGroupName="default.postgres14")
    group.rds.delete_db_parameter_group(DBParameterGroupName=GROUP)


def test_parameter_group_of_another_major_version_is_refused(account: Account) -> None:
    with refused("InvalidParameterCombination", "DBParameterGroupFamily postgres14"):
        account.database(DBParameterGroupName="default.postgres15")
    with refused("DBParameterGroupNotFound"):
        account.database(DBParameterGroupName="nobody")


def test_subnet_group_needs_two_availability_zones(account: Account) -> None:
    vpc = account.vpc()
    subnets = [account.subnet(vpc, "10.0.1.0/24"), account.subnet(vpc, "10.0.2.0/24")]
    with refused("DBSubnetGroupDoesNotCoverEnoughAZs"):
        account.rds.create_db_subnet_group(DBSubnetGroupName="one", DBSubnetGroupDescription="one", SubnetIds=subnets)


def test_modified_subnet_group_is_still_there(account: Account) -> None:
    name = account.subnet_group()
    (before,) = account.rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"]
    added = account.subnet(before["VpcId"], "10.0.13.0/24", "b")
    subnets = [subnet["SubnetIdentifier"] for subnet in before["Subnets"]] + [added]
    account.rds.modify_db_subnet_group(DBSubnetGroupName=name, SubnetIds=subnets)
    (after,) = account.rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"]
    assert [subnet["SubnetIdentifier"] for subnet in after["Subnets"]] == subnets
    assert after["DBSubnetGroupDescription"] == name


def test_subnet_group_in_use_cannot_be_deleted(account: Account) -> None:
    account.database(DBSubnetGroupName=account.subnet_group())
    with refused("InvalidDBSubnetGroupStateFault"):
        account.rds.delete_db_subnet_group(DBSubnetGroupName="private")


def test_tags_of_database_parameter_group_and_subnet_group(group: Account) -> None:
    instance = group.database(DBSubnetGroupName=group.subnet_group())
    arns = {
        "db": instance["DBInstanceArn"],
        "pg": group.rds.describe_db_parameter_groups(DBParameterGroupName=GROUP)["DBParameterGroups"][0][
            "DBParameterGroupArn"
        ],
        "subgrp": group.rds.describe_db_subnet_groups(DBSubnetGroupName="private")["DBSubnetGroups"][0][
            "DBSubnetGroupArn"
        ],
    }
    tag = {"Key": "triflow:stack", "Value": "prod"}
    for arn in arns.values():
        group.rds.add_tags_to_resource(ResourceName=arn, Tags=[tag])
        assert group.rds.list_tags_for_resource(ResourceName=arn)["TagList"] == [tag]
        group.rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["triflow:stack"])
        assert group.rds.list_tags_for_resource(ResourceName=arn)["TagList"] == []
