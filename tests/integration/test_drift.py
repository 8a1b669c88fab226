"""What somebody changed by hand is shown by the next check, with before and after, and put right by the next run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import Lab
from tests.integration.playbook import Played, play

STACK = "triflow-drift"
BUCKET = "triflow-ai-drift"


@dataclass(frozen=True)
class Runs:
    check: Played
    run: Played
    again: Played


def one(lab: Lab, operation: str, key: str, component: str) -> dict[str, Any]:
    """The one thing of the stack that carries the component's tag."""
    filters = [
        {"Name": "tag:triflow:stack", "Values": [STACK]},
        {"Name": "tag:triflow:component", "Values": [component]},
    ]
    (found,) = getattr(lab.aws("ec2"), operation)(Filters=filters)[key]
    return dict(found)


def change_by_hand(lab: Lab) -> None:
    ec2, s3, rds = lab.aws("ec2"), lab.aws("s3"), lab.aws("rds")
    group = one(lab, "describe_security_groups", "SecurityGroups", "security-group-rds")
    ec2.authorize_security_group_ingress(
        GroupId=group["GroupId"],
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "203.0.113.7/32"}]}
        ],
    )
    rules = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    s3.put_bucket_lifecycle_configuration(
        Bucket=BUCKET,
        LifecycleConfiguration={"Rules": [rule for rule in rules if rule["ID"] != "category-logs"]},
        TransitionDefaultMinimumObjectSize="varies_by_storage_class",
    )
    rds.modify_db_instance(DBInstanceIdentifier=f"{STACK}-db", DeletionProtection=False, ApplyImmediately=True)
    subnet = one(lab, "describe_subnets", "Subnets", "subnet-private-c")
    ec2.create_tags(Resources=[subnet["SubnetId"]], Tags=[{"Key": "Name", "Value": "mine"}])
    vpc = one(lab, "describe_vpcs", "Vpcs", "vpc")
    ec2.modify_vpc_attribute(VpcId=vpc["VpcId"], EnableDnsHostnames={"Value": False})
    table = one(lab, "describe_route_tables", "RouteTables", "route-table-private-a")
    ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    rds.modify_db_parameter_group(
        DBParameterGroupName=f"{STACK}-postgres14",
        Parameters=[{"ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "immediate"}],
    )


@pytest.fixture(scope="module")
def runs(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    lab.reset()
    directory = tmp_path_factory.mktemp("drift")
    inventory = directory / "hosts.yml"
    inventory.write_text(f"prod: {{hosts: {{{STACK}: {{s3_bucket_name: {BUCKET}, dns_zone_name: {STACK}.com}}}}}}\n")
    site = ("site.yml", "-i", str(inventory), "--diff")
    built = play(lab, directory, *site)
    assert built.exit_code == 0, built.output
    change_by_hand(lab)
    return Runs(
        check=play(lab, directory, *site, "--check"), run=play(lab, directory, *site), again=play(lab, directory, *site)
    )


def test_check_shows_exactly_what_was_changed(runs: Runs) -> None:
    assert runs.check.exit_code == 0, runs.check.output
    assert runs.check.writes == []
    changed = {name for name, action in runs.check.components(STACK).items() if action != "none"}
    assert changed == {
        "security-group-rds", "bucket-lifecycle", "database", "subnet-private-c", "vpc", "route-table-private-a",
        "bucket", "db-parameter-group",
    }  # fmt: skip
    assert set(runs.check.components(STACK).values()) == {"none", "update"}


@pytest.mark.parametrize(
    ("component", "before", "after"),
    [
        ("database", {"deletion_protection": False}, {"deletion_protection": True}),
        ("subnet-private-c", {"tags": {"Name": "mine"}}, {"tags": {"Name": f"{STACK}-subnet-private-c"}}),
        ("vpc", {"dns_hostnames": False}, {"dns_hostnames": True}),
        ("bucket", {"versioning": False}, {"versioning": True}),
        ("db-parameter-group", {"parameters": {"rds.force_ssl": "0"}}, {"parameters": {"rds.force_ssl": "1"}}),
    ],
)
def test_check_shows_the_field_before_and_after(runs: Runs, component: str, before: Any, after: Any) -> None:
    assert runs.check.diffs(STACK)[component] == (before, after)


def test_check_shows_the_foreign_rule(runs: Runs) -> None:
    before, after = runs.check.diffs(STACK)["security-group-rds"]
    assert set(before) == set(after) == {"rules"}
    assert [rule for rule in before["rules"] if rule not in after["rules"]] == [
        rule for rule in before["rules"] if rule.get("cidr_ip") == "203.0.113.7/32"
    ]
    assert len(before["rules"]) == 2
    assert len(after["rules"]) == 1


def test_check_shows_the_missing_lifecycle_rule(runs: Runs) -> None:
    before, after = runs.check.diffs(STACK)["bucket-lifecycle"]
    assert set(after["rules"]) - set(before["rules"]) == {"category-logs"}
    assert {name: rule for name, rule in after["rules"].items() if name != "category-logs"} == before["rules"]


def test_the_run_does_what_check_showed_and_no_more(runs: Runs) -> None:
    assert runs.run.exit_code == 0, runs.run.output
    assert runs.run.components(STACK) == runs.check.components(STACK)


def test_aws_is_as_it_was(runs: Runs, lab: Lab) -> None:
    assert set(runs.again.components(STACK).values()) == {"none"}
    assert runs.again.writes == []
    group = one(lab, "describe_security_groups", "SecurityGroups", "security-group-rds")
    assert [permission["IpRanges"] for permission in group["IpPermissions"]] == [[]]
    instance = lab.aws("rds").describe_db_instances(DBInstanceIdentifier=f"{STACK}-db")["DBInstances"][0]
    assert instance["DeletionProtection"] is True
    rules = lab.aws("s3").get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert "category-logs" in {rule["ID"] for rule in rules}
    subnet = one(lab, "describe_subnets", "Subnets", "subnet-private-c")
    assert {"Key": "Name", "Value": f"{STACK}-subnet-private-c"} in subnet["Tags"]
    table = one(lab, "describe_route_tables", "RouteTables", "route-table-private-a")
    assert [route["DestinationCidrBlock"] for route in table["Routes"] if route.get("NatGatewayId")] == ["0.0.0.0/0"]
