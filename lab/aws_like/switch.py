"""What stands before moto and does, while the switch is on, what AWS does between a call and its answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from lab import aws_like
from lab.aws_like.late_reads import LateReads
from lab.aws_like.refusal import Application, refuse
from lab.aws_like.service_roles import ServiceRoles
from lab.aws_like.throttling import Buckets
from lab.lifecycle import SWITCH

PATH = SWITCH  # beside moto's own: GET says on or off, PUT with one of the words sets it
REGION = re.compile(r"Credential=[^/]+/\d{8}/(?P<region>[^/]+)/")


class Switch:
    """WSGI middleware in front of moto."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self._forget()

    def _forget(self) -> None:
        self.late_reads, self.service_roles, self.buckets = LateReads(), ServiceRoles(), Buckets()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == PATH:
            return self._set(environ, start_response)
        if path.startswith("/moto-api"):
            if path.endswith("/reset"):
                self._forget()
            return self.application(environ, start_response)
        if not aws_like.on():
            return self.application(environ, start_response)
        service, operation = environ["lab.service"], environ["lab.operation"]
        refusal = self.buckets.refusal(service, operation) or self.service_roles.refusal(service, operation)
        if refusal:
            return refuse(environ, start_response, service, refusal.code, refusal.message)
        scope = REGION.search(environ.get("HTTP_AUTHORIZATION", ""))
        if not scope:
            return self.application(environ, start_response)

        def ask() -> tuple[int, list[bytes]]:
            status = 0

            def noting_status(line: str, *arguments: Any) -> Any:
                nonlocal status
                status = int(line.split()[0])
                return start_response(line, *arguments)

            body = list(self.application(environ, noting_status))
            return status, body

        return self.late_reads.answer(f"{service}:{operation}", scope["region"], ask)

    def _set(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if environ["REQUEST_METHOD"] == "PUT":
            # A person who goes on after a run was killed comes later than any read is late.
            self.late_reads = LateReads()
            aws_like.turn(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode())
        word = b"on" if aws_like.on() else b"off"
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(word)))])
        return [word]
