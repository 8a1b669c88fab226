"""What the modules of the log archive need in the account: a bucket, log groups and roles that the services take on."""

from __future__ import annotations

import json
from typing import Any

from tests.conftest import Lab

REGION, ACCOUNT = "ap-northeast-2", "123456789012"


class Archive:
    def __init__(self, lab: Lab, stack: str) -> None:
        self.stack = stack
        self.firehose, self.logs, self.iam = lab.aws("firehose"), lab.aws("logs"), lab.aws("iam")
        lab.aws("s3").create_bucket(Bucket=stack, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.group = f"/aws/ecs/{stack}"
        self.logs.create_log_group(logGroupName=self.group)
        self.bucket = f"arn:aws:s3:::{stack}"
        self.stream = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/{stack}"
        self.writer = self.role("writer", "firehose.amazonaws.com", "s3:PutObject", f"{self.bucket}/*")
        self.sender = self.role("sender", "logs.amazonaws.com", "firehose:PutRecord", self.stream)

    def role(self, name: str, service: str, action: str, resource: str) -> str:
        def document(**statement: Any) -> str:
            return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})

        trust = document(Principal={"Service": service}, Action="sts:AssumeRole")
        role = self.iam.create_role(RoleName=f"{self.stack}-{name}", AssumeRolePolicyDocument=trust)["Role"]
        policy = document(Action=action, Resource=resource)
        self.iam.put_role_policy(RoleName=role["RoleName"], PolicyName="p", PolicyDocument=policy)
        return str(role["Arn"])

    def put_stream(self) -> None:
        self.firehose.create_delivery_stream(
            DeliveryStreamName=self.stack,
            ExtendedS3DestinationConfiguration={"RoleARN": self.writer, "BucketARN": self.bucket},
        )
