"""A forwarder on loopback between a run and the lab's AWS, which does to single calls what networks and services do."""

from __future__ import annotations

import fnmatch
import http.client
import io
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from lab.access_log import is_write, operation_of, service_of
from tests.faults.answers import Answer, Call

Forward = Callable[[], Answer]
# What is done to a call, with the means to have it carried out. None: the connection is closed.
Fault = Callable[[Call, Forward], Answer | None]
# What belongs to one connection, and the checksum of a body that may change.
HOP = {"transfer-encoding", "content-length", "connection", "expect", "x-amz-crc32", "host"}
UPSTREAM_SECONDS = 300
PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"


def cut_before(_call: Call, _forward: Forward) -> None:
    """The connection breaks before the service has the call."""


def cut_after(_call: Call, forward: Forward) -> None:
    """The service has carried the call out; the connection breaks before its answer."""
    forward()


def answered(how: Callable[[Call], Answer]) -> Fault:
    """The service refuses, and carries nothing out."""
    return lambda call, _forward: how(call)


def hang(seconds: float) -> Fault:
    """The answer of a call that was carried out comes after this time."""

    def hung(_call: Call, forward: Forward) -> Answer:
        answer = forward()
        time.sleep(seconds)
        return answer

    return hung


def page(_call: Call, forward: Forward) -> Answer:
    """What stands between answers with a page of its own, as if all were well; the call was carried out."""
    forward()
    return Answer(200, [("Content-Type", "text/html")], PAGE)


def truncated(_call: Call, forward: Forward) -> Answer:
    """The answer ends in its middle."""
    answer = forward()
    return answer._replace(body=answer.body[: len(answer.body) // 2])


@dataclass
class Rule:
    """A fault of the calls that a pattern names, such as `ec2:Create*`: of a share of them, and so many of each."""

    calls: str
    fault: Fault
    share: float = 1.0
    first: int = 1  # which call of a name is the first to meet it
    times: int | None = None  # how many calls of each name meet it; None: all
    writes: bool | None = None  # only these, or only reads
    seen: dict[str, int] = field(default_factory=dict)

    def takes(self, call: Call, chance: float) -> bool:
        if not fnmatch.fnmatchcase(call.name, self.calls) or self.writes not in (None, call.write):
            return False
        number = self.seen[call.name] = self.seen.get(call.name, 0) + 1
        last = None if self.times is None else self.first + self.times - 1
        return chance < self.share and self.first <= number and (last is None or number <= last)


@dataclass(frozen=True)
class Entry:
    """A call that went through, and whether a rule did something to it."""

    call: Call
    rule: Rule | None


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_unused: Any) -> None:
        """Write nothing: a killed run leaves its connections in the middle."""


class Proxy:
    """The forwarder. `log` has every call since the rules were set."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream)
        self.rules: list[Rule] = []
        self.log: list[Entry] = []
        self.lock = threading.Lock()
        self.random = random.Random(0)
        self.server = Server(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @contextmanager
    def faults(self, *rules: Rule, seed: int = 0) -> Iterator[None]:
        """Do this to the calls of a while; the first rule that takes a call is the only one."""
        with self.lock:
            self.rules, self.log, self.random = list(rules), [], random.Random(seed)
        try:
            yield
        finally:
            with self.lock:
                self.rules = []

    def met(self) -> list[Call]:
        """The calls that a rule did something to."""
        with self.lock:
            return [entry.call for entry in self.log if entry.rule]

    def answer(self, call: Call, forward: Forward) -> Answer | None:
        with self.lock:
            chance = self.random.random()
            rule = next((rule for rule in self.rules if rule.takes(call, chance)), None)
            self.log.append(Entry(call, rule))
        return rule.fault(call, forward) if rule else forward()

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        host, port = self.upstream.hostname or "", self.upstream.port
        connection = http.client.HTTPConnection(host, port, timeout=UPSTREAM_SECONDS)
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_unused: Any) -> None:
                """Write nothing: the lab's access log has the calls."""

            def handle_any(self) -> None:
                body = _body(self)
                headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}

                def forward() -> Answer:
                    return proxy.forward(self.command, self.path, headers, body)

                own = self.path.startswith("/moto-api")
                answer = forward() if own else proxy.answer(call_of(self, body), forward)
                if answer is None:
                    self.close_connection = True
                    return
                try:
                    self.send(answer)
                except OSError:  # who asked has left
                    self.close_connection = True

            def send(self, answer: Answer) -> None:
                self.send_response(answer.status)
                for name, value in answer.headers:
                    if name.lower() not in HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer.body)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = handle_any

        return Handler


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    if "chunked" not in (handler.headers.get("Transfer-Encoding") or ""):
        return handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    parts = []
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        parts.append(handler.rfile.read(size))
        handler.rfile.readline()
    handler.rfile.readline()
    return b"".join(parts)


def call_of(handler: BaseHTTPRequestHandler, body: bytes) -> Call:
    """Which call a request is: as the lab's access log names it."""
    path, _mark, query = handler.path.partition("?")
    headers = handler.headers
    environ = {
        "REQUEST_METHOD": handler.command,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
    }
    service = service_of(environ)
    operation = operation_of(environ, service)
    return Call(service, operation, _protocol(environ, service), is_write(operation))


def _protocol(environ: dict[str, Any], service: str) -> str:
    if environ["CONTENT_TYPE"].startswith("application/x-www-form-urlencoded"):
        return "ec2" if service == "ec2" else "query"
    if "HTTP_SMITHY_PROTOCOL" in environ:
        return "cbor"
    if "HTTP_X_AMZ_TARGET" in environ:
        return "json"
    return {"s3": "s3", "route53": "query"}.get(service, "rest-json")
