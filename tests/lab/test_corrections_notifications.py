"""SNS, CloudWatch alarms and EventBridge in the lab: what is published, to whom, and what stands in the way."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from tests.conftest import Lab
from tests.lab.conftest import refused
from tests.lab.function import LabFunction

ACCOUNT = "123456789012"
PRINTS = "import json\ndef handler(event, context):\n    print(json.dumps(event))\n"
ALARM: dict[str, Any] = {
    "AlarmDescription": "critical: ALM-1 the database works too hard",
    "Namespace": "AWS/RDS",
    "MetricName": "CPUUtilization",
    "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": "triflow-db"}],
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 5,
    "Threshold": 80.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


class Topic:
    """A topic of the test's own, and a queue that is subscribed to it."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.name = f"test-{uuid.uuid4().hex[:8]}"
        self.sns: Any = lab.aws("sns")
        self.sqs: Any = lab.aws("sqs")
        self.arn = self.sns.create_topic(Name=self.name)["TopicArn"]
        self.queue_url = self.sqs.create_queue(QueueName=self.name)["QueueUrl"]
        self.queue = f"arn:aws:sqs:ap-northeast-2:{ACCOUNT}:{self.name}"

    def listen(self) -> None:
        self.sns.subscribe(TopicArn=self.arn, Protocol="sqs", Endpoint=self.queue)

    def received(self) -> list[dict[str, Any]]:
        """The notifications that came to the queue."""
        answer = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    def subscriptions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.sns.list_subscriptions_by_topic(TopicArn=self.arn)["Subscriptions"]
        return found

    def encrypt(self, statements: list[dict[str, Any]]) -> None:
        kms = self.lab.aws("kms")
        owner = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"}
        policy = {"Version": "2012-10-17", "Statement": [{**item, "Resource": "*"} for item in [owner, *statements]]}
        key = kms.create_key(Policy=json.dumps(policy))["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=f"alias/{self.name}", TargetKeyId=key)
        self.set("KmsMasterKeyId", f"alias/{self.name}")

    def set(self, name: str, value: str) -> None:
        self.sns.set_topic_attributes(TopicArn=self.arn, AttributeName=name, AttributeValue=value)

    def let_publish(self, service: str, **condition: Any) -> None:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "SNS:Publish",
            "Resource": self.arn,
            **({"Condition": condition} if condition else {}),
        }
        self.set("Policy", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def key_statement(service: str, *actions: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions)}


@pytest.fixture
def topic(lab: Lab) -> Topic:
    return Topic(lab)


@pytest.fixture
def function(lab: Lab) -> LabFunction:
    return LabFunction(lab)


def subscribe(topic: Topic, function: LabFunction, allowed: bool = True) -> None:
    arn = function.create(PRINTS)["FunctionArn"]
    if allowed:
        function.client.add_permission(
            FunctionName=function.name,
            StatementId="topic",
            Action="lambda:InvokeFunction",
            Principal="sns.amazonaws.com",
            SourceArn=topic.arn,
        )
    redrive = json.dumps({"deadLetterTargetArn": topic.queue})
    topic.sns.subscribe(TopicArn=topic.arn, Protocol="lambda", Endpoint=arn, Attributes={"RedrivePolicy": redrive})


def test_an_address_is_pending_until_it_is_confirmed(topic: Topic) -> None:
    """Subscribe, ConfirmSubscription."""
    answer = topic.sns.subscribe(TopicArn=topic.arn, Protocol="email", Endpoint="a@example.com")
    assert answer["SubscriptionArn"] == "pending confirmation"
    assert [item["SubscriptionArn"] for item in topic.subscriptions()] == ["PendingConfirmation"]
    topic.sns.subscribe(TopicArn=topic.arn, Protocol="email", Endpoint="a@example.com")
    assert len(topic.subscriptions()) == 1
    with refused("InvalidParameter"):
        topic.sns.confirm_subscription(TopicArn=topic.arn, Token="b@example.com")
    confirmed = topic.sns.confirm_subscription(TopicArn=topic.arn, Token="a@example.com")["SubscriptionArn"]
    assert [item["SubscriptionArn"] for item in topic.subscriptions()] == [confirmed]
    attributes = topic.sns.get_subscription_attributes(SubscriptionArn=confirmed)["Attributes"]
    assert attributes["PendingConfirmation"] == "false"


def test_an_address_that_has_unsubscribed_is_listed_as_deleted(topic: Topic) -> None:
    """github.com/ansible/ansible/pull/20086."""
    topic.sns.subscribe(TopicArn=topic.arn, Protocol="email", Endpoint="a@example.com")
    confirmed = topic.sns.confirm_subscription(TopicArn=topic.arn, Token="a@example.com")["SubscriptionArn"]
    topic.sns.unsubscribe(SubscriptionArn=confirmed)
    assert [item["SubscriptionArn"] for item in topic.subscriptions()] == ["Deleted"]
    for word in ("Deleted", "PendingConfirmation"):
        with refused("InvalidParameter", "An ARN must have at least 6 elements, not 1"):
            topic.sns.unsubscribe(SubscriptionArn=word)
        with refused("InvalidParameter", "An ARN must have at least 6 elements, not 1"):
            topic.sns.get_subscription_attributes(SubscriptionArn=word)
    topic.sns.subscribe(TopicArn=topic.arn, Protocol="email", Endpoint="a@example.com")
    assert [item["SubscriptionArn"] for item in topic.subscriptions()] == ["PendingConfirmation", "Deleted"]


def test_other_subscriptions_need_no_confirmation(topic: Topic) -> None:
    topic.listen()
    assert topic.subscriptions()[0]["SubscriptionArn"].startswith(topic.arn)


def test_the_function_gets_the_documented_event(topic: Topic, function: LabFunction) -> None:
    """Lambda developer guide, "Invoking Lambda functions with Amazon SNS notifications"."""
    subscribe(topic, function)
    topic.sns.publish(TopicArn=topic.arn, Message="안녕", Subject="greeting")
    (line,) = function.wait_for_lines(1)
    (record,) = json.loads(line)["Records"]
    assert (record["EventSource"], record["EventVersion"]) == ("aws:sns", "1.0")
    assert record["EventSubscriptionArn"] == topic.subscriptions()[0]["SubscriptionArn"]
    sent = record["Sns"]
    assert (sent["Type"], sent["TopicArn"], sent["Subject"], sent["Message"]) == (
        "Notification",
        topic.arn,
        "greeting",
        "안녕",
    )


def test_a_function_that_does_not_allow_it_is_not_called(topic: Topic, function: LabFunction) -> None:
    """SNS developer guide, "Dead-letter queues": what cannot be delivered goes there at once, if the queue lets SNS."""
    subscribe(topic, function, allowed=False)
    topic.sns.publish(TopicArn=topic.arn, Message="lost")
    assert topic.received() == []
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": topic.queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic.arn}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    topic.sqs.set_queue_attributes(QueueUrl=topic.queue_url, Attributes={"Policy": policy})
    topic.sns.publish(TopicArn=topic.arn, Message="kept")
    assert [item["Message"] for item in topic.received()] == ["kept"]
    assert function.lines() == []


def alarm(lab: Lab, topic: Topic, **options: Any) -> Any:
    cloudwatch = lab.aws("cloudwatch")
    actions = {"AlarmActions": [topic.arn], "OKActions": [topic.arn]}
    cloudwatch.put_metric_alarm(AlarmName=topic.name, **{**ALARM, **actions, **options})
    return cloudwatch


def test_a_change_of_state_is_published(lab: Lab, topic: Topic) -> None:
    """CloudWatch user guide, the example of an SNS message."""
    topic.listen()
    cloudwatch = alarm(lab, topic)
    for state in ("ALARM", "ALARM", "OK", "INSUFFICIENT_DATA"):
        cloudwatch.set_alarm_state(AlarmName=topic.name, StateValue=state, StateReason=f"now {state}")
    first, second = topic.received()
    assert first["Subject"] == f'ALARM: "{topic.name}" in Asia Pacific (Seoul)'
    content = json.loads(first["Message"])
    trigger = content.pop("Trigger")
    assert trigger == {
        "MetricName": "CPUUtilization",
        "Namespace": "AWS/RDS",
        "StatisticType": "Statistic",
        "Statistic": "AVERAGE",
        "Unit": None,
        "Dimensions": [{"value": "triflow-db", "name": "DBInstanceIdentifier"}],
        "Period": 60,
        "EvaluationPeriods": 5,
        "DatapointsToAlarm": 5,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 80.0,
        "TreatMissingData": "missing",
        "EvaluateLowSampleCountPercentile": "",
    }
    assert content.pop("StateChangeTime").endswith("+0000")
    assert content.pop("AlarmConfigurationUpdatedTimestamp").endswith("+0000")
    assert content == {
        "AlarmName": topic.name,
        "AlarmDescription": ALARM["AlarmDescription"],
        "AWSAccountId": ACCOUNT,
        "NewStateValue": "ALARM",
        "NewStateReason": "now ALARM",
        "Region": "Asia Pacific (Seoul)",
        "AlarmArn": f"arn:aws:cloudwatch:ap-northeast-2:{ACCOUNT}:alarm:{topic.name}",
        "OldStateValue": "INSUFFICIENT_DATA",
        "OKActions": [topic.arn],
        "AlarmActions": [topic.arn],
        "InsufficientDataActions": [],
    }
    content = json.loads(second["Message"])
    assert (content["OldStateValue"], content["NewStateValue"]) == ("ALARM", "OK")


def test_an_alarm_by_metric_math_tells_its_metrics(lab: Lab, topic: Topic) -> None:
    topic.listen()
    cloudwatch = lab.aws("cloudwatch")
    metric = {"Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount"}
    metric |= {"Dimensions": [{"Name": "LoadBalancer", "Value": "app/a/1"}]}  # type: ignore[dict-item]
    cloudwatch.put_metric_alarm(
        AlarmName=topic.name,
        Metrics=[
            {"Id": "share", "Expression": "100 * requests", "Label": "Share", "ReturnData": True},
            {"Id": "requests", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
        ],
        EvaluationPeriods=1,
        Threshold=5.0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[topic.arn],
    )
    cloudwatch.set_alarm_state(AlarmName=topic.name, StateValue="ALARM", StateReason="r")
    (notification,) = topic.received()
    trigger = json.loads(notification["Message"])["Trigger"]
    assert (trigger["TreatMissingData"], trigger["Threshold"]) == ("notBreaching", 5.0)
    share, requests = sorted(trigger["Metrics"], key=lambda query: str(query["Id"]), reverse=True)
    assert (share["Expression"], share["Label"], share["ReturnData"]) == ("100 * requests", "Share", True)
    assert requests["ReturnData"] is False
    assert requests["MetricStat"]["Metric"]["Dimensions"] == [{"value": "app/a/1", "name": "LoadBalancer"}]


def test_disabled_actions_do_nothing(lab: Lab, topic: Topic) -> None:
    topic.listen()
    cloudwatch = alarm(lab, topic, ActionsEnabled=False)
    cloudwatch.set_alarm_state(AlarmName=topic.name, StateValue="ALARM", StateReason="r")
    assert topic.received() == []


@pytest.mark.parametrize(
    ("statements", "count"),
    [
        ([], 0),
        ([key_statement("events.amazonaws.com", "kms:Decrypt", "kms:GenerateDataKey")], 0),
        ([key_statement("cloudwatch.amazonaws.com", "kms:Decrypt")], 0),
        ([key_statement("cloudwatch.amazonaws.com", "kms:Decrypt", "kms:GenerateDataKey*")], 1),
    ],
)
def test_an_encrypted_topic_needs_its_keys_permission(
    lab: Lab, topic: Topic, statements: list[dict[str, Any]], count: int
) -> None:
    """SNS developer guide, "Enable compatibility between event sources from AWS services and encrypted topics"."""
    topic.listen()
    topic.encrypt(statements)
    cloudwatch = alarm(lab, topic)
    cloudwatch.set_alarm_state(AlarmName=topic.name, StateValue="ALARM", StateReason="r")
    assert len(topic.received()) == count


def test_the_aws_managed_key_lets_no_alarm_through(lab: Lab, topic: Topic) -> None:
    topic.listen()
    topic.set("KmsMasterKeyId", "alias/aws/sns")
    cloudwatch = alarm(lab, topic)
    cloudwatch.set_alarm_state(AlarmName=topic.name, StateValue="ALARM", StateReason="r")
    assert topic.received() == []


def test_a_topics_policy_says_who_publishes(lab: Lab, topic: Topic) -> None:
    topic.listen()
    topic.let_publish("cloudwatch.amazonaws.com", StringEquals={"aws:SourceAccount": "999999999999"})
    cloudwatch = alarm(lab, topic)
    cloudwatch.set_alarm_state(AlarmName=topic.name, StateValue="ALARM", StateReason="r")
    assert topic.received() == []
    topic.let_publish("cloudwatch.amazonaws.com", StringEquals={"aws:SourceAccount": ACCOUNT})
    cloudwatch.set_alarm_state(AlarmName=topic.name, StateValue="OK", StateReason="r")
    assert len(topic.received()) == 1


EVENT = {"Source": "aws.ecs", "DetailType": "ECS Task State Change", "Detail": json.dumps({"lastStatus": "STOPPED"})}


def rule(lab: Lab, topic: Topic, **target: Any) -> Any:
    events = lab.aws("events")
    events.put_rule(Name=topic.name, EventPattern=json.dumps({"source": ["aws.ecs"]}))
    events.put_targets(Rule=topic.name, Targets=[{"Id": "topic", "Arn": topic.arn, **target}])
    return events


def test_an_event_comes_to_the_topic_as_it_is(lab: Lab, topic: Topic) -> None:
    """EventBridge user guide, "Event structure"."""
    topic.listen()
    topic.let_publish("events.amazonaws.com")
    events = rule(lab, topic)
    events.put_events(Entries=[EVENT, {**EVENT, "Source": "another"}])
    (notification,) = topic.received()
    assert "Subject" not in notification
    content = json.loads(notification["Message"])
    assert sorted(content) == sorted(
        ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"]
    )
    assert (content["account"], content["detail"]) == (ACCOUNT, {"lastStatus": "STOPPED"})
    assert content["time"].endswith("Z")
    events.disable_rule(Name=topic.name)
    events.put_events(Entries=[EVENT])
    assert topic.received() == []


def test_an_event_needs_the_topics_permission(lab: Lab, topic: Topic) -> None:
    topic.listen()
    rule(lab, topic).put_events(Entries=[EVENT])
    assert topic.received() == []


def test_an_input_transformer_makes_the_message(lab: Lab, topic: Topic) -> None:
    """EventBridge user guide, "Input transformation"."""
    topic.listen()
    topic.let_publish("events.amazonaws.com")
    transformer = {
        "InputPathsMap": {"status": "$.detail.lastStatus"},
        "InputTemplate": '{"status": "<status>"}',
    }
    rule(lab, topic, InputTransformer=transformer).put_events(Entries=[EVENT])
    (notification,) = topic.received()
    assert json.loads(notification["Message"]) == {"status": "STOPPED"}
