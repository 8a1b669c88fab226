#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatch_dashboard
version_added: 0.1.0
short_description: A CloudWatch dashboard with its tags
author: TriFlow AI (@triflow-ai)
description:
  - Creates the dashboard and replaces its body (MON-4..7). Bodies are compared as data, widget by widget; spelling,
    and the order of widgets, make no difference.
  - Dashboards are the account's and have no region. One of this name that is not this stack's is refused,
    unless O(adopt) names it.
  - A body that CloudWatch refuses fails the task. What it would not draw is shown as a warning.
options:
  name:
    description: Name of the dashboard.
    type: str
    required: true
  body:
    description:
      - The body, as "Dashboard Body Structure and Syntax" in the Amazon CloudWatch API reference has it. The filter
        P(triflow.platform.dashboard_body#filter) makes it. Required when O(state=present).
    type: dict
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Announces exactly what a run would do. CloudWatch looks at the body only when it is put there.
    support: full
  diff_mode:
    description: Shows the widgets that differ.
    support: full
"""

EXAMPLES = r"""
- name: Dashboard
  triflow.platform.cloudwatch_dashboard:
    name: triflow-prod
    body:
      widgets:
        - {type: text, x: 0, y: 0, width: 24, height: 2, properties: {markdown: "# triflow-prod"}}
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: dashboard, action: update, fields: [widget RDS CPUUtilization]}]
resources:
  description: The dashboard by its component, with its ARN as C(id) or a placeholder. Empty when absent.
  returned: always
  type: dict
"""

import json
from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.dashboard import parts
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.tags import from_aws, to_aws


class Dashboard(Resource):
    id_prefix = "arn:aws:cloudwatch:::dashboard/"

    def __init__(self, module: StackModule) -> None:
        super().__init__("dashboard")
        self.module = module
        self.api: Api = module.api("cloudwatch")
        self.name = module.params["name"]
        self.tags = module.tags_of(self.component)

    @override
    def find(self) -> dict[str, Any] | None:
        found = self.api.call("get_dashboard", on=self.name, absent=("ResourceNotFound",), DashboardName=self.name)
        if not found:
            return None
        arn = found["DashboardArn"]
        tags = from_aws(self.api.call("list_tags_for_resource", on=self.name, ResourceARN=arn)["Tags"])
        return {"id": arn, **parts(json.loads(found["DashboardBody"])), "tags": tags}

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        wanted = parts(self.module.params["body"])
        # PutDashboard replaces everything: what is there and not in the body goes
        gone = dict.fromkeys(set(live or {}) - set(wanted) - {"id", "tags"}, "")
        return {**wanted, **gone, "tags": self.tags}

    def _put(self, **more: Any) -> None:
        body = json.dumps(self.module.params["body"])
        answer = self.api.call("put_dashboard", on=self.name, DashboardName=self.name, DashboardBody=body, **more)
        for message in answer.get("DashboardValidationMessages", []):
            self.module.warn(f"CloudWatch on {self.name}{message.get('DataPath', '')}: {message['Message']}")

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        self._put(Tags=to_aws(self.tags))
        return str(self.api.call("get_dashboard", on=self.name, DashboardName=self.name)["DashboardArn"])

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if "tags" in fields:
            self.api.call("tag_resource", on=self.name, ResourceARN=live["id"], Tags=to_aws(self.tags))
        if fields != ["tags"]:
            self._put()

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self.api.call("delete_dashboards", on=self.name, DashboardNames=[self.name])


@looks_again
def main() -> None:
    module = StackModule(
        {"name": {"type": "str", "required": True}, "body": {"type": "dict"}},
        required_if=[("state", "present", ["body"])],
    )
    run = Run(module)
    run.converge([Dashboard(module)])
    run.exit()


if __name__ == "__main__":
    main()
