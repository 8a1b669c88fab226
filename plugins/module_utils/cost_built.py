# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What of a stack AWS charges for because it exists, whatever it is used for: pure functions.

The variables say what will be there; an account says what is there. ``cost_lines`` makes the bill of either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import alarms, nights
from ansible_collections.triflow.platform.plugins.module_utils.windows import DAYS

Variables = Mapping[str, Any]  # those of the roles, with their defaults

HOURS = Decimal(730)  # of a month, as the record counts
HOURS_OF_A_WEEK = Decimal(168)
MONTHS = Decimal(12)
# Amazon RDS user guide, "gp3 storage": of PostgreSQL from 400 GiB on.
LARGE_STORAGE, BASELINE_IOPS, BASELINE_THROUGHPUT = 400, 12000, 500


@dataclass(frozen=True)
class Service:
    """An ECS service: CPU units and MiB of a task, and how many tasks run while it is up."""

    name: str
    cpu: int
    memory: int
    tasks: int


@dataclass(frozen=True)
class Database:
    """An RDS instance with gp3 storage in GiB. Of IOPS and MiB/s only those above the baseline are charged."""

    instance_class: str
    multi_az: bool
    storage_gb: int
    iops_above_baseline: int
    throughput_above_baseline: int


@dataclass(frozen=True)
class Built:
    """A stack as AWS charges for it. Without anything given it is a stack that is not there."""

    services: tuple[Service, ...] = ()  # tasks that run once are of the first one's size
    architecture: str = "X86_64"  # of all tasks
    services_hours: Decimal = HOURS  # a month
    repositories: bool = False
    database: Database | None = None
    database_hours: Decimal = HOURS  # a month
    bucket: bool = False  # its own, or a shared one that it writes to
    nat_gateways: int = 0  # its own
    nat_addresses: int = 0  # of its own gateways, or left from one
    nat_route: bool = False  # through a NAT gateway, its own or a shared one
    endpoints: int = 0  # interface endpoints, each once for a zone
    logs_endpoint: bool = False
    flow_logs: bool = False
    load_balancer_zones: int = 0  # 0 without a load balancer
    access_logs: bool = False
    hosted_zone: bool = False  # its own: an adopted one is paid already
    log_groups: bool = False
    log_archive: bool = False
    alarms: int = 0
    further_alarm_metrics: int = 0  # that alarms on an expression read beyond one each
    topics: bool = False
    phones: int = 0  # that get SMS
    slack: bool = False
    dashboards: int = 0
    custom_metrics: bool = False
    container_insights: bool = False
    keys: int = 0
    secrets: int = 0


# From variables


def from_variables(given: Variables) -> Built:
    """What the roles build. A foundation has a network and a bucket only (ENV-1, ENV-4)."""
    zones = len(given["vpc_availability_zones"])
    endpoint_services = given["vpc_interface_endpoint_services"] if given["vpc_interface_endpoints"] else []
    gateways = nat_gateways(given)
    network: dict[str, Any] = {
        "bucket": True,
        "nat_gateways": gateways,
        "nat_addresses": gateways,
        "nat_route": given["vpc_nat_gateways"] != "none",
        "endpoints": len(endpoint_services) * zones,
        "logs_endpoint": "logs" in endpoint_services,
        "flow_logs": given["vpc_flow_logs"],
    }
    if given["stack_foundation"]:
        return Built(**network)
    services_hours, database_hours = hours_up(given)
    alarm_count, further_metrics = alarm_metrics(given)
    return Built(
        **network,
        services=tuple(
            Service(
                service["name"],
                service.get("cpu") or given["ecs_cpu"],
                service.get("memory") or given["ecs_memory"],
                tasks_of(service, given),
            )
            for service in given["ecs_services"]
        ),
        architecture=given["ecs_cpu_architecture"],
        services_hours=services_hours,
        repositories=True,
        database=Database(
            given["rds_instance_class"],
            given["rds_multi_az"],
            given["rds_allocated_storage"],
            *above_baseline(given["rds_allocated_storage"], given.get("rds_iops"), given.get("rds_storage_throughput")),
        ),
        database_hours=database_hours,
        load_balancer_zones=zones,
        access_logs=given["alb_access_logs"],
        hosted_zone=given["dns_zone"] == "create",
        log_groups=True,
        log_archive=True,
        alarms=alarm_count,
        further_alarm_metrics=further_metrics,
        topics=True,
        phones=len(given["notifications_phone_numbers"]),
        slack=given["notifications_slack"],
        dashboards=1,
        custom_metrics=given["dashboard_custom_metrics"],
        container_insights=given["ecs_container_insights"] != "disabled",
        keys=1,
        secrets=2 if given["notifications_slack"] else 1,  # the database's password, the webhook
    )


def nat_gateways(given: Variables) -> int:
    """NAT gateways that this stack makes (NET-4); a shared one is its owner's."""
    counts = {"none": 0, "shared": 0, "single": 1, "per_zone": len(given["vpc_availability_zones"])}
    return counts[given["vpc_nat_gateways"]]


def tasks_of(service: Mapping[str, Any], given: Variables) -> int:
    """How many tasks of a service run when nothing is going on: what is desired, within what scaling allows."""
    desired = service.get("desired_count")
    count = int(given["ecs_desired_count"] if desired is None else desired)
    if service["name"] not in given["autoscaling_services"]:
        return count
    return min(max(count, int(given["autoscaling_min_capacity"])), int(given["autoscaling_max_capacity"]))


def above_baseline(storage: int, iops: int | None, throughput: int | None) -> tuple[int, int]:
    """IOPS and MiB/s of so many GiB of gp3 that are charged: those above what the storage has anyway."""
    if storage < LARGE_STORAGE:
        return 0, 0
    return max(0, (iops or 0) - BASELINE_IOPS), max(0, (throughput or 0) - BASELINE_THROUGHPUT)


def has_queue(given: Variables) -> bool:
    """Whether there is a queue for what functions could not deliver: to Slack, or to telephones."""
    return bool(given["notifications_slack"] or given["notifications_phone_numbers"])


def alarm_metrics(given: Variables) -> tuple[int, int]:
    """Alarms of the stack, and the metrics that those with metric math read beyond one each.

    Amazon CloudWatch pricing: an alarm on an expression is charged for each of its metrics.
    """
    services = [service["name"] for service in given["ecs_services"]]
    rows = [row for row in given["alarms_definitions"] if row["of"] != "queue" or has_queue(given)]
    scaling = 2 * len(given["autoscaling_services"])  # out and in; target tracking makes two as well
    beyond = sum(len(alarms.names([row], services)) * (len(row.get("metrics") or [0]) - 1) for row in rows)
    return len(alarms.names(rows, services)) + scaling, beyond


# From an account


def from_live(live: Mapping[str, Any], given: Variables) -> Built:
    """What the module ``cost_live_info`` has read.

    The variables say what no part of the account does: whether the bucket is shared (ENV-4), and the hours of nights,
    which count where the stack has schedules for them (ENV-6).
    """
    there = {name: value for name, value in live.items() if name not in ("services", "database", "nights")}
    order = [service["name"] for service in given.get("ecs_services", [])]
    services = sorted(live["services"], key=lambda service: [*order, service["name"]].index(service["name"]))
    database = live["database"]
    if database:
        above = above_baseline(database["storage"], database["iops"], database["throughput"])
        there["database"] = Database(database["instance_class"], database["multi_az"], database["storage"], *above)
    if services:
        there["architecture"] = services[0]["architecture"]
    asleep = hours_up({**given, "nights_enabled": True}) if any(live["nights"].values()) else (HOURS, HOURS)
    shared = given["s3_owner"] != given["stack_name"]
    return Built(
        **{
            **there,
            "services": tuple(
                Service(service["name"], service["cpu"], service["memory"], live_tasks(service)) for service in services
            ),
            "services_hours": asleep[0] if live["nights"]["services"] else HOURS,
            "database_hours": asleep[1] if live["nights"]["database"] else HOURS,
            "bucket": live["bucket"] or (shared and bool(services)),
        }
    )


def live_tasks(service: Mapping[str, Any]) -> int:
    """Tasks that are desired now; of a service that sleeps at the moment the least that it has by day."""
    count, least, most = (service[name] for name in ("desired_count", "min_capacity", "max_capacity"))
    return int(count if most is None else min(max(count, least), most))


# Hours


def hours_up(given: Variables) -> tuple[Decimal, Decimal]:
    """Hours a month that the services and the database run (ENV-6): all 730 without nights.

    A day is up on its weekday's share of the year; a holiday takes a twelfth of its hours from each month. What
    ``nights_stay_up_until`` adds is once and not counted.
    """
    if not given["nights_enabled"]:
        return HOURS, HOURS
    settings = {name.removeprefix("nights_"): value for name, value in given.items() if name.startswith("nights_")}
    services, database = nights.hours({**settings, "stay_up_until": "", "time_zone": given["stack_time_zone"]})
    return _monthly(services), _monthly(database)


def _monthly(hours: nights.Hours) -> Decimal:
    anyday = date(2000, 1, 1)
    seconds = (datetime.combine(anyday, hours.stop) - datetime.combine(anyday, hours.start)).seconds
    daily = Decimal(seconds) / 3600
    missed = len([day for day in hours.holidays if DAYS[day.weekday()] in hours.days])
    return max(Decimal(0), daily * len(hours.days) * HOURS / HOURS_OF_A_WEEK - daily * missed / MONTHS)
