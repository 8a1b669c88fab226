"""The checks over a stack's variables: the record passes, each wrong value is refused with its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.triflow.platform.plugins.module_utils.checks import (
    EXTENSIONS,
    lab_problems,
    variable_problems,
)

ROOT = Path(__file__).parents[2]
RECORD: dict[str, Any] = {
    name: value
    for path in sorted(ROOT.glob("group_vars/all/*.yml"))
    for name, value in DataLoader().load_from_file(str(path)).items()
} | {
    "stack_name": "triflow-prod",
    "s3_bucket_name": "triflow-ai-prod",
    "iam_write_prefixes": ["tenants/"],
    "iam_read_prefixes": ["shared/"],
    "alb_access_logs_prefix": "load-balancer-logs",
    "logs_archive_prefix": "logs-archive/",
    "logs_archive_error_prefix": "logs-archive-errors/",
    "dns_zone_name": "triflow-ai.com",
    "dns_domain_name": "triflow-ai.com",
    "ecs_image": "triflow-prod/backend:1.0.0",
    "dashboard_custom_namespace": "TriFlow/triflow-prod",
    "notifications_topic_name": "triflow-alarms-prod",
}


def problems(**change: Any) -> list[Any]:
    owner = change.get("stack_name", RECORD["stack_name"])  # of VPC and bucket: the stack itself
    own = {"vpc_owner": owner, "s3_owner": owner}
    return variable_problems({**RECORD, **own, **change}, groups=["prod"], environment={})


def test_the_record_has_no_problem() -> None:
    assert problems() == []


def test_what_is_not_given_is_not_checked() -> None:
    assert variable_problems({}, groups=[], environment={}) == []


@pytest.mark.parametrize(
    ("variable", "value", "reason", "accepted"),
    [
        ("stack_name", "ab", "no name for a stack", "3 to 40"),
        ("stack_name", "a" * 41, "no name for a stack", "3 to 40"),
        ("stack_name", "triflow_prod", "no name for a stack", "3 to 40"),
        ("stack_name", "triflow--prod", "no name for a stack", "3 to 40"),
        ("stack_name", "2triflow", "no name for a stack", "3 to 40"),
        ("stack_account_id", "12345678901", "no AWS account ID", "12 digits"),
        ("stack_time_zone", "Asia/Soul", "not a known time zone", "did you mean Asia/Seoul"),
        ("stack_tags", {"triflow:stack": "x"}, "reserved", "not starting with aws: or triflow:"),
        ("stack_tags", {"AWS:x": "x"}, "reserved", "not starting with aws: or triflow:"),
        ("stack_tags", {"": "x"}, "of that length", "1 to 128"),
        ("stack_tags", {"owner": "x" * 257}, "of that length", "up to 256"),
        ("stack_tags", {str(n): "x" for n in range(41)}, "more than a resource holds", "up to 40"),
        ("rds_identifier", "triflow-", "as an identifier", "1 to 63"),
        ("rds_identifier", "triflow--db", "as an identifier", "1 to 63"),
        ("rds_identifier", "Triflow", "as an identifier", "1 to 63"),
        ("rds_database_name", "tri-flow", "database's name", "underscores"),
        ("rds_master_username", "admin", "master user's name", "not admin"),
        ("rds_engine_version", "14.x", "no version of RDS for PostgreSQL", '"14.18"'),
        ("rds_engine_version", "9.6", "no version of RDS for PostgreSQL", '"14.18"'),
        ("rds_engine_version", "14.18.1", "no version of RDS for PostgreSQL", '"14.18"'),
        ("rds_instance_class", "t4g.medium", "no DB instance class", "db.t4g.medium"),
        ("rds_allocated_storage", 19, "does not offer gp3 volumes", "20 to 65536 GiB"),
        ("rds_max_allocated_storage", 100, "at least 10 % above", "110 GiB or more"),
        ("rds_max_allocated_storage", 109, "at least 10 % above", "110 GiB or more"),
        ("rds_iops", 3000, "under 400 GiB", "leave it out"),
        ("rds_storage_throughput", 125, "under 400 GiB", "leave it out"),
        ("rds_backup_retention_days", 0, "automatic backups", "1 to 35 days"),
        ("rds_backup_retention_days", 36, "automatic backups", "1 to 35 days"),
        ("rds_backup_window", "3-4", "not a daily window", "hh:mm-hh:mm"),
        ("rds_backup_window", "03:30-04:30", "overlaps rds_maintenance_window", "they may touch"),
        ("rds_maintenance_window", "monday", "not a weekly window", "ddd:hh:mm-ddd:hh:mm"),
        ("rds_max_connections", 5, "PostgreSQL on RDS", "6 to 8388607 connections"),
        ("rds_extensions", ["vector", "pgvector"], "does not offer it", "did you mean vector"),
        ("rds_extensions", ["uuid_ossp"], "does not offer it", "did you mean uuid-ossp"),
        ("dns_zone_name", "Triflow-ai.com", "no domain name", "lower-case"),
        ("dns_domain_name", "triflow-ai.com.", "first name", "without a dot at the end"),
        ("dns_domain_name", f"{'a' * 50}.triflow-ai.com", "first name", "at most 64"),
        ("dns_domain_name", "xtriflow-ai.com", "not in the zone dns_zone_name", "ends in .triflow-ai.com"),
        ("alb_ssl_policy", "TLS-1-3", "no security policy", "ELBSecurityPolicy-TLS13"),
        ("alb_health_check_path", "health", "no path", "/health"),
        ("alb_health_check_codes", "OK", "as HTTP codes", "200-299"),
        ("alb_health_check_interval", 301, "does not take it", "5 to 300 seconds"),
        ("alb_health_check_timeout", 15, "before the next one", "less than 15 seconds"),
        ("alb_healthy_threshold", 1, "does not take it", "2 to 10 checks"),
        ("alb_deregistration_delay", 3601, "does not take it", "0 to 3600 seconds"),
        ("alb_idle_timeout", 0, "does not take it", "1 to 4000 seconds"),
        ("alb_access_logs_prefix", "tenants/logs", "access logs", "outside tenants/"),
        ("alb_access_logs_prefix", "logs/", "access logs", "without a slash at its ends"),
        ("alb_access_logs_prefix", "alb/AWSLogs", "access logs", "without AWSLogs"),
        ("alb_target_groups", ["back_end"], "part of a name", "backend"),
        ("alb_target_groups", [], "empty", "one or more"),
        ("alb_target_groups", ["backend", "backend"], "twice", "each once"),
        ("dashboard_custom_namespace", "AWS/ECS", "namespace of one's own", "not beginning with AWS/"),
        ("dashboard_custom_namespace", "TriFlow prod", "namespace of one's own", "TriFlow/prod"),
        ("s3_bucket_name", "Triflow", "bucket's name", "lower-case"),
        ("s3_bucket_name", "ab", "bucket's name", "3 to 63"),
        ("s3_bucket_name", "192.168.5.4", "bucket's name", "3 to 63"),
        ("s3_bucket_name", "a..b", "bucket's name", "3 to 63"),
        ("s3_bucket_name", "xn--bucket", "bucket's name", "3 to 63"),
        ("s3_bucket_name", "bucket-s3alias", "bucket's name", "3 to 63"),
        ("s3_bucket_name", "bucket-", "bucket's name", "3 to 63"),
        ("s3_category_tag", "aws:category", "object tag's key", "category"),
        (
            "s3_prefix_rules",
            [*RECORD["s3_prefix_rules"], {"prefix": "*/logs/", "expiration_days": 1}],
            "no wildcards",
            "literal",
        ),
        ("s3_abort_multipart_days", 0, "less than a day", "1 or more"),
        ("vpc_cidr", "10.0.0.0/8", "cannot be a /8", "/16 to /28"),
        ("vpc_flow_logs_retention_days", 15, "CloudWatch Logs", "1, 3, 5, 7, 14, 30,"),
        ("logs_database_retention_days", 8, "CloudWatch Logs", "1, 3, 5, 7, 14, 30,"),
        ("logs_archive_prefix", "logs", "begin the keys", "ends with a slash"),
        ("logs_archive_prefix", "logs-archives/", "ever deletes", "s3_prefix_rules"),
        ("logs_archive_buffering_interval", 901, "Firehose", "0 to 900 seconds"),
        ("logs_archive_buffering_size", 0, "Firehose", "1 to 128 MiB"),
        ("vpc_wait_timeout", 0, "waited for", "1 to 86400 seconds"),
        ("security_groups_container_port", 0, "no TCP port", "1 to 65535"),
        ("security_groups_load_balancer_ports", [80, 65536], "no TCP port", "1 to 65535"),
    ],
)
def test_one_wrong_value_is_one_problem(variable: str, value: Any, reason: str, accepted: str) -> None:
    # a service that refers to a wrong target group or port is wrong, too
    (found,) = [item for item in problems(**{variable: value}) if item["variable"] != "ecs_services"]
    assert found["variable"] == variable
    assert reason in found["reason"]
    assert accepted in found["accepted"]


@pytest.mark.parametrize(
    ("stickiness", "reason", "accepted"),
    [
        ({"type": "lb_cookie", "cookie_name": "TRIFLOW_LB_COOKIE"}, "name of an lb_cookie is fixed", "app_cookie with"),
        ({"type": "app_cookie"}, "cookie_name does not name one", "a cookie that the application sets"),
        ({"type": "app_cookie", "cookie_name": "AWSALBAPP"}, "does not name one", "not beginning with AWSALB"),
        ({"type": "app_cookie", "cookie_name": "a b"}, "does not name one", "a cookie that the application sets"),
        ({"type": "lb_cookie", "duration": 0}, "duration of 0 seconds", "1 to 604800 seconds"),
    ],
)
def test_a_wrong_stickiness_is_refused(stickiness: dict[str, Any], reason: str, accepted: str) -> None:
    """ALB-6"""
    (found,) = problems(alb_stickiness={"duration": 3600, **stickiness})
    assert found["variable"] == "alb_stickiness"
    assert reason in found["reason"]
    assert accepted in found["accepted"]


def test_a_cookie_of_the_application_is_taken() -> None:
    """ALB-6"""
    assert problems(alb_stickiness={"type": "app_cookie", "cookie_name": "SESSION", "duration": 60}) == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("rds_max_allocated_storage", 110),
        ("rds_backup_window", "03:00-04:00"),
        ("rds_engine_version", "14.18"),
        ("rds_engine_version", "16"),
        ("s3_bucket_name", "a.b-c"),
        ("s3_bucket_name", "a" * 63),
        ("stack_name", "a" * 40),
        ("stack_region", "us-gov-west-1"),
        ("vpc_flow_logs_retention_days", 3653),
        ("rds_extensions", ["pg_cron"]),
    ],
)
def test_what_aws_takes_is_accepted(variable: str, value: Any) -> None:
    # The zones are those of the record's region.
    assert [p for p in problems(**{variable: value}) if p["variable"] != "vpc_availability_zones"] == []


def test_provisioned_iops_from_400_gib() -> None:
    assert problems(rds_allocated_storage=400, rds_max_allocated_storage=500, rds_iops=12000) == []


def test_region_that_is_none() -> None:
    found = problems(stack_region="seoul")
    assert [item["variable"] for item in found] == ["stack_region", *["vpc_availability_zones"] * 2]
    assert "a region such as ap-northeast-2" in found[0]["accepted"]


def test_record_extensions_are_on_the_list() -> None:
    assert set(RECORD["rds_extensions"]) < EXTENSIONS


@pytest.mark.parametrize(
    "environment",
    [
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:5000"},
        {"AWS_ENDPOINT_URL": "http://localhost:5000", "AWS_ENDPOINT_URL_S3": "http://[::1]:5000"},
    ],
)
def test_lab_on_loopback(environment: dict[str, str]) -> None:
    assert lab_problems(["all", "lab"], environment) == []


@pytest.mark.parametrize(
    ("environment", "variable"),
    [
        ({}, "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": ""}, "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "https://ec2.ap-northeast-2.amazonaws.com"}, "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1.example.com"}, "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_RDS": "http://10.0.0.1"}, "AWS_ENDPOINT_URL_RDS"),
        (
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        ),
    ],
)
def test_lab_that_would_reach_a_real_account(environment: dict[str, str], variable: str) -> None:
    (found,) = lab_problems(["lab"], environment)
    assert found["variable"] == variable
    assert lab_problems(["prod"], environment) == []
