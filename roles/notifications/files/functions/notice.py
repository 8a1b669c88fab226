"""What the stack's functions share: SNS messages come in, each is delivered, and a line of JSON says how it went.

What cannot be delivered raises, so that Lambda invokes again (twice, after one and two minutes) and then puts the event
into the dead-letter queue. Such an event is delivered again as a whole. SNS puts one message into an event (Amazon SNS
FAQs), and where there were more, a message that comes twice is better than an alarm that does not come.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from message import FormError, Message, Settings, plain_message, slack_message, time_zone

UNREADABLE = "Event that is not an SNS message"
# Whoever has the address can end the subscription. The signature is long and says nothing to a person.
HIDDEN = {"UnsubscribeUrl", "Signature", "SigningCertUrl"}

Known = dict[str, str]  # what the log line of a message says about it, as far as it is known


class Context(Protocol):
    """What Lambda passes beside the event."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


class DeliveryError(Exception):
    """A message was not delivered. The text says why, and what to do where a person has to."""


class NotDeliveredError(Exception):
    """At least one message of the event was not delivered."""


@dataclass(frozen=True)
class Notice:
    """One SNS message."""

    subject: str
    text: str
    topic: str
    message_id: str


def deliver_all(
    event: object, context: Context, deliver: Callable[[Notice, Known], dict[str, object]], delivered: str
) -> int:
    """Deliver all messages of an event and return how many. `delivered` is the word for it in the log.

    `deliver` adds to what is known of a message, and returns what else the line says. Errors: NotDeliveredError, after
    all of them were tried.
    """
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
            more = deliver(notice, known)
        except Exception as error:  # whatever it is, the other messages are tried
            failures.append(str(error) if isinstance(error, DeliveryError) else f"{type(error).__name__}: {error}")
            log("ERROR", f"not {delivered}", **known, error=failures[-1])
        else:
            log("INFO", delivered, **known, **more, milliseconds=round((time.monotonic() - started) * 1000))
    if failures:
        raise NotDeliveredError(f"{len(failures)} of {len(records)} messages not delivered: {'; '.join(failures)}")
    return len(records)


def settings() -> Settings:
    """What messages are made with: STACK, LOG_GROUP and TIME_ZONE of the environment."""
    return Settings(
        stack=os.environ["STACK"],
        log_group=os.environ["LOG_GROUP"],
        zone=time_zone(os.environ.get("TIME_ZONE", "Asia/Seoul")),
    )


def formatted(notice: Notice, given: Settings, known: Known) -> Message:
    """The message. An alarm that has not the form we know is shown as it came: it must not be lost for that."""
    try:
        message = slack_message(notice.subject, notice.text, given)
    except FormError as error:
        log("WARNING", "shown as text", **known, error=str(error))
        message = plain_message(notice.subject, notice.text)
    known |= {"kind": message.kind, "about": message.about}
    return message


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
