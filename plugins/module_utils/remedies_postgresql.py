# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What PostgreSQL's errors mean for a stack, and what to do: a table that failures.py reads.

The server names an error by its SQLSTATE. What fails before a session is there has none, only the words of libpq or of
the server. So a row has an expression for ``SQLSTATE: words``; the first row that is found is taken.
"""

from __future__ import annotations

from typing import NamedTuple

_CODES = "PostgreSQL documentation, Appendix A, PostgreSQL Error Codes"
_CONNECT = "PostgreSQL documentation, libpq, Connecting to the Database"
_SSL = "PostgreSQL documentation, libpq, SSL Support"
_SETTINGS = "PostgreSQL documentation, Client Connection Defaults"
_RDS = "Amazon RDS User Guide"


class PostgresqlRemedy(NamedTuple):
    """An error, by its SQLSTATE and words, and what to do."""

    fault: str  # expression, searched in "SQLSTATE: words"
    reason: str
    remedy: str
    source: str


POSTGRESQL_REMEDIES = (
    PostgresqlRemedy(
        r"^(57P0[124]|08\w{3}):|server closed the connection|connection (has been|is) (closed|lost|bad)|"
        r"Connection reset|Broken pipe|could not (receive|send) data|terminating connection|unexpected eof|"
        r"SYSCALL error",
        "the connection was cut",
        "It restarted or failed over: see the DB instance's status and events, then run again",
        _CODES,
    ),
    PostgresqlRemedy(
        r"certificate|SSL error|does not support SSL|authentication method requirement",
        "the server does not prove to be the database, so the password was not sent",
        "Its certificate has to be for that name and of an authority in the file of rds_ca_file, and it has to ask for "
        'the password by scram-sha-256: docs/operations.md, "Extensions"',
        _SSL,
    ),
    PostgresqlRemedy(
        r"^28P01:|password authentication failed",
        "wrong password",
        "The secret that RDS manages has another password. While RDS rotates it that passes: run again in a minute. "
        "If it lasts, somebody has set the "
        "password by SQL: aws secretsmanager rotate-secret",
        f"{_RDS}, Password management with Amazon RDS and AWS Secrets Manager",
    ),
    PostgresqlRemedy(
        r"^28000:|no pg_hba\.conf entry|is not permitted to log in",
        "the server does not let this user in",
        "See that the master user of the instance has not lost LOGIN, and that rds.force_ssl and the TLS of this "
        "machine agree",
        _CODES,
    ),
    PostgresqlRemedy(
        r'^3D000:|database "[^"]*" does not exist',
        "no such database",
        "RDS makes the database of rds_database_name with the instance only: correct the variable, or CREATE DATABASE",
        f"{_RDS}, Settings for DB instances",
    ),
    PostgresqlRemedy(
        r"^53300:|too many (connections|clients)|remaining connection slots",
        "all connections are taken",
        "See who holds them in pg_stat_activity and end some, or raise rds_max_connections, then run again",
        f"{_CODES}; Connections and Authentication, max_connections",
    ),
    PostgresqlRemedy(
        r"^57P03:|the database system is |not (yet )?accepting connections",
        "the server starts, stops or recovers",
        "See the DB instance's status and events, and run again when it is available",
        _CODES,
    ),
    PostgresqlRemedy(
        r"Connection refused",
        "nothing listens there",
        "Its machine answers and PostgreSQL does not: it starts, stops or restarts. See the DB instance's status and "
        "events, then run again",
        _CONNECT,
    ),
    PostgresqlRemedy(
        r"translate host name|failed to resolve|Name or service not known|Temporary failure in name resolution|"
        r"nodename nor servname",
        "the server's name is not resolved",
        "See the DNS of this machine, and whether the DB instance is there",
        _CONNECT,
    ),
    PostgresqlRemedy(
        r"No route to host|Network is unreachable|connection timeout expired|Connection timed out|"
        r"failed: timeout expired",
        "the server cannot be reached from here",
        "Nothing answered. The database answers only to members of the ecs security group (DB-13): run this from a "
        "machine in that group, such as an AWX node in the VPC. From there, see the DB instance's status",
        f"{_RDS}, Controlling access with security groups",
    ),
    PostgresqlRemedy(
        r"^25006:|read-only transaction",
        "the server takes no writes now",
        "It is a replica, or its storage is full, or default_transaction_read_only is on: see pg_is_in_recovery(), "
        "the free storage of the instance and its parameters",
        f"{_CODES}; {_SETTINGS}",
    ),
    PostgresqlRemedy(
        r"^55P03:|lock timeout",
        "another session holds a lock",
        "pg_blocking_pids() with pg_stat_activity says which: wait until it ends, or end it with "
        "pg_terminate_backend(), then run again",
        f"{_SETTINGS}, lock_timeout",
    ),
    PostgresqlRemedy(
        r"^57014:.*user request",
        "somebody ended the statement",
        "Run again",
        _CODES,
    ),
    PostgresqlRemedy(
        r"^57014:|statement timeout",
        "the statement took longer than its limit",
        "See in pg_stat_activity and the instance's metrics what it waits for, then run again",
        f"{_SETTINGS}, statement_timeout",
    ),
    PostgresqlRemedy(
        r"^40(001|P01):|deadlock detected",
        "another session did the same at that moment",
        "Run again",
        _CODES,
    ),
    PostgresqlRemedy(
        r"^53100:|No space left on device",
        "the storage is full",
        "Raise rds_allocated_storage by 10 % or more, then run again",
        f"{_CODES}; {_RDS}, Working with storage for Amazon RDS DB instances",
    ),
    PostgresqlRemedy(
        r"^53200:|out of memory",
        "the server has no memory left",
        "Close connections, or take a larger rds_instance_class, then run again",
        _CODES,
    ),
    PostgresqlRemedy(
        r"^42501:|permission denied",
        "the user may not do this",
        "The master user needs the role rds_superuser, and the extension has to be in rds.allowed_extensions when that "
        "parameter is set",
        f"{_RDS}, Restricting installation of PostgreSQL extensions",
    ),
    PostgresqlRemedy(
        r"^(0A000|58P01):|is not available|extension control file",
        "the server has no such extension",
        "See pg_available_extensions and the list of RDS for this engine version, and correct rds_extensions",
        f"{_RDS}, Supported PostgreSQL extension versions",
    ),
    PostgresqlRemedy(
        r"shared_preload_libraries",
        "the extension's library is not loaded",
        "Add it to the parameter shared_preload_libraries, restart the instance, and run again",
        f"{_RDS}, Working with PostgreSQL extensions",
    ),
)
