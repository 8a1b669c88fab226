"""The Lambda function behind the topic of alarms (MON-8): each SNS message becomes a Slack message.

Environment: SECRET_ID (secret that holds the webhook's address), STACK, LOG_GROUP (of the service; messages link to
it), TIME_ZONE (default Asia/Seoul).

What cannot be delivered raises, so that Lambda invokes again (twice, after one and two minutes) and then puts the event
into the dead-letter queue. Such an event is delivered again as a whole. SNS puts one message into an event (Amazon SNS
FAQs), and where there were more, a message that comes twice is better than an alarm that does not come.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import Protocol

from message import FormError, Message, Settings, plain_message, slack_message, time_zone
from webhook import Webhook, WebhookError

# Kept between invocations, with the webhook's address.
WEBHOOK = Webhook()
UNREADABLE = "Event that is not an SNS message"
# Whoever has the address can end the subscription. The signature is long and says nothing to a person.
HIDDEN = {"UnsubscribeUrl", "Signature", "SigningCertUrl"}


class Context(Protocol):
    """What Lambda passes beside the event."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


class NotDeliveredError(Exception):
    """At least one message of the event did not reach Slack."""


@dataclass(frozen=True)
class Notice:
    """One SNS message."""

    subject: str
    text: str
    topic: str
    message_id: str


def handler(event: object, context: Context) -> dict[str, int]:
    """Post all messages of an event and return how many. Errors: NotDeliveredError, after all of them were tried."""
    settings = Settings(
        stack=os.environ["STACK"],
        log_group=os.environ["LOG_GROUP"],
        zone=time_zone(os.environ.get("TIME_ZONE", "Asia/Seoul")),
    )
    records = event.get("Records") if isinstance(event, dict) else None
    failures: list[str] = []
    # An envelope of another form is one record that cannot be read.
    records = records if records and isinstance(records, list) else [event]
    for record in records:
        started = time.monotonic()
        known = {"request_id": context.aws_request_id}
        try:
            notice = read(record)
            known |= {"message_id": notice.message_id, "topic": notice.topic}
            message = format_notice(notice, settings, known)
            known |= {"kind": message.kind, "about": message.about}
            tries = WEBHOOK.post(message.payload, lambda: context.get_remaining_time_in_millis() / 1000)
        except Exception as error:  # whatever it is, the other messages are tried
            failures.append(str(error) if isinstance(error, WebhookError) else f"{type(error).__name__}: {error}")
            log("ERROR", "not posted", **known, error=failures[-1])
        else:
            log("INFO", "posted", **known, tries=tries, milliseconds=round((time.monotonic() - started) * 1000))
    if failures:
        raise NotDeliveredError(f"{len(failures)} of {len(records)} messages not delivered: {'; '.join(failures)}")
    return {"posted": len(records)}


def format_notice(notice: Notice, settings: Settings, known: dict[str, str]) -> Message:
    """The Slack message. An alarm that has not the form we know is shown as it came: it must not be lost for that."""
    try:
        return slack_message(notice.subject, notice.text, settings)
    except FormError as error:
        log("WARNING", "shown as text", **known, error=str(error))
        return plain_message(notice.subject, notice.text)


def read(record: object) -> Notice:
    """The message of a record (Amazon SNS Developer Guide, "Fanout to Lambda functions"). Of a record of another form,
    what is there to be shown. Errors: ValueError if that is nothing.
    """
    sns = record.get("Sns") if isinstance(record, dict) else None
    if isinstance(sns, dict) and isinstance(sns.get("Message"), str) and sns["Message"].strip():
        topic = str(sns.get("TopicArn", "")).rpartition(":")[2]
        subject = sns.get("Subject") or f"Message from {topic or 'an unnamed topic'}"
        return Notice(str(subject), sns["Message"], topic, str(sns.get("MessageId", "")))
    if not record:
        raise ValueError("The event is empty: there is no message in it.")
    text = json.dumps(without_hidden(record), ensure_ascii=False, indent=1, default=str)
    return Notice(UNREADABLE, text, "", "")


def without_hidden(value: object) -> object:
    if isinstance(value, dict):
        return {name: without_hidden(item) for name, item in value.items() if name not in HIDDEN}
    if isinstance(value, list):
        return [without_hidden(item) for item in value]
    return value


def log(level: str, event: str, **fields: object) -> None:
    """One line of JSON, which CloudWatch Logs Insights takes apart. No text of a message: it may hold personal data."""
    print(json.dumps({"level": level, "event": event, **fields}))
