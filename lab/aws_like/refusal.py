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

S3 = "<Error><Code>{code}</Code><Message>{message}</Message></Error>"
XML = {"ec2": EC2, "s3": S3}
REST_XML = ("s3", "route53")  # whose requests are no forms


def refuse(
    environ: dict[str, Any],
    start_response: Callable[..., Any],
    service: str,
    code: str,
    message: str,
    status: int = 400,
) -> list[bytes]:
    """Answer with an error, as the service's protocol writes it."""
    if service in REST_XML or environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        kind, body = "text/xml", XML.get(service, QUERY).format(code=escape(code), message=escape(message))
    else:
        kind, body = "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message})
    headers = [("Content-Type", kind), ("Content-Length", str(len(body.encode()))), ("x-amzn-ErrorType", code)]
    start_response(f"{status} Refused", headers)
    return [body.encode()]
