# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whatever was raised, anywhere, as call, resource, reason and remedy.

``explain`` takes an exception of boto3, of psycopg or of anybody else, and the result of a module that failed. What to
do stands in tables: remedies.py for AWS and boto3, remedies_postgresql.py for PostgreSQL. It imports neither library.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ansible_collections.triflow.platform.plugins.module_utils import hidden
from ansible_collections.triflow.platform.plugins.module_utils.remedies import CALLER_REMEDIES, RESOURCE_REMEDIES
from ansible_collections.triflow.platform.plugins.module_utils.remedies_postgresql import POSTGRESQL_REMEDIES

MOST = 600  # characters of a reason: some answers hold a page
CRASHED = "crashed"  # in the result of a module that ended with an exception, which the connection `forked` adds
ELSE = "Correct what these words name, and run again; what is done stays done"
APPENDIX = "PostgreSQL's documentation, Appendix A, says what the code means"
CRASH = "It is a fault of the module, or an answer that it does not know: run again, and report it when it lasts"

_CALLED = re.compile(
    r"An error occurred \((?P<code>[\w.-]+)\) when calling the (?P<operation>\w+) operation"
    r"(?: \(reached max retries: \d+\))?: "
)
_WAITED = re.compile(r"^Waiter \w+ failed: |An error occurred \((?P<code>[\w.-]+)\): ")
_ENCODED = re.compile(r"\s*Encoded authorization failure message: (?P<message>[\w=+/-]+)")
_ACTION = re.compile(r"not authorized to perform:? (?P<action>[\w-]+:\w+)")
_RESOURCE = re.compile(r"on (?:the )?resource:? \"?(?P<resource>[^\s\",]+)")
_USER = re.compile(r"arn:[\w-]+:(?:iam|sts)::\d*:(?P<user>[^\s\",]+)")
# boto3 and AWS repeat the values that they do not take.
_VALUES = (
    re.compile(r"(?P<name>[\w.\[\]]+), value: (?P<value>.*?)(?=, (?:type:|valid ))", re.DOTALL),
    re.compile(r"Value '?(?P<value>.*?)'? at '(?P<name>[\w.\[\]]+)'", re.DOTALL),
)
NO_TRACEBACK = ("", "traceback unavailable")  # as callbacks get it
_PAGE = re.compile(r"Further retries may succeed:.*", re.DOTALL)  # after it comes the whole answer
# Words of Ansible in the place of a reason.
_NO_WORDS = re.compile(
    r"None|MODULE FAILURE.*|One or more items failed|Module result deserialization failed.*|Module failed\.?|",
    re.DOTALL,
)


class Failure(NamedTuple):
    """What failed, on what, why, and what to do."""

    call: str  # "ec2 CreateVpc", or the module
    resource: str  # "vpc of stack triflow-prod"
    reason: str  # in the words of AWS, PostgreSQL or the library
    code: str  # AWS's code, PostgreSQL's SQLSTATE, or empty
    remedy: str
    details: str = ""  # for lines below the sentence

    @property
    def sentence(self) -> str:
        """All of it, for people."""
        what = f"{self.call or 'It'} failed{self.resource and f' on {self.resource}'}"
        code = f" ({self.code})" if self.code and self.code not in self.reason else ""
        remedy = f" {self.remedy.rstrip('.')}." if self.remedy and self.remedy not in self.reason else ""
        details = self.details and f"\n  {self.details}"
        return f"{what}: {self.reason.rstrip(' .')}{code}.{remedy}{details}"

    @property
    def result(self) -> dict[str, str]:
        """The same for programs, as a result's ``failure``."""
        return {name: getattr(self, name) for name in ("call", "resource", "reason", "code", "remedy")}


class _Words(NamedTuple):
    """What a fault says of itself."""

    name: str  # code, SQLSTATE or class, to find the remedy by
    code: str
    text: str
    operation: str = ""


def explain(
    raised: BaseException | Mapping[str, Any],
    call: str = "",
    on: str = "",
    stack: str = "",
    remedy: str = "",
    secrets: Iterable[str] = (),
) -> Failure:
    """What failed, as far as it and the caller know.

    ``call`` is service and operation, or what else was tried; ``on`` the component or its name. ``remedy`` is the
    call's own: it is taken unless the fault lies with who calls, from where or how often. ``secrets`` are texts that
    are shown nowhere.
    """
    if isinstance(raised, Mapping):
        words = _of_result(raised)
        call = f"{call} {words.operation}".strip()
    else:
        words = _of_postgresql(raised) if _is_postgresql(raised) else _of_exception(raised)
        call = _made_by(raised) or _named(call, words.operation)
    text = _shown(words.text, secrets)
    encoded = _ENCODED.search(text)
    text = _short(_ENCODED.sub("", text))
    postgresql = not isinstance(raised, Mapping) and _is_postgresql(raised)
    known = remedy or _postgresql_remedy(words.name, text) if postgresql else _remedy(words.name, text, remedy)
    resource = f"{on} of stack {stack}" if on and stack else on or (stack and f"stack {stack}")
    return Failure(
        call,
        resource,
        text,
        words.code,
        _fill(known or (CRASH if _is_crash(raised) else ELSE), text, call),
        f"Why: aws sts decode-authorization-message --encoded-message {encoded['message']}" if encoded else "",
    )


def messages(result: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The failures of a task: the item of its loop, empty without one, and its sentence."""
    items = result.get("results")
    failed = [item for item in items if _has_failed(item)] if isinstance(items, list) else []
    for item in failed:
        label = item.get("_ansible_item_label", item.get(item.get("ansible_loop_var", "item"), ""))
        yield str(label), message(item)
    if not failed:
        yield "", message(result)


def _has_failed(item: Any) -> bool:
    # A callback gets the items of a loop without "failed".
    return isinstance(item, Mapping) and bool(
        item.get("failed") or "exception" in item or item.get("failed_when_result") is True
    )


def message(result: Mapping[str, Any]) -> str:
    """The sentence of a result that failed, or what is best in its place."""
    text = str(result.get("msg") or "").strip()
    if not _NO_WORDS.fullmatch(text):
        return text
    if not any(result.get(key) for key in ("exception", "module_stderr", "module_stdout", "stderr", "rc")):
        return str(result.get("censored") or text)
    return explain(result).sentence


def has_crashed(result: Mapping[str, Any]) -> bool:
    """Whether a module ended with an exception, and not with a sentence of its own."""
    return bool(result.get(CRASHED)) or _NO_WORDS.fullmatch(str(result.get("msg") or "")) is not None


def _is_crash(raised: BaseException | Mapping[str, Any]) -> bool:
    if isinstance(raised, Mapping):
        return has_crashed(raised)
    return not _is_of_library(raised)


def _is_of_library(raised: BaseException) -> bool:
    libraries = {kind.__module__.partition(".")[0] for kind in type(raised).__mro__}
    return isinstance(raised, OSError) or not libraries.isdisjoint(("botocore", "boto3", "psycopg", "urllib3"))


def _is_postgresql(raised: BaseException) -> bool:
    return any(kind.__module__.partition(".")[0] == "psycopg" for kind in type(raised).__mro__)


def _made_by(raised: BaseException) -> str:
    """Service and operation of the call in which boto3 raised it, whatever it is. Its client has both at hand."""
    trace, call = raised.__traceback__, ""
    while trace:
        values = trace.tb_frame.f_locals
        if trace.tb_frame.f_code.co_name == "_make_api_call" and "operation_name" in values:
            call = f"{values['self'].meta.service_model.service_name} {values['operation_name']}"
        trace = trace.tb_next
    return call


def _named(call: str, operation: str) -> str:
    """The call as it was given, with the operation in AWS's spelling where the fault names it."""
    return f"{call.partition(' ')[0]} {operation}".strip() if operation else call


def _of_exception(raised: BaseException) -> _Words:
    response = getattr(raised, "response", None) or getattr(raised, "last_response", None) or {}
    error = response.get("Error", {}) if isinstance(response, Mapping) else {}
    name = type(raised).__name__
    if error.get("Code"):
        code = str(error["Code"])
        text = str(error.get("Message") or "") or _CALLED.sub("", str(raised))
        return _Words(code, code, text, str(getattr(raised, "operation_name", "")))
    text = _PAGE.sub("", str(raised))
    cause = (getattr(raised, "kwargs", None) or {}).get("error")  # why boto3 could not connect
    if cause is not None and str(cause) not in text:
        text = f"{text} ({cause})"
    if not _is_of_library(raised):
        text = f"{name}: {text}" if text else name
    return _Words(name, "", _WAITED.sub("", text))


def _of_postgresql(raised: BaseException) -> _Words:
    code = str(getattr(raised, "sqlstate", None) or "")
    said = getattr(raised, "diag", None)
    primary = getattr(said, "message_primary", None)
    if primary:
        detail = getattr(said, "message_detail", None)
        return _Words(code, code, f"{primary} ({detail})" if detail else str(primary))
    # Without a session there are only words: a line for each address, a question to the reader, and all once more.
    text = str(raised).partition("Multiple connection attempts failed")[0].removeprefix("connection failed: ")
    lines = [line.strip() for line in text.splitlines()]
    return _Words(code, code, "; ".join(line for line in lines if line and not line.endswith("?")))


def _of_result(result: Mapping[str, Any]) -> _Words:
    """A stock module that was refused says it in AWS's words; one that died leaves an exception, or what it printed."""
    if result.get(CRASHED):
        known = result["failure"]
        return _Words(known["code"], known["code"], known["reason"], known["call"].rpartition(" ")[2])
    text = str(result.get("msg") or "").strip()
    error = result.get("error") if isinstance(result.get("error"), Mapping) else {}
    name = str((error or {}).get("code") or "")
    if _NO_WORDS.fullmatch(text):
        text = _left_behind(result)
    found = _CALLED.search(text)
    code = name or (found["code"] if found else "")
    return _Words(code, code, _CALLED.sub("", text), found["operation"] if found else "")


def _left_behind(result: Mapping[str, Any]) -> str:
    """What a module that died without a message has left: its exception's words, or its last line."""
    exception = result.get("exception")
    event = getattr(exception, "event", None)
    if event is not None:
        return str(event.msg)
    for key in ("exception", "module_stderr", "module_stdout", "stderr"):
        lines = [line for line in str(result.get(key) or "").splitlines() if line.strip(" ()") not in NO_TRACEBACK]
        if lines:
            return lines[-1].strip()
    return f"it ended with the code {result['rc']}, and said nothing" if "rc" in result else "it said nothing"


def _shown(text: str, secrets: Iterable[str]) -> str:
    """A text without what is a secret, or looks like one."""
    for secret in sorted((secret for secret in secrets if secret), key=len, reverse=True):
        text = text.replace(secret, hidden.HIDDEN)
    for expression in _VALUES:
        text = expression.sub(_without_value, text)
    return str(hidden.shown(text))


def _without_value(found: re.Match[str]) -> str:
    name, value = found["name"], found["value"]
    if "environment" in name.lower() or hidden.looks_secret(name, value):
        return found[0].replace(value, hidden.HIDDEN) if value else found[0]
    return found[0]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MOST else f"{text[:MOST]}..."


def _remedy(name: str, text: str, own: str) -> str:
    known = _first(CALLER_REMEDIES, name, text)
    return known or own or _first(RESOURCE_REMEDIES, name, text)


def _postgresql_remedy(code: str, text: str) -> str:
    known = _first(POSTGRESQL_REMEDIES, code, text)
    return known or (APPENDIX if code else "See the DB instance's status and events, then run again")


def _first(rows: Collection[Any], name: str, text: str) -> str:
    fault = f"{name}: {text}"
    return next((row.remedy for row in rows if re.search(row.fault, fault, re.IGNORECASE | re.DOTALL)), "")


def _fill(remedy: str, text: str, call: str) -> str:
    """A remedy with the action, the resource and the identity that AWS's words name."""
    action, resource, user = (
        found[1].rstrip(".") if (found := expression.search(text)) else "" for expression in (_ACTION, _RESOURCE, _USER)
    )
    filled = {
        "{action}": action or f"what {call or 'the call'} needs",
        "{resource}": resource or "its resource",
        "{user}": user or "the identity that runs this",
    }
    for mark, value in filled.items():
        remedy = remedy.replace(mark, value)
    return remedy
