# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A connection to PostgreSQL that ends in time."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import account

with contextlib.suppress(ImportError):  # the module says what to install
    import psycopg

CONNECT_TIMEOUT = 10  # seconds, for a login with all its steps
MARGIN = 1  # seconds that the server's own limits have before the connection is ended from here
FIRST_LOOK, MOST_BETWEEN_LOOKS = 0.5, 10  # seconds
NAME = "triflow.platform.db_extensions"  # how pg_stat_activity shows these sessions
# A server that has gone without a word is noticed after some 30 s, however long the limit is.
LINE: dict[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 10,
    "keepalives_count": 2,
    "tcp_user_timeout": 30_000,
}
HOLDERS = """
SELECT pid, usename, application_name, client_addr, state, date_trunc('second', xact_start)
FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids(%s)) ORDER BY xact_start
"""


READ_ONLY = {
    True: "This server is a standby, which only reads: after a failover run again in a minute; the endpoint of a "
    "read replica never writes",
    False: "It is set to read only (default_transaction_read_only, for the server, the database or the user): set it "
    "off in the parameter group, or by ALTER DATABASE or ALTER ROLE, then run again",
}


class OverTime(Exception):
    """The limit has passed. Its text is the last state, and what to do."""


ENDS_A_SESSION = "commit or end that session (SELECT pg_terminate_backend(<process>)), then run again"
SILENT = (
    "the server has accepted the connection and does not answer any more; see the DB instance's status, CPU and "
    "events, and what is between it and this machine, then run again"
)


class Limit:
    """The time that everything together has, from now on."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self.until = time.monotonic() + seconds

    def left(self) -> float:
        return max(self.until - time.monotonic(), 0.1)


@contextlib.contextmanager
def bounded(connection: psycopg.Connection[Any], seconds: float) -> Iterator[None]:
    """Ends the connection when what is done with it takes longer.

    The server's own limits need a server that works. libpq waits without end for one that is silent while its machine
    still answers, and so does cancelling what it does.
    """
    over = threading.Event()

    def end() -> None:
        over.set()
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except psycopg.Error as error:
        if over.is_set():
            raise OverTime(SILENT) from error
        raise
    finally:
        timer.cancel()


class Database:
    """A database to which one user connects, within one limit for all that is done there."""

    def __init__(self, limit: Limit, say: Callable[[str], None], **login: Any) -> None:
        self.limit = limit
        self.say = say
        self.login = login
        self.held = ""  # what is known of those who hold a lock that was waited for
        self.connection = self._connect()

    def _connect(self) -> psycopg.Connection[Any]:
        left = self.limit.left()
        milliseconds = int(left * 1000)
        return psycopg.connect(
            **self.login,
            **LINE,
            application_name=NAME,
            connect_timeout=max(min(CONNECT_TIMEOUT, int(left)), 1),
            options=f"-c lock_timeout={milliseconds} -c statement_timeout={milliseconds}",
            autocommit=True,
        )

    def execute(self, statement: Any, values: Sequence[Any] = ()) -> psycopg.Cursor[Any]:
        """One statement. Says for whom it waits, and raises OverTime with that at the limit."""
        done = threading.Event()
        looking = threading.Thread(target=self._look, args=(done, self.connection.info.backend_pid), daemon=True)
        looking.start()
        try:
            with bounded(self.connection, self.limit.left() + MARGIN):
                return self.connection.execute(statement, values)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled, OverTime) as error:
            raise OverTime(f"{self.held}; {ENDS_A_SESSION}" if self.held else _line(error)) from error
        finally:
            done.set()

    def write(self, statement: Any) -> None:
        """One statement that may wait for others, and is not to go on in the server after this module has ended."""
        milliseconds = str(int(self.limit.left() * 1000))
        self.execute(
            "SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false)",
            (milliseconds, milliseconds),
        )
        account.sending()  # no client of AWS does
        try:
            self.execute(statement)
        except (psycopg.Error, OverTime) as error:
            refused = error.__cause__ if isinstance(error, OverTime) else error
            if isinstance(refused, psycopg.Error) and refused.sqlstate:
                account.answered(carried_out=False)
            raise
        account.answered(carried_out=True)

    def _look(self, done: threading.Event, pid: int) -> None:
        """As long as a statement of this backend waits: for whom. A connection that cannot be had says nothing."""
        pause = FIRST_LOOK
        while not done.wait(pause):
            pause = min(2 * pause, MOST_BETWEEN_LOOKS)
            with contextlib.suppress(psycopg.Error, OverTime), self._connect() as beside:
                with bounded(beside, self.limit.left()):
                    rows = beside.execute(HOLDERS, (pid,)).fetchall()
                self.held = f"locked by {' and '.join(map(session, rows))}" if rows else ""
                if rows and not done.is_set():
                    waited = self.limit.seconds - self.limit.left()
                    self.say(f"{self.held} ({waited:.0f} s of at most {self.limit.seconds} s)")

    def remedy(self, error: psycopg.Error) -> str:
        """What to do when the server takes no writes, which it says itself; empty for any other error."""
        if error.sqlstate == "25006":
            with contextlib.suppress(psycopg.Error, OverTime):
                row = self.execute("SELECT pg_is_in_recovery()").fetchone()
                return READ_ONLY[bool(row and row[0])]
        return ""


def session(row: tuple[Any, ...]) -> str:
    """A row of HOLDERS in words. What another user's session does only members of pg_monitor see."""
    pid, user, application, address, state, since = row
    seen = ", ".join(
        [*([f"application {application}"] if application else []), *([f"from {address}"] if address else [])]
    )
    told = f"process {pid} of the user {user}" + (f" ({seen})" if seen else "")
    if since:
        told += f", whose transaction began at {since.isoformat()}"
    return f"{told} and is {state}" if state else told


def _line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
