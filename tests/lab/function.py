"""A Lambda function in the lab with all that it needs: role, log group, dead-letter queue."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from typing import Any

from tests.conftest import Lab

SECONDS = 30  # that something may take in the lab

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


def zipped(source: str) -> bytes:
    """A zip file with the source as handler.py."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("handler.py", source)
    return content.getvalue()


class LabFunction:
    """Names and clients; `create` makes the function."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.name = f"test-{uuid.uuid4().hex[:8]}"
        self.client: Any = lab.aws("lambda")
        self.logs: Any = lab.aws("logs")
        self.sqs: Any = lab.aws("sqs")
        self.log_group = f"/aws/lambda/{self.name}"
        self.logs.create_log_group(logGroupName=self.log_group)
        self.queue_url = self.sqs.create_queue(QueueName=self.name)["QueueUrl"]
        self.queue = f"arn:aws:sqs:ap-northeast-2:123456789012:{self.name}"
        iam = lab.aws("iam")
        self.role = iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        self.allow(["sqs:SendMessage", "logs:CreateLogStream", "logs:PutLogEvents"])

    def recreate_role(self) -> None:
        """The same role, by its name and ARN, as somebody makes it anew who has deleted it."""
        iam = self.lab.aws("iam")
        (policy,) = iam.list_role_policies(RoleName=self.name)["PolicyNames"]
        document = iam.get_role_policy(RoleName=self.name, PolicyName=policy)["PolicyDocument"]
        iam.delete_role_policy(RoleName=self.name, PolicyName=policy)
        iam.delete_role(RoleName=self.name)
        iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.put_role_policy(RoleName=self.name, PolicyName=policy, PolicyDocument=json.dumps(document))

    def allow(self, actions: list[str]) -> None:
        """All that the role may do."""
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        self.lab.aws("iam").put_role_policy(
            RoleName=self.name,
            PolicyName="all",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )

    def create(self, source: str, **options: Any) -> dict[str, Any]:
        created: dict[str, Any] = self.client.create_function(
            **{
                "FunctionName": self.name,
                "Role": self.role,
                "Runtime": "python3.13",
                "Handler": "handler.handler",
                "Code": {"ZipFile": zipped(source)},
                **options,
            }
        )
        return created

    def lines(self) -> list[str]:
        """All that it printed so far, without what Lambda writes itself."""
        streams = self.logs.describe_log_streams(logGroupName=self.log_group)["logStreams"]
        found = []
        for stream in streams:
            events = self.logs.get_log_events(logGroupName=self.log_group, logStreamName=stream["logStreamName"])
            found += [event["message"] for event in events["events"]]
        return [line for line in found if not line.startswith(("START ", "END ", "REPORT "))]

    def dead_letter(self) -> dict[str, Any]:
        """The next message of the dead-letter queue."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            answer = self.sqs.receive_message(
                QueueUrl=self.queue_url, WaitTimeSeconds=1, MessageAttributeNames=["All"], MaxNumberOfMessages=1
            )
            for received in answer.get("Messages", []):
                message: dict[str, Any] = received
                return message
        raise AssertionError(f"nothing came to {self.queue_url} within {SECONDS} seconds")

    def wait_for_lines(self, count: int) -> list[str]:
        """The printed lines, once there are that many."""
        deadline = time.monotonic() + SECONDS
        while len(found := self.lines()) < count:
            assert time.monotonic() < deadline, found
            time.sleep(0.1)
        return found
