"""What RDS and S3 take."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.data_checks import EXTENSIONS, data_warnings

from tests.unit.test_checks import RECORD, assert_one_problem, problems


@pytest.mark.parametrize(
    ("variable", "value", "reason", "accepted"),
    [
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
        ("rds_max_connections", 5, "PostgreSQL on RDS", "6 to 262143 connections"),
        ("rds_extensions", ["vector", "pgvector"], "does not offer it", "did you mean vector"),
        ("rds_extensions", ["uuid_ossp"], "does not offer it", "did you mean uuid-ossp"),
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
    ],
)
def test_one_wrong_value_is_one_problem(variable: str, value: Any, reason: str, accepted: str) -> None:
    assert_one_problem(variable, value, reason, accepted)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("rds_max_allocated_storage", 110),
        ("rds_backup_window", "03:00-04:00"),
        ("rds_engine_version", "14.18"),
        ("rds_engine_version", "16"),
        *(
            ("rds_engine_version", version)
            for version in ("11", "14.22-rds.20270401", "14.22-RDS.20270401.R2.20270510", "14.22-R2")
        ),
        ("s3_bucket_name", "a-b-c"),
        ("s3_bucket_name", "a" * 63),
        ("rds_extensions", ["pg_cron"]),
    ],
)
def test_what_aws_takes_is_accepted(variable: str, value: Any) -> None:
    assert problems(**{variable: value}) == []


@pytest.mark.parametrize(
    ("variable", "value", "reason", "accepted"),
    [
        ("s3_bucket_name", "triflow.ai.prod", "HTTPS", "triflow-ai-prod"),
        ("s3_bucket_name", "amzn-s3-demo-x", "bucket's name", "reserved"),
        ("rds_extensions_timeout", 0, "waited for", "1 to 86400 seconds"),
        ("rds_max_connections", 1000000, "PostgreSQL", "6 to 262143 connections"),
        ("rds_database_name", "rdsadmin", "database's name", "not rdsadmin"),
        ("rds_master_username", "pg_admin", "master user's name", "not beginning with pg_"),
        ("rds_master_username", "user", "master user's name", "reserved"),
    ],
)
def test_what_aws_refuses_is_refused(variable: str, value: Any, reason: str, accepted: str) -> None:
    assert_one_problem(variable, value, reason, accepted)


@pytest.mark.parametrize("days", ["transition_days", "noncurrent_transition_days"])
def test_a_transition_at_once(days: str) -> None:
    assert problems(s3_object_categories=[{"name": "workflows", days: 0}]) == []


def test_provisioned_iops_from_400_gib() -> None:
    assert problems(rds_allocated_storage=400, rds_max_allocated_storage=500, rds_iops=12000) == []


def test_record_extensions_are_on_the_list() -> None:
    assert set(RECORD["rds_extensions"]) < EXTENSIONS


@pytest.mark.parametrize(
    ("instance_class", "connections", "usual"),
    [
        ("db.t4g.micro", 113, "112"),
        ("db.t4g.medium", 451, "450"),
        ("db.m7g.large", 902, "901"),
        ("db.r6g.4xlarge", 5001, "5000"),
    ],
)
def test_more_connections_than_the_memory_is_for_are_warned_of(
    instance_class: str, connections: int, usual: str
) -> None:
    given = {"rds_instance_class": instance_class}
    assert data_warnings({**given, "rds_max_connections": connections - 1}) == []
    (warning,) = data_warnings({**given, "rds_max_connections": connections})
    assert f"which are {usual}." in warning


def test_a_class_whose_memory_is_not_known_gives_no_warning() -> None:
    assert data_warnings({"rds_instance_class": "db.x2iedn.large", "rds_max_connections": 262143}) == []
    assert data_warnings({"rds_max_connections": 262143}) == []


LARGE = {"rds_allocated_storage": 400, "rds_max_allocated_storage": 500}


@pytest.mark.parametrize(
    ("change", "variable", "accepted"),
    [
        ({"rds_iops": 3000}, "rds_iops", "12000 to 64000 IOPS"),
        ({"rds_iops": 64001}, "rds_iops", "12000 to 64000 IOPS"),
        ({"rds_storage_throughput": 125}, "rds_storage_throughput", "500 to 4000 MiB/s"),
        ({"rds_storage_throughput": 3500}, "rds_storage_throughput", "up to 3000 MiB/s"),
        ({"rds_ca_certificate_identifier": "rds-ca-2019"}, "rds_ca_certificate_identifier", "rds-ca-rsa2048-g1"),
    ],
)
def test_what_rds_refuses_of_large_volumes_and_authorities(
    change: dict[str, Any], variable: str, accepted: str
) -> None:
    (found,) = problems(**LARGE, **change)
    assert (found["variable"], found["value"]) == (variable, change[variable])
    assert accepted in found["accepted"]


def test_what_rds_takes_of_large_volumes() -> None:
    assert problems(**LARGE, rds_iops=16000, rds_storage_throughput=4000) == []


def test_a_lifecycle_rule_s_id_is_not_too_long() -> None:
    (found,) = problems(s3_object_categories=[{"name": "x" * 247, "expiration_days": 1}])
    assert "256 characters, and S3 takes 255" in found["reason"]
    assert problems(s3_object_categories=[{"name": "x" * 246, "expiration_days": 1}]) == []
