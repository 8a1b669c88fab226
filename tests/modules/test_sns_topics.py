"""sns_topics (MON-8)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags, tags

MODULE = "sns_topics"
COMPONENT = "topic-alarms"
FUNCTION = "arn:aws:lambda:ap-northeast-2:123456789012:function:x"
QUEUE = "arn:aws:sqs:ap-northeast-2:123456789012:x"
OTHER_QUEUE = f"{QUEUE}-other"
MAIL = {"protocol": "email", "endpoint": "one@example.com"}
OTHER_MAIL = {"protocol": "email", "endpoint": "two@example.com"}
NUMBER = "+821000000000"
CALL: dict[str, Any] = {"protocol": "lambda", "endpoint": FUNCTION, "dead_letter_arn": QUEUE}


def policy(name: str, service: str) -> dict[str, Any]:
    arn = f"arn:aws:sns:ap-northeast-2:123456789012:{name}"
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "SNS:Publish", "Resource": arn}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.fixture
def sns(lab: Lab) -> Any:
    return lab.aws("sns")


@pytest.fixture
def topic(stack: str) -> dict[str, Any]:
    return {
        "component": COMPONENT,
        "name": f"{stack}-alarms",
        "kms_key_id": f"alias/{stack}",
        "policy": policy(f"{stack}-alarms", "cloudwatch.amazonaws.com"),
        "subscriptions": [MAIL, CALL],
    }


def arn_of(name: str) -> str:
    return f"arn:aws:sns:ap-northeast-2:123456789012:{name}"


def subscriptions(sns: Any, name: str) -> dict[tuple[str, str], str]:
    listed = sns.list_subscriptions_by_topic(TopicArn=arn_of(name))["Subscriptions"]
    return {(item["Protocol"], item["Endpoint"]): item["SubscriptionArn"] for item in listed}


def redrive(sns: Any, name: str) -> str | None:
    arn = subscriptions(sns, name)["lambda", FUNCTION]
    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    found: str | None = json.loads(attributes.get("RedrivePolicy") or "{}").get("deadLetterTargetArn")
    return found


def test_grammar(lab: Lab, sns: Any, stack: str, topic: dict[str, Any], run_module: RunModule) -> None:
    def read() -> Any:
        try:
            attributes = sns.get_topic_attributes(TopicArn=arn_of(topic["name"]))["Attributes"]
        except sns.exceptions.NotFoundException:
            return None
        assert tags(sns.list_tags_for_resource(ResourceArn=arn_of(topic["name"]))) == expected_tags(stack, COMPONENT)
        return (
            attributes["KmsMasterKeyId"],
            json.loads(attributes["Policy"])["Statement"][0]["Principal"]["Service"],
            sorted(protocol for protocol, _unused in subscriptions(sns, topic["name"])),
            redrive(sns, topic["name"]),
        )

    def topics(**change: Any) -> dict[str, Any]:
        return {"topics": [{**topic, **change}]}

    walk(
        Case(
            module=MODULE,
            options=topics(),
            update=topics(
                kms_key_id="alias/other",
                policy=policy(topic["name"], "events.amazonaws.com"),
                subscriptions=[MAIL, OTHER_MAIL, {**CALL, "dead_letter_arn": OTHER_QUEUE}],
            ),
            read=read,
            created=(f"alias/{stack}", "cloudwatch.amazonaws.com", ["email", "lambda"], QUEUE),
            updated=("alias/other", "events.amazonaws.com", ["email", "email", "lambda"], OTHER_QUEUE),
            deleted=None,
            creates=[COMPONENT],
            named=[COMPONENT],
            updates={COMPONENT: ["kms_key_id", "policy", "subscriptions", "dead_letter_arns"]},
            deletes=[COMPONENT],
            refused=[
                ({"topics": None}, "missing required arguments: topics"),
                (topics(subscriptions=[{"protocol": "sms", "endpoint": NUMBER}]), "value of protocol must be one of"),
                (topics(subscriptions=[{**MAIL, "dead_letter_arn": QUEUE}]), "goes with the protocol lambda only"),
            ],
        ),
        lab,
        run_module,
    )


def test_a_pending_address_is_reported_and_not_asked_again(
    lab: Lab, sns: Any, topic: dict[str, Any], run_module: RunModule
) -> None:
    assert run_module(MODULE, check=True, topics=[topic])["pending"] == {COMPONENT: 1}
    assert run_module(MODULE, topics=[topic])["pending"] == {COMPONENT: 1}
    before = len(lab.calls())
    again = run_module(MODULE, topics=[topic])
    assert (again["changed"], again["pending"]) == (False, {COMPONENT: 1})
    assert not [call for call in lab.calls()[before:] if call["operation"] == "Subscribe"]
    with_another = {**topic, "subscriptions": [*topic["subscriptions"], {**CALL, "endpoint": f"{FUNCTION}-2"}]}
    assert run_module(MODULE, topics=[with_another])["pending"] == {COMPONENT: 1}
    assert len([call for call in lab.calls()[before:] if call["operation"] == "Subscribe"]) == 1
    run_module(MODULE, topics=[topic])
    sns.confirm_subscription(TopicArn=arn_of(topic["name"]), Token=MAIL["endpoint"])
    confirmed = run_module(MODULE, topics=[topic])
    assert (confirmed["changed"], confirmed["pending"]) == (False, {})


def test_another_address_is_seen_although_the_number_is_the_same(
    sns: Any, topic: dict[str, Any], run_module: RunModule
) -> None:
    run_module(MODULE, topics=[topic])
    sns.confirm_subscription(TopicArn=arn_of(topic["name"]), Token=MAIL["endpoint"])
    changed = {**topic, "subscriptions": [OTHER_MAIL, CALL]}
    result = run_module(MODULE, topics=[changed])
    (diff,) = result["diff"]
    assert diff["before"] == {"subscriptions": {"email": 0, "lambda": 1, "others": 1}}
    assert diff["after"] == {"subscriptions": {"email": 1, "lambda": 1, "others": 0}}
    living = {key for key, arn in subscriptions(sns, topic["name"]).items() if arn != "Deleted"}
    assert living == {("email", "two@example.com"), ("lambda", FUNCTION)}
    assert run_module(MODULE, topics=[changed])["changed"] is False


def test_a_subscription_made_by_hand_goes_unless_it_only_pends(
    sns: Any, topic: dict[str, Any], run_module: RunModule
) -> None:
    run_module(MODULE, topics=[topic])
    arn = arn_of(topic["name"])
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="two@example.com")
    assert run_module(MODULE, topics=[topic])["changed"] is False
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=QUEUE)
    assert run_module(MODULE, topics=[topic])["changes"][0]["fields"] == ["subscriptions"]
    assert ("sqs", QUEUE) not in subscriptions(sns, topic["name"])


def test_an_sms_subscription_of_an_earlier_version_goes(lab: Lab, topic: dict[str, Any], run_module: RunModule) -> None:
    """MON-8: a function sends SMS. In the lab SNS has them in Tokyo, not in Seoul."""
    tokyo = lab.aws("sns", region_name="ap-northeast-1")
    wanted = {**topic, "policy": None, "subscriptions": []}
    arn = run_module(MODULE, topics=[wanted], region="ap-northeast-1")["resources"][COMPONENT]["id"]
    tokyo.subscribe(TopicArn=arn, Protocol="sms", Endpoint=NUMBER)
    plan = run_module(MODULE, topics=[wanted], region="ap-northeast-1", check=True)
    assert plan["diff"][0]["before"] == {"subscriptions": {"others": 1}}
    assert NUMBER not in json.dumps(plan)
    run_module(MODULE, topics=[wanted], region="ap-northeast-1")
    assert tokyo.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"] == []


@pytest.fixture
def unsubscribed(sns: Any, topic: dict[str, Any], run_module: RunModule) -> dict[str, Any]:
    """The topic, of whose address the person has clicked "unsubscribe"."""
    run_module(MODULE, topics=[topic])
    arn = sns.confirm_subscription(TopicArn=arn_of(topic["name"]), Token=MAIL["endpoint"])["SubscriptionArn"]
    sns.unsubscribe(SubscriptionArn=arn)
    assert subscriptions(sns, topic["name"])["email", MAIL["endpoint"]] == "Deleted"
    return topic


def test_an_address_that_has_unsubscribed_can_be_removed_from_the_variables(
    lab: Lab, unsubscribed: dict[str, Any], run_module: RunModule
) -> None:
    before = len(lab.calls())
    without = {**unsubscribed, "subscriptions": [CALL]}
    for check in (True, False):
        result = run_module(MODULE, check=check, topics=[without])
        assert (result["changed"], result["pending"], result["unsubscribed"]) == (False, {}, {})
    assert not any(call["write"] for call in lab.calls()[before:])


def test_an_address_that_has_unsubscribed_gets_no_second_mail_and_is_reported(
    lab: Lab, sns: Any, unsubscribed: dict[str, Any], run_module: RunModule
) -> None:
    before = len(lab.calls())
    result = run_module(MODULE, topics=[unsubscribed])
    assert (result["changed"], result["pending"], result["unsubscribed"]) == (False, {}, {COMPONENT: 1})
    assert not any(call["write"] for call in lab.calls()[before:])
    assert MAIL["endpoint"] not in str(result)
    # Subscribed once more by hand, it is listed twice: the living one counts.
    sns.subscribe(TopicArn=arn_of(unsubscribed["name"]), Protocol="email", Endpoint=MAIL["endpoint"])
    again = run_module(MODULE, topics=[unsubscribed])
    assert (again["changed"], again["pending"], again["unsubscribed"]) == (False, {COMPONENT: 1}, {})


def test_an_address_that_a_run_has_removed_stays_removed(
    sns: Any, topic: dict[str, Any], run_module: RunModule
) -> None:
    """SNS lists it as deleted for a while: the next run leaves it at that."""
    run_module(MODULE, topics=[topic])
    sns.confirm_subscription(TopicArn=arn_of(topic["name"]), Token=MAIL["endpoint"])
    without = {**topic, "subscriptions": [CALL]}
    assert run_module(MODULE, topics=[without])["changes"][0]["fields"] == ["subscriptions"]
    assert run_module(MODULE, topics=[without])["changed"] is False


def test_the_queue_of_a_function_can_be_taken_away(sns: Any, topic: dict[str, Any], run_module: RunModule) -> None:
    run_module(MODULE, topics=[topic])
    without = {**topic, "subscriptions": [MAIL, {"protocol": "lambda", "endpoint": FUNCTION}]}
    assert run_module(MODULE, topics=[without])["changes"][0]["fields"] == ["dead_letter_arns"]
    assert redrive(sns, topic["name"]) is None
    assert run_module(MODULE, topics=[without])["changed"] is False


def test_addresses_are_nowhere(topic: dict[str, Any], run_module: RunModule) -> None:
    given = [{**topic, "subscriptions": [MAIL, CALL]}]
    for result in (run_module(MODULE, check=True, topics=given), run_module(MODULE, topics=given)):
        assert "example.com" not in json.dumps(result)
        assert result["diff"][0]["after"]["subscriptions"] == {"email": 1, "lambda": 1, "others": 0}


def test_an_address_that_sns_refuses_is_not_shown_either(topic: dict[str, Any], run_module: RunModule) -> None:
    result = run_module(MODULE, topics=[{**topic, "subscriptions": [{"protocol": "email", "endpoint": "nobody"}]}])
    assert "Invalid parameter: email endpoint" in result["msg"]
    assert "nobody" not in json.dumps(result)


def test_two_topics_in_one_run(topic: dict[str, Any], stack: str, run_module: RunModule) -> None:
    second = {
        "component": "topic-sms",
        "name": f"{stack}-alarms-sms",
        "subscriptions": [{**CALL, "endpoint": f"{FUNCTION}-2"}],
    }
    result = run_module(MODULE, topics=[topic, second])
    assert result["resources"]["topic-sms"]["id"] == arn_of(f"{stack}-alarms-sms")
    assert run_module(MODULE, topics=[second, topic])["changed"] is False


def test_a_topic_of_somebody_else_is_not_deleted(sns: Any, topic: dict[str, Any], run_module: RunModule) -> None:
    sns.create_topic(Name=topic["name"])
    assert run_module(MODULE, topics=[topic], state="absent")["changed"] is False
    assert sns.get_topic_attributes(TopicArn=arn_of(topic["name"]))
