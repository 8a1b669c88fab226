# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When RDS takes a change of a DB instance's storage: pure functions, and one that asks for its last change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api


class StorageRule(NamedTuple):
    """What RDS asks of a change of the storage."""

    rule: str
    value: str
    source: str


GROWTH_PERCENT = 10
PAUSE_HOURS = 6
STORAGE_RULES = (
    StorageRule(
        "growth of the allocated storage, at least",
        f"{GROWTH_PERCENT} %",
        "Amazon RDS user guide, Scaling up DB instance storage",
    ),
    StorageRule(
        "time after a change until the next one, at least",
        f"{PAUSE_HOURS} hours, and until the status is no longer storage-optimization",
        "Amazon RDS user guide, Scaling up DB instance storage",
    ),
)

# From this size on gp3 of PostgreSQL has more, and takes other values: "gp3 storage (recommended)" (DB-4).
PROVISIONED_FROM_GIB = 400
BASELINE_IOPS = 12000

# What changes the volume, by option: what RDS's events call it.
STORAGE = {
    "allocated_storage": "allocated storage",
    "iops": "iops",
    "storage_throughput": "throughput",
    "storage_type": "storage type",
}


def least_growth(size: int) -> int:
    """The least size above this one that RDS takes."""
    return -(-size * (100 + GROWTH_PERCENT) // 100)


def growth_refusal(live: int, wanted: int) -> tuple[str, str] | None:
    """Why RDS refuses this growth and what it takes, None when it takes it, or when it is none."""
    least = least_growth(live)
    if not live < wanted < least:
        return None
    reason = f"the instance has {live} GiB, and RDS grows storage by at least {GROWTH_PERCENT} %"
    return reason, f"{least} GiB or more, or {live} GiB"


def last_change(events: list[dict[str, Any]]) -> datetime | None:
    """When the volume was changed last, by RDS's own events: by somebody or by autoscaling."""
    moments: list[datetime] = [
        event["Date"]
        for event in events
        if "modification to" in event["Message"]
        and any(shown in event["Message"].lower() for shown in STORAGE.values())
    ]
    return max(moments, default=None)


def moment_refusal(status: str, progress: str | int | None, changed: datetime | None, now: datetime) -> str | None:
    """Why RDS does not change the storage now, and when it can be tried; None when nothing speaks against it."""
    free = changed + timedelta(hours=PAUSE_HOURS) if changed else None
    if status == "storage-optimization":
        done = f" ({progress} %)" if progress else ""
        earliest = f", and not before {free:%Y-%m-%d %H:%M} UTC" if free and free > now else ""
        return (
            f"RDS optimizes the storage after its last change{done} and changes it again only afterwards{earliest}: "
            "run again when the instance is available"
        )
    if free and free > now:
        return (
            f"the storage was changed at {changed:%Y-%m-%d %H:%M} UTC, and RDS changes it again only after "
            f"{PAUSE_HOURS} hours: run again after {free:%Y-%m-%d %H:%M} UTC"
        )
    return None


def storage_refusals(rds: Api, live: dict[str, Any], fields: list[str]) -> list[str]:
    """Why the storage cannot be changed at this moment, in sentences. RDS is asked only when a change is wanted."""
    changed = [field for field in fields if field in STORAGE]
    if not changed:
        return []
    answer = rds.call(
        "describe_events",
        on=live["id"],
        absent=("AccessDenied", "AccessDeniedException"),
        SourceIdentifier=live["id"],
        SourceType="db-instance",
        EventCategories=["configuration change"],
        Duration=PAUSE_HOURS * 60,
    )
    if "Events" not in answer:
        rds.module.warn(
            f"Whether the storage of {live['id']} was changed within {PAUSE_HOURS} hours is not known, since "
            "rds:DescribeEvents is not granted. If it was, RDS refuses to change it again."
        )
    moment = last_change(answer.get("Events", []))
    refusal = moment_refusal(live["status"], live["storage_progress"], moment, datetime.now(UTC))
    return [f"{', '.join(changed)}: {refusal}."] if refusal else []
