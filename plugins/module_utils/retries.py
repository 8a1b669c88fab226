# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a call of AWS is repeated: one policy for every boto3 client, by the hooks that botocore has for it.

``install`` gives it to all of botocore's sessions that are made afterwards. botocore's own retries and those of the
collection amazon.aws rest then, so that no two multiply. A client with ``total_max_attempts`` in a config of its own,
or under ``AWS_MAX_ATTEMPTS=1``, is left alone.

What is repeated stands in ``retry_tables``. A call that writes, whose answer is lost, and which cannot be repeated
without doing it twice, ends with ``AnswerLost``: whoever made it looks what stands, and goes on from there.
"""

from __future__ import annotations

import json
import os
import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from xml.etree import ElementTree

from ansible_collections.triflow.platform.plugins.module_utils import consistency, progress
from ansible_collections.triflow.platform.plugins.module_utils.guard import READING
from ansible_collections.triflow.platform.plugins.module_utils.retry_tables import SAFE_TO_REPEAT, TOKENS, passing

try:
    from botocore.exceptions import BotoCoreError
except ImportError:  # AnsibleAWSModule says what to install
    BotoCoreError = Exception

SECONDS = 120  # the default of stack_retry_seconds
FIRST_PAUSE = 1  # seconds that the first pause takes at most; it doubles
LONGEST_PAUSE = 20
LAST_SECONDS = 10  # that the last question of who follows something has, beyond its limit
BAD_GATEWAY = 502  # the status of what answers 200 and is no answer of AWS

# By which a lost answer is told in what a stock module says of its failure.
LOST_WORDS = "AWS may have carried it out, so it was not repeated"

_HTML = (b"<!doctype html", b"<html")
# What each protocol's parser takes for an error without a word.
_NOTHING = {"json": b"{}", "rest-json": b"{}", "query": b"<ErrorResponse/>", "ec2": b"<Response/>", "rest-xml": b""}


# Of a connection that never will be made: a certificate that is not trusted, and a name that nobody has, as of a region
# that does not exist. A name server that does not answer says something else.
_LASTING = ("CERTIFICATE_VERIFY_FAILED", "Name or service not known", "nodename nor servname")


class AnswerLost(BotoCoreError):  # type: ignore[misc, valid-type, unused-ignore]
    """Nobody knows whether a call that writes was carried out."""

    fmt = f"The answer to {{service}} {{operation}} is lost ({{reason}}). {LOST_WORDS}: run again"


class Failure(NamedTuple):
    """Why a call failed that may be repeated."""

    reason: str
    lost: bool  # whether it may have been carried out all the same
    seconds: int  # how long it may be repeated
    jitter: bool  # many may be refused at once, and should not come back at once
    least: float  # seconds that AWS wants to be left alone


class _Once(int):
    """The ``total_max_attempts`` of the policy's clients, which is told by its type from somebody else's 1."""


OPTION: dict[str, Any] = {"type": "int", "default": SECONDS}  # retry_seconds of every module and action


class _Policy:
    installed = False
    seconds = SECONDS
    writes_repeated = 0
    deadline: float | None = None  # of who follows something


def install(seconds: int | None = None) -> None:
    """Give the policy to every boto3 client that is made from now on in this process and in its forks."""
    if seconds is not None:
        _Policy.seconds = seconds
    if _Policy.installed:
        return
    import botocore  # what calls this has something to ask
    from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

    _Policy.installed = True
    botocore.register_initializer(_initialize)
    AWSRetry.found = staticmethod(_left_to_amazon)


@contextmanager
def until(deadline: float) -> Iterator[None]:
    """Repeat calls up to this moment of ``time.monotonic``: for who follows something to a limit of its own.

    The last question may come at that moment, and has a few seconds more.
    """
    before, _Policy.deadline = _Policy.deadline, deadline
    try:
        yield
    finally:
        _Policy.deadline = before


def passes(error: BaseException) -> bool:
    """Whether a call has ended with what passes by itself, only not in time."""
    response = getattr(error, "response", None)
    if response is None:
        return isinstance(error, Exception) and _of_exception(error) is not None
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return passing("", str(response.get("Error", {}).get("Code", "")), status) is not None


def lost(error: BaseException, operation_name: str = "") -> bool:
    """Whether this is the end of a call that AWS may have carried out; of this operation, if one is named."""
    if not isinstance(error, AnswerLost):
        return False
    return not operation_name or str(error.kwargs["operation"]) == operation_name


def writes_repeated() -> int:
    """How many writes were repeated in this process that AWS may have carried out before."""
    return _Policy.writes_repeated


def _left_to_amazon(code: str, extra: list[str] | None = None) -> bool:
    """What a stock module itself repeats: what it alone knows to pass, such as something that is not found yet."""
    return code in (extra or ()) and not passing("", code, 0)


def _initialize(session: Any) -> None:
    from botocore.config import Config

    session.register("before-parse", _refuse_garbage, unique_id="triflow-garbage")
    session.register("provide-client-params", _give_token, unique_id="triflow-token")
    session.register("needs-retry", _needs_retry, unique_id="triflow-retry")
    if os.environ.get("AWS_MAX_ATTEMPTS") != "1":
        session.set_default_client_config(Config(retries={"total_max_attempts": _Once(1)}))


def _give_token(params: dict[str, Any], model: Any, **_event: Any) -> dict[str, Any] | None:
    """The parameters with a token, where AWS takes one and botocore does not make it itself.

    It is made once for a call, and so the same each time that it is repeated.
    """
    for token in TOKENS:
        if token.operation == model.name and token.service == model.service_model.service_name:
            made = uuid.uuid4()
            return {token.member: made.hex if token.word else str(made), **params}
    return None


def _refuse_garbage(
    operation_model: Any, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_event: Any
) -> None:
    """Take for an error what no service of AWS has written, such as the page of a proxy.

    botocore takes some of it for an empty success, and fails on the rest without saying on which call.
    """
    what = _garbage(operation_model, response_dict)
    if not what:
        return
    status = response_dict["status_code"]
    if status < 300:
        status = response_dict["status_code"] = BAD_GATEWAY
    response_dict["body"] = _NOTHING.get(operation_model.service_model.resolved_protocol, b"")
    customized_response_dict["Error"] = {"Code": str(status), "Message": f"what answered is not AWS: {what}"}


def _garbage(model: Any, response: dict[str, Any]) -> str:
    """What an answer is, when it is none of AWS."""
    body, good = response["body"], response["status_code"] < 300
    if not isinstance(body, bytes):  # a stream
        return ""
    start = body.lstrip()[:14].lower()
    if start.startswith(_HTML):
        return "it is an HTML page"
    protocol = model.service_model.resolved_protocol
    if not start:
        return "it is empty" if good and protocol in ("query", "ec2") else ""
    shape = model.output_shape
    if good and protocol not in ("query", "ec2"):
        payload = shape and shape.serialization.get("payload")
        if not (shape and shape.members) or (payload and shape.members[payload].type_name in ("string", "blob")):
            return ""  # nothing is read from it, or it is somebody's own
    try:
        if protocol in ("json", "rest-json"):
            json.loads(body)
        elif protocol in ("query", "ec2", "rest-xml"):
            root = ElementTree.fromstring(body)
            if good and protocol != "rest-xml" and not root.tag.endswith("Response"):
                return "it is XML of something else"
    except (ValueError, ElementTree.ParseError):
        return "it cannot be read"
    return ""


def _needs_retry(
    response: tuple[Any, dict[str, Any]] | None,
    operation: Any,
    caught_exception: Exception | None,
    request_dict: dict[str, Any],
    **_event: Any,
) -> float | None:
    """The seconds after which botocore repeats a call; None when it does not."""
    if response is not None:
        http, parsed = response
        if http.status_code < 300 and parsed.get("ResponseMetadata", {}).get("HTTPStatusCode") == BAD_GATEWAY:
            http.status_code = BAD_GATEWAY  # botocore takes from it whether to raise an error
        if http.status_code < 300:
            return None
    service = operation.service_model.service_name
    failure = _of_exception(caught_exception) if response is None else _of_answer(service, operation.name, *response)
    if failure is None:
        return None
    if failure.lost and not _safe_to_repeat(service, operation):
        raise AnswerLost(service=service, operation=operation.name, reason=failure.reason) from caught_exception
    context = request_dict["context"]
    retries = getattr(context.get("client_config"), "retries", None) or {}
    if not isinstance(retries.get("total_max_attempts"), _Once):
        return None
    now = time.monotonic()
    begun, repeated = context.get("triflow_retries", (now, 0))
    context["triflow_retries"] = (begun, repeated + 1)
    seconds: float = failure.seconds
    if failure.jitter and _Policy.deadline is not None:
        seconds = max(_Policy.deadline - begun, LAST_SECONDS)
    left = begun + seconds - now
    if left <= 0:
        return None
    if failure.lost and not operation.name.startswith(READING):
        _Policy.writes_repeated += 1
    pause: float = min(_pause(failure, repeated), left)
    progress.say(
        f"{service} {operation.name}: {failure.reason}, repeated in {pause:.1f} s"
        f" ({now - begun:.0f} s of at most {seconds:.0f} s)"
    )
    return pause


def _pause(failure: Failure, repeated: int) -> float:
    if not failure.jitter:
        return float(min(consistency.FIRST_PAUSE * 2**repeated, consistency.LONGEST_PAUSE))
    # AWS Builders' Library, Timeouts, retries, and backoff with jitter
    return max(random.uniform(0, min(FIRST_PAUSE * 2**repeated, LONGEST_PAUSE)), failure.least)


def _of_answer(service: str, operation: str, http: Any, parsed: dict[str, Any]) -> Failure | None:
    from botocore import xform_name

    error = parsed.get("Error", {})
    code = str(error.get("Code", ""))
    row = passing(service, code, http.status_code)
    if row:
        reason = code if code == str(error.get("Message")) or not code.isdigit() else f"HTTP {code}"
        return Failure(reason, row.lost, _Policy.seconds, True, _retry_after(http.headers))
    seconds = consistency.seconds(error, service, xform_name(operation))
    return Failure(code, False, seconds, False, 0) if seconds else None


def _retry_after(headers: Any) -> float:
    """What AWS asks for: the header x-amz-retry-after in milliseconds, or Retry-After in seconds (RFC 9110)."""
    for name, unit in (("x-amz-retry-after", 1000), ("retry-after", 1)):
        value = str(headers.get(name) or "")
        if value.isdigit():
            return int(value) / unit
    return 0


def _of_exception(error: Exception | None) -> Failure | None:
    from botocore import exceptions

    if any(word in f"{error} {getattr(error, 'kwargs', '')}" for word in _LASTING):
        return None
    never_made = (
        exceptions.EndpointConnectionError,
        exceptions.ConnectTimeoutError,
        exceptions.ProxyConnectionError,
    )
    if isinstance(error, never_made):
        return Failure("no connection", False, _Policy.seconds, True, 0)
    if isinstance(error, exceptions.ReadTimeoutError):
        return Failure("no answer in time", True, _Policy.seconds, True, 0)
    if isinstance(error, exceptions.HTTPClientError):
        return Failure("the connection was cut", True, _Policy.seconds, True, 0)
    return None


def _safe_to_repeat(service: str, operation: Any) -> bool:
    name = operation.name
    return (
        name.startswith(READING)
        # Secrets Manager's names a version of the value, and not the request: API Reference, CreateSecret
        or (bool(operation.idempotent_members) and service != "secretsmanager")
        or any(token.operation == name and token.service == service for token in TOKENS)
        or any(row.service in ("", service) and name.startswith(row.operations) for row in SAFE_TO_REPEAT)
    )
