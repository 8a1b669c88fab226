# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks over the variables of the database and the bucket: what RDS and S3 take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.triflow.platform.plugins.module_utils import windows
from ansible_collections.triflow.platform.plugins.module_utils.aws_names import fits
from ansible_collections.triflow.platform.plugins.module_utils.db_storage import (
    BASELINE_IOPS,
    PROVISIONED_FROM_GIB,
    least_growth,
)
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

# PostgreSQL 14 documentation, appendix "SQL Key Words": those that are reserved, which could be taken for a name.
RESERVED_WORDS = (
    "all|analyse|analyze|and|any|array|as|asc|asymmetric|both|case|cast|check|collate|column|constraint|create|"
    "current_catalog|current_date|current_role|current_time|current_timestamp|current_user|default|deferrable|desc|"
    "distinct|do|else|end|except|false|fetch|for|foreign|from|grant|group|having|in|initially|intersect|into|lateral|"
    "leading|limit|localtime|localtimestamp|not|null|offset|on|only|or|order|placing|primary|public|references|returning|"
    "select|session_user|some|symmetric|table|then|to|trailing|true|union|unique|user|using|variadic|when|where|window|with"
)
PATTERNS = {
    # Amazon RDS user guide, "Using SSL/TLS to encrypt a connection to a DB instance".
    "rds_ca_certificate_identifier": Pattern(
        r"rds-ca-(rsa2048|rsa4096|ecc384)-g1",
        "RDS for PostgreSQL has no certificate authority of that name",
        "rds-ca-rsa2048-g1, rds-ca-rsa4096-g1 or rds-ca-ecc384-g1",
    ),
    # Amazon RDS user guide, "Settings for DB instances".
    "rds_database_name": Pattern(
        r"(?!(rdsadmin|template0|template1)$)[A-Za-z][A-Za-z0-9_]{0,62}",
        "RDS does not take it as a database's name",
        "1 to 63 letters, digits and underscores, the first a letter; not rdsadmin, template0 or template1",
    ),
    "rds_master_username": Pattern(
        rf"(?!(admin|rdsadmin|rdsrepladmin|rds_superuser|rds_replication|{RESERVED_WORDS})$)(?!pg_|rds_)"
        r"[A-Za-z][A-Za-z0-9_]{0,62}",
        "RDS does not take it as the master user's name: it is malformed, or reserved",
        "1 to 63 letters, digits and underscores, the first a letter; no word reserved by PostgreSQL, not admin or "
        "rdsadmin, and not beginning with pg_ or rds_",
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
    "s3_category_tag": Pattern(
        r"(?!aws:)[\w +\-=.:/@]{1,128}", "S3 does not take it as an object tag's key", "a key such as category"
    ),
}
RANGES = {
    "rds_allocated_storage": Range(20, 65536, "GiB", "RDS does not offer gp3 volumes of that size"),
    "rds_max_allocated_storage": Range(20, 65536, "GiB", "RDS does not offer gp3 volumes of that size"),
    "rds_backup_retention_days": Range(1, 35, "days", "RDS does not keep automatic backups for that long"),
    # RDS takes up to 8388607, and PostgreSQL then does not start: PostgreSQL 14, MAX_BACKENDS (postmaster.h).
    "rds_max_connections": Range(6, 262143, "connections", "PostgreSQL on RDS does not start with it"),
    "rds_slow_query_milliseconds": Range(-1, 2147483647, "milliseconds", "PostgreSQL does not take it"),
    "rds_wait_timeout": SECONDS,
    "rds_extensions_timeout": SECONDS,
}


# Amazon RDS user guide, "gp3 storage (recommended)": PostgreSQL from 400 GiB on.
PROVISIONED = {
    "rds_iops": Range(12000, 64000, "IOPS", "RDS does not take it for PostgreSQL on gp3"),
    "rds_storage_throughput": Range(500, 4000, "MiB/s", "RDS does not take it for PostgreSQL on gp3"),
}
IOPS_A_GIB, IOPS_A_MIB = 500, 4


class Memory(NamedTuple):
    """The memory of the large instance of a kind of classes; the others are a multiple of it."""

    family: str  # the letters at the class's beginning
    large_gib: int
    source: str


_HARDWARE = 'Amazon RDS user guide, "Hardware specifications for DB instance classes"'
MEMORIES = (
    Memory("t", 8, _HARDWARE),
    Memory("m", 8, _HARDWARE),
    Memory("r", 16, _HARDWARE),
)
SIZES = {"micro": 1 / 8, "small": 1 / 4, "medium": 1 / 2, "large": 1.0}
# max_connections of RDS's default parameter group: LEAST({DBInstanceClassMemory/9531392}, 5000).
BYTES_A_CONNECTION, MOST_CONNECTIONS = 9531392, 5000

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
        *_dot_problems(variables),
        *_window_problems(variables),
        *_storage_problems(variables),
        *_extension_problems(variables),
        *_lifecycle_problems(variables),
    ]


def data_warnings(variables: Variables) -> list[str]:
    """More connections than RDS itself reckons with for the instance's memory."""
    wanted, instance_class = variables.get("rds_max_connections"), variables.get("rds_instance_class") or ""
    found = re.fullmatch(r"db\.(?P<family>[a-z]+)[a-z0-9-]*\.(?P<size>[a-z0-9]+)", instance_class)
    memory = found and memory_gib(found["family"], found["size"])
    if not memory or wanted is None:
        return []
    usual = min(int(memory * 2**30) // BYTES_A_CONNECTION, MOST_CONNECTIONS)
    if wanted <= usual:
        return []
    return [
        f"rds_max_connections: {wanted} are more than RDS allows by itself on the {memory:g} GiB of {instance_class}, "
        f"which are {usual}. With all of them in use the database may run out of memory."
    ]


def memory_gib(family: str, size: str) -> float | None:
    """The memory of a DB instance class, None when it is not known."""
    large = next((row.large_gib for row in MEMORIES if row.family == family), None)
    times = re.fullmatch(r"(\d*)xlarge", size)
    factor = 2.0 * int(times[1] or 1) if times else SIZES.get(size)
    return large * factor if large and factor else None


def _dot_problems(variables: Variables) -> list[Problem]:
    name = variables.get("s3_bucket_name")
    if name is None or "." not in name or not fits("a bucket's name", name):
        return []
    # Amazon S3 user guide, "Virtual hosting of general purpose buckets".
    reason = "S3's certificate covers no bucket with dots in its name, and the bucket's policy demands HTTPS"
    return [problem("s3_bucket_name", name, reason, f"a name without dots, such as {name.replace('.', '-')}")]


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
        elif variables.get(name) is not None:
            problems += limit_problems(variables, {}, {name: PROVISIONED[name]})
    iops, throughput = variables.get("rds_iops"), variables.get("rds_storage_throughput")
    if iops is not None and iops > size * IOPS_A_GIB:
        reason = f"RDS takes at most {IOPS_A_GIB} a GiB, and rds_allocated_storage is {size} GiB"
        problems.append(problem("rds_iops", iops, reason, f"up to {size * IOPS_A_GIB}"))
    if throughput is not None and throughput * IOPS_A_MIB > (iops or BASELINE_IOPS):
        reason = f"RDS takes a quarter of the IOPS at most, and rds_iops are {iops or BASELINE_IOPS}"
        problems.append(
            problem(
                "rds_storage_throughput", throughput, reason, f"up to {(iops or BASELINE_IOPS) // IOPS_A_MIB} MiB/s"
            )
        )
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
