"""A stopped DB instance: Amazon RDS user guide, "Stopping an Amazon RDS DB instance temporarily"."""

from __future__ import annotations

from typing import Any

from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBInstance, RDSBackend

from lab.corrections.override import override


@override(RDSBackend, "modify_db_instance")
def _modify(original: Any, self: RDSBackend, identifier: str, db_kwargs: Any) -> DBInstance:
    """Limitations: "You can't modify a stopped DB instance"."""
    if self.describe_db_instances(identifier)[0].status == "stopped":
        raise RDSClientError(
            "InvalidDBInstanceState",
            "You can't modify a stopped DB instance. Start the DB instance, and then modify it.",
        )
    modified: DBInstance = original(self, identifier, db_kwargs)
    return modified
