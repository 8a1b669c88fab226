"""SNS in the lab: topics and subscriptions that AWS refuses."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.conftest import Lab
from tests.lab.conftest import refused


@pytest.fixture
def sns(lab: Lab) -> Any:
    return lab.aws("sns")


@pytest.fixture
def name() -> str:
    return f"test-{uuid.uuid4().hex[:8]}"


TAGS = [{"Key": "triflow:stack", "Value": "one"}]


@pytest.mark.parametrize(
    "options",
    [
        {"Tags": [{"Key": "triflow:stack", "Value": "two"}]},
        {"Tags": [{"Key": "more", "Value": "1"}, *TAGS]},
        {"Attributes": {"DisplayName": "Another"}},
    ],
)
def test_a_topic_that_is_there_with_other_tags_or_attributes(sns: Any, name: str, options: dict[str, Any]) -> None:
    """CreateTopic: it gives the ARN of a topic that exists, unless its tags or attributes are others."""
    sns.create_topic(Name=name, Tags=TAGS, Attributes={"DisplayName": "One"})
    with refused("InvalidParameter", "already exists with different"):
        sns.create_topic(Name=name, **options)


def test_a_topic_that_is_there(sns: Any, name: str) -> None:
    arn = sns.create_topic(Name=name, Tags=TAGS, Attributes={"DisplayName": "One"})["TopicArn"]
    assert sns.create_topic(Name=name)["TopicArn"] == arn
    assert sns.create_topic(Name=name, Tags=TAGS, Attributes={"DisplayName": "One"})["TopicArn"] == arn


@pytest.mark.parametrize(
    ("protocol", "endpoint"),
    [
        ("pigeon", "loft"),
        ("", "loft"),
        ("email", "nobody"),
        ("lambda", "no-arn"),
        ("https", "http://example.com/"),
    ],
)
def test_a_subscription_that_sns_does_not_take(sns: Any, name: str, protocol: str, endpoint: str) -> None:
    """Subscribe, Protocol and Endpoint."""
    arn = sns.create_topic(Name=name)["TopicArn"]
    with refused("InvalidParameter"):
        sns.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint)


@pytest.mark.parametrize("policy", ["no JSON", "[]", '{"Version": "2012-10-17"}'])
def test_a_policy_that_is_none(sns: Any, name: str, policy: str) -> None:
    """SetTopicAttributes, CreateTopic: InvalidParameter."""
    arn = sns.create_topic(Name=name)["TopicArn"]
    with refused("InvalidParameter", "Policy"):
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    with refused("InvalidParameter", "Policy"):
        sns.create_topic(Name=f"{name}-2", Attributes={"Policy": policy})
    assert f"{arn}-2" not in [topic["TopicArn"] for topic in sns.list_topics()["Topics"]]


def test_sns_sends_no_sms_from_seoul(lab: Lab, sns: Any, name: str) -> None:
    """Amazon SNS developer guide, "Supported Regions and countries": Seoul is not in the list, Tokyo is."""
    arn = sns.create_topic(Name=name)["TopicArn"]
    with refused("InvalidParameter"):
        sns.subscribe(TopicArn=arn, Protocol="sms", Endpoint="+821000000000")
    with refused("InvalidParameter"):
        sns.publish(PhoneNumber="+821000000000", Message="hello")
    assert lab.aws("sns", region_name="ap-northeast-1").publish(PhoneNumber="+821000000000", Message="hello")
