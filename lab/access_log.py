"""One JSON line per API call that reaches the emulator: when, which service, which operation, did it write.

Shape: {"time": "2026-01-20T00:00:00.000000+00:00", "service": "ec2", "operation": "CreateVpc", "status": 200,
"write": true}. `service` is the name in the request's signature, which is the prefix of IAM actions for most services;
`operation` is the API's own name, "Unknown" when the request fits none. Parameters and credentials are never logged.
"""

from __future__ import annotations

import errno
import io
import json
import os
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from lab.process import say

CREDENTIAL_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/(?P<service>[^/]+)/aws4_request")
SMITHY_PATH = re.compile(r"^/service/[^/]+/operation/(?P<operation>\w+)$")
READING_NAMES = re.compile(
    r"^(Get|List|Describe|Head|BatchGet|BatchCheck|Lookup|Search|Select|Filter|Query|Scan|Simulate|Validate|Check"
    r"|Test|Preview|Estimate|Export)"
)
# These read in spite of their names; GetObjectTorrent and the like are covered by the names above.
READING_OPERATIONS = {"AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML", "DecodeAuthorizationMessage"}

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def is_write(operation: str) -> bool:
    """Whether an operation changes something, judged by its name: what is not known to read counts as a write."""
    return operation not in READING_OPERATIONS and not READING_NAMES.match(operation)


class AccessLog:
    """WSGI middleware that writes a line after each call, before the caller gets its answer.

    What it has found out of the call it hands on: `lab.service` and `lab.operation`.
    """

    def __init__(self, application: Application, path: Path) -> None:
        self.application = application
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        self.lost = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith("/moto-api"):
            return self.application(environ, start_response)
        service = environ["lab.service"] = service_of(environ)
        operation = environ["lab.operation"] = operation_of(environ, service)
        status = 0

        def noting_status(line: str, *arguments: Any) -> Any:
            nonlocal status
            status = int(line.split()[0])
            return start_response(line, *arguments)

        body = self.application(environ, noting_status)
        self._write(service, operation, status)
        return body

    def _write(self, service: str, operation: str, status: int) -> None:
        entry = {
            "time": datetime.now(UTC).isoformat(timespec="microseconds"),
            "service": service,
            "operation": operation,
            "status": status,
            "write": is_write(operation),
        }
        line = json.dumps(entry).encode() + b"\n"
        try:
            written = os.write(self.file, line)
            if written < len(line):
                os.ftruncate(self.file, os.fstat(self.file).st_size - written)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            # The call has been carried out, and has its answer, whatever becomes of its line.
            self.lost += 1
            say(f"The access log lacks {self.lost} calls: {error}")


def service_of(environ: dict[str, Any]) -> str:
    """Name in the signature: of the header, or of a presigned URL; an unsigned call is taken for S3, as moto does."""
    scope = CREDENTIAL_SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    if scope:
        return scope["service"]
    credential = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])[0]
    scope = CREDENTIAL_SCOPE.search(f"Credential={credential}")
    return scope["service"] if scope else "s3"


def operation_of(environ: dict[str, Any], service: str) -> str:
    """Name of the call, by protocol: target header (JSON), path (Smithy RPC), Action (query), or method and path."""
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return str(target).rpartition(".")[2]
    smithy = SMITHY_PATH.match(environ.get("PATH_INFO", ""))
    if smithy:
        return smithy["operation"]
    return _action(environ) or _modelled_operation(environ, service) or "Unknown"


def _action(environ: dict[str, Any]) -> str:
    """`Action` of a query call, from the body (put back for the application) or from the URL."""
    parameters = environ.get("QUERY_STRING", "")
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        parameters = f"{parameters}&{body.decode(errors='replace')}"
    action: str = parse_qs(parameters).get("Action", [""])[0]
    return action


def _modelled_operation(environ: dict[str, Any], service: str) -> str:
    """Name that the service's model gives to this method and path."""
    from botocore.exceptions import UnknownServiceError
    from moto.core.request import Request
    from moto.core.routing import get_service_router
    from werkzeug.exceptions import NotFound

    try:
        operation, _unused = get_service_router(service).match(Request(environ))
    except (NotFound, NotImplementedError, UnknownServiceError):
        return ""
    return str(operation.name)
