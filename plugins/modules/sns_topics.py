#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: sns_topics
version_added: 0.1.0
short_description: SNS topics, encrypted, with their policy and subscriptions
author: TriFlow AI (@triflow-ai)
description:
  - Creates topics and changes them in place. Each has exactly the subscriptions that are listed (MON-8).
  - An e-mail subscription pends until its owner follows the link in the mail. It counts as there, so that no second
    mail is sent, and is reported in RV(pending).
  - Whoever unsubscribes stays unsubscribed for as long as SNS lists it, and is reported in RV(unsubscribed).
  - Addresses stand in no diff and no result. Those show how many there are of each kind.
  - SMS are no protocol here. From Seoul SNS sends none, and a subscription that an earlier version made is ended.
options:
  topics:
    description: The topics.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: Component, which starts with C(topic-).
        type: str
        required: true
      name:
        description: Name of the topic.
        type: str
        required: true
      kms_key_id:
        description: Key that encrypts it, by ID, ARN or alias.
        type: str
      policy:
        description: Its access policy.
        type: dict
      subscriptions:
        description: Who gets its messages.
        type: list
        elements: dict
        default: []
        suboptions:
          protocol:
            description: How.
            type: str
            choices: [email, lambda]
            required: true
          endpoint:
            description: Address, or ARN of the function.
            type: str
            required: true
          dead_letter_arn:
            description: With the protocol C(lambda), ARN of the queue for what could not be delivered.
            type: str
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  diff_mode:
    description: Shows the fields that differ; of subscriptions how many there are of each kind.
    support: full
"""

EXAMPLES = r"""
- name: Topics
  triflow.platform.sns_topics:
    topics:
      - component: topic-alarms
        name: triflow-alarms-prod
        kms_key_id: alias/triflow-prod-notifications
        subscriptions:
          - protocol: email
            endpoint: someone@example.com
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: topic-alarms, action: update, fields: [subscriptions]}]
resources:
  description: The topics by component, each with its ARN as C(id) or a placeholder. Empty when absent.
  returned: always
  type: dict
pending:
  description: How many e-mail subscriptions of each topic wait for their owner, where any do.
  returned: always
  type: dict
  sample: {topic-alarms: 1}
unsubscribed:
  description: How many addresses of each topic have unsubscribed, where any have. They are not subscribed again.
  returned: always
  type: dict
  sample: {topic-alarms: 1}
"""

import json
from collections import Counter
from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.tags import from_aws, to_aws

# In the place of a subscription's ARN: statuses.py.
PENDING = "PendingConfirmation"
DELETED = "Deleted"
ATTRIBUTES = {"kms_key_id": "KmsMasterKeyId", "policy": "Policy"}


def key_of(subscription: dict[str, Any]) -> tuple[str, str]:
    return subscription["Protocol"], subscription["Endpoint"]


class Topic(Resource):
    id_prefix = "arn:aws:sns:::"

    def __init__(self, api: Api, options: dict[str, Any], arn: str | None) -> None:
        super().__init__(options["component"])
        self.api = api
        self.name = options["name"]
        self.options = options
        self.arn = arn
        self.tags = api.module.tags_of(self.component)
        self.asked_for = {(entry["protocol"], entry["endpoint"]): entry for entry in options["subscriptions"]}
        self.subscribed: dict[tuple[str, str], str] = {}  # ARN, or a word in its place

    @property
    def pending(self) -> int:
        """E-mail subscriptions that are asked for and not confirmed, once the run is over."""
        return sum(
            protocol == "email" and self.subscribed.get((protocol, endpoint), PENDING) == PENDING
            for protocol, endpoint in self.asked_for
        )

    @property
    def unsubscribed(self) -> int:
        """Addresses that are asked for, and whose persons have unsubscribed."""
        return sum(self.subscribed.get(key) == DELETED for key in self.asked_for)

    @property
    def others(self) -> list[str]:
        """ARNs of subscriptions that nobody asked for. What has a word in its place goes by itself."""
        return [arn for key, arn in self.subscribed.items() if key not in self.asked_for and arn.startswith("arn:")]

    @override
    def find(self) -> dict[str, Any] | None:
        if self.arn is None:
            return None
        tags = from_aws(self.api.call("list_tags_for_resource", on=self.name, ResourceArn=self.arn)["Tags"])
        attributes = self.api.call("get_topic_attributes", on=self.name, TopicArn=self.arn)["Attributes"]
        listed = self.api.pages("list_subscriptions_by_topic", "Subscriptions", on=self.name, TopicArn=self.arn)
        # One that has ended may be listed beside the one that follows it.
        listed.sort(key=lambda item: str(item["SubscriptionArn"]) != DELETED)
        self.subscribed = {key_of(item): item["SubscriptionArn"] for item in listed}
        there = Counter(protocol for protocol, endpoint in self.asked_for if (protocol, endpoint) in self.subscribed)
        return {
            "id": self.arn,
            "name": self.name,
            "kms_key_id": attributes.get("KmsMasterKeyId", ""),
            "policy": json.loads(attributes["Policy"]),
            "subscriptions": {**dict.fromkeys(self._protocols(), 0), **there, "others": len(self.others)},
            "dead_letter_arns": self._dead_letter_arns(),
            "tags": tags,
        }

    def _protocols(self) -> list[str]:
        return sorted({protocol for protocol, _unused in self.asked_for})

    def _dead_letter_arns(self) -> list[str]:
        """Queues of the functions that are subscribed, an empty text where there is none."""
        found = []
        for (protocol, _unused), arn in self.subscribed.items():
            if protocol == "lambda" and arn not in self.others and arn.startswith("arn:"):
                answer = self.api.call("get_subscription_attributes", on=self.name, SubscriptionArn=arn)
                policy = json.loads(answer["Attributes"].get("RedrivePolicy") or "{}")
                found.append(policy.get("deadLetterTargetArn", ""))
        return found

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        asked_for = Counter(protocol for protocol, _unused in self.asked_for)
        functions = [entry for entry in self.asked_for.values() if entry["protocol"] == "lambda"]
        return {
            "name": self.name,
            "kms_key_id": self.options.get("kms_key_id"),
            "policy": self.options.get("policy"),
            "subscriptions": {**asked_for, "others": 0},
            "dead_letter_arns": [entry.get("dead_letter_arn") or "" for entry in functions],
            "tags": self.tags,
        }

    def _attributes(self, wanted: dict[str, Any], names: list[str]) -> dict[str, str]:
        return {
            ATTRIBUTES[name]: value if isinstance(value := wanted[name], str) else json.dumps(value)
            for name in names
            if wanted[name] is not None
        }

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        answer = self.api.call(
            "create_topic",
            on=self.name,
            Name=self.name,
            Attributes=self._attributes(wanted, list(ATTRIBUTES)),
            Tags=to_aws(self.tags),
        )
        self._subscribe(answer["TopicArn"])
        return str(answer["TopicArn"])

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if "tags" in fields:
            self.api.call("tag_resource", on=self.name, ResourceArn=live["id"], Tags=to_aws(self.tags))
        for name, value in self._attributes(wanted, [field for field in fields if field in ATTRIBUTES]).items():
            self.api.call(
                "set_topic_attributes", on=self.name, TopicArn=live["id"], AttributeName=name, AttributeValue=value
            )
        if "subscriptions" in fields:
            self._subscribe(live["id"])
            for arn in self.others:
                self.api.call("unsubscribe", on=self.name, SubscriptionArn=arn)
        if "dead_letter_arns" in fields:
            self._redrive()

    def _subscribe(self, topic_arn: str) -> None:
        for key, entry in self.asked_for.items():
            if key not in self.subscribed:
                self.api.call(
                    "subscribe",
                    on=self.name,
                    TopicArn=topic_arn,
                    Protocol=entry["protocol"],
                    Endpoint=entry["endpoint"],
                    Attributes={"RedrivePolicy": _redrive_policy(entry)} if entry.get("dead_letter_arn") else {},
                )

    def _redrive(self) -> None:
        """Of the functions that were subscribed before; a new one has its queue from the start."""
        for key, entry in self.asked_for.items():
            if entry["protocol"] == "lambda" and key in self.subscribed:
                # Without a value the attribute is taken away; SNS refuses an empty one.
                value: dict[str, Any] = (
                    {"AttributeValue": _redrive_policy(entry)} if entry.get("dead_letter_arn") else {}
                )
                self.api.call(
                    "set_subscription_attributes",
                    on=self.name,
                    SubscriptionArn=self.subscribed[key],
                    AttributeName="RedrivePolicy",
                    **value,
                )

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self.api.call("delete_topic", on=self.name, TopicArn=live["id"])


def _redrive_policy(entry: dict[str, Any]) -> str:
    return json.dumps({"deadLetterTargetArn": entry["dead_letter_arn"]})


@looks_again
def main() -> None:
    subscription = {
        "protocol": {"type": "str", "choices": ["email", "lambda"], "required": True},
        "endpoint": {"type": "str", "required": True, "no_log": True},
        "dead_letter_arn": {"type": "str"},
    }
    topic = {
        "component": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
        "kms_key_id": {"type": "str", "no_log": False},
        "policy": {"type": "dict"},
        "subscriptions": {"type": "list", "elements": "dict", "default": [], "options": subscription},
    }
    module = StackModule({"topics": {"type": "list", "elements": "dict", "required": True, "options": topic}})
    for entry in module.params["topics"]:
        if any(item["dead_letter_arn"] and item["protocol"] != "lambda" for item in entry["subscriptions"]):
            module.fail(f"{entry['component']}: dead_letter_arn goes with the protocol lambda only")
    api = module.api("sns")
    arns = [found["TopicArn"] for found in api.pages("list_topics", "Topics", on="the topics")]
    there = {arn.rpartition(":")[2]: arn for arn in arns}
    topics = [Topic(api, entry, there.get(entry["name"])) for entry in module.params["topics"]]
    run = Run(module)
    run.converge(topics)
    present = module.params["state"] == "present"
    run.exit(
        pending={topic.component: topic.pending for topic in topics if present and topic.pending},
        unsubscribed={topic.component: topic.unsubscribed for topic in topics if present and topic.unsubscribed},
    )


if __name__ == "__main__":
    main()
