#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: lambda_function
version_added: 0.1.0
short_description: A Lambda function from a directory, with who may invoke it
author: TriFlow AI (@triflow-ai)
description:
  - Zips the directory, the same bytes for the same sources, and compares with what Lambda has by its digest.
  - Creates the function and changes it in place, and waits until each change has arrived (MON-8).
  - Lambda lets the role decrypt the environment by the role's unique ID, and a role that was deleted and made anew is
    another one. So the function carries that ID in its tag C(triflow:role-id). When the role has another one, the
    environment is taken away and set again, which gives the new role its grant.
options:
  component:
    description: Component, which starts with C(function-).
    type: str
    required: true
  name:
    description: Name of the function.
    type: str
    required: true
  source:
    description: Directory with its code. Required when O(state=present), like the next three.
    type: path
  handler:
    description: File and function that Lambda calls, such as C(handler.handler).
    type: str
  runtime:
    description: Runtime, such as C(python3.13).
    type: str
  role_arn:
    description: ARN of the role with which it runs.
    type: str
  role_id:
    description: Unique ID of the role, C(AROA...), when the caller knows it. Otherwise IAM is asked.
    type: str
  description:
    description: What it does.
    type: str
    default: ""
  architecture:
    description: Processors that it runs on.
    type: str
    choices: [arm64, x86_64]
    default: arm64
  timeout:
    description: Seconds that it may take.
    type: int
    default: 3
  memory_size:
    description: Memory in MB. Its share of a processor follows from it.
    type: int
    default: 128
  environment:
    description: Environment variables. Secrets do not belong here.
    type: dict
    default: {}
  hidden_environment:
    description: Further ones, such as telephone numbers, whose values stand in no diff and no result.
    type: dict
    default: {}
  dead_letter_arn:
    description: ARN of the queue that gets the events on which it failed three times. Empty for none.
    type: str
    default: ""
  invoke_permissions:
    description: Who may invoke it, besides the account's own identities. What is not listed is taken away.
    type: list
    elements: dict
    default: []
    suboptions:
      statement_id:
        description: Name of the permission.
        type: str
        required: true
      principal:
        description: Service, such as C(sns.amazonaws.com).
        type: str
        required: true
      source_arn:
        description: ARN of what the service does it for, such as a topic.
        type: str
        required: true
  wait_timeout:
    description: Seconds to wait for each change to arrive.
    type: int
    default: 120
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  diff_mode:
    description: Shows the fields that differ, the code by its digest.
    support: full
"""

EXAMPLES = r"""
- name: Function
  triflow.platform.lambda_function:
    component: function-slack
    name: triflow-prod-slack
    source: files/slack
    handler: handler.handler
    runtime: python3.13
    role_arn: arn:aws:iam::123456789012:role/triflow-prod-slack
    invoke_permissions:
      - statement_id: alarms
        principal: sns.amazonaws.com
        source_arn: arn:aws:sns:ap-northeast-2:123456789012:triflow-alarms-prod
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: function-slack, action: update, fields: [code_sha256]}]
resources:
  description: The function by its component, with its ARN as C(id) or a placeholder. Empty when absent.
  returned: always
  type: dict
"""

import json
from pathlib import Path
from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.function_code import code_sha256, zip_directory
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.statuses import PASSES, alive, explained, meaning

GONE = ("ResourceNotFoundException",)
# What keeps a function from being changed: its creation and an update before, and what waits for their end.
THINGS = ("function", "update of a function")
GOALS = ("function_active", "function_updated")
ROLE_ID = "triflow:role-id"  # tag
HIDDEN = "(hidden)"
OTHER = "(hidden, another one)"
PARAMETERS = {
    "handler": "Handler",
    "runtime": "Runtime",
    "role_arn": "Role",
    "description": "Description",
    "timeout": "Timeout",
    "memory_size": "MemorySize",
}


def permissions_of(policy: str | None) -> dict[str, Any]:
    """Principal and source by the statement's ID."""
    found = {}
    for statement in json.loads(policy)["Statement"] if policy else []:
        principal = statement["Principal"]
        found[str(statement["Sid"])] = {
            "principal": principal.get("Service") if isinstance(principal, dict) else principal,
            "source_arn": statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn"),
        }
    return found


class Function(Resource):
    id_prefix = "arn:aws:lambda:::function:"

    def __init__(self, module: StackModule) -> None:
        super().__init__(module.params["component"])
        self.module = module
        self.options = module.params
        self.name = module.params["name"]
        self.api: Api = module.api("lambda")
        self.tags = module.tags_of(self.component)
        self.busy = ("", "")
        self.code = zip_directory(Path(module.params["source"])) if module.params["source"] else b""

    @override
    def find(self) -> dict[str, Any] | None:
        answer = self.api.call("get_function", on=self.name, absent=GONE, FunctionName=self.name)
        if not answer:
            return None
        tags = answer.get("Tags", {})
        role_id = tags.pop(ROLE_ID, "")
        live = answer["Configuration"]
        if self.options["state"] == "present" and not alive("function", live["State"]):
            self.module.fail(
                f"Function {self.name} is {explained('function', live['State'], live.get('StateReason', ''))}"
            )
        # An update that has failed is made once more; one that goes on, or a creation, is waited for first.
        self.busy = (live["State"], live["LastUpdateStatus"])
        policy = self.api.call("get_policy", on=self.name, absent=GONE, FunctionName=self.name).get("Policy")
        return {
            **{option: live.get(parameter) for option, parameter in PARAMETERS.items()},
            "id": live["FunctionArn"],
            "update_failed": live["LastUpdateStatus"] == "Failed",
            "name": self.name,
            "architecture": live["Architectures"][0],
            "code_sha256": live["CodeSha256"],
            "role_id": role_id,
            "environment": self._shown(live.get("Environment", {}).get("Variables", {})),
            "dead_letter_arn": live.get("DeadLetterConfig", {}).get("TargetArn", ""),
            "invoke_permissions": permissions_of(policy),
            "tags": tags,
        }

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        return {
            **{option: self.options[option] for option in PARAMETERS},
            "name": self.name,
            "update_failed": False,
            "architecture": self.options["architecture"],
            "code_sha256": code_sha256(self.code),
            "role_id": self._role_id(),
            "environment": {**self._texts("environment"), **dict.fromkeys(self.options["hidden_environment"], HIDDEN)},
            "dead_letter_arn": self.options["dead_letter_arn"],
            "invoke_permissions": {
                entry["statement_id"]: {"principal": entry["principal"], "source_arn": entry["source_arn"]}
                for entry in self.options["invoke_permissions"]
            },
            "tags": self.tags,
        }

    def _texts(self, option: str) -> dict[str, str]:
        return {key: str(value) for key, value in self.options[option].items()}

    def _shown(self, live: dict[str, str]) -> dict[str, str]:
        """Live variables as they may be shown: with their values those that are asked for with their values."""
        plain, hidden = self._texts("environment"), self._texts("hidden_environment")
        return {
            name: value if name in plain else HIDDEN if hidden.get(name) == value else OTHER
            for name, value in live.items()
        }

    def _role_id(self) -> str:
        """Unique ID of the role, empty while it is only announced."""
        if self.options["role_id"]:
            return str(self.options["role_id"])
        name = self.options["role_arn"].rpartition("/")[2]
        iam = self.module.api("iam")
        role = iam.call("get_role", on=name, absent=("NoSuchEntity",), RoleName=name).get("Role", {})
        return str(role.get("RoleId", ""))

    def _configuration(self, wanted: dict[str, Any]) -> dict[str, Any]:
        return {
            "FunctionName": self.name,
            **{parameter: wanted[option] for option, parameter in PARAMETERS.items()},
            "Environment": {"Variables": {**self._texts("environment"), **self._texts("hidden_environment")}},
            "DeadLetterConfig": {"TargetArn": wanted["dead_letter_arn"]},
        }

    def _wait(self, name: str) -> None:
        self.api.wait(name, on=self.name, timeout=self.options["wait_timeout"], FunctionName=self.name)

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        answer = self.api.call(
            "create_function",
            on=self.name,
            Code={"ZipFile": self.code},
            Architectures=[wanted["architecture"]],
            Tags={**self.tags, ROLE_ID: wanted["role_id"]},
            **self._configuration(wanted),
        )
        self._wait("function_active")
        self._permit({}, wanted["invoke_permissions"])
        return str(answer["FunctionArn"])

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if "tags" in fields:
            self.api.call("tag_resource", on=self.name, Resource=live["id"], Tags=self.tags)
        for status, thing, goal in zip(self.busy, THINGS, GOALS, strict=True):
            if meaning(thing, status) == PASSES:
                self._wait(goal)
        if {"code_sha256", "architecture", "update_failed"} & set(fields):
            self.api.call(
                "update_function_code",
                on=self.name,
                FunctionName=self.name,
                ZipFile=self.code,
                Architectures=[wanted["architecture"]],
            )
            self._wait("function_updated")
        if "role_id" in fields:
            self._configure(FunctionName=self.name, Environment={"Variables": {}})
        if {*PARAMETERS, "role_id", "environment", "dead_letter_arn", "update_failed"} & set(fields):
            self._configure(**self._configuration(wanted))
        if "role_id" in fields:
            self.api.call("tag_resource", on=self.name, Resource=live["id"], Tags={ROLE_ID: wanted["role_id"]})
        if "invoke_permissions" in fields:
            self._permit(live["invoke_permissions"], wanted["invoke_permissions"])

    def _configure(self, **configuration: Any) -> None:
        self.api.call("update_function_configuration", on=self.name, **configuration)
        self._wait("function_updated")

    def _permit(self, live: dict[str, Any], wanted: dict[str, Any]) -> None:
        """A permission cannot be changed: it is removed and added."""
        for name in sorted(name for name in live if live[name] != wanted.get(name)):
            self.api.call("remove_permission", on=self.name, FunctionName=self.name, StatementId=name)
        for name in sorted(name for name in wanted if live.get(name) != wanted[name]):
            self.api.call(
                "add_permission",
                on=self.name,
                FunctionName=self.name,
                StatementId=name,
                Action="lambda:InvokeFunction",
                Principal=wanted[name]["principal"],
                SourceArn=wanted[name]["source_arn"],
            )

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self.api.call("delete_function", on=self.name, FunctionName=self.name)


@looks_again
def main() -> None:
    text, required = {"type": "str"}, {"type": "str", "required": True}
    module = StackModule(
        {
            "component": required,
            "name": required,
            "source": {"type": "path"},
            "handler": text,
            "runtime": text,
            "role_arn": text,
            "description": {"type": "str", "default": ""},
            "architecture": {"type": "str", "choices": ["arm64", "x86_64"], "default": "arm64"},
            "timeout": {"type": "int", "default": 3},
            "memory_size": {"type": "int", "default": 128},
            "role_id": text,
            "environment": {"type": "dict", "default": {}},
            "hidden_environment": {"type": "dict", "default": {}, "no_log": True},
            "dead_letter_arn": {"type": "str", "default": ""},
            "invoke_permissions": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"statement_id": required, "principal": required, "source_arn": required},
            },
            "wait_timeout": {"type": "int", "default": 120},
        },
        required_if=[("state", "present", ["source", "handler", "runtime", "role_arn"])],
    )
    source, handler = module.params["source"], module.params["handler"]
    if source and handler and not Path(source, f"{handler.rpartition('.')[0]}.py").is_file():
        module.fail(f"{source} has no file for the handler {handler}: give the directory that holds it")
    run = Run(module)
    run.converge([Function(module)])
    run.exit()


if __name__ == "__main__":
    main()
