# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What AWS charges for a stack, line by line: pure functions (COST-1..7, MON-4, NET-4, NET-5, OPT-2).

What is charged because it exists is a ``Built`` of ``cost_built``, from variables or from an account; usage is in the
variables ``cost_*``. A month has 730 hours. A line that costs nothing, since its quantity is 0, is not there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.compute_checks import FARGATE, NOT_OFFERED
from ansible_collections.triflow.platform.plugins.module_utils.cost_built import (
    HOURS,
    Built,
    Variables,
    from_variables,
)
from ansible_collections.triflow.platform.plugins.module_utils.cost_texts import LINES, Text

Usage = Mapping[str, Any]  # the variables cost_*

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
    """All lines of the stack that the variables make, in the order of the record."""
    return lines_of(from_variables(given), given)


def lines_of(built: Built, usage: Usage) -> list[Line]:
    """All lines of a stack, in the order of the record."""
    return [line for source in SOURCES for line in source(built, usage) if line.quantity > 0]


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


def compute_lines(built: Built, usage: Usage) -> Iterator[Line]:
    """Fargate (COST-1), tasks that run once, and the images."""
    sizes = [fargate_size(service.cpu, service.memory) for service in built.services]
    counts = [service.tasks for service in built.services]
    vcpu, memory = (
        sum((size[part] * count for size, count in zip(sizes, counts, strict=True)), Decimal(0)) for part in (0, 1)
    )
    kind = "arm" if built.architecture == "ARM64" else "x86"
    tasks, up = sum(counts), built.services_hours
    note = _note(f"{tasks} task{'' if tasks == 1 else 's'}", f"태스크 {tasks}개", up)
    yield Line("fargate-vcpu", f"fargate-{kind}-vcpu-hour", vcpu * up, *note)
    yield Line("fargate-memory", f"fargate-{kind}-gb-hour", memory * up, *note)

    once = Decimal(fargate_seconds(usage["cost_task_run_seconds"])) / 3600 * usage["cost_task_runs"]
    note = f"{usage['cost_task_runs']} runs", f"{usage['cost_task_runs']}회"
    for vcpu, memory in sizes[:1]:
        yield Line("fargate-runs-vcpu", f"fargate-{kind}-vcpu-hour", vcpu * once, *note)
        yield Line("fargate-runs-memory", f"fargate-{kind}-gb-hour", memory * once, *note)
    if built.repositories:
        yield Line("images", "image-gb-month", number(usage["cost_images_gb"]))


# Database


def database_lines(built: Built, usage: Usage) -> Iterator[Line]:
    """RDS (COST-2). A stopped instance costs no hours, its storage does (ENV-6)."""
    database, up = built.database, built.database_hours
    if database is None:
        return
    name = database.instance_class
    zones, english, korean = (
        ("multi-az", "Multi-AZ", "다중 AZ") if database.multi_az else ("single-az", "Single-AZ", "단일 AZ")
    )
    storage = Decimal(database.storage_gb)
    yield Line("database-hours", f"rds-{name}-{zones}-hour", up, *_note(f"{name}, {english}", f"{name}, {korean}", up))
    yield Line("database-storage", f"rds-storage-{zones}-gb-month", storage)
    yield Line("database-iops", f"rds-iops-{zones}-month", Decimal(database.iops_above_baseline))
    yield Line("database-throughput", f"rds-throughput-{zones}-month", Decimal(database.throughput_above_baseline))
    yield Line("database-backups", "rds-backup-gb-month", number(usage["cost_backup_gb"]) - storage)


# Storage


def storage_lines(built: Built, usage: Usage) -> Iterator[Line]:
    """S3 (COST-3), of what this stack writes, whoever owns the bucket."""
    if not built.bucket:
        return
    yield Line("s3-standard", "s3-standard-gb-month", number(usage["cost_s3_standard_gb"]))
    yield Line("s3-glacier", "s3-glacier-gb-month", number(usage["cost_s3_glacier_gb"]))
    yield Line("s3-put", "s3-put-thousand", number(usage["cost_s3_put_requests"]) / 1000)
    yield Line("s3-get", "s3-get-thousand", number(usage["cost_s3_get_requests"]) / 1000)
    yield Line("s3-transitions", "s3-glacier-transition-thousand", number(usage["cost_s3_transitions"]) / 1000)


# Network


def network_lines(built: Built, usage: Usage) -> Iterator[Line]:
    """NAT (COST-4), what goes through it, and interface endpoints (NET-5)."""
    gateways, addresses, endpoints = built.nat_gateways, built.nat_addresses, built.endpoints
    logs = number(usage["cost_logs_gb"])
    yield Line("nat-gateway-hours", "nat-gateway-hour", gateways * HOURS, *_counted(gateways))
    yield Line("nat-gateway-addresses", "public-ipv4-hour", addresses * HOURS, *_counted(addresses))
    if built.nat_route:
        yield Line("nat-gateway-data", "nat-gateway-gb", number(usage["cost_nat_gb"]))
        if not built.logs_endpoint:
            yield Line("nat-gateway-logs", "nat-gateway-gb", logs)
    yield Line("endpoint-hours", "endpoint-hour", endpoints * HOURS, *_counted(endpoints))
    if built.logs_endpoint:
        yield Line("endpoint-data", "endpoint-gb", logs)
    if built.flow_logs:
        yield Line("flow-logs", "vended-logs-gb", number(usage["cost_flow_logs_gb"]))


def transfer_lines(built: Built, usage: Usage) -> Iterator[Line]:
    """Data to the internet (COST-7) and between the zones."""
    if built.load_balancer_zones:
        yield Line("internet-data", "internet-gb", number(usage["cost_transfer_gb"]))
    if built.services and built.database:
        yield Line("cross-zone-data", "cross-zone-gb", number(usage["cost_cross_zone_gb"]))


# Load balancing


def lcu(usage: Usage) -> Decimal:
    """LCUs on average (COST-5): the largest of the four dimensions where they are given."""
    dimensions = {name: value for name, value in usage["cost_lcu_dimensions"].items() if value is not None}
    if not dimensions:
        return number(usage["cost_lcu"])
    return max(number(dimensions.get(name, 0)) / size for name, size in LCU.items())


def edge_lines(built: Built, usage: Usage) -> Iterator[Line]:
    """ALB (COST-5), its addresses, and the hosted zone (OPT-2). Nothing of it sleeps at night."""
    zones = built.load_balancer_zones
    if zones:
        yield Line("load-balancer-hours", "load-balancer-hour", HOURS)
        yield Line("load-balancer-lcu", "lcu-hour", lcu(usage) * HOURS)
        yield Line("load-balancer-addresses", "public-ipv4-hour", zones * HOURS, *_counted(zones))
    if built.access_logs:
        yield Line("access-logs", "s3-standard-gb-month", number(usage["cost_access_logs_gb"]))
    if built.hosted_zone:
        yield Line("hosted-zone", "hosted-zone-month", Decimal(1))


# Monitoring


def monitoring_lines(built: Built, usage: Usage) -> Iterator[Line]:
    """CloudWatch and SNS (COST-6), and what the record decides in MON-1..8 without a price."""
    logs, notifications = number(usage["cost_logs_gb"]), number(usage["cost_notifications"])
    if built.log_groups:
        yield Line("logs-ingestion", "logs-ingestion-gb", logs)
        yield Line("logs-storage", "logs-storage-gb-month", number(usage["cost_logs_stored_gb"]))
    if built.log_archive:
        yield Line("log-archive", "firehose-gb", logs)
    yield Line("alarms", "alarm-month", Decimal(built.alarms))
    yield Line("alarms-metric-math", "alarm-month", Decimal(built.further_alarm_metrics))
    if built.topics:
        yield Line("notifications", "notification", notifications)
    yield Line("sms", "sms", number(usage["cost_sms"]) * built.phones, *_counted(built.phones))
    if built.slack:
        yield Line("slack-requests", "function-request-million", notifications / 1_000_000)
        yield Line("slack-duration", "function-gb-second", notifications * FUNCTION_GB_SECONDS)
    yield Line("dashboard", "dashboard-month", Decimal(built.dashboards))
    if built.container_insights:
        metrics = CLUSTER_METRICS + len(built.services) * (TASK_METRICS + SERVICE_METRICS)
        yield Line("container-insights", "custom-metric-month", Decimal(metrics))
    if built.custom_metrics:
        yield Line("custom-metrics", "custom-metric-month", number(usage["cost_custom_metrics"]))


# Keys and secrets


def security_lines(built: Built, _usage: Usage) -> Iterator[Line]:
    """The key of the topics, and secrets: the database's password, the webhook."""
    yield Line("kms-key", "kms-key-month", Decimal(built.keys), *_counted(built.keys))
    yield Line("secrets", "secret-month", Decimal(built.secrets), *_counted(built.secrets))


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
