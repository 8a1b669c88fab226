"""A run that is killed loses nothing: the next one goes on, and nothing is there twice or left over."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Lab
from tests.integration.playbook import kill_at, play

SITE = ("site.yml", "-i", "inventories/prod")
# Each makes what the calls after it complete or point to: attributes, routes, a record, a listener, rules, an alias.
OPERATIONS = (
    "CreateVpc",
    "CreateInternetGateway",
    "AllocateAddress",
    "CreateRouteTable",
    "CreateDBInstance",
    "RequestCertificate",
    "CreateLoadBalancer",
    "CreateService",
    "RegisterScalableTarget",
    "CreateKey",
)


def described(lab: Lab) -> dict[str, list[dict[str, Any]]]:
    """All that the account holds, without what AWS gives every account."""
    ec2 = lab.aws("ec2")
    found = {
        "Vpcs": ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"],
        "InternetGateways": ec2.describe_internet_gateways()["InternetGateways"],
        "Addresses": ec2.describe_addresses()["Addresses"],
        "NatGateways": ec2.describe_nat_gateways()["NatGateways"],
        "VpcEndpoints": ec2.describe_vpc_endpoints()["VpcEndpoints"],
        "Buckets": lab.aws("s3").list_buckets()["Buckets"],
        "DBInstances": lab.aws("rds").describe_db_instances()["DBInstances"],
        "DBSubnetGroups": lab.aws("rds").describe_db_subnet_groups()["DBSubnetGroups"],
        "SecretList": lab.aws("secretsmanager").list_secrets()["SecretList"],
    }
    keys = lab.aws("kms")
    all_keys = [keys.list_resource_tags(KeyId=key["KeyId"])["Tags"] for key in keys.list_keys()["Keys"]]
    found["Keys"] = [{"Tags": tags} for tags in all_keys if tags]  # AWS's own have none
    found["HostedZones"] = lab.aws("route53").list_hosted_zones()["HostedZones"]
    found["Certificates"] = lab.aws("acm").list_certificates()["CertificateSummaryList"]
    found["LoadBalancers"] = lab.aws("elbv2").describe_load_balancers()["LoadBalancers"]
    found["TargetGroups"] = lab.aws("elbv2").describe_target_groups()["TargetGroups"]
    found["Functions"] = lab.aws("lambda").list_functions()["Functions"]
    inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"] for vpc in found["Vpcs"]]}]
    found["Subnets"] = ec2.describe_subnets(Filters=inside)["Subnets"]
    found["RouteTables"] = ec2.describe_route_tables(Filters=inside)["RouteTables"]
    found["SecurityGroups"] = ec2.describe_security_groups(Filters=inside)["SecurityGroups"]
    groups = lab.aws("rds").describe_db_parameter_groups()["DBParameterGroups"]
    found["DBParameterGroups"] = [group for group in groups if not group["DBParameterGroupName"].startswith("default.")]
    return found


@pytest.fixture(scope="module")
def account(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Killed ten times, every run going on from where the one before was killed; then one run to the end."""
    lab.reset()
    directory = tmp_path_factory.mktemp("killed")
    for operation in OPERATIONS:
        kill_at(lab, directory, operation, *SITE)
    last = play(lab, directory, *SITE)
    assert last.exit_code == 0, last.output
    again = play(lab, directory, *SITE)
    assert again.exit_code == 0, again.output
    assert set(again.components("triflow-prod").values()) == {"none"}
    assert again.writes == []
    return described(lab)


def test_nothing_is_there_twice_or_left_over(account: dict[str, list[dict[str, Any]]]) -> None:
    assert {name: len(found) for name, found in account.items()} == {
        "Vpcs": 1,
        "InternetGateways": 1,
        "Addresses": 1,
        "NatGateways": 1,
        "VpcEndpoints": 1,
        "Buckets": 1,
        "DBInstances": 1,
        "DBSubnetGroups": 1,
        "DBParameterGroups": 1,
        "SecretList": 2,  # the database's and the webhook's
        "Keys": 1,
        "HostedZones": 1,
        "Certificates": 1,
        "LoadBalancers": 1,
        "TargetGroups": 1,
        "Functions": 1,
        "Subnets": 4,
        "RouteTables": 4,  # three of ours and the VPC's main one
        "SecurityGroups": 4,  # three of ours and the VPC's default one
    }


def test_what_is_there_is_whole(account: dict[str, list[dict[str, Any]]]) -> None:
    assert account["InternetGateways"][0]["Attachments"][0]["VpcId"] == account["Vpcs"][0]["VpcId"]
    assert (
        account["NatGateways"][0]["NatGatewayAddresses"][0]["AllocationId"] == account["Addresses"][0]["AllocationId"]
    )
    associated = [item for table in account["RouteTables"] for item in table["Associations"] if "SubnetId" in item]
    assert len(associated) == 4
