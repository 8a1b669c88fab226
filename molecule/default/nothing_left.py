"""Fails when the account still holds anything of a stack: by its tags, and in the network, which knows more."""

from __future__ import annotations

import re
import sys
from typing import Any

import boto3


def is_scheduled(arn: str) -> bool:
    """Whether it is a key or a secret that is only kept until its recovery window is over."""
    if ":kms:" in arn:
        return bool(boto3.client("kms").describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == "PendingDeletion")
    return ":secret:" in arn and "DeletedDate" in boto3.client("secretsmanager").describe_secret(SecretId=arn)


def main(stack: str) -> None:
    ec2: Any = boto3.client("ec2")
    filters = [{"Name": "tag:triflow:stack", "Values": [stack]}]
    tagged = boto3.client("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": "triflow:stack", "Values": [stack]}]
    )
    gone = {"deleted", "deleting"}
    left = [
        *(vpc["VpcId"] for vpc in ec2.describe_vpcs(Filters=filters)["Vpcs"]),
        *(item["AllocationId"] for item in ec2.describe_addresses()["Addresses"]),
        *(
            item["NatGatewayId"]
            for item in ec2.describe_nat_gateways(Filters=filters)["NatGateways"]
            if item["State"] not in gone
        ),
        *(item["DBInstanceIdentifier"] for item in boto3.client("rds").describe_db_instances()["DBInstances"]),
        *(bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]),
        *(zone["Name"] for zone in boto3.client("route53").list_hosted_zones()["HostedZones"]),
        *(role["RoleName"] for role in boto3.client("iam").list_roles()["Roles"] if role["RoleName"].startswith(stack)),
        *(group["logGroupName"] for group in boto3.client("logs").describe_log_groups()["logGroups"]),
        *(secret["Name"] for secret in boto3.client("secretsmanager").list_secrets()["SecretList"]),
        *(
            item["ResourceARN"]
            for item in tagged["ResourceTagMappingList"]
            # AWS lists deleted NAT gateways and stopped tasks for an hour.
            if not re.search(":natgateway/|:task/", item["ResourceARN"]) and not is_scheduled(item["ResourceARN"])
        ),
    ]
    if left:
        sys.exit(f"Left of {stack}: {', '.join(left)}")


if __name__ == "__main__":
    main(sys.argv[1])
