"""The function for telephones (MON-8), run as Lambda runs it: SNS envelopes in, and what AWS is asked to send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import notice
import pytest
import sms_function
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_slack import EVENTS, event

NUMBERS = ["+821011112222", "+821033334444"]
CPU = "ALARM critical: triflow-prod-rds-cpu-high: 85.23 % (threshold > 80 %)"


class Context:
    def __init__(self, request_id: str = "1") -> None:
        self.aws_request_id = request_id

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture
def messaging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """End User Messaging SMS, which answers what it is told to, in the order of the numbers."""
    environment = {
        "STACK": "triflow-prod",
        "LOG_GROUP": "/aws/ecs/triflow-prod-backend",
        "SMS_REGION": "ap-northeast-2",
        "TELEPHONES": ",".join(NUMBERS),
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("pinpoint-sms-voice-v2", region_name="ap-northeast-2")

    def make(service: str, region_name: str, config: Any) -> Any:
        assert (service, region_name) == ("pinpoint-sms-voice-v2", "ap-northeast-2")
        assert config.retries["total_max_attempts"] > 1
        return client

    monkeypatch.setattr(boto3, "client", make)
    monkeypatch.setattr(sms_function, "SENT", {})
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def takes(messaging: Stubber, number: str, text: str, text_id: str) -> None:
    request = {"DestinationPhoneNumber": number, "MessageBody": text, "MessageType": "TRANSACTIONAL"}
    messaging.add_response("send_text_message", {"MessageId": text_id}, request)


def refuses(messaging: Stubber, code: str, reason: str) -> None:
    messaging.add_client_error("send_text_message", code, f"not to {NUMBERS[0]}", modeled_fields={"Reason": reason})


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_number_gets_the_alarm_in_one_line(messaging: Stubber, capsys: pytest.CaptureFixture[str]) -> None:
    for number, text_id in zip(NUMBERS, "ab", strict=True):
        takes(messaging, number, CPU, text_id)
    assert sms_function.handler(event("alarm_cpu"), Context()) == {"sent": 1}
    said = lines(capsys)
    assert [(line["event"], line.get("to"), line.get("text_id")) for line in said] == [
        ("text sent", "...2222", "a"),
        ("text sent", "...4444", "b"),
        ("sent", None, None),
    ]
    assert {line["about"] for line in said} == {"triflow-prod-rds-cpu-high"}
    assert all(number not in json.dumps(said) for number in NUMBERS)


def test_a_number_that_fails_keeps_no_other_from_its_text(
    messaging: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lambda tries the event again: whoever has the message gets it no second time."""
    reason = "DESTINATION_PHONE_NUMBER_NOT_VERIFIED"  # in the sandbox
    refuses(messaging, "ConflictException", reason)
    takes(messaging, NUMBERS[1], CPU, "b")
    with pytest.raises(notice.NotDeliveredError, match=rf"\.\.\.2222: ConflictException \({reason}\)"):
        sms_function.handler(event("alarm_cpu"), Context("1"))
    assert [line["event"] for line in lines(capsys)] == ["text sent", "not sent"]
    takes(messaging, NUMBERS[0], CPU, "a")
    assert sms_function.handler(event("alarm_cpu"), Context("1")) == {"sent": 1}
    for number in NUMBERS:
        takes(messaging, number, CPU, "c")
    assert sms_function.handler(event("alarm_cpu"), Context("2")) == {"sent": 1}


def test_no_number_is_in_the_log_or_the_error(messaging: Stubber, capsys: pytest.CaptureFixture[str]) -> None:
    """AWS names the number in its message."""
    for _unused in NUMBERS:
        refuses(messaging, "ServiceQuotaExceededException", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT")
    with pytest.raises(notice.NotDeliveredError) as raised:
        sms_function.handler(event("alarm_cpu"), Context())
    said = capsys.readouterr().out + str(raised.value)
    assert "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT" in said
    assert all(number not in said for number in NUMBERS)


@pytest.mark.parametrize("name", EVENTS)
def test_whatever_comes_is_one_part(messaging: Stubber, name: str) -> None:
    texts = []

    def keep(params: dict[str, Any], **_unused: Any) -> None:
        texts.append(params["MessageBody"])

    messaging.client.meta.events.register("provide-client-params.*.SendTextMessage", keep)
    for _number in NUMBERS:
        messaging.add_response("send_text_message", {"MessageId": "a"})
    sms_function.handler(event(name), Context())
    assert len(texts) == len(NUMBERS)
    assert all(parts(text) == 1 for text in texts)


def parts(text: str) -> int:
    """As AWS counts them: "SMS character limits" of the AWS End User Messaging SMS user guide."""
    if all(character in sms_function.GSM | sms_function.GSM_TWICE for character in text):
        return -(-sum(2 if character in sms_function.GSM_TWICE else 1 for character in text) // 160)
    return -(-len(text.encode("utf-16-le")) // 140)


@given(st.text(min_size=1))
def test_any_text_is_one_part(text: str) -> None:
    short = sms_function.one_part(text)
    assert parts(short) <= 1
    assert "\n" not in short


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("a" * 160, "a" * 160),
        ("a" * 161, "a" * 157 + "..."),
        ("€" * 80, "€" * 80),
        ("€" * 81, "€" * 78 + "..."),
        ("가" * 70, "가" * 70),
        ("가" * 71, "가" * 67 + "..."),
        ("a" * 71 + "`", "a" * 67 + "..."),
        ("two\nlines  and\tmore", "two lines and more"),
    ],
)
def test_what_does_not_fit_is_cut(text: str, short: str) -> None:
    assert sms_function.one_part(text) == short
