"""A DB instance takes time, while the lab is like AWS: "Viewing Amazon RDS DB instance status", Amazon RDS user guide.

Each answer of DescribeDBInstances that shows the instance shows the next status. Otherwise it is available at once.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBInstance, RDSBackend
from moto.rds.responses import RDSResponse

from lab import aws_like
from lab.corrections.override import override

CREATED = ("creating", "backing-up", "modifying", "available")
MODIFIED = ("modifying", "available")
GROWN = ("modifying", "storage-optimization", "storage-optimization", "available")
STORAGE = ("allocated_storage", "storage_type", "iops", "storage_throughput")
CHANGEABLE = ("available", "storage-optimization", "stopped")


def _pass(instance: DBInstance, statuses: tuple[str, ...]) -> None:
    """Let the instance go through these statuses; the first is what the call itself answers with."""
    if aws_like.on():
        instance.status, *passing = statuses
        instance.passing = passing  # type: ignore[attr-defined]


def _refuse_passing(instance: DBInstance) -> None:
    """ModifyDBInstance and others, Errors: InvalidDBInstanceState."""
    if aws_like.on() and instance.status not in CHANGEABLE:
        raise RDSClientError(
            "InvalidDBInstanceState", f"Database instance is not in available state: it is {instance.status}."
        )


@override(RDSResponse, "describe_db_instances")
def _describe(original: Any, self: RDSResponse) -> ActionResult:
    wanted = self.params.get("DBInstanceIdentifier")
    for instance in self.backend.databases.values():
        passing = getattr(instance, "passing", [])
        if passing and wanted in (None, instance.db_instance_identifier):
            instance.status = passing.pop(0)
    answer: ActionResult = original(self)
    return answer


@override(RDSBackend, "create_db_instance")
def _create(original: Any, self: RDSBackend, db_kwargs: Any) -> DBInstance:
    created: DBInstance = original(self, db_kwargs)
    _pass(created, CREATED)
    return created


@override(RDSBackend, "modify_db_instance")
def _modify(original: Any, self: RDSBackend, identifier: str, db_kwargs: Any) -> DBInstance:
    """Managing storage: storage-optimization follows a change of the storage, and the instance can be used in it."""
    before = self.describe_db_instances(identifier)[0]
    _refuse_passing(before)
    storage = {name: getattr(before, name) for name in STORAGE}
    modified: DBInstance = original(self, identifier, db_kwargs)
    grown = {name: getattr(modified, name) for name in STORAGE} != storage
    _pass(modified, GROWN if grown else MODIFIED)
    return modified


@override(RDSBackend, "stop_db_instance")
def _stop(original: Any, self: RDSBackend, *arguments: Any, **options: Any) -> DBInstance:
    stopped: DBInstance = original(self, *arguments, **options)
    _pass(stopped, ("stopping", "stopping", "stopped"))
    return stopped


@override(RDSBackend, "start_db_instance")
def _start(original: Any, self: RDSBackend, db_instance_identifier: str) -> DBInstance:
    started: DBInstance = original(self, db_instance_identifier)
    _pass(started, ("starting", "starting", "available"))
    return started
