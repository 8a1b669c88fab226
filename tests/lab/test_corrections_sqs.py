"""SQS as the lab's corrections restore it."""

from __future__ import annotations

import json
import uuid

import pytest

from tests.conftest import Lab
from tests.lab.conftest import refused


def test_setting_one_attribute_leaves_the_policy(empty_lab: Lab) -> None:
    sqs = empty_lab.aws("sqs")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    url = sqs.create_queue(QueueName="queue", Attributes={"Policy": json.dumps(policy)})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "60"})
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["MessageRetentionPeriod"] == "60"
    assert json.loads(attributes["Policy"]) == policy
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert "Policy" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


@pytest.mark.parametrize("policy", ["no JSON", "[]"])
def test_a_policy_that_is_none(lab: Lab, policy: str) -> None:
    """SetQueueAttributes, CreateQueue: InvalidAttributeValue."""
    sqs = lab.aws("sqs")
    name = f"test-{uuid.uuid4().hex[:8]}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    with refused("InvalidAttributeValue", "Policy"):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    with refused("InvalidAttributeValue", "Policy"):
        sqs.create_queue(QueueName=f"{name}-2", Attributes={"Policy": policy})
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix=f"{name}-2")
