"""db_extensions (DB-9)."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from ansible_collections.triflow.platform.plugins.module_utils import progress
from ansible_collections.triflow.platform.plugins.module_utils.postgresql import Database
from psycopg import sql

from lab.certificate import write_certificates
from lab.database import Server
from tests.conftest import Lab
from tests.modules.conftest import RunModule

MODULE = "db_extensions"
EXTENSIONS = ["vector", "uuid-ossp", "pg_trgm", "pg_stat_statements"]


@pytest.fixture
def database(empty_lab: Lab, stack: str) -> Iterator[str]:
    """A database without extensions, on an instance of the stack's own: the lab's instances share one database."""
    rds = empty_lab.aws("rds")
    rds.create_db_instance(
        DBInstanceIdentifier=stack,
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        DBName="triflow",
        MasterUsername="triflow_admin",
        ManageMasterUserPassword=True,
    )
    yield stack
    rds.delete_db_instance(DBInstanceIdentifier=stack, SkipFinalSnapshot=True)


def installed(lab: Lab) -> set[str]:
    with psycopg.connect(lab.database_url) as connection:
        rows = connection.execute("SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'").fetchall()
    return {row[0] for row in rows}


@pytest.fixture
def options(lab: Lab) -> Any:
    """``options(database, **given)``: what the module is given."""

    def given(database: str, /, **change: Any) -> dict[str, Any]:
        wanted = {"db_instance_identifier": database, "database": "triflow", "extensions": EXTENSIONS}
        return {**wanted, "ca_file": lab.environment["PGSSLROOTCERT"], **change}

    return given


def test_grammar(lab: Lab, database: str, run_module: RunModule, options: Any) -> None:
    creation = [{"component": f"extension-{name}", "action": "create", "fields": []} for name in EXTENSIONS]
    plan = run_module(MODULE, check=True, **options(database))
    assert plan["changes"] == creation
    assert [diff["after"] for diff in plan["diff"]] == [{"name": name} for name in EXTENSIONS]
    assert installed(lab) == set()
    result = run_module(MODULE, **options(database))
    assert result["changes"] == creation
    assert installed(lab) == set(EXTENSIONS)
    for check in (True, False):
        again = run_module(MODULE, check=check, **options(database, extensions=EXTENSIONS[::-1]))
        assert again["changed"] is False, again
        assert again["diff"] == []


def test_only_what_is_missing_is_created(lab: Lab, database: str, run_module: RunModule, options: Any) -> None:
    run_module(MODULE, **options(database, extensions=["vector"]))
    result = run_module(MODULE, **options(database, extensions=["vector", "pg_trgm"]))
    assert [change["action"] for change in result["changes"]] == ["none", "create"]
    # What is not listed is left alone.
    assert run_module(MODULE, **options(database, extensions=["vector"]))["changed"] is False
    assert installed(lab) == {"vector", "pg_trgm"}


def test_a_plan_without_an_instance_announces_all(stack: str, run_module: RunModule, options: Any) -> None:
    plan = run_module(MODULE, check=True, **options(stack))
    assert {change["action"] for change in plan["changes"]} == {"create"}


def test_a_missing_instance_is_named_with_its_playbook(stack: str, run_module: RunModule, options: Any) -> None:
    result = run_module(MODULE, **options(stack))
    assert result["failed"]
    assert stack in result["msg"]
    assert "playbooks/data.yml" in result["msg"]


def test_an_unknown_extension_is_named(database: str, run_module: RunModule, options: Any) -> None:
    result = run_module(MODULE, **options(database, extensions=["pgvector"]))
    assert result["failed"]
    assert "pgvector" in result["msg"]


def test_a_database_out_of_reach_says_what_to_do(
    lab: Lab, database: str, run_module: RunModule, options: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(**_options: Any) -> None:
        raise psycopg.OperationalError("connection timeout expired")

    monkeypatch.setattr(psycopg, "connect", unreachable)
    result = run_module(MODULE, **options(database))
    assert "from a machine in that group" in result["msg"]
    secrets = lab.aws("secretsmanager")
    for secret in secrets.list_secrets()["SecretList"]:
        value = json.loads(secrets.get_secret_value(SecretId=secret["ARN"])["SecretString"])
        assert value["password"] not in json.dumps(result)


def test_another_run_creates_it_at_the_same_time(lab: Lab, database: str, run_module: RunModule, options: Any) -> None:
    """The second CREATE EXTENSION waits for the first and ends in a unique violation, whatever IF NOT EXISTS says."""
    with (
        psycopg.connect(lab.database_url) as other,
        psycopg.connect(lab.database_url, autocommit=True) as watching,
        ThreadPoolExecutor() as pool,
    ):
        other.execute("CREATE EXTENSION pg_trgm")
        running = pool.submit(run_module, MODULE, **options(database, extensions=["pg_trgm"]))
        deadline = time.monotonic() + 60
        while not watching.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
            assert not running.done(), running.result()
            assert time.monotonic() < deadline, "the module never came to wait"
            time.sleep(0.05)
        other.commit()
        result = running.result(timeout=60)
    assert result["changes"] == [{"component": "extension-pg_trgm", "action": "create", "fields": []}]
    assert installed(lab) == {"pg_trgm"}


class Proxy:
    """Stands before the database, and hands nothing on any more once it is ``silent``."""

    def __init__(self, host: str, port: int) -> None:
        self.server = (host, port)
        self.silent = threading.Event()
        self.lines: list[socket.socket] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _unused = self.socket.accept()
                server = socket.create_connection(self.server)
                self.lines += [client, server]
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self._hand_on, args=(source, target), daemon=True).start()

    def _hand_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not self.silent.is_set():
                    target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        for line in (self.socket, *self.lines):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()


@pytest.fixture
def proxy(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """What the module connects to."""
    with psycopg.connect(lab.database_url) as connection:
        made = Proxy(connection.info.host, connection.info.port)
    connect = psycopg.connect
    redirected = {"host": "127.0.0.1", "port": made.port}
    monkeypatch.setattr(psycopg, "connect", lambda **given: connect(**given | redirected))
    yield made
    made.end()


def test_a_lock_of_another_session_is_waited_for_and_named(
    lab: Lab, database: str, run_module: RunModule, options: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(progress, "show", said.append)
    with psycopg.connect(lab.database_url, application_name="somebody's console") as other:
        other.execute("CREATE EXTENSION pg_trgm")
        begun = time.monotonic()
        result = run_module(MODULE, **options(database, extensions=["pg_trgm"], wait_timeout=2))
        assert time.monotonic() - begun < 10
        pid, user = other.info.backend_pid, other.info.user
        other.rollback()
    holder = f"locked by process {pid} of the user {user} (application somebody's console, from 127."
    assert "within 2 s (rds_extensions_timeout)" in result["msg"]
    assert holder in result["msg"]
    assert "whose transaction began at 20" in result["msg"]
    assert "idle in transaction" in result["msg"]
    assert "pg_terminate_backend" in result["msg"]
    assert holder in said[0]
    assert "s of at most 2 s" in said[0]
    assert installed(lab) == set()


def test_a_server_that_falls_silent_after_the_login_is_left(
    database: str, proxy: Proxy, run_module: RunModule, options: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = Database.execute

    def silent(self: Database, *given: Any) -> Any:
        proxy.silent.set()
        return execute(self, *given)

    monkeypatch.setattr(Database, "execute", silent)
    begun = time.monotonic()
    result = run_module(MODULE, **options(database, wait_timeout=1))
    assert time.monotonic() - begun < 10
    assert "extension vector" in result["msg"]
    assert "within 1 s" in result["msg"]
    assert "does not answer any more" in result["msg"]


def test_a_server_that_accepts_and_says_nothing_is_left(
    database: str, proxy: Proxy, run_module: RunModule, options: Any
) -> None:
    proxy.silent.set()
    begun = time.monotonic()
    result = run_module(MODULE, **options(database, wait_timeout=1))
    assert time.monotonic() - begun < 10
    assert "Nothing answered" in result["msg"]


def test_a_server_that_ends_the_connection_is_told(
    database: str, proxy: Proxy, run_module: RunModule, options: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = Database.execute

    def ended(self: Database, *given: Any) -> Any:
        proxy.end()
        return execute(self, *given)

    monkeypatch.setattr(Database, "execute", ended)
    result = run_module(MODULE, **options(database))
    assert "DB instance's status and events" in result["msg"]


@pytest.mark.parametrize(
    ("statement", "undo", "given", "says"),
    [
        pytest.param(
            "ALTER ROLE {} CONNECTION LIMIT 0",
            "ALTER ROLE {} CONNECTION LIMIT -1",
            {},
            "pg_stat_activity",
            id="too many",
        ),
        pytest.param(None, None, {"database": "nowhere"}, "rds_database_name", id="no such database"),
        pytest.param("ALTER ROLE {} PASSWORD 'other'", None, {}, "secret that RDS manages", id="wrong password"),
        pytest.param(
            "ALTER ROLE {} SET default_transaction_read_only = on",
            "ALTER ROLE {} RESET default_transaction_read_only",
            {},
            "(default_transaction_read_only",
            id="read only",
        ),
    ],
)
def test_each_refusal_has_its_own_sentence(
    statement: str | None,
    undo: str | None,
    given: dict[str, str],
    says: str,
    lab: Lab,
    database: str,
    run_module: RunModule,
    options: Any,
) -> None:
    user = sql.Identifier("triflow_admin")
    with Server.of(lab.directory).connect() as administrator:
        if statement:
            administrator.execute(sql.SQL(statement).format(user))
        try:
            result = run_module(MODULE, **options(database, **given))
        finally:
            if undo:
                administrator.execute(sql.SQL(undo).format(user))
    assert result["failed"]
    assert says in result["msg"]
    assert "DB-13" not in result["msg"]


def test_a_port_where_nobody_listens_is_told(database: str, proxy: Proxy, run_module: RunModule, options: Any) -> None:
    proxy.end()
    result = run_module(MODULE, **options(database))
    assert "Its machine answers and PostgreSQL does not" in result["msg"]


class Impostor:
    """A server that speaks TLS and asks for the password in clear, or by MD5, as any server may."""

    CLEAR, MD5 = struct.pack("!cii", b"R", 8, 3), struct.pack("!cii4s", b"R", 12, 5, b"salt")

    def __init__(self, certificate: Path, key: Path, question: bytes) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.question = question
        self.answer = b""
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        try:
            connection, _unused = self.socket.accept()
            connection.settimeout(30)
            with connection:
                connection.recv(8)  # SSLRequest
                connection.sendall(b"S")
                with self.context.wrap_socket(connection, server_side=True) as encrypted:
                    encrypted.recv(4096)  # StartupMessage
                    encrypted.sendall(self.question)
                    self.answer = encrypted.recv(4096)
        except OSError:
            pass

    def end(self) -> bytes:
        """What it was told after its question."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes accept, if nobody came
        self.thread.join(60)
        self.socket.close()
        return self.answer


@pytest.mark.parametrize(
    ("trusted", "question", "says"),
    [
        pytest.param(False, Impostor.CLEAR, "certificate", id="another authority"),
        pytest.param(True, Impostor.CLEAR, "scram-sha-256", id="password in clear"),
        pytest.param(True, Impostor.MD5, "scram-sha-256", id="MD5"),
    ],
)
def test_no_impostor_gets_the_password(
    trusted: bool,
    question: bytes,
    says: str,
    database: str,
    run_module: RunModule,
    options: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What they are told after their question is nothing at all."""
    authority, certificate, key = (tmp_path / name for name in ("ca.crt", "server.crt", "server.key"))
    write_certificates(authority, certificate, key, ["127.0.0.1"])
    impostor = Impostor(certificate, key, question)
    connect = psycopg.connect

    def redirected(**given: Any) -> Any:
        return connect(**{**given, "host": "127.0.0.1", "port": impostor.port})

    monkeypatch.setattr(psycopg, "connect", redirected)
    given = {"ca_file": str(authority)} if trusted else {}
    result = run_module(MODULE, **options(database, **given))
    assert impostor.end() == b""
    assert result["failed"]
    assert says in result["msg"]
    assert "from a machine in that group" not in result["msg"]


def test_a_certificate_of_another_host_is_refused(
    database: str, run_module: RunModule, options: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The right authority is not enough: it signs for every instance of a region."""
    authority, certificate, key = (tmp_path / name for name in ("ca.crt", "server.crt", "server.key"))
    write_certificates(authority, certificate, key, ["127.0.0.2"])
    impostor = Impostor(certificate, key, Impostor.CLEAR)
    connect = psycopg.connect
    monkeypatch.setattr(
        psycopg, "connect", lambda **given: connect(**{**given, "host": "127.0.0.1", "port": impostor.port})
    )
    result = run_module(MODULE, **options(database, ca_file=str(authority)))
    assert impostor.end() == b""
    assert "certificate" in result["msg"]


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_without_certificates_nothing_is_connected_to(
    content: str | None, database: str, run_module: RunModule, options: Any, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    result = run_module(MODULE, **options(database, ca_file=str(file)))
    assert result["failed"]
    assert str(file) in result["msg"]
    assert "certificate" in result["msg"]


def test_an_older_libpq_is_refused(
    database: str, run_module: RunModule, options: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not know require_auth, and so cannot demand a proof."""
    monkeypatch.setattr(psycopg.pq, "version", lambda: 150010)
    result = run_module(MODULE, **options(database))
    assert result["failed"]
    assert "libpq 150010 cannot demand scram-sha-256" in result["msg"]
