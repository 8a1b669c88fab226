"""What the lab does inside PostgreSQL as its superuser: the roles and databases of RDS instances.

As on RDS the superuser is `rdsadmin`, and an instance's master user is no superuser but a member of `rds_superuser`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from lab.state import LabError, read_json

ADMINISTRATOR = "rdsadmin"
DATABASE = "triflow"
EXTENSIONS = ("vector", "uuid-ossp", "pg_trgm", "pg_stat_statements")
# What rds_superuser may do beyond its own databases, and may pass on.
SUPERUSER_ROLES = ("pg_monitor", "pg_signal_backend", "pg_checkpoint", "pg_read_all_data", "pg_write_all_data")


@dataclass(frozen=True)
class Server:
    """The lab's PostgreSQL with its superuser's password, and the certificate of the authority that signed its own."""

    host: str
    port: int
    password: str
    authority: str

    @staticmethod
    def of(directory: Path) -> Server:
        """The server of a state directory, from the file that only its owner can read."""
        return Server(**read_json(directory / "postgresql.json"))

    @property
    def url(self) -> str:
        verified = f"sslmode=verify-full&sslrootcert={quote(self.authority, safe='/')}"
        return f"postgresql://{ADMINISTRATOR}:{self.password}@{self.host}:{self.port}/{DATABASE}?{verified}"

    def connect(self, **options: Any) -> psycopg.Connection[Any]:
        """Connection in autocommit mode to the maintenance database, unless `dbname` says otherwise."""
        return psycopg.connect(
            host=self.host,
            port=self.port,
            user=ADMINISTRATOR,
            password=self.password,
            autocommit=True,
            connect_timeout=10,
            # Somebody's session that holds a lock must not hold the emulator, which answers one call at a time.
            options="-c statement_timeout=120s -c lock_timeout=10s",
            **{"dbname": "postgres", "sslmode": "verify-full", "sslrootcert": self.authority, **options},
        )

    def prepare(self) -> None:
        """Create rds_superuser and the empty database that DATABASE_URL names.

        Raises LabError that names an extension which cannot be created: a library does not load, a file is missing.
        """
        with self.connect() as connection:
            for name in EXTENSIONS:
                try:
                    with connection.transaction(force_rollback=True):
                        connection.execute(SQL("CREATE EXTENSION {}").format(Identifier(name)))
                except psycopg.Error as error:
                    raise LabError(f"PostgreSQL cannot create the extension {name}: {error}") from error
            connection.execute("CREATE ROLE rds_superuser NOLOGIN")
            roles = SQL(", ").join(map(Identifier, SUPERUSER_ROLES))
            connection.execute(SQL("GRANT {} TO rds_superuser WITH ADMIN OPTION").format(roles))
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(DATABASE)))

    def create_master(self, user: str, password: str, database: str | None) -> None:
        """Create an instance's master user, or give it this password when it exists, and hand it its database."""
        role = Identifier(user)
        with self.connect() as connection:
            if not _exists(connection, "SELECT FROM pg_roles WHERE rolname = %s", user):
                connection.execute(SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE IN ROLE rds_superuser").format(role))
            self._set_password(connection, user, password)
            if database:
                if not _exists(connection, "SELECT FROM pg_database WHERE datname = %s", database):
                    connection.execute(SQL("CREATE DATABASE {}").format(Identifier(database)))
                connection.execute(SQL("ALTER DATABASE {} OWNER TO {}").format(Identifier(database), role))

    def set_password(self, user: str, password: str) -> None:
        with self.connect() as connection:
            self._set_password(connection, user, password)

    def drop_master(self, user: str, databases: list[str], *, keep_role: bool) -> None:
        """Drop databases of a deleted instance and, unless another instance uses it, its master user."""
        with self.connect() as connection:
            for name in databases:
                connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
            if DATABASE in databases:
                connection.execute(SQL("CREATE DATABASE {}").format(Identifier(DATABASE)))
            if not keep_role:
                connection.execute(SQL("DROP OWNED BY {} CASCADE").format(Identifier(user)))
                connection.execute(SQL("DROP ROLE {}").format(Identifier(user)))

    def reset(self) -> None:
        """Drop every database and role that is not the server's own, and create an empty `triflow` again."""
        with self.connect() as connection:
            databases = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"
            for (name,) in connection.execute(databases).fetchall():
                connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
            roles = "SELECT rolname FROM pg_roles WHERE rolname <> ALL (%s) AND rolname NOT LIKE 'pg\\_%%'"
            for (name,) in connection.execute(roles, [[ADMINISTRATOR, "rds_superuser"]]).fetchall():
                connection.execute(SQL("DROP OWNED BY {} CASCADE").format(Identifier(name)))
                connection.execute(SQL("DROP ROLE {}").format(Identifier(name)))
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(DATABASE)))

    @staticmethod
    def _set_password(connection: psycopg.Connection[Any], user: str, password: str) -> None:
        # What the server is sent stands in pg_stat_statements and pg_stat_activity: a verifier, not the password.
        verifier = connection.pgconn.encrypt_password(password.encode(), user.encode(), b"scram-sha-256")
        connection.execute(SQL("ALTER ROLE {} PASSWORD {}").format(Identifier(user), Literal(verifier.decode())))


def _exists(connection: psycopg.Connection[Any], query: str, name: str) -> bool:
    return connection.execute(query, [name]).fetchone() is not None
