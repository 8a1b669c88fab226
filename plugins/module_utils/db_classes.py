# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether RDS offers an instance class for a version of PostgreSQL as the stack needs it.

Amazon RDS API reference, DescribeOrderableDBInstanceOptions: an entry for each version, class and kind of storage.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, nearest, problem

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api

STORAGE = "gp3"  # DB-4


def class_problems(rds: Api, version: str, wanted: Mapping[str, Any], zones: Collection[str]) -> list[Problem]:
    """Refuse a class that RDS does not offer for the version, with the stack's storage, in the stack's zones.

    ``wanted`` has db_instance_class, multi_az and allocated_storage.
    """
    name = wanted["db_instance_class"]
    offered = _options(rds, EngineVersion=version, DBInstanceClass=name)
    if not offered:
        known = {option["DBInstanceClass"] for option in _options(rds, EngineVersion=version)}
        listed = "one that aws rds describe-orderable-db-instance-options --engine postgres lists"
        reason = f"RDS offers no such class for PostgreSQL {version} in this region"
        return [problem("rds_instance_class", name, reason, nearest(name, known) or listed)]
    fitting = [option for option in offered if option["StorageType"] == STORAGE]
    if not fitting:
        return [problem("rds_instance_class", name, f"RDS offers it without {STORAGE} storage", f"one with {STORAGE}")]
    (option, *_others) = fitting
    problems = []
    least, most, size = option.get("MinStorageSize", 0), option.get("MaxStorageSize"), wanted["allocated_storage"]
    if size < least or (most and size > most):
        reason = f"{name} does not take that much {STORAGE}"
        problems.append(problem("rds_allocated_storage", size, reason, f"{least} to {most} GiB"))
    there = {zone["Name"] for item in fitting for zone in item["AvailabilityZones"]} & set(zones)
    if len(there) < min(len(zones), 2 if wanted["multi_az"] else 1):
        reason = f"of the stack's zones RDS offers it in {', '.join(sorted(there)) or 'none'}"
        problems.append(problem("rds_instance_class", name, reason, "a class that vpc_availability_zones have"))
    elif wanted["multi_az"] and not option.get("MultiAZCapable", True):
        problems.append(problem("rds_multi_az", True, f"{name} has no Multi-AZ", "false, or another class"))
    return problems


def _options(rds: Api, **parameters: Any) -> list[dict[str, Any]]:
    operation, key = "describe_orderable_db_instance_options", "OrderableDBInstanceOptions"
    return rds.pages(operation, key, on="the instance classes", Engine="postgres", Vpc=True, **parameters)
