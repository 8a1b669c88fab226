"""What of a stack is charged because it exists: from an account it is the same as from the variables that built it."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import cost, cost_built, cost_difference, cost_lines
from ansible_collections.triflow.platform.plugins.module_utils.cost_built import Built, from_live, from_variables

from tests.unit.cost.stacks import prices, stack, variables

FIELDS: dict[str, Any] = {field.name: field.default for field in fields(Built)}
BACKEND = {
    "name": "backend", "cpu": 1024, "memory": 2048, "architecture": "X86_64", "desired_count": 2,
    "min_capacity": 2, "max_capacity": 5, "tracking_policies": 0, "sleeps": False,
}  # fmt: skip
# What the module cost_live_info reads of production, as its inventory builds it.
PRODUCTION: dict[str, Any] = {
    "access_logs": False, "alarms": 10, "bucket": True, "container_insights": True, "custom_metrics": False,
    "dashboards": 1, "endpoints": 0, "flow_logs": False, "further_alarm_metrics": 3, "hosted_zone": True, "keys": 1,
    "load_balancer_zones": 2, "log_archive": True, "log_groups": True, "logs_endpoint": False, "nat_addresses": 1,
    "nat_gateways": 1, "nat_route": True, "phones": 0, "repositories": True, "secrets": 2, "slack": True,
    "topics": True, "services": [BACKEND], "nights": {"services": False, "database": False},
    "database": {
        "instance_class": "db.t4g.medium", "multi_az": True, "storage": 100, "iops": 3000, "throughput": 125,
    },
}  # fmt: skip
NOTHING: dict[str, Any] = {
    **{name: type(value)() for name, value in PRODUCTION.items()},
    "database": None,
    "nights": PRODUCTION["nights"],
}
# With every switch on, and more of it than there is at least.
EVERYTHING: dict[str, Any] = {
    **PRODUCTION, "access_logs": True, "custom_metrics": True, "endpoints": 8, "flow_logs": True,
    "logs_endpoint": True, "phones": 1, "services": [{**BACKEND, "architecture": "ARM64"}],
    "nights": {"services": True, "database": True},
    "database": {**PRODUCTION["database"], "storage": 400, "iops": 13000, "throughput": 600},
}  # fmt: skip


def bill(built: Built, **changed: Any) -> dict[str, Any]:
    return {line.id: line for line in cost_lines.lines_of(built, variables(**changed))}


def test_production_is_what_its_variables_say() -> None:
    assert from_live(PRODUCTION, variables()) == from_variables(variables())


def test_a_stack_that_is_not_there_costs_nothing() -> None:
    assert from_live(NOTHING, variables()) == Built()
    assert bill(Built()) == {}


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_read_from_the_account(name: str) -> None:
    assert getattr(from_live(EVERYTHING, variables()), name) != FIELDS[name]


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_on_the_bill(name: str) -> None:
    built = from_live(EVERYTHING, variables())
    assert bill(built) != bill(replace(built, **{name: FIELDS[name]}))


@pytest.mark.parametrize(
    ("desired", "least", "most", "tasks"), [(2, None, None, 2), (0, 1, 2, 1), (3, 2, 5, 3), (9, 2, 5, 5)]
)
def test_tasks_of_a_service(desired: int, least: int | None, most: int | None, tasks: int) -> None:
    service = {**BACKEND, "desired_count": desired, "min_capacity": least, "max_capacity": most}
    assert cost_built.live_tasks(service) == tasks


def test_hours_are_those_of_the_variables_where_there_are_schedules() -> None:
    given = variables("dev")
    asleep = cost_built.hours_up(given)
    found = {
        (services, database): from_live({**PRODUCTION, "nights": {"services": services, "database": database}}, given)
        for services in (False, True)
        for database in (False, True)
    }
    for (services, database), built in found.items():
        assert built.services_hours == (asleep[0] if services else Decimal(730))
        assert built.database_hours == (asleep[1] if database else Decimal(730))


def test_a_shared_bucket_is_written_to_by_services_only() -> None:
    """Its tags are its owner's. What the stack has written is on its own bill."""
    for kind, services, expected in (("dev", [BACKEND], True), ("dev", [], False), ("prod", [BACKEND], False)):
        assert from_live({**NOTHING, "services": services}, variables(kind)).bucket is expected


def test_the_first_service_of_the_variables_comes_first() -> None:
    """Tasks that run once have its size."""
    small = {**BACKEND, "name": "a-worker", "cpu": 256, "memory": 512}
    built = from_live({**PRODUCTION, "services": [small, BACKEND]}, variables())
    assert [service.name for service in built.services] == ["backend", "a-worker"]


def test_an_address_that_a_nat_gateway_left_is_charged() -> None:
    left = bill(from_live({**NOTHING, "nat_addresses": 1}, variables()))
    assert set(left) == {"nat-gateway-addresses"}


# The difference


def against(found: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """The difference of the variables from what stands."""
    given = variables(**changed)
    before = [cost.live("triflow-prod", found, given, prices())]
    difference = cost_difference.difference(before, [stack(**changed)], "the live stack")
    (compared,) = difference["stacks"]
    return dict(compared)


def test_nothing_differs_from_what_the_variables_have_built() -> None:
    compared = against(PRODUCTION)
    assert compared["lines"] == []
    assert compared["before_krw"] == compared["after_krw"] > 0


def test_usage_never_differs() -> None:
    assert against(PRODUCTION, cost_logs_gb=1000, cost_lcu=9, cost_nat_gb=500)["lines"] == []


def test_what_is_not_there_yet_adds_all_that_it_costs() -> None:
    compared, whole = against(NOTHING), stack()
    charged = [line["id"] for line in whole["lines"] if line["monthly_usd"] or line["monthly_krw"]]
    assert [line["id"] for line in compared["lines"]] == charged
    assert (compared["before_krw"], compared["adds_krw"]) == (0, whole["total_krw"])


def test_a_class_that_stands_without_a_price_is_noted() -> None:
    database = {**PRODUCTION["database"], "instance_class": "db.x9.large"}
    compared = against({**PRODUCTION, "database": database})
    (line,) = compared["lines"]
    assert (line["id"], line["before_krw"]) == ("database-hours", 0)
