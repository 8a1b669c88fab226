#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: db_instance_state
version_added: 0.1.0
short_description: Start or stop a DB instance
author: TriFlow AI (@triflow-ai)
description:
  - Starts the stack's DB instance, or stops it (ENV-6). What it is on the way to already is not asked for again.
  - Does not wait for the end; M(triflow.platform.wait) does. It waits before, while RDS is busy with something else.
options:
  db_instance_identifier:
    description: Identifier of the instance.
    type: str
    required: true
  running:
    description: Whether it is to run.
    type: bool
    required: true
  wait_timeout:
    description: Longest wait, in seconds, for an instance that is busy before it can be started or stopped.
    type: int
    default: 3600
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  diff_mode:
    description: Shows the status before and after.
    support: full
"""

EXAMPLES = r"""
- name: Stop the database
  triflow.platform.db_instance_state:
    db_instance_identifier: triflow-dev-db
    running: false
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: database, action: update, fields: [status]}]
resources:
  description: The instance with the status that it is on the way to, by component.
  returned: always
  type: dict
"""

from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.statuses import ASLEEP, RECOVERABLE
from ansible_collections.triflow.platform.plugins.module_utils.tags import from_aws
from ansible_collections.triflow.platform.plugins.module_utils.waiters import STOPPABLE


class Database(Resource):
    def __init__(self, module: StackModule) -> None:
        super().__init__("database")
        self.module = module
        self.identifier = module.params["db_instance_identifier"]
        self.rds: Api = module.api("rds")

    @override
    def find(self) -> dict[str, Any]:
        answer = self.rds.call(
            "describe_db_instances",
            on=self.identifier,
            advice="playbooks/data.yml makes it",
            DBInstanceIdentifier=self.identifier,
        )
        (instance,) = answer["DBInstances"]
        status = instance["DBInstanceStatus"]
        return {
            "id": self.identifier,
            # backing up, changing and the like: it runs
            "status": "stopped" if status in (*ASLEEP, RECOVERABLE) else "available",
            "now": status,
            "tags": from_aws(instance.get("TagList")),
        }

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        return {"status": "available" if self.module.params["running"] else "stopped"}

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        raise NotImplementedError  # it is there, or `find` has ended the module

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if self.module.params["running"]:
            self._reach("db_instance_stopped", live["now"], ("stopped", RECOVERABLE))
            self.rds.call("start_db_instance", on=self.identifier, DBInstanceIdentifier=self.identifier)
        else:
            self._reach("db_instance_stoppable", live["now"], STOPPABLE)
            advice = f"it was {live['now']}: run again when it is available"
            self.rds.call("stop_db_instance", on=self.identifier, advice=advice, DBInstanceIdentifier=self.identifier)

    def _reach(self, goal: str, now: str, reached: tuple[str, ...]) -> None:
        if now not in reached:
            timeout = self.module.params["wait_timeout"]
            self.rds.wait(goal, on=self.identifier, timeout=timeout, DBInstanceIdentifier=self.identifier)


@looks_again
def main() -> None:
    module = StackModule(
        {
            "db_instance_identifier": {"type": "str", "required": True},
            "running": {"type": "bool", "required": True},
            "wait_timeout": {"type": "int", "default": 3600},
        },
        state=False,
    )
    run = Run(module)
    run.present(Database(module))
    run.exit()


if __name__ == "__main__":
    main()
