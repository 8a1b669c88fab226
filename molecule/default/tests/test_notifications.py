"""MON-8, read with boto3. Production's topic has the record's name, triflow-alarms-prod."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Aws = Callable[[str], Any]
Described = dict[str, Any]


@pytest.fixture(scope="session")
def place(aws: Aws) -> str:
    return f"ap-northeast-2:{aws('sts').get_caller_identity()['Account']}"


@pytest.fixture(scope="session")
def topic(stack: str, place: str) -> str:
    return f"arn:aws:sns:{place}:{stack}-alarms"


@pytest.fixture(scope="session")
def queue(stack: str, place: str) -> str:
    return f"arn:aws:sqs:{place}:{stack}-slack-dead-letters"


@pytest.fixture(scope="session")
def function(aws: Aws, stack: str) -> Described:
    return dict(aws("lambda").get_function(FunctionName=f"{stack}-slack")["Configuration"])


def subscriptions(aws: Aws, topic: str) -> list[Described]:
    return list(aws("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"])


def test_slack_and_email_get_everything(aws: Aws, topic: str, function: Described, queue: str) -> None:
    """MON-8: the tech lead's address pends until its owner has followed the link."""
    found = {item["Protocol"]: item for item in subscriptions(aws, topic)}
    assert sorted(found) == ["email", "lambda"]
    assert found["email"]["Endpoint"] == "tech-lead@triflow-ai.com"
    assert found["lambda"]["Endpoint"] == function["FunctionArn"]
    attributes = aws("sns").get_subscription_attributes(SubscriptionArn=found["lambda"]["SubscriptionArn"])
    assert json.loads(attributes["Attributes"]["RedrivePolicy"]) == {"deadLetterTargetArn": queue}


def test_telephones_get_what_the_rows_say(aws: Aws, stack: str, topic: str, queue: str) -> None:
    """MON-8: by a topic of their own, to which only those rows publish, and a function: SNS has no SMS in Seoul."""
    (found,) = subscriptions(aws, f"{topic}-sms")
    function = aws("lambda").get_function_configuration(FunctionName=f"{stack}-sms")
    assert (found["Protocol"], found["Endpoint"]) == ("lambda", function["FunctionArn"])
    attributes = aws("sns").get_subscription_attributes(SubscriptionArn=found["SubscriptionArn"])["Attributes"]
    assert json.loads(attributes["RedrivePolicy"]) == {"deadLetterTargetArn": queue}
    assert function["DeadLetterConfig"] == {"TargetArn": queue}
    variables = function["Environment"]["Variables"]
    assert (variables["SMS_REGION"], variables["TELEPHONES"]) == ("ap-northeast-2", "+821000000000")
    (statement,) = json.loads(aws("lambda").get_policy(FunctionName=f"{stack}-sms")["Policy"])["Statement"]
    assert statement["Condition"] == {"ArnLike": {"AWS:SourceArn": f"{topic}-sms"}}


def test_the_function_for_telephones_may_send_from_one_region(aws: Aws, stack: str, queue: str) -> None:
    """MON-8"""
    iam, name = aws("iam"), f"{stack}-sms"
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    statements = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]["Statement"]
    allowed = {statement["Sid"]: statement for statement in statements}
    assert sorted(allowed) == ["KeepFailedEvents", "SendTexts", "WriteLogs"]
    assert allowed["SendTexts"]["Action"] == "sms-voice:SendTextMessage"
    assert allowed["SendTexts"]["Condition"] == {"StringEquals": {"aws:RequestedRegion": "ap-northeast-2"}}
    assert allowed["KeepFailedEvents"]["Resource"] == queue


@pytest.mark.parametrize("suffix", ["", "-sms"])
def test_alarms_and_events_may_publish(aws: Aws, stack: str, place: str, topic: str, suffix: str) -> None:
    """MON-8: encrypted with a key that CloudWatch and EventBridge may use; no rule publishes to the one for SMS."""
    attributes = aws("sns").get_topic_attributes(TopicArn=f"{topic}{suffix}")["Attributes"]
    kms, alias = aws("kms"), attributes["KmsMasterKeyId"]
    assert alias == f"alias/{stack}-notifications"
    key = kms.describe_key(KeyId=alias)["KeyMetadata"]
    assert (key["KeyManager"], key["KeyState"]) == ("CUSTOMER", "Enabled")
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is True
    alarms = {"cloudwatch.amazonaws.com": {"StringEquals": {"aws:SourceAccount": place.split(":")[1]}}}
    both = {**alarms, "events.amazonaws.com": None}
    key_policy = kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]
    for document, expected in ((attributes["Policy"], alarms if suffix else both), (key_policy, both)):
        allowed = {
            statement["Principal"]["Service"]: statement.get("Condition")
            for statement in json.loads(document)["Statement"]
            if statement["Effect"] == "Allow" and "Service" in statement["Principal"]
        }
        assert allowed == expected
    refused = [item for item in json.loads(attributes["Policy"])["Statement"] if item["Effect"] == "Deny"]
    assert [item["Condition"] for item in refused] == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_the_function_that_posts_to_slack(aws: Aws, stack: str, topic: str, function: Described, queue: str) -> None:
    """MON-8: called by this topic only; what it fails on is kept."""
    assert (function["State"], function["LastUpdateStatus"]) == ("Active", "Successful")
    assert (function["Runtime"], function["Handler"]) == ("python3.13", "slack_function.handler")
    assert function["DeadLetterConfig"] == {"TargetArn": queue}
    assert function["Environment"]["Variables"] == {
        "SECRET_ID": f"{stack}/slack-webhook",
        "LOG_GROUP": f"/aws/ecs/{stack}-backend",
        "TIME_ZONE": "Asia/Seoul",
        "STACK": stack,
    }
    document = json.loads(aws("lambda").get_policy(FunctionName=function["FunctionName"])["Policy"])
    (statement,) = document["Statement"]
    assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
    assert statement["Condition"] == {"ArnLike": {"AWS:SourceArn": topic}}
    (group,) = aws("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{stack}-slack")["logGroups"]
    assert group["retentionInDays"] == 14


def test_the_webhook_is_for_a_person_to_fill(aws: Aws, stack: str) -> None:
    """MON-8: the stack makes the secret without a value, and never one that looks like an address."""
    assert "VersionIdsToStages" not in aws("secretsmanager").describe_secret(SecretId=f"{stack}/slack-webhook")


def test_the_role_may_do_nothing_more(aws: Aws, stack: str, function: Described, queue: str) -> None:
    """MON-8: write its log, read one secret, fill one queue."""
    iam, name = aws("iam"), f"{stack}-slack"
    role = iam.get_role(RoleName=name)["Role"]
    assert function["Role"] == role["Arn"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    statements = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]["Statement"]
    resources = {statement["Sid"]: statement["Resource"] for statement in statements}
    assert sorted(resources) == ["KeepFailedEvents", "ReadSecret", "WriteLogs"]
    assert resources["KeepFailedEvents"] == queue
    assert resources["ReadSecret"].endswith(f":secret:{stack}/slack-webhook-??????")
    assert resources["WriteLogs"].endswith(f":log-group:/aws/lambda/{stack}-slack:log-stream:*")


def test_the_dead_letter_queue(aws: Aws, stack: str, topic: str) -> None:
    """MON-8: two weeks, encrypted, open to SNS for what it could not deliver from this topic."""
    sqs = aws("sqs")
    url = sqs.get_queue_url(QueueName=f"{stack}-slack-dead-letters")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["MessageRetentionPeriod"] == str(14 * 24 * 3600)
    assert attributes["SqsManagedSseEnabled"] == "true"
    refused, statement = json.loads(attributes["Policy"])["Statement"]
    assert (refused["Effect"], refused["Action"]) == ("Deny", "sqs:*")
    assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": [topic, f"{topic}-sms"]}}


def test_no_address_in_a_tag(aws: Aws, stack: str) -> None:
    """MON-8: addresses stand in the subscriptions, numbers in a function's environment, and nowhere else."""
    found = aws("resourcegroupstaggingapi").get_resources(TagFilters=[{"Key": "triflow:stack", "Values": [stack]}])
    tags = json.dumps([item["Tags"] for item in found["ResourceTagMappingList"]])
    assert "@" not in tags
    assert "8210" not in tags
