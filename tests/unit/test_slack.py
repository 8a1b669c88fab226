"""The Slack function (MON-8), run as Lambda runs it: real SNS envelopes in, and out what a server on loopback gets.

`slack/events` holds the messages as CloudWatch and EventBridge publish them, `slack/golden.json` the Slack messages
that they become. After a change that is meant, write the golden file anew and read the difference:

    GOLDEN=write .venv/bin/python -m pytest tests/unit/test_slack.py -k golden; git diff tests/unit/slack/golden.json
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import threading
import traceback
import zoneinfo
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import message
import notice
import pytest
import slack_function
import webhook
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

SLACK = Path(__file__).parent / "slack"
GOLDEN = SLACK / "golden.json"
EVENTS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((SLACK / "events").glob("*.json"))}
TOPIC_ARN = "arn:aws:sns:ap-northeast-2:123456789012:triflow-alarms-prod"
TOKEN = "T0AAAAAAA/B0BBBBBBB/verySecretPart"
SETTINGS = message.Settings("triflow-prod", "/aws/ecs/triflow-prod-backend", message.time_zone("Asia/Seoul"))


class Slack:
    """Slack's side: answers each request with the next of `answers`, in the end with 200 ok. None hangs up."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, str, dict[str, str]] | None] = []
        self.posted: list[dict[str, Any]] = []
        self.paths: list[str] = []
        slack = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                slack.paths.append(self.path)
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = slack.answers.pop(0) if slack.answers else (200, "ok", {})
                if answer is None:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                status, text, headers = answer
                if status == 200:
                    slack.posted.append(body)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(text)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.begins = f"http://127.0.0.1:{self.server.server_port}/services/"


class Context:
    """Lambda's context. Time passes only when the function sleeps."""

    aws_request_id = "8f5cf5f4-7a3c-4d0a-9d7e-1c2b3a4d5e6f"

    def __init__(self, seconds: float = 60) -> None:
        self.seconds = seconds
        self.pauses: list[float] = []
        self.clock = 1_000_000.0

    def get_remaining_time_in_millis(self) -> int:
        return round(self.seconds * 1000)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds -= seconds


class Vault:
    """The secret, with the number of times it was read."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.reads = 0

    def __call__(self) -> str:
        self.reads += 1
        return self.value


@pytest.fixture
def slack() -> Iterator[Slack]:
    slack = Slack()
    thread = threading.Thread(target=slack.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield slack
    slack.server.shutdown()
    thread.join(10)
    slack.server.server_close()


@pytest.fixture
def context() -> Context:
    return Context()


@pytest.fixture
def vault(slack: Slack, context: Context, monkeypatch: pytest.MonkeyPatch) -> Vault:
    """Environment and webhook of a deployed function; only what must not be reached or waited for is replaced."""
    monkeypatch.setenv("SECRET_ID", "triflow-prod/slack-webhook")
    monkeypatch.setenv("STACK", "triflow-prod")
    monkeypatch.setenv("LOG_GROUP", "/aws/ecs/triflow-prod-backend")
    monkeypatch.delenv("TIME_ZONE", raising=False)
    vault = Vault(slack.begins + TOKEN)
    replaced = webhook.Webhook(vault, slack.begins, context.sleep, lambda: context.clock)
    monkeypatch.setattr(slack_function, "WEBHOOK", replaced)
    return vault


def record(subject: str | None, text: str) -> dict[str, Any]:
    """A record as SNS passes it to Lambda (AWS Lambda Developer Guide, "Invoking Lambda functions with SNS")."""
    return {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": f"{TOPIC_ARN}:21be56ed-a058-49f5-8c98-aedd2564c486",
        "Sns": {
            "Type": "Notification",
            "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
            "TopicArn": TOPIC_ARN,
            "Subject": subject,
            "Message": text,
            "Timestamp": "2025-11-23T18:14:30.200Z",
            "SignatureVersion": "1",
            "Signature": "tcc6faL2yUC6dgZdmrwh1Y4cGa/ebXEkAi6RibDsvpi+tE/1+82j...65r==",
            "SigningCertUrl": "https://sns.ap-northeast-2.amazonaws.com/SimpleNotificationService-ac565b8b1a6c5d.pem",
            "UnsubscribeUrl": f"https://sns.ap-northeast-2.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={TOPIC_ARN}",
            "MessageAttributes": {},
        },
    }


def event(name: str) -> dict[str, Any]:
    content = EVENTS[name]["message"]
    text = content if isinstance(content, str) else json.dumps(content, separators=(",", ":"))
    return {"Records": [record(EVENTS[name]["subject"], text)]}


def texts(payload: dict[str, Any]) -> list[str]:
    """Every text of a message, with the field it is in."""
    found = [payload["text"]]
    for block in payload["blocks"]:
        found += [item["text"] for item in ([block["text"]] if "text" in block else block["fields"])]
    return found


def within_limits(payload: dict[str, Any]) -> None:
    """Slack's limits (Block Kit reference: message, header, section)."""
    assert 1 <= len(payload["blocks"]) <= 50
    assert 1 <= len(payload["text"]) <= 4000
    for block in payload["blocks"]:
        if "text" in block:
            assert 1 <= len(block["text"]["text"]) <= (150 if block["type"] == "header" else 3000)
        for item in block.get("fields", []):
            assert 1 <= len(item["text"]) <= 2000
        assert len(block.get("fields", [])) <= 10


@pytest.mark.usefixtures("vault")
def test_messages_are_those_of_the_golden_file(slack: Slack, context: Context) -> None:
    posted = {}
    for name in EVENTS:
        assert slack_function.handler(event(name), context) == {"posted": 1}
        posted[name] = slack.posted.pop()
    if os.environ.get("GOLDEN") == "write":
        GOLDEN.write_text(json.dumps(posted, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        pytest.skip("golden file written")
    assert posted == json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", EVENTS)
def test_messages_keep_to_the_limits_of_slack_and_mention_nobody(name: str) -> None:
    content = EVENTS[name]["message"]
    text = content if isinstance(content, str) else json.dumps(content)
    with suppress(message.FormError):
        payload = message.slack_message(EVENTS[name]["subject"] or "Message", text, SETTINGS).payload
        within_limits(payload)
        assert not [shown for shown in texts(payload) if "<!" in shown or "<@" in shown]


@given(st.text(min_size=1), st.text(min_size=1), st.integers(1, 4000))
def test_any_text_keeps_to_the_limits(subject: str, text: str, times: int) -> None:
    within_limits(message.plain_message(subject * times, text * times).payload)


@pytest.mark.usefixtures("vault")
def test_long_text_is_cut_visibly_and_no_entity_is_halved(slack: Slack, context: Context) -> None:
    for length in range(5):  # each place within an entity that the cut can fall on
        slack_function.handler({"Records": [record("Long", "a" * length + "&" * 3000)]}, context)
        (_title, text) = slack.posted.pop()["blocks"]
        kept, mark, rest = text["text"]["text"].partition(message.CUT)
        assert mark
        assert not rest
        assert kept.strip("a").replace("&amp;", "") == ""


@pytest.mark.usefixtures("vault")
def test_links_that_do_not_fit_are_left_out_whole(slack: Slack, context: Context) -> None:
    crowded = json.loads(json.dumps(EVENTS["task_crash"]["message"]))
    crowded["detail"]["containers"] = [{"name": f"container-{number:0200}", "exitCode": 0} for number in range(10)]
    slack_function.handler({"Records": [record(None, json.dumps(crowded))]}, context)
    (payload,) = slack.posted
    within_limits(payload)
    line = payload["blocks"][-1]["text"]["text"]
    assert line.endswith(message.CUT)
    assert all(link[0] == "<" and link[-1] == ">" for link in line.removesuffix(message.CUT).split(" | "))


@pytest.mark.usefixtures("vault")
def test_long_field_is_cut_to_the_limit_with_its_name(slack: Slack, context: Context) -> None:
    crowded = json.loads(json.dumps(EVENTS["task_crash"]["message"]))
    crowded["detail"]["group"] = "service:" + "s" * 3000
    slack_function.handler({"Records": [record(None, json.dumps(crowded))]}, context)
    within_limits(slack.posted[0])
    (field,) = [text for text in texts(slack.posted[0]) if text.startswith("*Service*")]
    assert len(field) == 2000
    assert field.endswith(message.CUT)


@pytest.mark.parametrize("length", [1, 149, 150, 151])
def test_limit_itself_is_not_cut(length: int) -> None:
    header = message.plain_message("s" * length, "text").payload["blocks"][0]["text"]["text"]
    assert (header == "s" * length) == (length <= 150)
    assert len(header) <= 150


@pytest.mark.usefixtures("vault")
def test_time_is_in_the_zone_of_the_environment(
    slack: Slack, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIME_ZONE", "America/New_York")
    slack_function.handler(event("alarm_cpu"), context)
    assert "*Time*\n2025-11-23 13:14:30 EST" in texts(slack.posted[0])


def test_korean_time_without_the_time_zone_database(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in {"tzdata", *(name for name in sys.modules if name.startswith("tzdata."))}:
        monkeypatch.setitem(sys.modules, name, None)
    zoneinfo.reset_tzpath([])
    zoneinfo.ZoneInfo.clear_cache()
    try:
        noon = datetime(2025, 11, 23, 12, tzinfo=UTC)
        assert noon.astimezone(message.time_zone("Asia/Seoul")).strftime("%H:%M %Z") == "21:00 KST"
        assert noon.astimezone(message.time_zone("Europe/Berlin")).strftime("%H:%M %Z") == "12:00 UTC"
    finally:
        zoneinfo.reset_tzpath()
        zoneinfo.ZoneInfo.clear_cache()


@pytest.mark.parametrize("name", ["", "Asia", "Nowhere/Here", "/etc/localtime", "../etc/passwd", "Asia/Seoul\0"])
def test_zone_that_does_not_exist_is_utc(name: str) -> None:
    assert message.time_zone(name) is UTC


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (85.23333, "Percent", "85.23 %"),
        (80.0, "Percent", "80 %"),
        (0.0, "Bytes", "0 B"),
        (1023.0, "Bytes", "1,023 B"),
        (10737418240.0, "Bytes", "10 GiB"),
        (10_000_000_000.0, "Bytes", "9.31 GiB"),
        (2.0**60, "Bytes", "1,048,576 TiB"),
        (2.4187, "Seconds", "2.42 s"),
        (0.35, "Seconds", "350 ms"),
        (0.0, "Seconds", "0 s"),
        (1.0, "Seconds", "1 s"),
        (1234567.0, "Count", "1,234,567"),
        (0.00012, "None", "0.00012"),
        (-5.5, "None", "-5.5"),
        (3.0, "Count/Second", "3 count/second"),
    ],
)
def test_values_have_a_unit_that_people_read(value: float, unit: str, shown: str) -> None:
    assert message._quantity(value, unit) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 s"), (45, "45 s"), (60, "1 min"), (300, "5 min"), (7770, "2 h 9 min 30 s"), (90061, "1 d 1 h 1 min 1 s")],
)
def test_durations(seconds: int, shown: str) -> None:
    assert message._duration(timedelta(seconds=seconds)) == shown


# --- delivery


@pytest.mark.usefixtures("vault")
def test_rate_limit_is_waited_for_as_long_as_slack_says(slack: Slack, context: Context) -> None:
    slack.answers = [(429, "rate_limited", {"Retry-After": "17"}), (429, "rate_limited", {})]
    assert slack_function.handler(event("alarm_cpu"), context) == {"posted": 1}
    assert context.pauses == [17, webhook.BACKOFF_SECONDS]
    assert len(slack.posted) == 1


@pytest.mark.usefixtures("vault")
def test_rate_limit_longer_than_the_time_left_is_left_to_lambda(slack: Slack, context: Context) -> None:
    slack.answers = [(429, "rate_limited", {"Retry-After": "59"})]
    with pytest.raises(notice.NotDeliveredError, match="HTTP 429 rate_limited and 59 s are too long to wait"):
        slack_function.handler(event("alarm_cpu"), context)
    assert context.pauses == []
    assert len(slack.paths) == 1


@pytest.mark.usefixtures("vault")
def test_errors_of_slack_are_tried_again(slack: Slack, context: Context) -> None:
    slack.answers = [(500, "rollup_error", {}), None, (503, "<html>", {})]
    assert slack_function.handler(event("alarm_cpu"), context) == {"posted": 1}
    assert context.pauses == [0.5, 1, 2]


@pytest.mark.usefixtures("vault")
def test_errors_of_slack_are_tried_a_bounded_number_of_times(slack: Slack, context: Context) -> None:
    slack.answers = [(500, "rollup_error", {})] * 10
    with pytest.raises(notice.NotDeliveredError, match="in none of 4 tries: HTTP 500 rollup_error"):
        slack_function.handler(event("alarm_cpu"), context)
    assert len(slack.paths) == webhook.TRIES
    assert len(context.pauses) == webhook.TRIES - 1


@pytest.mark.usefixtures("vault")
def test_no_answer_in_time_is_tried_again(slack: Slack, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = socket.create_server(("127.0.0.1", 0))  # takes connections, and never answers
    with silent:
        begins = f"http://127.0.0.1:{silent.getsockname()[1]}/services/"
        monkeypatch.setattr(webhook, "REQUEST_SECONDS", 0.05)
        post = webhook.Webhook(lambda: begins + TOKEN, begins, context.sleep)
        monkeypatch.setattr(slack_function, "WEBHOOK", post)
        with pytest.raises(notice.NotDeliveredError, match=r"in none of 4 tries: no answer \(TimeoutError\)"):
            slack_function.handler(event("alarm_cpu"), context)
    assert context.pauses == [0.5, 1, 2]
    assert slack.paths == []


@pytest.mark.usefixtures("vault")
def test_nothing_is_sent_when_the_time_is_over(slack: Slack, context: Context) -> None:
    context.seconds = 0.9
    with pytest.raises(notice.NotDeliveredError, match="the function's time is over"):
        slack_function.handler(event("alarm_cpu"), context)
    assert slack.paths == []


@pytest.mark.parametrize(
    ("status", "word"), [(400, "invalid_payload"), (403, "action_prohibited"), (404, "no_service"), (410, "gone")]
)
def test_refusal_raises_with_the_word_of_slack(
    slack: Slack, context: Context, vault: Vault, status: int, word: str
) -> None:
    slack.answers = [(status, word, {})]
    with pytest.raises(notice.NotDeliveredError, match=f"Slack refused the message: HTTP {status} {word}"):
        slack_function.handler(event("alarm_cpu"), context)
    assert len(slack.paths) == 1
    assert vault.reads == (1 if status == 400 else 2)


@pytest.mark.usefixtures("vault")
def test_redirect_is_not_followed(slack: Slack, context: Context) -> None:
    slack.answers = [(302, "", {"Location": slack.begins + "elsewhere"})]
    with pytest.raises(notice.NotDeliveredError, match="HTTP 302"):
        slack_function.handler(event("alarm_cpu"), context)
    assert slack.paths == [f"/services/{TOKEN}"]


def test_new_webhook_is_taken_when_the_old_one_is_gone(slack: Slack, context: Context, vault: Vault) -> None:
    slack_function.handler(event("alarm_cpu"), context)
    vault.value = slack.begins + "T0AAAAAAA/B0BBBBBBB/new"
    slack.answers = [(404, "no_service", {})]
    slack_function.handler(event("ok_cpu"), context)
    assert [path.rpartition("/")[2] for path in slack.paths] == ["verySecretPart", "verySecretPart", "new"]
    assert len(slack.posted) == 2
    assert context.pauses == []


def test_secret_is_read_again_after_some_minutes(slack: Slack, context: Context, vault: Vault) -> None:
    slack_function.handler(event("alarm_cpu"), context)
    vault.value = slack.begins + "T0AAAAAAA/B0BBBBBBB/new"
    context.clock += webhook.CACHE_SECONDS - 1
    slack_function.handler(event("alarm_cpu"), context)
    assert vault.reads == 1
    context.clock += 1
    slack_function.handler(event("alarm_cpu"), context)
    assert vault.reads == 2
    assert [path.rpartition("/")[2] for path in slack.paths] == ["verySecretPart", "verySecretPart", "new"]


@pytest.mark.usefixtures("vault")
def test_all_records_are_tried_before_one_failure_raises(slack: Slack, context: Context) -> None:
    slack.answers = [(400, "invalid_payload", {})]
    records = [*event("alarm_cpu")["Records"], {}, *event("ok_cpu")["Records"]]
    with pytest.raises(notice.NotDeliveredError, match=r"2 of 3 messages not delivered: .*invalid_payload.*is empty"):
        slack_function.handler({"Records": records}, context)
    assert [payload["text"].split()[0] for payload in slack.posted] == ["OK"]


# --- envelopes


@pytest.mark.parametrize(
    "malformed",
    [
        {"detail": "find me"},
        {"Records": "find me"},
        {"Records": [{"Sns": {"Subject": "find me", "UnsubscribeUrl": "https://sns.example/unsubscribe"}}]},
        {"Records": [{"Sns": {"Subject": "find me", "Message": " "}}]},
        {"Records": [{"Sns": "find me"}]},
        {"Records": ["find me"]},
        ["find me"],
        "find me",
    ],
)
@pytest.mark.usefixtures("vault")
def test_malformed_envelope_is_shown(slack: Slack, context: Context, malformed: object) -> None:
    assert slack_function.handler(malformed, context) == {"posted": 1}
    assert slack.posted[0]["blocks"][0]["text"]["text"] == notice.UNREADABLE
    assert "find me" in slack.posted[0]["blocks"][1]["text"]["text"]
    assert "unsubscribe" not in json.dumps(slack.posted[0])


@pytest.mark.parametrize("empty", [None, {}, [], "", {"Records": [{}]}, {"Records": [None]}])
@pytest.mark.usefixtures("vault")
def test_envelope_with_nothing_to_show_raises(slack: Slack, context: Context, empty: object) -> None:
    with pytest.raises(notice.NotDeliveredError, match="The event is empty"):
        slack_function.handler(empty, context)
    assert slack.paths == []


@pytest.mark.parametrize("removed", ["AlarmArn", "OldStateValue", "NewStateReason", "StateChangeTime"])
@pytest.mark.usefixtures("vault")
def test_alarm_of_another_form_is_shown_as_text(slack: Slack, context: Context, removed: str) -> None:
    alarm = dict(EVENTS["alarm_cpu"]["message"])
    del alarm[removed]
    slack_function.handler({"Records": [record("ALARM", json.dumps(alarm))]}, context)
    assert "triflow-prod-rds-cpu-high" in slack.posted[0]["blocks"][1]["text"]["text"]


# --- the secret


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("", "The secret triflow-prod/slack-webhook has no value yet: put the address of the Slack webhook into it"),
        (" \n", "The secret triflow-prod/slack-webhook has no value yet"),
        ("http://hooks.slack.com/services/" + TOKEN, "does not hold the address of a Slack webhook"),
        ("https://hooks.slack.com@127.0.0.1/services/" + TOKEN, "does not hold the address of a Slack webhook"),
        ("https://hooks.slack.com.example/services/" + TOKEN, "does not hold the address of a Slack webhook"),
        ("https://hooks.slack.community/services/" + TOKEN, "does not hold the address of a Slack webhook"),
        ("https://hooks.slack.com/services/ " + TOKEN, "does not hold the address of a Slack webhook"),
        ("http://127.0.0.1:8080/services/" + TOKEN, "does not hold the address of a Slack webhook"),
        ("file:///etc/passwd", "does not hold the address of a Slack webhook"),
        ('{"url": "https://hooks.slack.com/services/' + TOKEN + '"}', "does not hold the address of a Slack webhook"),
    ],
)
@pytest.mark.usefixtures("vault")
def test_secret_without_a_webhook_says_what_to_do(
    context: Context, monkeypatch: pytest.MonkeyPatch, value: str, sentence: str
) -> None:
    monkeypatch.setattr(webhook, "_send", lambda *_arguments: pytest.fail("something was sent"))
    monkeypatch.setattr(slack_function, "WEBHOOK", webhook.Webhook(lambda: value, sleep=context.sleep))
    with pytest.raises(notice.NotDeliveredError, match=sentence) as raised:
        slack_function.handler(event("alarm_cpu"), context)
    assert TOKEN not in str(raised.value)


@pytest.mark.usefixtures("vault")
def test_address_at_slack_is_accepted(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def send(url: str, _body: bytes, _timeout: float) -> webhook.Answer:
        asked.append(url)
        return webhook.Answer(200, "ok")

    monkeypatch.setattr(webhook, "_send", send)
    address = f"https://hooks.slack.com/services/{TOKEN}"
    monkeypatch.setattr(slack_function, "WEBHOOK", webhook.Webhook(lambda: address + "\n"))
    assert slack_function.handler(event("alarm_cpu"), context) == {"posted": 1}
    assert asked == [address]


def test_secret_is_read_from_secrets_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_ID", "triflow-prod/slack-webhook")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-northeast-2")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("secretsmanager")
        assert webhook.read_secret() == ""
        client.create_secret(Name="triflow-prod/slack-webhook")
        assert webhook.read_secret() == ""
        client.put_secret_value(SecretId="triflow-prod/slack-webhook", SecretString="https://hooks.slack.com/x")
        assert webhook.read_secret() == "https://hooks.slack.com/x"


# --- what is logged


def everything_said(error: BaseException) -> str:
    """An exception with all that hangs on it: causes, contexts, their attributes."""
    said = "".join(traceback.format_exception(error))
    for part in (error.__cause__, error.__context__):
        if part is not None:
            said += everything_said(part)
    return said + repr(error.args) + repr(vars(error))


@pytest.mark.parametrize(
    "answers",
    [
        [(200, "ok", {})],
        [(400, "invalid_payload", {})],
        [(404, f"no_service {TOKEN}", {})],
        [(500, TOKEN, {})] * 4,
        [None] * 4,
        [(429, "x", {"Retry-After": "3600"})],
        [(301, "", {"Location": f"https://hooks.slack.com/services/{TOKEN}"})],
    ],
)
@pytest.mark.usefixtures("vault")
def test_webhook_is_in_no_log_exception_or_return_value(
    slack: Slack,
    context: Context,
    answers: list[tuple[int, str, dict[str, str]] | None],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    slack.answers = answers
    said = ""
    try:
        said += repr(slack_function.handler(event("alarm_cpu"), context))
    except notice.NotDeliveredError as error:
        said += everything_said(error)
    captured = capfd.readouterr()
    said += captured.out + captured.err + caplog.text + repr(slack_function.WEBHOOK)
    assert slack.paths[0] == f"/services/{TOKEN}"
    assert "verySecretPart" not in said
    assert "T0AAAAAAA" not in said


@pytest.mark.usefixtures("vault")
def test_log_lines_are_json_without_the_text_of_a_message(
    slack: Slack, context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    slack_function.handler(event("alarm_cpu"), context)
    slack_function.handler({"Records": [record("Call Kim", "Kim: 010-1234-5678")]}, context)
    slack.answers = [(400, "invalid_payload", {})]
    with pytest.raises(notice.NotDeliveredError):
        slack_function.handler(event("text_korean"), context)
    slack_function.handler(event("alarm_of_another_form"), context)
    written = capsys.readouterr().out
    lines = [json.loads(line) for line in written.splitlines()]
    assert [(line["level"], line["event"]) for line in lines] == [
        ("INFO", "posted"),
        ("INFO", "posted"),
        ("ERROR", "not posted"),
        ("WARNING", "shown as text"),
        ("INFO", "posted"),
    ]
    milliseconds = lines[0].pop("milliseconds")
    assert isinstance(milliseconds, int)
    assert lines[0] == {
        "level": "INFO",
        "event": "posted",
        "request_id": Context.aws_request_id,
        "message_id": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
        "topic": "triflow-alarms-prod",
        "kind": "alarm",
        "about": "triflow-prod-rds-cpu-high",
        "tries": 1,
    }
    assert lines[2]["error"] == "Slack refused the message: HTTP 400 invalid_payload."
    assert "Kim" not in written
    assert "010-1234" not in written
