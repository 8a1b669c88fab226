# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads SQS queues by name, in the option names of community.aws.sqs_queue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api

GONE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")


def read(sqs: Api, names: list[str]) -> list[dict[str, Any]]:
    """Those of the queues that are there: three calls a queue."""
    found = []
    for name in names:
        url = sqs.call("get_queue_url", on=name, absent=GONE, QueueName=name).get("QueueUrl")
        if not url:
            continue
        attributes = sqs.call("get_queue_attributes", on=name, QueueUrl=url, AttributeNames=["All"])["Attributes"]
        tags = sqs.call("list_queue_tags", on=name, QueueUrl=url).get("Tags", {})
        found.append(
            {
                "type": "queue",
                "id": attributes["QueueArn"],
                "component": tags.get(COMPONENT),
                "stack": tags.get(STACK),
                "name": name,
                "message_retention_period": int(attributes["MessageRetentionPeriod"]),
                "policy": json.loads(attributes.get("Policy", "{}")),
                "tags": tags,
            }
        )
    return found
