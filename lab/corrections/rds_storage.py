"""Growing storage of RDS instances: how much at least, how soon again, and what the events say of it.

Amazon RDS user guide, "Scaling up DB instance storage": by at least 10 %, otherwise "you get an error"; no "further
storage modifications for either six (6) hours or until storage optimization has completed on the instance, whichever is
longer". "Amazon RDS event categories and event messages": RDS-EVENT-0018 and RDS-EVENT-0017.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.rds.exceptions import InvalidParameterCombination
from moto.rds.models import DBInstance, Event, RDSBackend
from moto.rds.responses import RDSResponse

from lab.corrections.override import override

STORAGE = {
    "allocated_storage": "allocated storage",
    "iops": "provisioned iops",
    "storage_throughput": "storage throughput",
    "storage_type": "storage type",
}
PAUSE = timedelta(hours=6)
RECENT = 60  # DescribeEvents, Duration: minutes unless it says so
CATEGORY = ["configuration change"]

for _name, _shown in STORAGE.items():
    Event.EVENT_MAP[f"{_name}_START"] = {"Categories": CATEGORY, "Message": f"Applying modification to {_shown}"}
    Event.EVENT_MAP[f"{_name}_FINISH"] = {
        "Categories": CATEGORY,
        "Message": f"Finished applying modification to {_shown}",
    }


@override(RDSBackend, "modify_db_instance")
def _modify(original: Any, self: RDSBackend, identifier: str, db_kwargs: Any) -> DBInstance:
    """ModifyDBInstance, AllocatedStorage and what else changes the volume."""
    instance = self.describe_db_instances(identifier)[0]
    before = {name: getattr(instance, name) for name in STORAGE}
    wanted = {name: db_kwargs[name] for name in STORAGE if db_kwargs.get(name) not in (None, before[name])}
    size = wanted.get("allocated_storage")
    if size and before["allocated_storage"] < size and size * 10 < before["allocated_storage"] * 11:
        raise InvalidParameterCombination(
            f"Invalid storage size for engine name {instance.engine} and storage type {instance.storage_type}: {size}. "
            "It must be at least 10% greater than the current one."
        )
    changed_at = getattr(instance, "storage_changed_at", None)
    busy = instance.status == "storage-optimization" or (changed_at and utcnow() < changed_at + PAUSE)
    if wanted and busy:
        raise InvalidParameterCombination(
            "You can't currently modify the storage of this DB instance because the previous storage change is being "
            "optimized."
        )
    modified: DBInstance = original(self, identifier, db_kwargs)
    applied = [name for name in STORAGE if getattr(modified, name) != before[name]]
    if applied and wanted:
        modified.storage_changed_at = utcnow()  # type: ignore[attr-defined]
        for name in set(applied) & set(wanted):
            modified.add_event(f"{name}_START")
            modified.add_event(f"{name}_FINISH")
    return modified


@override(RDSResponse, "describe_events")
def _describe_events(original: Any, self: RDSResponse) -> ActionResult:
    """DescribeEvents, Duration and EventCategories: by default the events of the last hour."""
    answer: ActionResult = original(self)
    since = utcnow() - timedelta(minutes=int(self.params.get("Duration") or RECENT))
    categories = set(self.params.get("EventCategories") or [])
    events = [
        event
        for event in answer.result["Events"]  # type: ignore[index]
        if event.date >= since and (not categories or categories & set(event.event_categories))
    ]
    return ActionResult({"Events": events})
