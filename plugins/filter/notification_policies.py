# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.module_utils import iam_policies

DOCUMENTATION = r"""
name: notification_policies
version_added: 0.1.0
short_description: Build the policies of the notifications
description:
  - Those of the topics, their key and the dead-letter queue, and the roles of the functions that write to Slack and
    telephones (MON-8).
options:
  _input:
    description:
      - C(account_id), the ARNs C(topic), C(sms_topic), C(queue), C(secret), C(log_group) and C(sms_log_group),
        C(sms_region), from which SMS are sent, and C(budgets), whether AWS Budgets publishes to the topic, too.
    type: dict
    required: true
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
policies: "{{ notifications_settings | triflow.platform.notification_policies }}"
"""

RETURN = r"""
_value:
  description: The documents C(key), C(topic), C(sms_topic), C(queue), C(role_trust), C(role) and C(sms_role).
  type: dict
"""


def notification_policies(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the documents."""
    try:
        account, topic, queue = settings["account_id"], settings["topic"], settings["queue"]
        budgets = settings["budgets"]
        return {
            "key": iam_policies.topic_key_policy(account, budgets),
            "topic": iam_policies.topic_policy(topic, account, events=True, budgets=budgets),
            "sms_topic": iam_policies.topic_policy(settings["sms_topic"], account),
            "queue": iam_policies.dead_letter_policy(queue, [topic, settings["sms_topic"]]),
            "role_trust": iam_policies.function_trust_policy(),
            "role": iam_policies.function_policy(settings["log_group"], settings["secret"], queue),
            "sms_role": iam_policies.sms_policy(settings["sms_log_group"], settings["sms_region"], queue),
        }
    except KeyError as error:
        raise AnsibleFilterError(f"notification_policies: {error} is missing in the settings") from error


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"notification_policies": notification_policies}
