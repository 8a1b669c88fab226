"""The Lambda function behind the topic of alarms (MON-8): each SNS message becomes a Slack message.

Environment: SECRET_ID (secret that holds the webhook's address), STACK, LOG_GROUP (of the service; messages link to
it), TIME_ZONE (default Asia/Seoul).
"""

from __future__ import annotations

from notice import Context, Known, Notice, deliver_all, formatted, settings
from webhook import Webhook

# Kept between invocations, with the webhook's address.
WEBHOOK = Webhook()


def handler(event: object, context: Context) -> dict[str, int]:
    """Post all messages of an event and return how many. Errors: NotDeliveredError, after all of them were tried."""
    given = settings()

    def post(notice: Notice, known: Known) -> dict[str, object]:
        message = formatted(notice, given, known)
        return {"tries": WEBHOOK.post(message.payload, lambda: context.get_remaining_time_in_millis() / 1000)}

    return {"posted": deliver_all(event, context, post, "posted")}
