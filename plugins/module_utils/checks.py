# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks over a stack's variables that no argument spec can express: rules of AWS, and what must fit together.

They need neither credentials nor network. Each takes the variables that have the right type, and skips what is not
given: a missing variable is the argument spec's to report.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ansible_collections.triflow.platform.plugins.module_utils import windows
from ansible_collections.triflow.platform.plugins.module_utils.alarm_checks import alarm_problems
from ansible_collections.triflow.platform.plugins.module_utils.cidrs import network_problems
from ansible_collections.triflow.platform.plugins.module_utils.compute_checks import compute_problems
from ansible_collections.triflow.platform.plugins.module_utils.lifecycle import lifecycle_problems
from ansible_collections.triflow.platform.plugins.module_utils.notification_checks import notification_problems
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, nearest, problem
from ansible_collections.triflow.platform.plugins.module_utils.release_checks import release_problems
from ansible_collections.triflow.platform.plugins.module_utils.sharing_checks import sharing_problems

Variables = Mapping[str, Any]


class Pattern(NamedTuple):
    """What a text must look like."""

    expression: str
    reason: str
    accepted: str


class Range(NamedTuple):
    """What a number must lie between, both ends included."""

    least: int
    most: int
    unit: str
    reason: str


DOMAIN = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
ARCHIVE_PREFIX = Pattern(
    r"(?!tenants/)[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*/",
    "it cannot begin the keys of the archive",
    "a prefix outside tenants/ that ends with a slash: logs-archive/",
)
PATTERNS = {
    # The longest identifier made from it is that of an RDS instance, which starts with a letter and has no "--".
    "stack_name": Pattern(
        r"(?=.{3,40}$)[a-z]([a-z0-9]|-(?!-))*[a-z0-9]",
        "it is no name for a stack",
        "3 to 40 lower-case letters, digits and single hyphens, from a letter to a letter or digit: triflow-prod",
    ),
    "stack_region": Pattern(
        r"[a-z]{2}(-[a-z]+)+-\d", "it is not written like an AWS region", "a region such as ap-northeast-2"
    ),
    "stack_account_id": Pattern(r"\d{12}", "it is no AWS account ID", "12 digits, in quotes"),
    # Amazon RDS user guide, "Settings for DB instances".
    "rds_identifier": Pattern(
        r"(?=.{1,63}$)[a-z]([a-z0-9]|-(?!-|$))*",
        "RDS does not take it as an identifier",
        "1 to 63 lower-case letters, digits and single hyphens, from a letter to a letter or digit",
    ),
    "rds_database_name": Pattern(
        r"[A-Za-z][A-Za-z0-9_]{0,62}",
        "RDS does not take it as a database's name",
        "1 to 63 letters, digits and underscores, the first a letter",
    ),
    "rds_master_username": Pattern(
        r"(?!(admin|rdsadmin|rdsrepladmin)$)[A-Za-z][A-Za-z0-9_]{0,62}",
        "RDS does not take it as the master user's name",
        "1 to 63 letters, digits and underscores, the first a letter; not admin or rdsadmin",
    ),
    "rds_engine_version": Pattern(
        r"1[3-8](\.\d{1,2})?",
        "it is no version of RDS for PostgreSQL",
        'a major version such as "14", or an exact one such as "14.18", in quotes',
    ),
    "rds_instance_class": Pattern(
        r"db\.[a-z0-9-]+\.[a-z0-9-]+", "it is no DB instance class", "a class such as db.t4g.medium"
    ),
    # Amazon S3 user guide, "General purpose bucket naming rules".
    "s3_bucket_name": Pattern(
        r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$)(?!\d+(\.\d+){3}$)"
        r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        "S3 does not take it as a bucket's name",
        "3 to 63 lower-case letters, digits, dots and hyphens, from a letter or digit to a letter or digit",
    ),
    "dns_zone_name": Pattern(
        rf"(?=.{{1,253}}$){DOMAIN}",
        "it is no domain name",
        "lower-case labels without a dot at the end: triflow-ai.com",
    ),
    # AWS Certificate Manager API reference, RequestCertificate: the first name has at most 64 characters.
    "dns_domain_name": Pattern(
        rf"(?=.{{1,64}}$){DOMAIN}",
        "ACM does not take it as a certificate's first name",
        "at most 64 characters, lower-case labels without a dot at the end: staging.triflow-ai.com",
    ),
    "alb_ssl_policy": Pattern(
        r"ELBSecurityPolicy-[A-Za-z0-9-]+",
        "it is no security policy of Elastic Load Balancing",
        "a policy such as ELBSecurityPolicy-TLS13-1-2-2021-06",
    ),
    # Elastic Load Balancing API reference, CreateTargetGroup.
    "alb_health_check_path": Pattern(r"/[\x21-\x7e]{0,1023}", "it is no path", "a path such as /health"),
    "alb_health_check_codes": Pattern(
        r"[2-4]\d\d([,-][2-4]\d\d)*",
        "Elastic Load Balancing does not take it as HTTP codes",
        'codes from 200 to 499, in quotes: "200", "200,204" or "200-299"',
    ),
    # User guide for Application Load Balancers, "Enable access logs".
    "alb_access_logs_prefix": Pattern(
        r"(?!tenants(/|$))(?!.*AWSLogs)[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*",
        "it cannot begin the keys of access logs",
        "a prefix outside tenants/, without AWSLogs and without a slash at its ends: load-balancer-logs",
    ),
    # Amazon CloudWatch API reference, PutMetricData.
    "dashboard_custom_namespace": Pattern(
        r"(?!AWS/)[A-Za-z0-9._/#-][A-Za-z0-9._/#:-]{0,254}",
        "CloudWatch does not take it as a namespace of one's own",
        "at most 255 letters, digits and . - _ / # : characters, not beginning with AWS/ or a colon: TriFlow/prod",
    ),
    "logs_archive_prefix": ARCHIVE_PREFIX,
    "logs_archive_error_prefix": ARCHIVE_PREFIX,
    "s3_category_tag": Pattern(
        r"(?!aws:)[\w +\-=.:/@]{1,128}", "S3 does not take it as an object tag's key", "a key such as category"
    ),
}

LOAD_BALANCING = "Elastic Load Balancing does not take it"
PORT = Range(1, 65535, "", "it is no TCP port")
SECONDS = Range(1, 86400, "seconds", "nothing can be waited for that long")
TASKS = Range(0, 1000, "tasks", "no service of ECS has that many")
PERCENT = Range(1, 100, "per cent", "it is no CPU load")
CONTAINER_HEALTH = "ECS does not take it"
RANGES = {
    "rds_allocated_storage": Range(20, 65536, "GiB", "RDS does not offer gp3 volumes of that size"),
    "rds_max_allocated_storage": Range(20, 65536, "GiB", "RDS does not offer gp3 volumes of that size"),
    "rds_backup_retention_days": Range(1, 35, "days", "RDS does not keep automatic backups for that long"),
    "rds_max_connections": Range(6, 8388607, "connections", "PostgreSQL on RDS does not take it"),
    "rds_slow_query_milliseconds": Range(-1, 2147483647, "milliseconds", "PostgreSQL does not take it"),
    "rds_wait_timeout": SECONDS,
    "vpc_wait_timeout": SECONDS,
    "dns_wait_timeout": SECONDS,
    "alb_wait_timeout": SECONDS,
    "ecs_wait_timeout": SECONDS,
    # Amazon ECS API reference, HealthCheck and CreateService.
    "ecs_health_check_interval": Range(5, 300, "seconds", CONTAINER_HEALTH),
    "ecs_health_check_timeout": Range(2, 60, "seconds", CONTAINER_HEALTH),
    "ecs_health_check_retries": Range(1, 10, "times", CONTAINER_HEALTH),
    "ecs_health_check_start_period": Range(0, 300, "seconds", CONTAINER_HEALTH),
    "ecs_health_check_grace_period": Range(0, 86400, "seconds", CONTAINER_HEALTH),
    "ecs_desired_count": TASKS,
    "ecs_prometheus_scrape_interval": Range(1, 3600, "seconds", "Prometheus would show gaps"),
    "ecs_prometheus_memory": Range(64, 4096, "MiB", "it is no sensible size for the sidecar"),
    "ecr_untagged_days": Range(1, 3650, "days", "ECR does not take it"),
    "ecr_kept_images": Range(1, 10000, "images", "ECR does not take it"),
    # Amazon Data Firehose API reference, BufferingHints.
    "logs_archive_buffering_interval": Range(0, 900, "seconds", "Firehose does not take it"),
    "logs_archive_buffering_size": Range(1, 128, "MiB", "Firehose does not take it"),
    "logs_wait_timeout": SECONDS,
    "notifications_wait_timeout": SECONDS,
    # AWS KMS API reference, ScheduleKeyDeletion.
    "notifications_key_recovery_days": Range(7, 30, "days", "KMS does not take it"),
    "autoscaling_min_capacity": TASKS,
    "autoscaling_max_capacity": TASKS,
    "autoscaling_scale_out_cpu": PERCENT,
    "autoscaling_scale_in_cpu": PERCENT,
    "autoscaling_target_cpu": PERCENT,
    "autoscaling_scale_out_minutes": Range(1, 1440, "minutes", "an alarm does not look back that far"),
    "autoscaling_scale_in_minutes": Range(1, 1440, "minutes", "an alarm does not look back that far"),
    "autoscaling_scale_out_cooldown": Range(0, 3600, "seconds", "it is no sensible time between two steps"),
    "autoscaling_scale_in_cooldown": Range(0, 3600, "seconds", "it is no sensible time between two steps"),
    # Elastic Load Balancing API reference, CreateTargetGroup, TargetGroupAttribute, LoadBalancerAttribute.
    "alb_health_check_interval": Range(5, 300, "seconds", LOAD_BALANCING),
    "alb_health_check_timeout": Range(2, 120, "seconds", LOAD_BALANCING),
    "alb_healthy_threshold": Range(2, 10, "checks", LOAD_BALANCING),
    "alb_unhealthy_threshold": Range(2, 10, "checks", LOAD_BALANCING),
    "alb_deregistration_delay": Range(0, 3600, "seconds", LOAD_BALANCING),
    "alb_idle_timeout": Range(1, 4000, "seconds", LOAD_BALANCING),
    "security_groups_load_balancer_ports": PORT,
    "security_groups_container_port": PORT,
    "security_groups_database_port": PORT,
}

# Amazon CloudWatch Logs API reference, PutRetentionPolicy.
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
RETENTION_VARIABLES = (
    "logs_retention_days",
    "logs_database_retention_days",
    "notifications_log_retention_days",
    "vpc_flow_logs_retention_days",
)

# Below this size RDS runs gp3 at its baseline and takes neither value (DB-4; Amazon RDS user guide, "gp3 storage").
PROVISIONED_FROM_GIB = 400

# Amazon RDS for PostgreSQL release notes, "Extensions supported for RDS for PostgreSQL 14".
# fmt: off
EXTENSIONS = frozenset({
    "address_standardizer", "address_standardizer_data_us", "amcheck", "autoinc", "aws_commons", "aws_lambda",
    "aws_s3", "bloom", "bool_plperl", "btree_gin", "btree_gist", "citext", "cube", "dblink", "dict_int", "dict_xsyn",
    "earthdistance", "flow_control", "fuzzystrmatch", "h3", "h3_postgis", "hll", "hstore", "hstore_plperl",
    "insert_username", "intagg", "intarray", "ip4r", "isn", "jsonb_plperl", "lo", "log_fdw", "ltree", "moddatetime",
    "mysql_fdw", "old_snapshot", "oracle_fdw", "orafce", "pageinspect", "pg_bigm", "pg_buffercache", "pg_cron",
    "pg_freespacemap", "pg_hint_plan", "pg_partman", "pg_prewarm", "pg_proctab", "pg_repack", "pg_similarity",
    "pg_stat_statements", "pg_tle", "pg_transport", "pg_trgm", "pg_visibility", "pgactive", "pgaudit", "pgcrypto",
    "pglogical", "pglogical_origin", "pgrouting", "pgrowlocks", "pgstattuple", "pgtap", "plcoffee", "plls", "plperl",
    "plpgsql", "plprofiler", "pltcl", "plv8", "postgis", "postgis_raster", "postgis_tiger_geocoder",
    "postgis_topology", "postgres_fdw", "prefix", "rdkit", "rds_tools", "refint", "seg", "sslinfo", "tablefunc",
    "tcn", "tds_fdw", "test_parser", "tsm_system_rows", "tsm_system_time", "unaccent", "uuid-ossp", "vector",
})
# fmt: on

LOOPBACK = 'a loopback address, http://127.0.0.1:<port>: make lab, then eval "$(make -s env)"'


def variable_problems(variables: Variables, groups: Collection[str], environment: Mapping[str, str]) -> list[Problem]:
    """Return all that is wrong with a host's variables.

    `variables` have the types of their argument specs, `groups` are the host's groups of the inventory and
    `environment` is that of the process which will call AWS.
    """
    problems = [found for check in CHECKS for found in check(variables)]
    return problems + lab_problems(groups, environment)


def lab_problems(groups: Collection[str], environment: Mapping[str, str]) -> list[Problem]:
    """Refuse a host of the group lab whose calls would leave this machine."""
    if "lab" not in groups:
        return []
    problems = [
        problem(name, value, "a host of the group lab must not reach a real account", LOOPBACK)
        for name, value in sorted(environment.items())
        if name.startswith("AWS_ENDPOINT_URL") and not _is_loopback(value)
    ]
    if "AWS_ENDPOINT_URL" not in environment:
        reason = "it is not set, and a host of the group lab must not reach a real account"
        problems.append(problem("AWS_ENDPOINT_URL", "", reason, LOOPBACK))
    ignored = environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "")
    if ignored.lower() == "true":
        reason = "it makes the AWS client ignore AWS_ENDPOINT_URL"
        problems.append(problem("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", ignored, reason, "not set"))
    return problems


def _is_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _pattern_problems(variables: Variables) -> list[Problem]:
    return [
        problem(name, variables[name], pattern.reason, pattern.accepted)
        for name, pattern in PATTERNS.items()
        if variables.get(name) is not None and not re.fullmatch(pattern.expression, variables[name])
    ]


def _range_problems(variables: Variables) -> list[Problem]:
    problems = []
    for name, allowed in RANGES.items():
        value = variables.get(name)
        for number in value if isinstance(value, list) else [value]:
            if number is not None and not allowed.least <= number <= allowed.most:
                accepted = f"{allowed.least} to {allowed.most} {allowed.unit}".rstrip()
                problems.append(problem(name, number, allowed.reason, accepted))
    return problems


def _retention_problems(variables: Variables) -> list[Problem]:
    accepted = f"one of {', '.join(map(str, RETENTION_DAYS))} days"
    return [
        problem(name, variables[name], "CloudWatch Logs does not take it", accepted)
        for name in RETENTION_VARIABLES
        if variables.get(name) is not None and variables[name] not in RETENTION_DAYS
    ]


def _window_problems(variables: Variables) -> list[Problem]:
    zone = variables.get("stack_time_zone")
    backup, maintenance = variables.get("rds_backup_window"), variables.get("rds_maintenance_window")
    problems = [
        found
        for found in (
            _refused("stack_time_zone", zone, windows.utc_offset, windows.ACCEPTED_ZONE),
            _refused("rds_backup_window", backup, windows.parse_daily, windows.ACCEPTED_DAILY),
            _refused("rds_maintenance_window", maintenance, windows.parse_weekly, windows.ACCEPTED_WEEKLY),
        )
        if found
    ]
    if backup and maintenance and not problems and windows.windows_overlap(backup, maintenance):
        reason = f"it overlaps rds_maintenance_window, {maintenance}, which RDS refuses"
        accepted = "a window that ends before the maintenance window starts, or starts after it; they may touch"
        problems.append(problem("rds_backup_window", backup, reason, accepted))
    return problems


def _refused(name: str, value: str | None, parse: Callable[[str], object], accepted: str) -> Problem | None:
    if value is None:
        return None
    try:
        parse(value)
    except ValueError as error:
        reason, _separator, hint = str(error).rpartition(": ")
        return problem(name, value, reason, accepted if hint == accepted else f"{accepted}; {hint}")
    return None


def _network_problems(variables: Variables) -> list[Problem]:
    names = (
        "stack_region",
        "vpc_cidr",
        "vpc_availability_zones",
        "vpc_public_subnet_cidrs",
        "vpc_private_subnet_cidrs",
    )
    values = [variables.get(name) for name in names]
    if any(value is None for value in values):
        return []
    region, cidr, zones, public, private = values
    return network_problems(str(region), str(cidr), zones or [], public or [], private or [])


def _storage_problems(variables: Variables) -> list[Problem]:
    size, most = variables.get("rds_allocated_storage"), variables.get("rds_max_allocated_storage")
    if size is None:
        return []
    problems = []
    if most is not None and most * 10 < size * 11:
        # Amazon RDS user guide, "Managing capacity automatically with storage autoscaling".
        reason = f"RDS wants the limit of autoscaling at least 10 % above rds_allocated_storage, {size} GiB"
        accepted = f"{-(-size * 11 // 10)} GiB or more"
        problems.append(problem("rds_max_allocated_storage", most, reason, accepted))
    for name in ("rds_iops", "rds_storage_throughput"):
        if variables.get(name) is not None and size < PROVISIONED_FROM_GIB:
            reason = (
                f"RDS refuses it for PostgreSQL on gp3 under {PROVISIONED_FROM_GIB} GiB, even at the baseline of "
                f"3,000 IOPS and 125 MiB/s, and rds_allocated_storage is {size} GiB (DB-4)"
            )
            accepted = f"leave it out, or rds_allocated_storage of {PROVISIONED_FROM_GIB} GiB or more"
            problems.append(problem(name, variables[name], reason, accepted))
    return problems


def _domain_problems(variables: Variables) -> list[Problem]:
    zone, domain = variables.get("dns_zone_name"), variables.get("dns_domain_name")
    if zone is None or domain is None or f".{domain}".endswith(f".{zone}"):
        return []
    if not re.fullmatch(DOMAIN, zone) or not re.fullmatch(DOMAIN, domain):
        return []  # that is said already
    reason = f"it is not in the zone dns_zone_name, {zone}"
    return [problem("dns_domain_name", domain, reason, f"{zone}, or a name that ends in .{zone}")]


def _health_check_problems(variables: Variables) -> list[Problem]:
    interval, timeout = variables.get("alb_health_check_interval"), variables.get("alb_health_check_timeout")
    if interval is None or timeout is None or timeout < interval:
        return []
    reason = f"a check has to end before the next one, after alb_health_check_interval, {interval} seconds"
    return [problem("alb_health_check_timeout", timeout, reason, f"less than {interval} seconds")]


def _stickiness_problems(variables: Variables) -> list[Problem]:
    stickiness = variables.get("alb_stickiness")
    if stickiness is None:
        return []
    problems = []
    kind, name, duration = stickiness["type"], stickiness.get("cookie_name"), stickiness["duration"]
    if kind == "lb_cookie" and name:
        # User guide for Application Load Balancers, "Sticky sessions": it is AWSALB.
        reason = f"cookie_name is {name}, and the name of an lb_cookie is fixed (ALB-6)"
        problems.append(problem("alb_stickiness", kind, reason, "lb_cookie without cookie_name, or app_cookie with it"))
    if kind == "app_cookie" and not re.fullmatch(r"(?!AWSALB)[!#$%&'*+.^_`|~0-9A-Za-z-]{1,4096}", name or ""):
        reason = "app_cookie follows a cookie of the application, and cookie_name does not name one"
        accepted = "cookie_name with the name of a cookie that the application sets, not beginning with AWSALB"
        problems.append(problem("alb_stickiness", kind, reason, accepted))
    if not 1 <= duration <= 604800:
        reason = f"Elastic Load Balancing does not take a duration of {duration} seconds"
        problems.append(problem("alb_stickiness", duration, reason, "duration of 1 to 604800 seconds"))
    return problems


def _target_group_problems(variables: Variables) -> list[Problem]:
    names = variables.get("alb_target_groups")
    if names is None:
        return []
    accepted = "one or more names of lower-case letters, digits and single hyphens, each once: backend"
    wrong = [name for name in names if not re.fullmatch(r"[a-z0-9]([a-z0-9]|-(?!-|$))*", name)]
    problems = [problem("alb_target_groups", name, "it cannot be part of a name", accepted) for name in wrong]
    if not names or len(set(names)) < len(names):
        problems.append(problem("alb_target_groups", names, "it is empty or names one twice", accepted))
    return problems


def _extension_problems(variables: Variables) -> list[Problem]:
    return [
        problem(
            "rds_extensions",
            name,
            "RDS for PostgreSQL 14 does not offer it",
            nearest(name, EXTENSIONS) or "an extension that RDS supports, for example vector or pg_trgm",
        )
        for name in variables.get("rds_extensions") or []
        if name not in EXTENSIONS
    ]


def _lifecycle_problems(variables: Variables) -> list[Problem]:
    return lifecycle_problems(
        variables.get("s3_object_categories") or [],
        variables.get("s3_prefix_rules") or [],
        variables.get("s3_abort_multipart_days", 1),
        list((variables.get("s3_shares") or {}).values()),
    )


def _archive_problems(variables: Variables) -> list[Problem]:
    rules = variables.get("s3_prefix_rules")
    if rules is None:
        return []
    below = variables.get("s3_prefix") or ""
    prefixes = [below + rule["prefix"] for rule in rules if rule.get("expiration_days") is not None]
    accepted = "s3_prefix, and a prefix of s3_prefix_rules with expiration_days"
    return [
        problem(name, variables[name], "no lifecycle rule ever deletes what is written there (MON-3)", accepted)
        for name in ("logs_archive_prefix", "logs_archive_error_prefix")
        if re.fullmatch(ARCHIVE_PREFIX.expression, variables.get(name) or "") and variables[name] not in prefixes
    ]


def _tag_problems(variables: Variables) -> list[Problem]:
    tags: Mapping[Any, Any] = variables.get("stack_tags") or {}
    accepted = "up to 40 keys of 1 to 128 characters, not starting with aws: or triflow:, values of up to 256"
    problems = []
    if len(tags) > 40:
        # AWS takes 50 tags a resource; some are this collection's, and Name.
        problems.append(problem("stack_tags", f"{len(tags)} tags", "they are more than a resource holds", accepted))
    for key, value in tags.items():
        if re.match(r"(aws|triflow):", str(key), re.IGNORECASE):
            reason = "the prefix is reserved: aws: for AWS, triflow: for the tags by which a stack is found again"
            problems.append(problem("stack_tags", key, reason, accepted))
        elif not 1 <= len(str(key)) <= 128 or len(str(value)) > 256:
            problems.append(problem("stack_tags", key, "AWS does not take a key or value of that length", accepted))
    return problems


CHECKS: tuple[Callable[[Variables], list[Problem]], ...] = (
    _pattern_problems,
    _range_problems,
    _retention_problems,
    _window_problems,
    _network_problems,
    _storage_problems,
    _domain_problems,
    _health_check_problems,
    _stickiness_problems,
    _target_group_problems,
    compute_problems,
    release_problems,
    notification_problems,
    alarm_problems,
    _extension_problems,
    _lifecycle_problems,
    _archive_problems,
    sharing_problems,
    _tag_problems,
)
