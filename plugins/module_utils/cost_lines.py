# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a stack's variables make AWS charge for, line by line: pure functions (COST-1..7, MON-4, NET-4, NET-5, OPT-2).

The variables are those of the roles, with their defaults; usage is in the variables ``cost_*``. A month has 730 hours.
A line that costs nothing, since its quantity is 0, is not there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import alarms, nights
from ansible_collections.triflow.platform.plugins.module_utils.compute_checks import FARGATE, NOT_OFFERED
from ansible_collections.triflow.platform.plugins.module_utils.cost_texts import LINES, Text
from ansible_collections.triflow.platform.plugins.module_utils.windows import DAYS

Variables = Mapping[str, Any]

HOURS = Decimal(730)  # of a month, as the record counts
HOURS_OF_A_WEEK = Decimal(168)
MONTHS = Decimal(12)
# Amazon RDS user guide, "gp3 storage": of PostgreSQL from 400 GiB on.
LARGE_STORAGE, BASELINE_IOPS, BASELINE_THROUGHPUT = 400, 12000, 500
# Elastic Load Balancing pricing: what one LCU holds. The largest of the four counts.
LCU = {
    "new_connections_per_second": Decimal(25),
    "active_connections_per_minute": Decimal(3000),
    "processed_gb_per_hour": Decimal(1),
    "rule_evaluations_per_second": Decimal(1000),
}
# Amazon CloudWatch pricing, Container Insights for Amazon ECS: metrics of a cluster, a task family and a service.
CLUSTER_METRICS, TASK_METRICS, SERVICE_METRICS = 8, 6, 11
FUNCTION_GB_SECONDS = Decimal("0.125")  # of one message to Slack: 128 MB for a second


@dataclass(frozen=True)
class Line:
    """One position of the bill. Its name is in ``cost_texts``; the note is about this quantity."""

    id: str
    price: str  # id in roles/cost/files/prices.yml
    quantity: Decimal
    note_en: str = ""
    note_ko: str = ""

    @property
    def text(self) -> Text:
        return LINES[self.id]


def lines(given: Variables) -> list[Line]:
    """All lines of a stack, in the order of the record."""
    sources = FOUNDATION_SOURCES if given["stack_foundation"] else SOURCES
    return [line for source in sources for line in source(given) if line.quantity > 0]


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


def _note(english: str, korean: str, hours: Decimal) -> tuple[str, str]:
    if hours == HOURS:
        return english, korean
    return f"{english}; {hours:.0f} of 730 hours, off at night", f"{korean}, 730시간 중 {hours:.0f}시간(야간 중지)"


def _counted(count: int) -> tuple[str, str]:
    return (f"{count} of them", f"{count}개") if count > 1 else ("", "")


def number(value: Any) -> Decimal:
    """A variable's number as it was written, not as a binary fraction."""
    return Decimal(str(value))


# Compute


def fargate_size(cpu: int, memory: int) -> tuple[Decimal, Decimal]:
    """vCPUs and GB of a task. Raises ``ValueError`` for a size that Fargate does not offer."""
    if cpu not in FARGATE or memory not in FARGATE[cpu] or (cpu, memory) in NOT_OFFERED:
        raise ValueError(f"Fargate offers no task of {cpu} CPU units and {memory} MiB.")
    return Decimal(cpu) / 1024, Decimal(memory) / 1024


def fargate_seconds(seconds: float) -> int:
    """Seconds that Fargate charges for a task: whole ones, at least a minute (AWS Fargate pricing)."""
    return max(60, math.ceil(seconds)) if seconds > 0 else 0


def tasks_of(service: Mapping[str, Any], given: Variables) -> int:
    """How many tasks of a service run when nothing is going on: what is desired, within what scaling allows."""
    desired = service.get("desired_count")
    count = int(given["ecs_desired_count"] if desired is None else desired)
    if service["name"] not in given["autoscaling_services"]:
        return count
    return min(max(count, int(given["autoscaling_min_capacity"])), int(given["autoscaling_max_capacity"]))


def compute_lines(given: Variables) -> Iterator[Line]:
    """Fargate (COST-1), tasks that run once, and the images."""
    up, _database = hours_up(given)
    sizes = [
        fargate_size(service.get("cpu") or given["ecs_cpu"], service.get("memory") or given["ecs_memory"])
        for service in given["ecs_services"]
    ]
    counts = [tasks_of(service, given) for service in given["ecs_services"]]
    vcpu, memory = (
        sum((size[part] * count for size, count in zip(sizes, counts, strict=True)), Decimal(0)) for part in (0, 1)
    )
    kind = "arm" if given["ecs_cpu_architecture"] == "ARM64" else "x86"
    tasks = sum(counts)
    note = _note(f"{tasks} task{'' if tasks == 1 else 's'}", f"태스크 {tasks}개", up)
    yield Line("fargate-vcpu", f"fargate-{kind}-vcpu-hour", vcpu * up, *note)
    yield Line("fargate-memory", f"fargate-{kind}-gb-hour", memory * up, *note)

    once = Decimal(fargate_seconds(given["cost_task_run_seconds"])) / 3600 * given["cost_task_runs"]
    note = f"{given['cost_task_runs']} runs", f"{given['cost_task_runs']}회"
    yield Line("fargate-runs-vcpu", f"fargate-{kind}-vcpu-hour", sizes[0][0] * once, *note)
    yield Line("fargate-runs-memory", f"fargate-{kind}-gb-hour", sizes[0][1] * once, *note)
    yield Line("images", "image-gb-month", number(given["cost_images_gb"]))


# Database


def above_baseline(given: Variables) -> tuple[int, int]:
    """IOPS and MiB/s of gp3 that are charged: those above what the storage has anyway."""
    if given["rds_allocated_storage"] < LARGE_STORAGE:
        return 0, 0
    return (
        max(0, (given.get("rds_iops") or 0) - BASELINE_IOPS),
        max(0, (given.get("rds_storage_throughput") or 0) - BASELINE_THROUGHPUT),
    )


def database_lines(given: Variables) -> Iterator[Line]:
    """RDS (COST-2). A stopped instance costs no hours, its storage does (ENV-6)."""
    _services, up = hours_up(given)
    name = given["rds_instance_class"]
    zones, english, korean = (
        ("multi-az", "Multi-AZ", "다중 AZ") if given["rds_multi_az"] else ("single-az", "Single-AZ", "단일 AZ")
    )
    storage = Decimal(given["rds_allocated_storage"])
    iops, throughput = above_baseline(given)
    yield Line("database-hours", f"rds-{name}-{zones}-hour", up, *_note(f"{name}, {english}", f"{name}, {korean}", up))
    yield Line("database-storage", f"rds-storage-{zones}-gb-month", storage)
    yield Line("database-iops", f"rds-iops-{zones}-month", Decimal(iops))
    yield Line("database-throughput", f"rds-throughput-{zones}-month", Decimal(throughput))
    yield Line("database-backups", "rds-backup-gb-month", number(given["cost_backup_gb"]) - storage)


# Storage


def storage_lines(given: Variables) -> Iterator[Line]:
    """S3 (COST-3), of what this stack writes, whoever owns the bucket."""
    yield Line("s3-standard", "s3-standard-gb-month", number(given["cost_s3_standard_gb"]))
    yield Line("s3-glacier", "s3-glacier-gb-month", number(given["cost_s3_glacier_gb"]))
    yield Line("s3-put", "s3-put-thousand", number(given["cost_s3_put_requests"]) / 1000)
    yield Line("s3-get", "s3-get-thousand", number(given["cost_s3_get_requests"]) / 1000)
    yield Line("s3-transitions", "s3-glacier-transition-thousand", number(given["cost_s3_transitions"]) / 1000)


# Network


def nat_gateways(given: Variables) -> int:
    """NAT gateways that this stack makes (NET-4); a shared one is its owner's."""
    counts = {"none": 0, "shared": 0, "single": 1, "per_zone": len(given["vpc_availability_zones"])}
    return counts[given["vpc_nat_gateways"]]


def network_lines(given: Variables) -> Iterator[Line]:
    """NAT (COST-4), what goes through it, and interface endpoints (NET-5)."""
    gateways = nat_gateways(given)
    logs = number(given["cost_logs_gb"])
    services = given["vpc_interface_endpoint_services"] if given["vpc_interface_endpoints"] else []
    endpoints = len(services) * len(given["vpc_availability_zones"])
    yield Line("nat-gateway-hours", "nat-gateway-hour", gateways * HOURS, *_counted(gateways))
    yield Line("nat-gateway-addresses", "public-ipv4-hour", gateways * HOURS, *_counted(gateways))
    if given["vpc_nat_gateways"] != "none":
        yield Line("nat-gateway-data", "nat-gateway-gb", number(given["cost_nat_gb"]))
        if "logs" not in services:
            yield Line("nat-gateway-logs", "nat-gateway-gb", logs)
    yield Line("endpoint-hours", "endpoint-hour", endpoints * HOURS, *_counted(endpoints))
    if "logs" in services:
        yield Line("endpoint-data", "endpoint-gb", logs)
    if given["vpc_flow_logs"]:
        yield Line("flow-logs", "vended-logs-gb", number(given["cost_flow_logs_gb"]))


def transfer_lines(given: Variables) -> Iterator[Line]:
    """Data to the internet (COST-7) and between the zones."""
    yield Line("internet-data", "internet-gb", number(given["cost_transfer_gb"]))
    yield Line("cross-zone-data", "cross-zone-gb", number(given["cost_cross_zone_gb"]))


# Load balancing


def lcu(given: Variables) -> Decimal:
    """LCUs on average (COST-5): the largest of the four dimensions where they are given."""
    dimensions = {name: value for name, value in given["cost_lcu_dimensions"].items() if value is not None}
    if not dimensions:
        return number(given["cost_lcu"])
    return max(number(dimensions.get(name, 0)) / size for name, size in LCU.items())


def edge_lines(given: Variables) -> Iterator[Line]:
    """ALB (COST-5), its addresses, and the hosted zone (OPT-2). Nothing of it sleeps at night."""
    zones = len(given["vpc_availability_zones"])
    yield Line("load-balancer-hours", "load-balancer-hour", HOURS)
    yield Line("load-balancer-lcu", "lcu-hour", lcu(given) * HOURS)
    yield Line("load-balancer-addresses", "public-ipv4-hour", zones * HOURS, *_counted(zones))
    if given["alb_access_logs"]:
        yield Line("access-logs", "s3-standard-gb-month", number(given["cost_access_logs_gb"]))
    if given["dns_zone"] == "create":  # an adopted one is paid already
        yield Line("hosted-zone", "hosted-zone-month", Decimal(1))


# Monitoring


def alarm_metrics(given: Variables) -> tuple[int, int]:
    """Alarms of the stack, and the metrics that those with metric math read beyond one each.

    Amazon CloudWatch pricing: an alarm on an expression is charged for each of its metrics.
    """
    services = [service["name"] for service in given["ecs_services"]]
    rows = [row for row in given["alarms_definitions"] if row["of"] != "queue" or given["notifications_slack"]]
    scaling = 2 * len(given["autoscaling_services"])  # out and in; target tracking makes two as well
    beyond = sum(len(alarms.names([row], services)) * (len(row.get("metrics") or [0]) - 1) for row in rows)
    return len(alarms.names(rows, services)) + scaling, beyond


def monitoring_lines(given: Variables) -> Iterator[Line]:
    """CloudWatch and SNS (COST-6), and what the record decides in MON-1..8 without a price."""
    alarm_count, further_metrics = alarm_metrics(given)
    logs, notifications = number(given["cost_logs_gb"]), number(given["cost_notifications"])
    phones = given["notifications_phone_numbers"]
    yield Line("logs-ingestion", "logs-ingestion-gb", logs)
    yield Line("logs-storage", "logs-storage-gb-month", number(given["cost_logs_stored_gb"]))
    yield Line("log-archive", "firehose-gb", logs)
    yield Line("alarms", "alarm-month", Decimal(alarm_count))
    yield Line("alarms-metric-math", "alarm-month", Decimal(further_metrics))
    yield Line("notifications", "notification", notifications)
    yield Line("sms", "sms", number(given["cost_sms"]) * len(phones), *_counted(len(phones)))
    if given["notifications_slack"]:
        yield Line("slack-requests", "function-request-million", notifications / 1_000_000)
        yield Line("slack-duration", "function-gb-second", notifications * FUNCTION_GB_SECONDS)
    yield Line("dashboard", "dashboard-month", Decimal(1))
    if given["ecs_container_insights"] != "disabled":
        metrics = CLUSTER_METRICS + len(given["ecs_services"]) * (TASK_METRICS + SERVICE_METRICS)
        yield Line("container-insights", "custom-metric-month", Decimal(metrics))
    if given["dashboard_custom_metrics"]:
        yield Line("custom-metrics", "custom-metric-month", number(given["cost_custom_metrics"]))


# Keys and secrets


def security_lines(given: Variables) -> Iterator[Line]:
    """The key of the topics, and secrets: the database's password, the webhook."""
    secrets = 2 if given["notifications_slack"] else 1
    yield Line("kms-key", "kms-key-month", Decimal(1))
    yield Line("secrets", "secret-month", Decimal(secrets), *_counted(secrets))


SOURCES = (
    compute_lines,
    database_lines,
    storage_lines,
    network_lines,
    edge_lines,
    monitoring_lines,
    transfer_lines,
    security_lines,
)
FOUNDATION_SOURCES = (storage_lines, network_lines)
