"""An error in the words of the service that was called, for what refuses a call before moto has it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any
from xml.sax.saxutils import escape

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
EC2 = "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors></Response>"
QUERY = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
)


def refuse(
    environ: dict[str, Any],
    start_response: Callable[..., Any],
    service: str,
    code: str,
    message: str,
    status: int = 400,
) -> list[bytes]:
    """Answer with an error, as the EC2, query or JSON protocol writes it."""
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        form = EC2 if service == "ec2" else QUERY
        kind, body = "text/xml", form.format(code=escape(code), message=escape(message))
    else:
        kind, body = "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message})
    headers = [("Content-Type", kind), ("Content-Length", str(len(body.encode()))), ("x-amzn-ErrorType", code)]
    start_response(f"{status} Refused", headers)
    return [body.encode()]
