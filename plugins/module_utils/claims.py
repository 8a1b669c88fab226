# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The names that a stack needs in its account, by its variables: pure functions.

A name that somebody else has, and a field that AWS sets once and that differs, are refused by the layer that meets
them. Preflight asks for all of them before the first change. tests/integration/test_contract.py compares what a run
makes with what is claimed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NotRequired, TypedDict

from ansible_collections.triflow.platform.plugins.module_utils import alarms
from ansible_collections.triflow.platform.plugins.module_utils.aws_names import short_name

Variables = Mapping[str, Any]  # those of the roles, with their defaults, in the types of the argument specs

# Of a DB instance: options that preflight compares, by the variables that hold them.
DATABASE = {
    "engine_version": "rds_engine_version",
    "db_instance_class": "rds_instance_class",
    "multi_az": "rds_multi_az",
    "allocated_storage": "rds_allocated_storage",
    "max_allocated_storage": "rds_max_allocated_storage",
    "iops": "rds_iops",
    "storage_throughput": "rds_storage_throughput",
    "backup_retention_period": "rds_backup_retention_days",
    "deletion_protection": "rds_deletion_protection",
    "ca_certificate_identifier": "rds_ca_certificate_identifier",
    "db_name": "rds_database_name",
    "master_username": "rds_master_username",
}


class Claim(TypedDict):
    """A name that the stack needs, for one of its components."""

    component: str
    kind: str
    name: str
    variable: str  # that the name is, or follows from
    vpc_owner: NotRequired[str]  # of a subnet, whose name is its range: the stack in whose VPC it is
    fixed: NotRequired[dict[str, Any]]  # fields that AWS sets once, with what they have to be


def claims(variables: Variables) -> list[Claim]:
    """All names that the stack needs. What has no name, such as a subnet, claims nothing."""
    stack = variables["stack_name"]
    found = list(_network(variables, stack))
    if variables["s3_owner"] == stack:
        found.append(_claim("bucket", "bucket", variables["s3_bucket_name"], "s3_bucket_name"))
    if variables["cost_budget_alarm"]:
        found.append(_claim("budget", "budget", stack))
    if not variables["stack_foundation"]:
        for part in (_data, _edge, _compute, _logs, _observability, _notifications):
            found += part(variables, stack)
    return found


def _claim(component: str, kind: str, name: str, variable: str = "stack_name", **fixed: Any) -> Claim:
    claim = Claim(component=component, kind=kind, name=name, variable=variable)
    return {**claim, "fixed": fixed} if fixed else claim


def _network(variables: Variables, stack: str) -> Iterable[Claim]:
    owner, zones = variables["vpc_owner"], variables["vpc_availability_zones"]
    for tier in ("public", "private"):
        variable = f"vpc_{tier}_subnet_cidrs"
        for zone, cidr in zip(zones, variables[variable], strict=True):
            yield {**_claim(f"subnet-{tier}-{zone[-1]}", "subnet", cidr, variable), "vpc_owner": owner}
    if variables["vpc_flow_logs"]:
        yield _claim("log-group-flow-logs", "log_group", f"/aws/vpc/{stack}/flow-logs")
        yield _claim("role-flow-logs", "role", f"{stack}-flow-logs")
    if variables["vpc_interface_endpoints"] and variables["vpc_owner"] == stack:
        description = "HTTPS from the VPC to the interface endpoints"
        yield _claim("security-group-endpoints", "security_group", f"{stack}-endpoints", description=description)
    if not variables["stack_foundation"]:
        for name, what in (("alb", "Load balancer"), ("ecs", "Tasks"), ("rds", "Database")):
            description = f"{what} of {stack}"
            yield _claim(f"security-group-{name}", "security_group", f"{stack}-{name}", description=description)


def _data(variables: Variables, stack: str) -> Iterable[Claim]:
    identifier, family = variables["rds_identifier"], f"postgres{variables['rds_engine_version'].partition('.')[0]}"
    log_group = f"/aws/rds/instance/{identifier}/postgresql"
    yield _claim("log-group-database", "log_group", log_group, "rds_identifier")
    yield _claim("db-subnet-group", "db_subnet_group", stack)
    yield _claim("db-parameter-group", "db_parameter_group", f"{stack}-{family}", family=family)
    wanted = {option: variables.get(variable) for option, variable in DATABASE.items()}
    wanted |= {"storage_encrypted": True, "db_subnet_group_name": stack, "db_parameter_group_name": f"{stack}-{family}"}
    yield _claim("database", "database", identifier, "rds_identifier", **wanted)


def _edge(variables: Variables, stack: str) -> Iterable[Claim]:
    yield _claim("load-balancer", "load_balancer", short_name(stack), scheme="internet-facing")
    for group in variables["alb_target_groups"]:
        name = short_name(f"{stack}-{group}")
        yield _claim(f"target-group-{group}", "target_group", name, "alb_target_groups", protocol="HTTP")
    if variables["dns_zone"] == "create":
        yield _claim("hosted-zone", "hosted_zone", variables["dns_zone_name"], "dns_zone_name")
    domain = variables["dns_domain_name"]
    yield _claim("dns-record-apex", "record", domain, "dns_domain_name")
    if variables["dns_wildcard_record"]:
        yield _claim("dns-record-wildcard", "record", f"*.{domain}", "dns_domain_name")


def _compute(variables: Variables, stack: str) -> Iterable[Claim]:
    yield _claim("role-execution", "role", f"{stack}-execution")
    yield _claim("role-task", "role", f"{stack}-task")
    for repository in variables["ecr_repositories"]:
        yield _claim(f"repository-{repository}", "repository", f"{stack}/{repository}", "ecr_repositories")
    yield _claim("cluster", "cluster", stack)
    for service in variables["ecs_services"]:
        name = service["name"]
        yield _claim(f"service-{name}", "service", f"{stack}/{name}", "ecs_services", launch_type="FARGATE")
        yield _claim(f"task-definition-{name}", "task_definition", f"{stack}-{name}", "ecs_services")
    if variables["autoscaling_policy"] == "step":
        for name in variables["autoscaling_services"]:
            for step in ("out", "in"):
                yield _claim(f"alarm-{name}-scale-{step}", "alarm", f"{stack}-{name}-scale-{step}")
    if variables["nights_enabled"]:
        yield _claim("role-nights", "role", f"{stack}-nights")
        yield _claim("schedule-group", "schedule_group", stack)


def _logs(variables: Variables, stack: str) -> Iterable[Claim]:
    for service in variables["ecs_services"]:
        name = service["name"]
        yield _claim(f"log-group-{name}", "log_group", f"{variables['logs_group_prefix']}{name}", "logs_group_prefix")
    stream = f"{stack}-logs-archive"
    yield _claim("delivery-stream-logs-archive", "delivery_stream", stream)
    yield _claim("log-group-firehose", "log_group", f"/aws/kinesisfirehose/{stream}")
    yield _claim("role-logs-to-firehose", "role", f"{stack}-logs-to-firehose")
    yield _claim("role-firehose-to-s3", "role", f"{stack}-firehose-to-s3")


def _has_queue(variables: Variables) -> bool:
    """Of what a function could not deliver, to Slack or to telephones."""
    return bool(variables["notifications_slack"] or variables["notifications_phone_numbers"])


def _observability(variables: Variables, stack: str) -> Iterable[Claim]:
    services = [service["name"] for service in variables["ecs_services"]]
    rows = [row for row in variables["alarms_definitions"] if row["of"] != "queue" or _has_queue(variables)]
    for name in alarms.names(rows, services):
        yield _claim(f"alarm-{name}", "alarm", f"{stack}-{name}")
    yield _claim("rule-task-stopped", "rule", f"{stack}-task-stopped")
    yield _claim("dashboard", "dashboard", stack)


def _notifications(variables: Variables, stack: str) -> Iterable[Claim]:
    yield _claim("kms-key", "key_alias", f"alias/{stack}-notifications")
    topic = variables["notifications_topic_name"]
    yield _claim("topic-alarms", "topic", topic, "notifications_topic_name")
    yield _claim("topic-sms", "topic", f"{topic}-sms", "notifications_topic_name")
    if variables["notifications_slack"]:
        yield _claim("function-slack", "function", f"{stack}-slack")
        yield _claim("log-group-slack", "log_group", f"/aws/lambda/{stack}-slack")
        yield _claim("role-slack", "role", f"{stack}-slack")
        yield _claim("secret-slack-webhook", "secret", f"{stack}/slack-webhook")
    if variables["notifications_phone_numbers"]:
        yield _claim("function-sms", "function", f"{stack}-sms")
        yield _claim("log-group-sms", "log_group", f"/aws/lambda/{stack}-sms")
        yield _claim("role-sms", "role", f"{stack}-sms")
    if _has_queue(variables):
        yield _claim("queue-slack-dead-letters", "queue", f"{stack}-slack-dead-letters")
