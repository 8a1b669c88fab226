"""Evaluation of IAM policy documents: statements, principals, variables and conditions. Pure functions.

IAM user guide: Policy evaluation logic, IAM JSON policy elements (Condition operators, variables, Principal).
"""

from __future__ import annotations

import datetime
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Values = Mapping[str, list[str]]
VARIABLE = re.compile(r"\$\{([^}]*)\}")
LARGEST = 20480  # Amazon S3 user guide, "Bucket policies"
LITERALS = {"*": "*", "?": "?", "$": "$"}


class MalformedPolicyError(Exception):
    """A policy that AWS refuses to store; the message is the reason."""


@dataclass(frozen=True)
class Request:
    """One call as policies see it. `context` has the condition keys in lower case; a missing key is absent.

    `principals` are the ARNs that a policy may name the caller by, the account's root ARN among them.
    """

    action: str
    resource: str
    account: str
    principals: frozenset[str]
    context: Values = field(default_factory=dict)


def is_document(text: str | bytes) -> bool:
    """Whether a text is a policy at all: JSON, an object, with statements."""
    try:
        content = json.loads(text)
    except ValueError:
        return False
    return isinstance(content, dict) and bool(content.get("Statement"))


def statements(document: str | bytes) -> list[dict[str, Any]]:
    content = json.loads(document)["Statement"]
    return content if isinstance(content, list) else [content]


def is_denied(document: str | bytes, request: Request) -> bool:
    """An explicit Deny applies."""
    return any(_applies(statement, request) for statement in statements(document) if statement["Effect"] == "Deny")


def is_allowed(document: str | bytes, request: Request) -> bool:
    """An Allow applies, and no Deny."""
    allowed = any(_applies(statement, request) for statement in statements(document) if statement["Effect"] == "Allow")
    return allowed and not is_denied(document, request)


def _applies(statement: Mapping[str, Any], request: Request) -> bool:
    return (
        _principal_matches(statement, request)
        and _element_matches(statement, "Action", [request.action], str.lower)
        and _element_matches(statement, "Resource", [request.resource], str, request.context)
        and conditions_hold(statement.get("Condition") or {}, request.context)
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _principal_matches(statement: Mapping[str, Any], request: Request) -> bool:
    if "NotPrincipal" in statement:
        return not _is_named(statement["NotPrincipal"], request)
    return _is_named(statement["Principal"], request)


def _is_named(principal: Any, request: Request) -> bool:
    if principal == "*":
        return True
    kinds = ("AWS", "Service") if isinstance(principal, dict) else ()
    named = [name for kind in kinds for name in _list(principal.get(kind, []))]
    return any(name in ("*", request.account) or name in request.principals for name in named)


def _element_matches(
    statement: Mapping[str, Any],
    element: str,
    values: list[str],
    normal: Callable[[str], str],
    context: Values | None = None,
) -> bool:
    """Action or Resource, or their Not form; `*` and `?` are wildcards."""
    negated = f"Not{element}" in statement
    patterns = [
        _pattern(normal(text), context or {}) for text in _list(statement[f"Not{element}" if negated else element])
    ]
    found = any(pattern and pattern.fullmatch(normal(value)) for pattern in patterns for value in values)
    return found != negated


def _pattern(text: str, context: Values) -> re.Pattern[str] | None:
    """Regular expression of a text with wildcards and variables; None when a variable has no value."""
    expression, position = "", 0
    for variable in VARIABLE.finditer(text):
        expression += _wildcards(text[position : variable.start()])
        value = _variable(variable[1], context)
        if value is None:
            return None
        expression += re.escape(value)
        position = variable.end()
    return re.compile(expression + _wildcards(text[position:]), re.DOTALL)


def _wildcards(text: str) -> str:
    return re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")


def _variable(name: str, context: Values) -> str | None:
    """Value of ${key} or ${key, 'default'}; a key with several values or none has no value."""
    if name in LITERALS:
        return LITERALS[name]
    key, _unused, default = name.partition(",")
    values = context.get(key.strip().lower(), [])
    if len(values) == 1:
        return values[0]
    return default.strip().strip("'") if default else None


def _substituted(text: str, context: Values) -> str | None:
    """Text with its variables replaced, None when one has no value."""
    found = {variable: _variable(variable, context) for variable in VARIABLE.findall(text)}
    if None in found.values():
        return None
    return VARIABLE.sub(lambda variable: str(found[variable[1]]), text)


def _exact(wanted: str, value: str, context: Values) -> bool:
    return _substituted(wanted, context) == value


def _ignoring_case(wanted: str, value: str, context: Values) -> bool:
    text = _substituted(wanted, context)
    return text is not None and text.lower() == value.lower()


def _like(wanted: str, value: str, context: Values) -> bool:
    pattern = _pattern(wanted, context)
    return pattern is not None and pattern.fullmatch(value) is not None


def _arn(wanted: str, value: str, context: Values) -> bool:
    """ArnEquals and ArnLike are the same: each of the six parts of the ARN is compared with wildcards."""
    parts, found = wanted.split(":", 5), value.split(":", 5)
    return len(parts) == len(found) == 6 and all(
        _like(part, other, context) for part, other in zip(parts, found, strict=True)
    )


def _number(compare: Callable[[float, float], bool]) -> Callable[[str, str, Values], bool]:
    def matches(wanted: str, value: str, _unused: Values) -> bool:
        try:
            return compare(float(value), float(wanted))
        except ValueError:
            return False

    return matches


def _date(compare: Callable[[float, float], bool]) -> Callable[[str, str, Values], bool]:
    def seconds(text: str) -> float:
        return float(text) if text.isdigit() else datetime.datetime.fromisoformat(text).timestamp()

    return lambda wanted, value, _unused: compare(seconds(value), seconds(wanted))


def _ip(wanted: str, value: str, _unused: Values) -> bool:
    return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)


# Positive operators. A negated one is its positive's opposite, and true for an absent key.
OPERATORS: dict[str, Callable[[str, str, Values], bool]] = {
    "StringEquals": _exact,
    "StringEqualsIgnoreCase": _ignoring_case,
    "StringLike": _like,
    "Bool": _ignoring_case,
    "BinaryEquals": _exact,
    "ArnEquals": _arn,
    "ArnLike": _arn,
    "IpAddress": _ip,
    "NumericEquals": _number(float.__eq__),
    "NumericLessThan": _number(float.__lt__),
    "NumericLessThanEquals": _number(float.__le__),
    "NumericGreaterThan": _number(float.__gt__),
    "NumericGreaterThanEquals": _number(float.__ge__),
    "DateEquals": _date(float.__eq__),
    "DateLessThan": _date(float.__lt__),
    "DateLessThanEquals": _date(float.__le__),
    "DateGreaterThan": _date(float.__gt__),
    "DateGreaterThanEquals": _date(float.__ge__),
}
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}


def conditions_hold(condition: Mapping[str, Mapping[str, Any]], context: Values) -> bool:
    """All operators, all their keys (AND), any of a key's values (OR; for a negated operator none)."""
    return all(
        _holds(
            operator,
            key.lower(),
            [str(value) if not isinstance(value, bool) else str(value).lower() for value in _list(values)],
            context,
        )
        for operator, keys in condition.items()
        for key, values in keys.items()
    )


def _parts(operator: str) -> tuple[str, str, bool]:
    """Set qualifier ("" without one), base operator, and whether it ends in IfExists."""
    qualifier, _unused, rest = operator.rpartition(":")
    return qualifier, rest.removesuffix("IfExists"), rest.endswith("IfExists")


def _holds(operator: str, key: str, wanted: list[str], context: Values) -> bool:
    qualifier, base, if_exists = _parts(operator)
    values = context.get(key)
    if base == "Null":
        return any((value.lower() == "true") == (not values) for value in wanted)
    if not values:
        # ForAllValues is true for an empty set, ForAnyValue false; without a qualifier an absent key fails a match
        # and passes a negated one.
        return if_exists or qualifier == "ForAllValues" or (qualifier == "" and base in NEGATED)

    def one(value: str) -> bool:
        matched = any(OPERATORS[NEGATED.get(base, base)](text, value, context) for text in wanted)
        return matched != (base in NEGATED)

    if qualifier == "ForAnyValue":
        return any(map(one, values))
    return all(map(one, values))


def check(document: str | bytes, bucket: str) -> None:
    """Raise MalformedPolicyError for a bucket policy that PutBucketPolicy refuses, such as one of more than 20 KB."""
    if len(document) > LARGEST:
        raise MalformedPolicyError(f"The policy has more than {LARGEST} bytes")
    try:
        found = statements(document)
    except (ValueError, KeyError, TypeError):
        raise MalformedPolicyError("Policies must be valid JSON and the first byte must be '{'") from None
    for statement in found:
        _check_statement(statement, bucket)


def _check_statement(statement: Any, bucket: str) -> None:
    if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicyError("Invalid effect")
    for element in ("Principal", "Action", "Resource"):
        if (element in statement) == (f"Not{element}" in statement):
            raise MalformedPolicyError(f"Missing required field {element}")
    for resource in _list(statement.get("Resource", statement.get("NotResource"))):
        if not re.fullmatch(rf"arn:[^:]+:s3:::{re.escape(bucket)}(/.*)?", str(resource)):
            raise MalformedPolicyError("Policy has invalid resource")
    for operator in statement.get("Condition") or {}:
        qualifier, base, _unused = _parts(operator)
        known = base in OPERATORS or base in NEGATED or base == "Null"
        if not known or qualifier not in ("", "ForAnyValue", "ForAllValues"):
            raise MalformedPolicyError(f"Invalid Condition type : {operator}")
