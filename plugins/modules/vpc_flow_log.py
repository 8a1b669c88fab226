#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_flow_log
version_added: 0.1.0
short_description: Flow log of a VPC to a CloudWatch log group
author: TriFlow AI (@triflow-ai)
description:
  - The component C(flow-log). It is found by its tags; one that no stack has tagged, by its VPC and log group.
  - AWS cannot change a flow log. Where one of its fields differs, it is deleted and created anew; what it has written
    stays in the log group.
options:
  vpc_id:
    description: The VPC. Required with O(state=present).
    type: str
  log_group_name:
    description: The log group. Required with O(state=present).
    type: str
  role_arn:
    description: Role that C(vpc-flow-logs.amazonaws.com) assumes to write. Required with O(state=present).
    type: str
  traffic_type:
    description: Which traffic is logged.
    type: str
    choices: [ALL, ACCEPT, REJECT]
    default: ALL
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Announces exactly what a run would do. VPC, log group and role may be only announced.
    support: full
"""

EXAMPLES = r"""
- name: Flow log
  triflow.platform.vpc_flow_log:
    vpc_id: vpc-0a1b2c3d4e5f60718
    log_group_name: /aws/vpc/triflow-prod/flow-logs
    role_arn: arn:aws:iam::123456789012:role/triflow-prod-flow-logs
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: flow-log, action: create, fields: []}]
resources:
  description: The flow log by its component, with its C(id) or a placeholder. Empty when absent.
  returned: always
  type: dict
  sample: {flow-log: {id: fl-0a1b2c3d4e5f60718, traffic_type: ALL}}
"""

from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.ec2 import Ec2Resource
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.tags import STACK, from_aws

OPTIONS = ("vpc_id", "log_group_name", "role_arn", "traffic_type")


class FlowLog(Ec2Resource):
    id_prefix = "fl-"
    tag_type = "vpc-flow-log"

    def __init__(self, api: Api) -> None:
        super().__init__(api, "flow-log")
        self.options = {option: api.module.params[option] for option in OPTIONS}

    @override
    def find(self) -> dict[str, Any] | None:
        described = self.api.pages("describe_flow_logs", "FlowLogs", on="the flow logs")
        tagged = [flow_log for flow_log in described if self.is_ours(flow_log)]
        untagged = [
            flow_log
            for flow_log in described
            if flow_log["ResourceId"] == self.options["vpc_id"]
            and flow_log.get("LogGroupName") == self.options["log_group_name"]
            and STACK not in from_aws(flow_log.get("Tags"))
        ]
        # Only what carries the stack's tag is deleted.
        present = self.api.module.params["state"] == "present"
        found = [
            {
                "id": flow_log["FlowLogId"],
                "vpc_id": flow_log["ResourceId"],
                "log_group_name": flow_log.get("LogGroupName"),
                "role_arn": flow_log.get("DeliverLogsPermissionArn"),
                "traffic_type": flow_log["TrafficType"],
                "tags": from_aws(flow_log.get("Tags")),
            }
            for flow_log in tagged or (untagged[:1] if present else [])
        ]
        # Nothing is in a flow log, and nothing points to it.
        return self.one_of(
            found,
            lambda _api, ids: {identifier: [] for identifier in ids},
            lambda live: all(live[option] == self.options[option] for option in OPTIONS),
        )

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        return {**self.options, "tags": self.tags}

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        answer = self.api.call(
            "create_flow_logs",
            on=self.component,
            ResourceType="VPC",
            ResourceIds=[wanted["vpc_id"]],
            LogDestinationType="cloud-watch-logs",
            LogGroupName=wanted["log_group_name"],
            DeliverLogsPermissionArn=wanted["role_arn"],
            TrafficType=wanted["traffic_type"],
            TagSpecifications=self.tag_specifications(),
        )
        self._refuse(answer)
        return str(answer["FlowLogIds"][0])

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if fields == ["tags"]:
            self.update_tags(live)
        else:
            self.delete(live)
            live["id"] = self.create(wanted)

    @override
    def delete(self, live: dict[str, Any]) -> None:
        gone = ("InvalidFlowLogId.NotFound",)
        self._refuse(self.api.call("delete_flow_logs", on=self.component, absent=gone, FlowLogIds=[live["id"]]))

    def _refuse(self, answer: dict[str, Any]) -> None:
        """Fail with the first error of an answer that says success and lists what did not succeed."""
        for failure in answer.get("Unsuccessful", []):
            self.api.module.fail_json(msg=f"{self.component} of stack {self.stack}: {failure['Error']['Message']}")


@looks_again
def main() -> None:
    module = StackModule(
        {
            "vpc_id": {"type": "str"},
            "log_group_name": {"type": "str"},
            "role_arn": {"type": "str"},
            "traffic_type": {"type": "str", "choices": ["ALL", "ACCEPT", "REJECT"], "default": "ALL"},
        },
        required_if=[("state", "present", ["vpc_id", "log_group_name", "role_arn"])],
    )
    run = Run(module)
    run.converge([FlowLog(module.api("ec2"))])
    run.exit()


if __name__ == "__main__":
    main()
