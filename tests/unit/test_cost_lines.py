"""Lines of a stack: what one variable changes, what a quantity does, and that nothing that a role builds is missing."""

from __future__ import annotations

import re
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import cost, cost_built, cost_lines, cost_texts
from ansible_collections.triflow.platform.plugins.module_utils.compute_checks import FARGATE, NOT_OFFERED
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.test_contract import COMPONENTS
from tests.unit.cost.stacks import ROOT, load, prices, stack, variables

COVERED = load(ROOT / "tests/unit/cost/components.yml")
SIZES = [(cpu, memory) for cpu in FARGATE for memory in FARGATE[cpu] if (cpu, memory) not in NOT_OFFERED]
FARGATE_LINES = {"fargate-vcpu", "fargate-memory"}
DATABASE_LINES = {"database-hours", "database-storage"}
NAT_LINES = {"nat-gateway-hours", "nat-gateway-addresses"}
ENDPOINT_LINES = {"endpoint-hours", "endpoint-data", "nat-gateway-logs"}
SLACK_LINES = {"slack-requests", "slack-duration", "secrets", "alarms"}
SERVICE = {"name": "worker"}
TWO_SERVICES = [variables()["ecs_services"][0], {**SERVICE, "cpu": 256, "memory": 512, "desired_count": 1}]
LARGE = {"rds_allocated_storage": 400, "rds_max_allocated_storage": 800}


def amounts(kind: str = "prod", **changed: Any) -> dict[str, Decimal]:
    """Exact USD of each line."""
    lines = cost_lines.lines(variables(kind, **changed))
    return {line.id: prices()[line.price].amount(line.quantity) for line in lines}


# What production has, what is changed in it, and the lines that then differ: no other.
CHANGES: list[tuple[dict[str, Any], dict[str, Any], set[str]]] = [
    ({}, {"ecs_desired_count": 3}, FARGATE_LINES),
    ({}, {"autoscaling_max_capacity": 9}, set()),
    ({}, {"autoscaling_min_capacity": 3}, FARGATE_LINES),
    ({}, {"ecs_cpu": 2048, "ecs_memory": 4096}, {*FARGATE_LINES, "fargate-runs-vcpu", "fargate-runs-memory"}),
    ({}, {"ecs_memory": 4096}, {"fargate-memory", "fargate-runs-memory"}),
    ({}, {"ecs_cpu_architecture": "ARM64"}, {*FARGATE_LINES, "fargate-runs-vcpu", "fargate-runs-memory"}),
    ({}, {"ecs_services": TWO_SERVICES}, {*FARGATE_LINES, "alarms", "container-insights"}),
    ({}, {"autoscaling_services": []}, {"alarms"}),
    ({}, {"autoscaling_policy": "target_tracking"}, set()),
    ({}, {"ecs_container_insights": "disabled"}, {"container-insights"}),
    ({}, {"rds_instance_class": "db.t4g.small"}, {"database-hours"}),
    ({}, {"rds_multi_az": False}, DATABASE_LINES),
    ({}, {"rds_allocated_storage": 150}, {"database-storage"}),
    ({}, {"rds_max_allocated_storage": 500}, set()),
    ({}, {"rds_backup_retention_days": 30}, set()),  # backups are usage: cost_backup_gb
    ({}, {"cost_backup_gb": 130}, {"database-backups"}),
    (LARGE, {"rds_iops": 12000, "rds_storage_throughput": 500}, set()),  # the baseline
    (LARGE, {"rds_iops": 12001, "rds_storage_throughput": 500}, {"database-iops"}),
    (LARGE, {"rds_iops": 12000, "rds_storage_throughput": 501}, {"database-throughput"}),
    ({}, {"vpc_nat_gateways": "per_zone"}, NAT_LINES),
    ({}, {"vpc_nat_gateways": "none"}, {*NAT_LINES, "nat-gateway-data", "nat-gateway-logs"}),
    ({}, {"vpc_interface_endpoints": True}, ENDPOINT_LINES),
    ({"vpc_interface_endpoints": True}, {"vpc_interface_endpoint_services": ["logs"]}, {"endpoint-hours"}),
    ({}, {"vpc_interface_endpoint_services": ["logs"]}, set()),  # off
    ({}, {"vpc_flow_logs": True}, {"flow-logs"}),
    ({}, {"alb_access_logs": True}, {"access-logs"}),
    ({}, {"dns_zone": "adopt"}, {"hosted-zone"}),
    ({}, {"notifications_slack": False}, SLACK_LINES),
    ({}, {"notifications_phone_numbers": ["+821012345678"]}, {"sms"}),
    ({}, {"dashboard_custom_metrics": True}, {"custom-metrics"}),
    ({}, {"alarms_definitions": variables()["alarms_definitions"][:1]}, {"alarms", "alarms-metric-math"}),
    ({}, {"nights_enabled": True}, {*FARGATE_LINES, "database-hours"}),
    ({"nights_enabled": True}, {"nights_up_until": "18:00"}, {*FARGATE_LINES, "database-hours"}),
    ({"nights_enabled": True}, {"nights_database_lead_minutes": 60}, {"database-hours"}),
    ({"nights_enabled": True}, {"nights_holidays": ["2026-12-25"]}, {*FARGATE_LINES, "database-hours"}),
    ({"nights_enabled": True}, {"nights_holidays": ["2026-12-26"]}, set()),  # a Saturday
    ({}, {"nights_up_until": "18:00"}, set()),  # off
    ({}, {"cost_lcu": 1}, {"load-balancer-lcu"}),
    ({}, {"cost_nat_gb": 2}, {"nat-gateway-data"}),
    ({}, {"cost_transfer_gb": 11}, {"internet-data"}),
    ({}, {"cost_cross_zone_gb": 11}, {"cross-zone-data"}),
    ({}, {"cost_logs_gb": 11}, {"logs-ingestion", "log-archive", "nat-gateway-logs"}),
    ({}, {"cost_logs_stored_gb": 11}, {"logs-storage"}),
    ({}, {"cost_notifications": 2000}, {"notifications", "slack-requests", "slack-duration"}),
    ({}, {"cost_s3_standard_gb": 11}, {"s3-standard"}),
    ({}, {"cost_s3_glacier_gb": 41}, {"s3-glacier"}),
    ({}, {"cost_s3_put_requests": 11000}, {"s3-put"}),
    ({}, {"cost_s3_get_requests": 51000}, {"s3-get"}),
    ({}, {"cost_s3_transitions": 11000}, {"s3-transitions"}),
    ({}, {"cost_images_gb": 6}, {"images"}),
    ({}, {"cost_task_runs": 21}, {"fargate-runs-vcpu", "fargate-runs-memory"}),
    ({}, {"cost_task_run_seconds": 30}, set()),  # a minute at least
    ({}, {"cost_task_run_seconds": 61}, {"fargate-runs-vcpu", "fargate-runs-memory"}),
    ({}, {"cost_sms": 40}, set()),  # no telephone
    ({"vpc_flow_logs": True}, {"cost_flow_logs_gb": 11}, {"flow-logs"}),
    ({"alb_access_logs": True}, {"cost_access_logs_gb": 2}, {"access-logs"}),
    ({"dashboard_custom_metrics": True}, {"cost_custom_metrics": 5}, {"custom-metrics"}),
    ({}, {"logs_retention_days": 30}, set()),  # what is kept is usage: cost_logs_stored_gb
    ({}, {"cost_krw_per_usd": 1400}, set()),
]


@pytest.mark.parametrize(("base", "change", "expected"), CHANGES)
def test_a_change_changes_exactly_these_lines(base: dict[str, Any], change: dict[str, Any], expected: set[str]) -> None:
    before, after = amounts(**base), amounts(**{**base, **change})
    assert {name for name in {*before, *after} if before.get(name) != after.get(name)} == expected


def test_every_line_is_changed_by_something() -> None:
    reached = {name for _base, _change, expected in CHANGES for name in expected}
    always = {"load-balancer-hours", "load-balancer-addresses", "dashboard", "kms-key"}
    assert reached | always == set(cost_texts.LINES)


# Completeness


def covering(component: str) -> dict[str, Any] | None:
    return next((what for pattern, what in COVERED.items() if fnmatchcase(component, pattern)), None)


def components_of_the_roles() -> set[str]:
    """Those of production, and every one that a role or its functions name: switches that are off have theirs there."""
    roles = [*ROOT.glob("roles/*/tasks/*.yml"), *ROOT.glob("roles/*/vars/*.yml")]
    named = re.findall(r"\bcomponent: ([a-z][\w-]*-?(?:\{\{.*?\}\})?)", "\n".join(path.read_text() for path in roles))
    functions = "\n".join(path.read_text() for path in ROOT.glob("plugins/module_utils/*.py"))
    named += re.findall(r'"component": f?"([a-z][\w-]*-?(?:\{.*?\}[\w{}.-]*)?)"', functions)
    return COMPONENTS | {re.sub(r"\{+.*?\}+", "x", name) for name in named} | {"endpoint-logs", "flow-log", "budget"}


def test_the_names_are_found() -> None:
    assert {
        "role-nights",
        "schedule-database-x",
        "target-group-x",
        "security-group-endpoints",
    } <= components_of_the_roles()


@pytest.mark.parametrize("component", sorted(components_of_the_roles()))
def test_what_a_role_builds_has_a_line_or_is_free_for_a_reason(component: str) -> None:
    what = covering(component)
    assert what, f"tests/unit/cost/components.yml does not say what {component} costs"
    assert what.get("free") or set(what["lines"]) <= set(cost_texts.LINES)


def test_every_line_belongs_to_a_component() -> None:
    assert {name for what in COVERED.values() for name in what.get("lines", [])} == set(cost_texts.LINES)


# Quantities


USAGE = sorted(
    name
    for name, value in variables().items()
    if name.startswith("cost_") and isinstance(value, int | float) and "krw" not in name
)


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(USAGE), st.integers(0, 10**6)), st.sampled_from(USAGE), st.integers(1, 10**6))
def test_more_usage_never_costs_less_and_nothing_is_negative(usage: dict[str, int], more: str, by: int) -> None:
    everything: dict[str, Any] = {"vpc_flow_logs": True, "alb_access_logs": True, "dashboard_custom_metrics": True}
    everything |= usage
    before = amounts(**everything)
    after = amounts(**everything | {more: usage.get(more, variables()[more]) + by})
    assert min(before.values()) >= 0
    for name, amount in before.items():
        assert after[name] >= amount, name


DIMENSIONS = sorted(cost_lines.LCU)


@given(st.dictionaries(st.sampled_from(DIMENSIONS), st.integers(0, 10**5), min_size=1))
def test_a_capacity_unit_is_the_largest_of_the_four_dimensions(dimensions: dict[str, int]) -> None:
    found = cost_lines.lcu(variables(cost_lcu_dimensions=dimensions))
    shares = {name: Decimal(value) / cost_lines.LCU[name] for name, value in dimensions.items()}
    assert found in shares.values()
    assert all(found >= share for share in shares.values())


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("new_connections_per_second", 25),
        ("active_connections_per_minute", 3000),
        ("processed_gb_per_hour", 1),
        ("rule_evaluations_per_second", 1000),
    ],
)
def test_what_one_capacity_unit_holds(name: str, holds: int) -> None:
    others = dict.fromkeys(DIMENSIONS)  # not given
    assert cost_lines.lcu(variables(cost_lcu_dimensions={**others, name: holds})) == 1


def test_without_dimensions_the_average_counts() -> None:
    assert cost_lines.lcu(variables(cost_lcu_dimensions=dict.fromkeys(DIMENSIONS))) == Decimal("0.265")


# Fargate


@pytest.mark.parametrize(
    ("seconds", "charged"), [(0, 0), (0.1, 60), (59, 60), (60, 60), (60.001, 61), (61, 61), (3600, 3600)]
)
def test_fargate_charges_whole_seconds_and_a_minute_at_least(seconds: float, charged: int) -> None:
    assert cost_lines.fargate_seconds(seconds) == charged


@given(st.floats(0, 10**6))
def test_fargate_never_charges_less_than_ran_nor_a_minute_more(seconds: float) -> None:
    assert seconds <= cost_lines.fargate_seconds(seconds) < seconds + 60.01


@pytest.mark.parametrize(("cpu", "memory"), SIZES)
def test_every_size_of_fargate_has_its_price(cpu: int, memory: int) -> None:
    found = amounts(ecs_cpu=cpu, ecs_memory=memory, ecs_desired_count=2)
    assert found["fargate-vcpu"] == Decimal(cpu) / 1024 * 2 * 730 * Decimal("0.04656")
    assert found["fargate-memory"] == Decimal(memory) / 1024 * 2 * 730 * Decimal("0.00511")


@pytest.mark.parametrize(("cpu", "memory"), [(1024, 1024), (256, 1536), (300, 512), (1024, 2049)])
def test_a_size_that_fargate_does_not_offer_is_refused(cpu: int, memory: int) -> None:
    with pytest.raises(ValueError, match=f"{cpu} CPU units and {memory} MiB"):
        cost_lines.fargate_size(cpu, memory)


# Database


@pytest.mark.parametrize(
    ("storage", "iops", "throughput", "expected"),
    [
        (100, None, None, (0, 0)),
        (399, 20000, 900, (0, 0)),  # refused by the check of the variables, and charged never
        (400, 12000, 500, (0, 0)),
        (400, 12001, 501, (1, 1)),
        (400, None, 600, (0, 100)),
        (1000, 64000, 4000, (52000, 3500)),
    ],
)
def test_only_above_the_baseline_of_gp3(
    storage: int, iops: int | None, throughput: int | None, expected: tuple[int, int]
) -> None:
    assert cost_built.above_baseline(storage, iops, throughput) == expected


def test_a_stopped_database_pays_its_storage() -> None:
    asleep = amounts(nights_enabled=True, nights_up_days=[])
    assert "database-hours" not in asleep
    assert asleep["database-storage"] == amounts()["database-storage"] > 0


# Hours of nights: ENV-6


def test_hours_of_five_days_from_8_to_20() -> None:
    services, database = cost_built.hours_up(variables("dev"))
    assert services == pytest.approx(Decimal(60) * 730 / 168)
    # 20 minutes earlier, 10 later, on each of the five days
    assert database == pytest.approx(Decimal("62.5") * 730 / 168)


def test_a_holiday_takes_a_twelfth_of_its_hours_from_a_month() -> None:
    services, _database = cost_built.hours_up(variables("dev", nights_holidays=["2026-12-25"]))
    assert services == pytest.approx(Decimal(60) * 730 / 168 - 1)


def test_tasks_stay_within_what_scaling_allows() -> None:
    service = {"name": "backend"}
    counts = [cost_built.tasks_of({**service, "desired_count": count}, variables()) for count in (0, 1, 3, 9)]
    assert counts == [2, 2, 3, 5]
    assert cost_built.tasks_of({"name": "worker", "desired_count": 0}, variables()) == 0


# Stacks


def test_a_foundation_has_network_and_storage_only() -> None:
    groups = {line["group"] for line in stack("nonprod", cost_s3_standard_gb=1)["lines"]}
    assert groups == {"network", "storage"}


def test_a_shared_nat_gateway_is_its_owner_s() -> None:
    assert not NAT_LINES & set(amounts("dev"))
    assert set(amounts("nonprod")) >= NAT_LINES


def test_alarms_are_those_of_the_record_and_math_counts_its_metrics() -> None:
    assert cost_built.alarm_metrics(variables()) == (10, 3)  # ALM-4 reads four metrics


def test_what_a_switch_would_add_is_what_it_adds() -> None:
    offered = {item["id"]: item["adds_usd"] for item in stack()["switches"]}
    before = sum(amounts().values())
    for name, changed in cost.SWITCHES.items():
        if name in offered:
            assert offered[name] == pytest.approx(float(sum(amounts(**changed).values()) - before), abs=0.01), name
    assert offered["redis"] == pytest.approx(35.04)
    assert {"multi-az", "container-insights"}.isdisjoint(offered)  # on already


def test_reserving_pays_the_instance_once_for_the_year() -> None:
    found, hours = stack(), amounts()["database-hours"]
    reserved, on_demand = found["reserved"], found["on_demand"]
    assert reserved["upfront_krw"] == pytest.approx(float(hours) * 12 * 0.64 * 1300, abs=1)
    assert on_demand["year_krw"] - reserved["year_krw"] == pytest.approx(float(hours) * 12 * 0.36 * 1300, abs=2)
    assert reserved["monthly_krw"] * 12 == pytest.approx(reserved["year_krw"], abs=12)


def test_lines_add_up_to_the_total() -> None:
    for kind in ("prod", "dev", "nonprod"):
        found = stack(kind)
        assert sum(line["monthly_krw"] for line in found["lines"]) == pytest.approx(found["total_krw"], abs=20)
        assert sum(line["monthly_usd"] for line in found["lines"]) == pytest.approx(found["total_usd"], abs=0.2)
