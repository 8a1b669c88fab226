#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: secret
version_added: 0.1.0
short_description: A secret without a value, for a person to fill
author: TriFlow AI (@triflow-ai)
description:
  - Makes the secret without any version, so that reading it fails until somebody has put a value (MON-8).
  - Never reads, writes or shows a value. One that is scheduled for deletion is restored.
options:
  component:
    description: Component, which starts with C(secret-).
    type: str
    required: true
  name:
    description: Name of the secret.
    type: str
    required: true
  description:
    description: What it is for and what its value looks like.
    type: str
    default: ""
  recovery_window_days:
    description: Days for which a deleted secret can be restored, 7 to 30, or 0 to delete it at once.
    type: int
    default: 30
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  diff_mode:
    description: Shows the fields that differ, never a value.
    support: full
"""

EXAMPLES = r"""
- name: Secret for the webhook
  triflow.platform.secret:
    component: secret-slack-webhook
    name: triflow-prod/slack-webhook
    description: URL of Slack's incoming webhook
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: secret-slack-webhook, action: update, fields: [description]}]
resources:
  description: The secret by its component, with its ARN as C(id) or a placeholder. Empty when absent.
  returned: always
  type: dict
has_value:
  description: Whether somebody has put a value.
  returned: always
  type: bool
"""

from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.tags import from_aws, to_aws


class Secret(Resource):
    id_prefix = "arn:aws:secretsmanager:::secret:"

    def __init__(self, module: StackModule) -> None:
        super().__init__(module.params["component"])
        self.options = module.params
        self.name = module.params["name"]
        self.api: Api = module.api("secretsmanager")
        self.tags = module.tags_of(self.component)
        self.is_scheduled = False
        self.has_value = False

    @override
    def find(self) -> dict[str, Any] | None:
        absent = ("ResourceNotFoundException",)
        answer = self.api.call("describe_secret", on=self.name, absent=absent, SecretId=self.name)
        self.is_scheduled = "DeletedDate" in answer
        self.has_value = bool(answer.get("VersionIdsToStages"))
        if not answer:
            return None
        tags = from_aws(answer.get("Tags"))
        live = {"id": answer["ARN"], "name": self.name, "description": answer.get("Description", ""), "tags": tags}
        # One of the stack's that is to be deleted is restored by `create`.
        return None if self.is_scheduled and not self.is_foreign(live, self.options["stack"]) else live

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        return {"name": self.name, "description": self.options["description"], "tags": self.tags}

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        if self.is_scheduled:
            answer = self.api.call("restore_secret", on=self.name, SecretId=self.name)
            self.update({}, wanted, ["description", "tags"])
        else:
            answer = self.api.call(
                "create_secret",
                on=self.name,
                Name=self.name,
                Description=wanted["description"],
                Tags=to_aws(self.tags),
            )
        return str(answer["ARN"])

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if live and self.is_scheduled:  # adopted
            self.api.call("restore_secret", on=self.name, SecretId=self.name)
        if "tags" in fields:
            self.api.call("tag_resource", on=self.name, SecretId=self.name, Tags=to_aws(self.tags))
        if "description" in fields:
            self.api.call("update_secret", on=self.name, SecretId=self.name, Description=wanted["description"])

    @override
    def delete(self, live: dict[str, Any]) -> None:
        days = self.options["recovery_window_days"]
        how: dict[str, Any] = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
        self.api.call("delete_secret", on=self.name, SecretId=self.name, **how)


@looks_again
def main() -> None:
    module = StackModule(
        {
            "component": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
            "description": {"type": "str", "default": ""},
            "recovery_window_days": {"type": "int", "default": 30},
        }
    )
    days = module.params["recovery_window_days"]
    if days != 0 and not 7 <= days <= 30:
        module.fail(f"recovery_window_days is {days}: Secrets Manager takes 7 to 30, or 0 to delete at once")
    secret = Secret(module)
    run = Run(module)
    run.converge([secret])
    run.exit(has_value=secret.has_value)


if __name__ == "__main__":
    main()
