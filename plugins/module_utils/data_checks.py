# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks over the variables of the database and the bucket: what RDS and S3 take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import windows
from ansible_collections.triflow.platform.plugins.module_utils.db_storage import PROVISIONED_FROM_GIB, least_growth
from ansible_collections.triflow.platform.plugins.module_utils.lifecycle import lifecycle_problems
from ansible_collections.triflow.platform.plugins.module_utils.limits import (
    SECONDS,
    Pattern,
    Range,
    limit_problems,
    parse_problems,
)
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, nearest, problem

Variables = Mapping[str, Any]

PATTERNS = {
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
        # versions.py names the pages that say how RDS names them
        r"\d{2}(\.\d{1,2}(-(?i:rds\.\d{8}(\.R\d+(\.\d{8})?)?|R\d+))?)?",
        "it is no version of RDS for PostgreSQL",
        'a major version such as "14", or an exact one such as "14.18" or "11.22-rds.20240418", in quotes',
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
    "s3_category_tag": Pattern(
        r"(?!aws:)[\w +\-=.:/@]{1,128}", "S3 does not take it as an object tag's key", "a key such as category"
    ),
}
RANGES = {
    "rds_allocated_storage": Range(20, 65536, "GiB", "RDS does not offer gp3 volumes of that size"),
    "rds_max_allocated_storage": Range(20, 65536, "GiB", "RDS does not offer gp3 volumes of that size"),
    "rds_backup_retention_days": Range(1, 35, "days", "RDS does not keep automatic backups for that long"),
    "rds_max_connections": Range(6, 8388607, "connections", "PostgreSQL on RDS does not take it"),
    "rds_slow_query_milliseconds": Range(-1, 2147483647, "milliseconds", "PostgreSQL does not take it"),
    "rds_wait_timeout": SECONDS,
}

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


def data_problems(variables: Variables) -> list[Problem]:
    """All that is wrong with them. What is not given is not checked."""
    return [
        *limit_problems(variables, PATTERNS, RANGES),
        *_window_problems(variables),
        *_storage_problems(variables),
        *_extension_problems(variables),
        *_lifecycle_problems(variables),
    ]


def _window_problems(variables: Variables) -> list[Problem]:
    backup, maintenance = variables.get("rds_backup_window"), variables.get("rds_maintenance_window")
    problems = [
        *parse_problems("rds_backup_window", backup, windows.parse_daily, windows.ACCEPTED_DAILY),
        *parse_problems("rds_maintenance_window", maintenance, windows.parse_weekly, windows.ACCEPTED_WEEKLY),
    ]
    if backup and maintenance and not problems and windows.windows_overlap(backup, maintenance):
        reason = f"it overlaps rds_maintenance_window, {maintenance}, which RDS refuses"
        accepted = "a window that ends before the maintenance window starts, or starts after it; they may touch"
        problems.append(problem("rds_backup_window", backup, reason, accepted))
    return problems


def _storage_problems(variables: Variables) -> list[Problem]:
    size, most = variables.get("rds_allocated_storage"), variables.get("rds_max_allocated_storage")
    if size is None:
        return []
    problems = []
    if most is not None and most < least_growth(size):
        # Amazon RDS user guide, "Managing capacity automatically with storage autoscaling".
        reason = f"RDS wants the limit of autoscaling at least 10 % above rds_allocated_storage, {size} GiB"
        accepted = f"{least_growth(size)} GiB or more"
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
