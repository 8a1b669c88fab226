"""What can be wrong with a database that a run wants to create extensions in."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.certificate import write_certificates
from lab.database import DATABASE, Server
from tests.conftest import Lab
from tests.faults.answers import Answer, Call
from tests.faults.proxy import Fault, Forward, Proxy, Rule

LOGIN_MESSAGES = 5  # of a client: to ask for TLS, hello, the end of it with the user's name, and two of SCRAM
Given = tuple[str, ...]  # arguments of the run that meets the fault


def at_port(port: int) -> Fault:
    """DescribeDBInstances names another port."""

    def described(_call: Call, forward: Forward) -> Answer:
        answer = forward()
        return answer._replace(
            body=re.sub(
                rb"<Port>\d+</Port>(?=.{0,400}</Endpoint>)", b"<Port>%d</Port>" % port, answer.body, flags=re.DOTALL
            )
        )

    return described


@contextmanager
def redirected(proxy: Proxy, port: int) -> Iterator[Given]:
    with proxy.faults(Rule("rds:DescribeDBInstances", at_port(port))):
        yield ()


@contextmanager
def refused(lab: Lab, proxy: Proxy, _directory: Path) -> Iterator[Given]:
    """Nobody listens."""
    with socket.socket() as reserved:
        reserved.bind((Server.of(lab.directory).host, 0))
        with redirected(proxy, reserved.getsockname()[1]) as given:
            yield given


@contextmanager
def silent(lab: Lab, proxy: Proxy, _directory: Path) -> Iterator[Given]:
    """What the client asks after the login reaches nobody, and the connection stays."""
    server = Server.of(lab.directory)
    with socket.create_server((server.host, 0)) as listening:
        threading.Thread(target=_serve, args=(listening, server), daemon=True).start()
        with redirected(proxy, listening.getsockname()[1]):
            yield ("-e", "rds_extensions_timeout=10")


def _serve(listening: socket.socket, server: Server) -> None:
    while True:
        try:
            client, _address = listening.accept()
        except OSError:
            return
        upstream = socket.create_connection((server.host, server.port))
        threading.Thread(target=_pass, args=(upstream, client, None), daemon=True).start()
        threading.Thread(target=_pass, args=(client, upstream, LOGIN_MESSAGES), daemon=True).start()


def _pass(source: socket.socket, target: socket.socket, messages: int | None) -> None:
    """Hand on what comes, or only so many pieces of it."""
    number = 0
    try:
        while data := source.recv(65536):
            number += 1
            if messages is None or number <= messages:
                target.sendall(data)
    except OSError:
        pass
    finally:
        target.close()


@contextmanager
def locked(lab: Lab, _proxy: Proxy, _directory: Path) -> Iterator[Given]:
    """Another session has created the extension, and does not commit."""
    with Server.of(lab.directory).connect(dbname=DATABASE) as connection, connection.transaction(force_rollback=True):
        connection.execute("CREATE EXTENSION pg_trgm")
        yield ("-e", "rds_extensions_timeout=10")


@contextmanager
def read_only(lab: Lab, _proxy: Proxy, _directory: Path) -> Iterator[Given]:
    """The database takes no changes, as one without free storage."""
    with Server.of(lab.directory).connect() as connection:
        connection.execute(f"ALTER DATABASE {DATABASE} SET default_transaction_read_only = on")
        try:
            yield ()
        finally:
            connection.execute(f"ALTER DATABASE {DATABASE} RESET default_transaction_read_only")


@contextmanager
def wrong_certificate(_lab: Lab, _proxy: Proxy, directory: Path) -> Iterator[Given]:
    """The server's certificate is of another authority than the one that is trusted."""
    authority = directory / "other.crt"
    write_certificates(authority, directory / "other-server.crt", directory / "other.key", ["127.0.0.1"])
    yield ("-e", f"rds_ca_file={authority}")
