# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stands in an account under the names that a stack claims, and what of it a layer would refuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import (
    account_quotas,
    compare,
    conflicts,
    db_classes,
    db_instance,
    db_storage,
    standing,
)
from ansible_collections.triflow.platform.plugins.module_utils.claims import Claim
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem


def standing_problems(
    account: standing.Account, found: standing.Known, zones: list[str], engine_version: str | None
) -> list[Problem]:
    """Refuse what a layer would refuse of what stands in the account, and warn of quotas that do not suffice.

    ``found`` is what stands under the claimed names. ``zones`` are those of the stack that the region offers.
    """
    module, wanted, stack = account.module, account.module.params, account.module.params["stack"]
    for warning in account_quotas.warnings(account, wanted["quotas"]):
        module.warn(warning)
    problems = conflicts.conflict_problems(stack, wanted["adopt"], wanted["claims"], found, wanted["allow_restart"])
    problems += conflicts.moved_problems(wanted["vpc_owner"], account.vpc_ids, found, stack)
    for claim in wanted["claims"]:
        if claim["kind"] == "database" and engine_version:
            live = found.get(("database", claim["name"]))
            problems += _database(account, claim, live.fields if live else None, engine_version, zones)
    return problems


def _database(
    account: standing.Account,
    claim: Claim,
    live: dict[str, Any] | None,
    engine_version: str,
    zones: list[str],
) -> Iterator[Problem]:
    """Refuse what only RDS knows: a class that it lacks, and a change of the storage at this moment."""
    wanted, rds = claim["fixed"], account.api("rds")
    # What runs may have a class that RDS offers no more.
    if live is None or live["db_instance_class"] != wanted["db_instance_class"]:
        yield from db_classes.class_problems(rds, engine_version, wanted, zones)
    if live is not None:
        fields = compare.differences(live, db_instance.kept(live, wanted))
        for sentence in db_storage.storage_refusals(rds, live, fields):
            reason, _separator, later = sentence.partition(": run again ")
            yield problem("rds_allocated_storage", wanted["allocated_storage"], reason, later or "the same, later")
