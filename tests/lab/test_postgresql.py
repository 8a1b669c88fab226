"""The lab's PostgreSQL: extensions, TLS, and what a master user of RDS may do."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from psycopg.conninfo import conninfo_to_dict

from lab.database import EXTENSIONS, Server
from lab.postgresql import ADDRESSES, _free_port
from lab.state import LabError
from tests.conftest import Lab


def test_database_is_empty_before_anything_is_deployed(empty_lab: Lab) -> None:
    with psycopg.connect(empty_lab.database_url) as connection:
        extensions = connection.execute("SELECT extname FROM pg_extension").fetchall()
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert extensions == [("plpgsql",)]
    assert tables == []


def test_all_four_extensions_work(empty_lab: Lab) -> None:
    with psycopg.connect(empty_lab.database_url) as connection:
        for name in EXTENSIONS:
            connection.execute(f'CREATE EXTENSION "{name}"')
        connection.execute("CREATE TABLE item (id int, embedding vector(3))")
        connection.execute("INSERT INTO item VALUES (1, '[1,0,0]'), (2, '[0,1,0]'), (3, '[0.9,0.1,0]')")
        nearest = connection.execute("SELECT id FROM item ORDER BY embedding <-> '[1,0,0]' LIMIT 2").fetchall()
        assert nearest == [(1,), (3,)]
        assert connection.execute("SELECT uuid_generate_v4() <> uuid_generate_v4()").fetchone() == (True,)
        assert connection.execute("SELECT similarity('triflow', 'triflow')").fetchone() == (1.0,)
        row = connection.execute("SELECT count(*) > 0 FROM pg_stat_statements").fetchone()
        assert row == (True,)


def test_connections_are_encrypted(lab: Lab) -> None:
    with psycopg.connect(lab.database_url) as connection:
        query = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        assert connection.execute(query).fetchone() == (True, "TLSv1.3")


def test_its_certificate_is_of_the_labs_own_authority(lab: Lab) -> None:
    """What a client verifies it with stands in PGSSLROOTCERT, and signs nothing else: its key is nowhere."""
    authority = Path(lab.environment["PGSSLROOTCERT"])
    (found,) = x509.load_pem_x509_certificates(authority.read_bytes())
    assert found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    address = conninfo_to_dict(lab.database_url)
    assert (address["sslmode"], address["sslrootcert"]) == ("verify-full", str(authority))
    with psycopg.connect(lab.database_url, require_auth="scram-sha-256") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    keys = [path for path in lab.directory.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
    assert {path.name for path in keys} <= {"server.key"}
    other = authority.parent / "other.crt"
    other.write_bytes(authority.read_bytes().replace(b"CERTIFICATE", b"OTHER"))
    with pytest.raises(psycopg.OperationalError, match="certificate"):
        psycopg.connect(lab.database_url, sslrootcert=str(other))


def test_wrong_password_is_refused(lab: Lab) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(lab.database_url, password="wrong")


def test_it_answers_on_the_port_of_rds_when_an_address_has_it_free(lab: Lab) -> None:
    address = conninfo_to_dict(lab.database_url)
    if (address["host"], int(str(address["port"]))) not in ADDRESSES:
        assert [candidate for candidate in ADDRESSES if _free_port(*candidate)] == []


def test_extension_that_cannot_be_created_is_named(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.database.EXTENSIONS", ("vector", "no-such-extension"))
    with pytest.raises(LabError, match=r"extension no-such-extension: .*not available"):
        Server.of(lab.directory).prepare()


def test_shared_memory_goes_away_with_a_killed_server(lab: Lab) -> None:
    with psycopg.connect(lab.database_url) as connection:
        assert connection.execute("SHOW dynamic_shared_memory_type").fetchone() == ("mmap",)
