#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: db_instance
version_added: 0.1.0
short_description: An RDS for PostgreSQL instance whose master password RDS manages
author: TriFlow AI (@triflow-ai)
description:
  - Creates the instance without waiting for it, and changes it in place (DB-1..8, DB-12..14, DB-16).
  - The master password is made and kept by RDS in Secrets Manager. Storage is encrypted with C(alias/aws/rds).
  - A change that would replace the instance is always refused, one that restarts it unless O(allow_restart).
  - A newer minor version than the wanted one is never downgraded. Storage that RDS has grown is left as it is.
  - A stopped instance is left asleep. A change of it, other than of its tags, is refused, since RDS refuses it.
  - Option names are those of C(CreateDBInstance) in the Amazon RDS API reference, where not said otherwise.
options:
  db_instance_identifier:
    description: Identifier of the instance.
    type: str
    required: true
  engine_version:
    description: Major version for the newest minor version on offer when the instance is created, or an exact one.
    type: str
  db_instance_class:
    description: Class, such as C(db.t4g.medium).
    type: str
  multi_az:
    description: Keep a standby in another zone.
    type: bool
  allocated_storage:
    description: Storage in GiB, of type gp3.
    type: int
  max_allocated_storage:
    description: Upper limit of storage autoscaling in GiB.
    type: int
  iops:
    description: Provisioned IOPS. RDS takes it from 400 GiB on only.
    type: int
  storage_throughput:
    description: Provisioned throughput in MiB/s. RDS takes it from 400 GiB on only.
    type: int
  backup_retention_period:
    description: Days that automatic backups are kept.
    type: int
  preferred_backup_window:
    description: Daily window in UTC, C(hh24:mi-hh24:mi).
    type: str
  preferred_maintenance_window:
    description: Weekly window in UTC, C(ddd:hh24:mi-ddd:hh24:mi).
    type: str
  deletion_protection:
    description: RDS refuses to delete the instance while this is on. O(state=absent) lifts it only when this is false.
    type: bool
    default: true
  db_subnet_group_name:
    description: Name of the subnet group.
    type: str
  db_parameter_group_name:
    description: Name of the parameter group.
    type: str
  vpc_security_group_ids:
    description: Ids of the security groups.
    type: list
    elements: str
  enable_cloudwatch_logs_exports:
    description: Logs that go to CloudWatch.
    type: list
    elements: str
  ca_certificate_identifier:
    description: Certificate authority of the server certificate.
    type: str
  db_name:
    description: Database that is created with the instance.
    type: str
  master_username:
    description: Name of the master user.
    type: str
  allow_restart:
    description: Make changes that restart the database or fail it over.
    type: bool
    default: false
  skip_final_snapshot:
    description: Delete without a last snapshot, which is otherwise named C(<identifier>-final-<time in UTC>).
    type: bool
    default: false
  wait_timeout:
    description: Longest wait, in seconds, for an instance that is busy before it can be changed.
    type: int
    default: 3600
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Announces exactly what a run would do, and refuses what it would refuse.
    support: full
"""

EXAMPLES = r"""
- name: Database
  triflow.platform.db_instance:
    db_instance_identifier: triflow-prod-db
    engine_version: "14"
    db_instance_class: db.t4g.medium
    multi_az: true
    allocated_storage: 100
    max_allocated_storage: 200
    backup_retention_period: 7
    preferred_backup_window: "18:00-19:00"
    preferred_maintenance_window: sun:19:00-sun:20:00
    db_subnet_group_name: triflow-prod
    db_parameter_group_name: triflow-prod-postgres14
    vpc_security_group_ids: [sg-0a1b2c3d4e5f60718]
    db_name: triflow
    master_username: triflow_admin
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: database, action: update, fields: [deletion_protection]}]
resources:
  description: The instance as it is now, or would be, by component.
  returned: always
  type: dict
deleting:
  description: The identifier, when RDS is deleting the instance. It holds its groups until it is gone.
  returned: always
  type: list
  elements: str
"""

from datetime import UTC, datetime
from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils import compare
from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.db_instance import (
    GOING,
    NO_FINAL_SNAPSHOT,
    PARAMETERS,
    final_snapshot_refusal,
    kept,
    live_state,
    modification,
    refusals,
    status_refusal,
)
from ansible_collections.triflow.platform.plugins.module_utils.db_storage import storage_refusals
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.statuses import (
    ASLEEP,
    REMEDY,
    explained,
    meaning,
)
from ansible_collections.triflow.platform.plugins.module_utils.tags import to_aws
from ansible_collections.triflow.platform.plugins.module_utils.versions import read_newest
from ansible_collections.triflow.platform.plugins.module_utils.waiters import MODIFIABLE

# What the stack decides for every instance: encrypted (DB-12), private (DB-13), gp3 (DB-4), password managed by RDS.
FIXED = {
    "storage_type": "gp3",
    "storage_encrypted": True,
    "publicly_accessible": False,
    "manage_master_user_password": True,
    "copy_tags_to_snapshot": True,
    "auto_minor_version_upgrade": True,
}
REQUIRED = (
    "engine_version",
    "db_instance_class",
    "multi_az",
    "allocated_storage",
    "max_allocated_storage",
    "backup_retention_period",
    "preferred_backup_window",
    "preferred_maintenance_window",
    "db_subnet_group_name",
    "db_parameter_group_name",
    "vpc_security_group_ids",
    "db_name",
    "master_username",
)


class Database(Resource):
    def __init__(self, module: StackModule) -> None:
        super().__init__("database")
        self.module = module
        self.identifier = module.params["db_instance_identifier"]
        self.rds: Api = module.api("rds")
        self.is_deleting = False

    @override
    def find(self) -> dict[str, Any] | None:
        answer = self.rds.call(
            "describe_db_instances",
            on=self.identifier,
            absent=("DBInstanceNotFound",),
            DBInstanceIdentifier=self.identifier,
        )
        if not answer:
            return None
        live = live_state(answer["DBInstances"][0])
        if live["status"] in GOING:
            if self.module.params["state"] == "present":
                self.module.fail(f"DB instance {self.identifier} is {explained('DB instance', live['status'])}")
            self.is_deleting = not self.is_foreign(live, self.module.params["stack"])
            return None
        self._warn(live)
        return live

    def _warn(self, live: dict[str, Any]) -> None:
        """Say what waits for a person."""
        for status in live["parameters_statuses"]:
            if meaning("parameters of a DB instance", status) == REMEDY:
                said = explained("parameters of a DB instance", status)
                self.module.warn(f"Parameters of {live['db_parameter_group_name']} on {self.identifier} are {said}")
        if live["secret_status"] and meaning("master user's secret", live["secret_status"]) == REMEDY:
            said = explained("master user's secret", live["secret_status"])
            self.module.warn(f"The secret of the master user of {self.identifier} is {said}")

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        given = {option: self.module.params.get(option) for option in PARAMETERS}
        wanted = {**given, **FIXED, "tags": self.module.tags_of(self.component)}
        if live is None:
            return {**wanted, "engine_version": self._newest()}
        wanted = kept(live, wanted)
        fields = compare.differences(live, wanted)
        sentences = refusals(live, wanted, fields, allow_restart=self.module.params["allow_restart"])
        sentence = None if sentences else status_refusal(live, fields)
        if sentence:
            self.module.fail(f"DB instance {self.identifier} is {sentence}")
        sentences += storage_refusals(self.rds, live, fields)
        if sentences:
            self.module.fail(
                msg=f"Refused on DB instance {self.identifier}: " + " ".join(sentences),
                diff=[compare.diff(self.component, live, wanted)],
            )
        return wanted

    def _newest(self) -> str:
        try:
            return read_newest(self.rds, self.module.params["engine_version"])
        except ValueError as error:
            self.module.fail(msg=f"engine_version (variable rds_engine_version): {error}")

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        parameters = {
            PARAMETERS[key]: value for key, value in wanted.items() if key in PARAMETERS and value is not None
        }
        self.rds.call(
            "create_db_instance",
            on=self.identifier,
            DBInstanceIdentifier=self.identifier,
            Engine="postgres",
            Tags=to_aws(wanted["tags"]),
            **parameters,
        )
        return str(self.identifier)

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if "tags" in fields:
            self.rds.call(
                "add_tags_to_resource", on=self.identifier, ResourceName=live["arn"], Tags=to_aws(wanted["tags"])
            )
        self._modify(live, modification(live, wanted, fields))

    def _modify(self, live: dict[str, Any], parameters: dict[str, Any]) -> None:
        if not parameters:
            return
        if live["status"] not in MODIFIABLE:
            self.rds.wait(
                "db_instance_modifiable",
                on=self.identifier,
                timeout=self.module.params["wait_timeout"],
                DBInstanceIdentifier=self.identifier,
            )
        self.rds.call(
            "modify_db_instance",
            on=self.identifier,
            DBInstanceIdentifier=self.identifier,
            ApplyImmediately=True,
            **parameters,
        )

    def _wake(self, status: str) -> None:
        """Start it, since a stopped instance cannot lose its protection."""
        if status == "stopping":
            self.rds.wait(
                "db_instance_stopped",
                on=self.identifier,
                timeout=self.module.params["wait_timeout"],
                DBInstanceIdentifier=self.identifier,
            )
        self.rds.call("start_db_instance", on=self.identifier, DBInstanceIdentifier=self.identifier)

    @override
    def delete(self, live: dict[str, Any]) -> None:
        if live["deletion_protection"]:
            if live["status"] in ASLEEP:
                self._wake(live["status"])
            self._modify(live, {"DeletionProtection": False})
        elif live["status"] in NO_FINAL_SNAPSHOT and not self.module.params["skip_final_snapshot"]:
            self.rds.wait(
                "db_instance_available",
                on=self.identifier,
                timeout=self.module.params["wait_timeout"],
                DBInstanceIdentifier=self.identifier,
            )
        name = f"{self.identifier}-final-{datetime.now(UTC):%Y%m%d%H%M%S}"
        skip = self.module.params["skip_final_snapshot"]
        final: dict[str, Any] = {} if skip else {"FinalDBSnapshotIdentifier": name}
        self.rds.call(
            "delete_db_instance",
            on=self.identifier,
            DBInstanceIdentifier=self.identifier,
            SkipFinalSnapshot=skip,
            **final,
        )
        self.is_deleting = True


@looks_again
def main() -> None:
    spec: dict[str, Any] = {option: {"type": "str"} for option in PARAMETERS if option not in FIXED}
    for option in (
        "allocated_storage",
        "max_allocated_storage",
        "iops",
        "storage_throughput",
        "backup_retention_period",
    ):
        spec[option] = {"type": "int"}
    for option in ("vpc_security_group_ids", "enable_cloudwatch_logs_exports"):
        spec[option] = {"type": "list", "elements": "str"}
    spec |= {
        "db_instance_identifier": {"type": "str", "required": True},
        "multi_az": {"type": "bool"},
        "deletion_protection": {"type": "bool", "default": True},
        "allow_restart": {"type": "bool", "default": False},
        "skip_final_snapshot": {"type": "bool", "default": False},
        "wait_timeout": {"type": "int", "default": 3600},
    }
    module = StackModule(spec, required_if=[("state", "present", REQUIRED)])
    database = Database(module)
    if module.params["state"] == "absent":
        live = database.find()
        if live and not database.is_foreign(live, module.params["stack"]):
            if module.params["deletion_protection"] and live["deletion_protection"]:
                module.fail(
                    f"DB instance {database.identifier} is protected: deleting it takes deletion_protection: false "
                    "(variable rds_deletion_protection), given on purpose for this run"
                )
            sentence = None if module.params["skip_final_snapshot"] else final_snapshot_refusal(live)
            if sentence:
                module.fail(f"DB instance {database.identifier} is {sentence}")
    run = Run(module)
    run.converge([database])
    run.exit(deleting=[database.identifier] if database.is_deleting else [])


if __name__ == "__main__":
    main()
