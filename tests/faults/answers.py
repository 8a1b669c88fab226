"""What a service answers that does not do what it was asked, in its own protocol and words."""

from __future__ import annotations

import json
from typing import NamedTuple
from xml.sax.saxutils import escape

from lab.aws_like.throttling import WORDS

IDENTITY = "arn:aws:iam::123456789012:user/deployer"
XML = {
    "ec2": "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors></Response>",
    "query": "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    "<RequestId>0</RequestId></ErrorResponse>",
    "s3": "<Error><Code>{code}</Code><Message>{message}</Message><RequestId>0</RequestId></Error>",
}


class Call(NamedTuple):
    """What was asked. `protocol` is how the service writes an error: ec2, query, s3, json, rest-json or cbor."""

    service: str  # as in a request's signature
    operation: str
    protocol: str
    write: bool

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"


class Answer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Throttled(NamedTuple):
    """How a service says that it was asked too often, where lab/aws_like/throttling.py does not say it."""

    service: str
    status: int
    code: str
    message: str
    source: str


THROTTLED = (
    Throttled("s3", 503, "SlowDown", "Please reduce your request rate.", "S3 API Reference, Error responses"),
    Throttled(
        "route53",
        400,
        "PriorRequestNotComplete",
        "The request was rejected because Route 53 was still processing a prior request.",
        "Route 53 API Reference, ChangeResourceRecordSets",
    ),
    Throttled("lambda", 429, "TooManyRequestsException", "Rate exceeded", "Lambda API Reference, CreateFunction"),
    Throttled("sns", 429, "Throttled", "Rate exceeded", "SNS API Reference, Subscribe"),
    Throttled("sts", 400, "Throttling", "Rate exceeded", "STS API Reference, Common errors"),
    Throttled("monitoring", 400, "Throttling", "Rate exceeded", "CloudWatch API Reference, Common errors"),
    Throttled("tagging", 400, "ThrottledException", "Rate exceeded", "Tagging API Reference, GetResources"),
    Throttled(
        "servicequotas", 400, "TooManyRequestsException", "Rate exceeded", "Service Quotas API Reference, Common errors"
    ),
)
OWN_WORDS = {row.service: row for row in THROTTLED}
# Services of the JSON protocol: "Common errors" of their API references.
COMMON = Throttled("", 400, "ThrottlingException", "Rate exceeded", "Common errors")


def error(call: Call, status: int, code: str, message: str) -> Answer:
    """An error in the call's protocol."""
    if call.protocol in XML:
        text = XML[call.protocol].format(code=escape(code), message=escape(message))
        return Answer(status, [("Content-Type", "text/xml")], text.encode())
    if call.protocol == "cbor":
        pairs = b"".join(_cbor(word) for word in ("__type", code, "message", message))
        headers = [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
        return Answer(status, headers, b"\xa2" + pairs)
    body = json.dumps({"__type": code, "message": message}).encode()
    return Answer(status, [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", code)], body)


def _cbor(text: str) -> bytes:
    """A text string of CBOR (RFC 8949) with its length in two bytes."""
    data = text.encode()
    return b"\x79" + len(data).to_bytes(2) + data


def throttled(call: Call) -> Answer:
    if words := WORDS.get(call.service):
        return error(call, 503 if call.service == "ec2" else 400, words.code, words.message)
    row = OWN_WORDS.get(call.service, COMMON)
    return error(call, row.status, row.code, row.message)


def unavailable(call: Call) -> Answer:
    """503. In JSON services it has no name of its own in most models."""
    code = {"ec2": "Unavailable"}.get(call.protocol, "ServiceUnavailable")
    return error(call, 503, code, "The service is unavailable. Please try again shortly.")


def internal(call: Call) -> Answer:
    """500."""
    code = {"ec2": "InternalError", "s3": "InternalError", "query": "InternalFailure"}.get(call.protocol)
    return error(call, 500, code or "InternalServerException", "An internal error has occurred.")


def denied(call: Call) -> Answer:
    """403 or 400: the identity may not do this."""
    action = f"{call.service}:{call.operation}"
    reason = f"User: {IDENTITY} is not authorized to perform: {action}"
    because = f"because no identity-based policy allows the {action} action"
    if call.protocol == "ec2":
        encoded = "Encoded authorization failure message: c2FtcGxlLXRleHQtb25seS1hd3Mta25vd3M"
        message = f"You are not authorized to perform this operation. {reason} {because}. {encoded}"
        return error(call, 403, "UnauthorizedOperation", message)
    if call.service == "sns":
        return error(call, 403, "AuthorizationError", f"{reason} on resource: * {because}")
    if call.protocol in XML or call.protocol == "cbor":
        return error(call, 403, "AccessDenied", f"{reason} on resource: * {because}")
    return error(call, 403 if call.protocol == "rest-json" else 400, "AccessDeniedException", f"{reason} {because}")


def expired(call: Call) -> Answer:
    """The session's credentials have run out."""
    if call.protocol == "ec2":
        return error(call, 400, "RequestExpired", "Request has expired.")
    if call.protocol in XML:
        status = 400 if call.protocol == "s3" else 403
        return error(call, status, "ExpiredToken", "The security token included in the request is expired")
    return error(call, 400, "ExpiredTokenException", "The security token included in the request is expired")
