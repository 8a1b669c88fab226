"""Growing storage of RDS instances as the lab's corrections restore it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.conftest import Account, refused


def grow(account: Account, **options: Any) -> None:
    account.rds.modify_db_instance(DBInstanceIdentifier="triflow", ApplyImmediately=True, **options)


def messages(account: Account, **options: Any) -> list[str]:
    events = account.rds.describe_events(SourceIdentifier="triflow", SourceType="db-instance", **options)["Events"]
    return [event["Message"] for event in events]


@pytest.mark.parametrize("size", [101, 109])
def test_storage_grows_by_a_tenth_at_least(account: Account, size: int) -> None:
    account.database()
    with refused("InvalidParameterCombination", "at least 10%"):
        grow(account, AllocatedStorage=size)
    grow(account, AllocatedStorage=100)
    assert account.describe()["AllocatedStorage"] == 100
    grow(account, AllocatedStorage=110)
    assert account.describe()["AllocatedStorage"] == 110


def test_storage_is_not_changed_again_within_six_hours(account: Account) -> None:
    account.database(AllocatedStorage=400, MaxAllocatedStorage=1000)
    grow(account, AllocatedStorage=500)
    for again in ({"AllocatedStorage": 600}, {"Iops": 16000}):
        with refused("InvalidParameterCombination", "previous storage change is being optimized"):
            grow(account, **again)
    grow(account, AllocatedStorage=500, BackupRetentionPeriod=9)  # anything else is taken
    assert account.describe()["BackupRetentionPeriod"] == 9


def test_events_tell_the_change_of_the_storage(account: Account) -> None:
    account.database()
    assert messages(account, EventCategories=["configuration change"]) == []
    grow(account, AllocatedStorage=150)
    assert messages(account, EventCategories=["configuration change"], Duration=360) == [
        "Applying modification to allocated storage",
        "Finished applying modification to allocated storage",
    ]
    assert "DB instance created" in messages(account)
    assert messages(account, EventCategories=["failover"]) == []
