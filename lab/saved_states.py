"""States of the emulator that are kept under names, each by a process of its own.

moto's objects hold locks, private keys and functions, which cannot be written to a file. A fork copies them all. The
process that was started keeps the listening socket and answers nothing. It forks the one that serves. To save, the
serving process forks one that waits. To load, the waiting process forks one that serves on the same socket, and stays
as it is. When the first process is gone, all go.
"""

from __future__ import annotations

import os
import random
import signal
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from select import select
from socket import recv_fds, send_fds, socket, socketpair
from threading import Lock, Thread
from typing import Any, NoReturn

from moto.moto_api._internal import mock_random
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from lab import aws_like
from lab.aws_like.refusal import Application
from lab.lifecycle import SAVED
from lab.turns import TURN

QUIET_SECONDS = 60  # as long as a Lambda function may take
MESSAGE = 1024  # bytes at most
DONE, UNKNOWN, BUSY = "200 OK", "404 Not Found", "503 Service Unavailable"


def supervise(listener: socket, application: Application, handler: type[WSGIRequestHandler]) -> NoReturn:
    """Fork the serving process, and know who keeps which state, until SIGTERM."""
    alive, life = os.pipe()  # is closed when this process ends, however it ends
    serving, theirs = socketpair()
    if os.fork() == 0:
        os.close(life)
        serving.close()
        Serving(listener, application, handler, theirs, alive).run()
    theirs.close()
    signal.signal(signal.SIGTERM, lambda *_unused: os.killpg(0, signal.SIGKILL))
    keepers: dict[str, socket] = {}
    while True:
        message, files = recv_fds(serving, MESSAGE, 1)[:2]
        if not message:
            os.killpg(0, signal.SIGKILL)
        word, name = message.decode().split(" ", 1)
        if word == "save":
            if name in keepers:
                keepers[name].close()
            keepers[name] = socket(fileno=files[0])
            serving.sendall(DONE.encode())
        else:
            ours, theirs = socketpair()
            try:
                send_fds(keepers[name], [b"serve"], [theirs.fileno()])
            except (KeyError, OSError):  # there is none, or it was killed
                serving.sendall(UNKNOWN.encode())
                ours.close()
            else:
                serving.sendall(DONE.encode())
                serving.close()
                serving = ours
            theirs.close()


class Server(ThreadedWSGIServer):
    """Accepts while it may, and knows its connections."""

    def __init__(self, listener: socket, application: Application, handler: type[WSGIRequestHandler]) -> None:
        host, port = listener.getsockname()
        super().__init__(host, port, application, handler, fd=listener.fileno())
        self.accepting = Lock()
        self.connections: set[socket] = set()

    def get_request(self) -> tuple[socket, Any]:
        with self.accepting:
            connection, address = super().get_request()
            self.connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)


class Last(list[bytes]):
    """An answer after which this process ends."""

    def close(self) -> None:
        os._exit(0)


class Serving:
    """The process that answers. WSGI middleware: PUT saves under the name in the body, POST loads."""

    def __init__(
        self,
        listener: socket,
        application: Application,
        handler: type[WSGIRequestHandler],
        supervisor: socket,
        alive: int,
    ) -> None:
        self.listener, self.application, self.handler = listener, application, handler
        self.supervisor, self.alive = supervisor, alive

    def run(self) -> NoReturn:
        self.children: list[int] = []
        Thread(target=self._end_with_supervisor, daemon=True).start()
        self.server = Server(self.listener, self, self.handler)
        self.server.serve_forever()
        os._exit(1)

    def _end_with_supervisor(self) -> NoReturn:
        os.read(self.alive, 1)
        os._exit(0)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != SAVED:
            return self.application(environ, start_response)
        name = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()

        def answer(status: str) -> list[bytes]:
            start_response(status, [("Content-Length", "0")])
            return []

        with ExitStack() as held:
            held.enter_context(TURN)
            if not TURN.is_quiet(QUIET_SECONDS):
                return answer(BUSY)
            # Nobody is answered and nobody is accepted: what is forked stands between two calls.
            held.enter_context(self.server.accepting)
            if environ["REQUEST_METHOD"] == "PUT":
                return answer(self._save(name))
            status = self._ask(f"load {name}")
            if status == DONE:
                held.pop_all()  # for ever: another process answers from now on
                return Last(answer(status))
            return answer(status)

    def _ask(self, message: str, *files: int) -> str:
        send_fds(self.supervisor, [message.encode()], files)
        return self.supervisor.recv(MESSAGE).decode()

    def _save(self, name: str) -> str:
        self.children = [child for child in self.children if os.waitpid(child, os.WNOHANG) == (0, 0)]
        ours, theirs = socketpair()
        child = os.fork()
        if child == 0:
            try:
                ours.close()
                self._keep(theirs)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        self.children.append(child)
        theirs.close()
        with ours:
            return self._ask(f"save {name}", ours.fileno())

    def _keep(self, orders: socket) -> NoReturn:
        """Wait in the forked process, and fork one that serves for each order, until the name is another state's."""
        self.supervisor.close()
        for connection in (self.server.socket, *self.server.connections):
            os.close(connection.detach())
        saved = time.monotonic()
        while True:
            ready = select([orders.fileno(), self.alive], [], [])[0]
            message, files = (b"", []) if self.alive in ready else recv_fds(orders, MESSAGE, 1)[:2]
            if not message:
                os._exit(0)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            if os.fork() == 0:
                orders.close()
                self.supervisor = socket(fileno=files[0])
                # The copies must not choose the same identifiers.
                random.seed()
                mock_random.seed()
                TURN.renew()
                aws_like.was_kept(time.monotonic() - saved)
                self.run()
            os.close(files[0])
