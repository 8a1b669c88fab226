"""The Resource Groups Tagging API as the lab's corrections restore it."""

from __future__ import annotations

from tests.conftest import Lab

TAGS = [{"Key": "tagging-test", "Value": "yes"}]


def found(lab: Lab, *types: str) -> set[str]:
    answer = lab.aws("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": "tagging-test", "Values": ["yes"]}], ResourceTypeFilters=list(types)
    )
    return {item["ResourceARN"].split(":", 5)[5] for item in answer["ResourceTagMappingList"]}


def test_get_resources_lists_subnet_groups_and_parameter_groups(empty_lab: Lab) -> None:
    ec2, rds = empty_lab.aws("ec2"), empty_lab.aws("rds")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"ap-northeast-2{zone}")
        for number, zone in enumerate("ac")
    ]
    rds.create_db_subnet_group(
        DBSubnetGroupName="tagged",
        DBSubnetGroupDescription="tagged",
        SubnetIds=[subnet["Subnet"]["SubnetId"] for subnet in subnets],
        Tags=TAGS,
    )
    rds.create_db_parameter_group(
        DBParameterGroupName="tagged", DBParameterGroupFamily="postgres14", Description="tagged", Tags=TAGS
    )
    assert found(empty_lab, "rds:subgrp", "rds:pg") == {"subgrp:tagged", "pg:tagged"}
    assert found(empty_lab, "rds:pg") == {"pg:tagged"}


def test_get_resources_lists_addresses_and_endpoints(empty_lab: Lab) -> None:
    ec2 = empty_lab.aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": TAGS}])[
        "AllocationId"
    ]
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.ap-northeast-2.s3",
        TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": TAGS}],
    )["VpcEndpoint"]["VpcEndpointId"]
    assert found(empty_lab, "ec2:elastic-ip", "ec2:vpc-endpoint") == {
        f"elastic-ip/{address}",
        f"vpc-endpoint/{endpoint}",
    }
