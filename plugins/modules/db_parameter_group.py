#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: db_parameter_group
version_added: 0.1.0
short_description: An RDS parameter group with these parameters
author: TriFlow AI (@triflow-ai)
description:
  - Sets the parameters that are listed and leaves the others as they are (DB-9, DB-14, DB-15).
  - A dynamic parameter is applied at once, a static one with the next restart of the database.
  - The stock module C(amazon.aws.rds_instance_param_group) applies all of them in one of the two ways, and passes over
    a parameter that the engine does not know.
options:
  name:
    description: Name of the group, in lower case.
    type: str
    required: true
  family:
    description: Family of the group, such as C(postgres14). It cannot be changed. Required when O(state=present).
    type: str
  description:
    description: What the group is for. It cannot be changed and is not compared. Required when O(state=present).
    type: str
  parameters:
    description: Parameters and their values, as RDS writes them (a boolean is 0 or 1).
    type: dict
    default: {}
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  diff_mode:
    description: Shows the parameters that differ.
    support: full
"""

EXAMPLES = r"""
- name: Parameters
  triflow.platform.db_parameter_group:
    name: triflow-prod-postgres14
    family: postgres14
    description: Parameters of triflow-prod
    parameters:
      rds.force_ssl: 1
      max_connections: 100
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: db-parameter-group, action: update, fields: [parameters]}]
resources:
  description: The group as it is now, or would be, by component.
  returned: always
  type: dict
"""

from itertools import batched
from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.tags import from_aws, to_aws

LARGEST_CHANGE = 20  # parameters in one ModifyDBParameterGroup


class ParameterGroup(Resource):
    def __init__(self, module: StackModule) -> None:
        super().__init__("db-parameter-group")
        self.module = module
        self.name = module.params["name"]
        self.rds: Api = module.api("rds")
        self.apply_types: dict[str, str] = {}

    @override
    def find(self) -> dict[str, Any] | None:
        answer = self.rds.call(
            "describe_db_parameter_groups",
            on=self.name,
            absent=("DBParameterGroupNotFound",),
            DBParameterGroupName=self.name,
        )
        if not answer:
            return None
        group = answer["DBParameterGroups"][0]
        tags = self.rds.call("list_tags_for_resource", on=self.name, ResourceName=group["DBParameterGroupArn"])
        return {
            "id": self.name,
            "arn": group["DBParameterGroupArn"],
            "family": group["DBParameterGroupFamily"],
            "description": group["Description"],
            "parameters": self._parameters(),
            "tags": from_aws(tags["TagList"]),
        }

    def _parameters(self) -> dict[str, str]:
        """Values in force, whoever set them; notes which parameter is static."""
        described = self.rds.pages("describe_db_parameters", "Parameters", on=self.name, DBParameterGroupName=self.name)
        self.apply_types = {parameter["ParameterName"]: parameter["ApplyType"] for parameter in described}
        return {item["ParameterName"]: item["ParameterValue"] for item in described if "ParameterValue" in item}

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        family = self.module.params["family"]
        if live and live["family"] != family:
            self.module.fail(
                msg=f"DB parameter group {self.name} is of family {live['family']}, not {family}, and a group cannot "
                "change its family: give another name"
            )
        return {
            "family": family,
            "description": None if live else self.module.params["description"],
            "parameters": {key: str(value) for key, value in self.module.params["parameters"].items()},
            "tags": self.module.tags_of(self.component),
        }

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        self.rds.call(
            "create_db_parameter_group",
            on=self.name,
            DBParameterGroupName=self.name,
            DBParameterGroupFamily=wanted["family"],
            Description=wanted["description"],
            Tags=to_aws(wanted["tags"]),
        )
        self._set(self._parameters(), wanted["parameters"])
        return str(self.name)

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if "tags" in fields:
            self.rds.call("add_tags_to_resource", on=self.name, ResourceName=live["arn"], Tags=to_aws(wanted["tags"]))
        self._set(live["parameters"], wanted["parameters"])

    def _set(self, live: dict[str, str], wanted: dict[str, str]) -> None:
        unknown = sorted(set(wanted) - set(self.apply_types))
        if unknown:
            self.module.fail(
                msg=f"{self.module.params['family']} has no parameter {', '.join(unknown)}: see "
                f"aws rds describe-db-parameters --db-parameter-group-name {self.name}"
            )
        changed = [
            {
                "ParameterName": name,
                "ParameterValue": value,
                "ApplyMethod": "immediate" if self.apply_types[name] == "dynamic" else "pending-reboot",
            }
            for name, value in wanted.items()
            if live.get(name) != value
        ]
        for part in batched(changed, LARGEST_CHANGE):
            self.rds.call(
                "modify_db_parameter_group", on=self.name, DBParameterGroupName=self.name, Parameters=list(part)
            )

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self.rds.call("delete_db_parameter_group", on=self.name, DBParameterGroupName=self.name)


@looks_again
def main() -> None:
    module = StackModule(
        {
            "name": {"type": "str", "required": True},
            "family": {"type": "str"},
            "description": {"type": "str"},
            "parameters": {"type": "dict", "default": {}},
        },
        required_if=[("state", "present", ["family", "description"])],
    )
    run = Run(module)
    run.converge([ParameterGroup(module)])
    run.exit()


if __name__ == "__main__":
    main()
