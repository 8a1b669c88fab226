"""The Lambda function behind the topic for telephones (MON-8): each SNS message becomes a text to each number.

By AWS End User Messaging SMS, which has an endpoint in Seoul; SNS sends no SMS from there. Environment: SMS_REGION,
TELEPHONES (numbers as E.164 writes them, separated by commas), and what messages are made with: STACK, LOG_GROUP,
TIME_ZONE.

A text is one part: 160 characters of the GSM alphabet, or 70 of any other (AWS End User Messaging SMS user guide, "SMS
character limits"). Numbers are personal data: the log has their last four digits.
"""

from __future__ import annotations

import os
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from notice import Context, DeliveryError, Known, Notice, deliver_all, formatted, log, settings

# GSM 03.38: the basic alphabet, and what takes two places.
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_TWICE = frozenset("^{}\\[~]|€")
GSM_LIMIT = 160
OTHER_LIMIT = 70
CUT = "..."

# Which numbers have a message of this invocation. Lambda tries an event again with the same request ID, mostly here.
SENT: dict[str, set[tuple[str, str]]] = {}


def handler(event: object, context: Context) -> dict[str, int]:
    """Send all messages of an event and return how many. Errors: NotDeliveredError, after all of them were tried."""
    given = settings()
    numbers = os.environ["TELEPHONES"].split(",")
    config = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
    client = boto3.client("pinpoint-sms-voice-v2", region_name=os.environ["SMS_REGION"], config=config)
    if context.aws_request_id not in SENT:
        SENT.clear()
    sent = SENT.setdefault(context.aws_request_id, set())

    def send(notice: Notice, known: Known) -> dict[str, object]:
        text = one_part(formatted(notice, given, known).summary)
        failed = []
        for number in numbers:
            if (notice.message_id, number) in sent:
                continue
            try:
                answer = client.send_text_message(
                    DestinationPhoneNumber=number, MessageBody=text, MessageType="TRANSACTIONAL"
                )
            except (BotoCoreError, ClientError) as error:
                failed.append(f"{shown(number)}: {reason(error)}")
                continue
            sent.add((notice.message_id, number))
            log("INFO", "text sent", **known, to=shown(number), text_id=answer["MessageId"])
        if failed:
            raise DeliveryError("; ".join(failed))
        return {"texts": len(numbers)}

    return {"sent": deliver_all(event, context, send, "sent")}


def shown(number: str) -> str:
    return f"...{number[-4:]}"


def reason(error: Exception) -> str:
    """The error's code and reason. Its own words may hold the number."""
    answer: Any = getattr(error, "response", {})
    code = answer.get("Error", {}).get("Code", type(error).__name__)
    return f"{code} ({answer['Reason']})" if answer.get("Reason") else str(code)


def one_part(text: str) -> str:
    """The text on one line, cut so that it is one part."""
    line = " ".join(text.split())
    if set(line) <= GSM | GSM_TWICE:
        return _cut(line, GSM_LIMIT, lambda character: 1 + (character in GSM_TWICE))
    return _cut(line, OTHER_LIMIT, lambda character: len(character.encode("utf-16-le")) // 2)


def _cut(line: str, limit: int, size: Any) -> str:
    if sum(map(size, line)) <= limit:
        return line
    kept, left = "", limit - len(CUT)
    for character in line:
        left -= size(character)
        if left < 0:
            break
        kept += character
    return kept + CUT
