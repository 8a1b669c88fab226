"""S3 lifecycle: moto drops parts of a rule and checks little; here the configuration comes back whole.

S3 user guide, Lifecycle configuration elements, and PutBucketLifecycleConfiguration of the API reference.
"""

from __future__ import annotations

import re
from typing import Any

import xmltodict
from moto.core.responses import ActionResult
from moto.s3.exceptions import MalformedXML, NoSuchLifecycleConfiguration, S3ClientError
from moto.s3.responses import S3Response

from lab.corrections.override import override

RULES = 1000
MINIMUM_SIZE_HEADER = "x-amz-transition-default-minimum-object-size"
MINIMUM_SIZES = ("all_storage_classes_128K", "varies_by_storage_class")
LISTS = {"Tag": "Tags", "Transition": "Transitions", "NoncurrentVersionTransition": "NoncurrentVersionTransitions"}
NUMBERS = (
    "Days",
    "DaysAfterInitiation",
    "NewerNoncurrentVersions",
    "NoncurrentDays",
    "ObjectSizeGreaterThan",
    "ObjectSizeLessThan",
)
# Storage classes that an object may only enter after so many days.
DAYS_BEFORE = {"STANDARD_IA": 30, "ONEZONE_IA": 30}
ACTIONS = (
    "Expiration",
    "Transitions",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionTransitions",
    "AbortIncompleteMultipartUpload",
)
MIDNIGHT = re.compile(r"\d{4}-\d{2}-\d{2}(T00:00:00(\.0+)?(Z|\+00:00))?")
FILTERS = ("Prefix", "Tag", "ObjectSizeGreaterThan", "ObjectSizeLessThan", "And")


class InvalidRequestError(S3ClientError):
    """400 InvalidRequest."""

    __module__ = "moto.s3.exceptions"

    def __init__(self, message: str) -> None:
        super().__init__("InvalidRequest", message)


class InvalidArgumentError(S3ClientError):
    """400 InvalidArgument."""

    __module__ = "moto.s3.exceptions"

    def __init__(self, message: str) -> None:
        super().__init__("InvalidArgument", message)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _parsed(element: Any, inside: str = "") -> Any:
    """XML as xmltodict gives it, in the shape of the API: lists, numbers and booleans."""
    if not isinstance(element, dict):
        return element if element is not None else ""
    found: dict[str, Any] = {}
    for name, value in element.items():
        if name.startswith("@"):
            continue
        # A filter's own Tag is one tag, that of And a list.
        if name in LISTS and not (name == "Tag" and inside == "Filter"):
            found[LISTS[name]] = [_parsed(entry, name) for entry in _listed(value)]
        elif name in NUMBERS:
            found[name] = _number(value)
        elif name == "ExpiredObjectDeleteMarker":
            found[name] = value == "true"
        elif name in ("Filter", "And", "Expiration", "NoncurrentVersionExpiration"):
            found[name] = _parsed(value or {}, name)
        else:
            found[name] = _parsed(value, name)
    return found


def _number(text: Any) -> int:
    try:
        return int(text)
    except (TypeError, ValueError):
        raise MalformedXML from None


def check(rules: list[dict[str, Any]]) -> None:
    """Raise what S3 answers to rules that it refuses. Rules are in the shape of the API."""
    if len(rules) > RULES:
        raise InvalidRequestError(f"The number of lifecycle rules must not exceed the allowed limit of {RULES} rules")
    names = [rule["ID"] for rule in rules if rule.get("ID")]
    if len(set(names)) != len(names):
        raise InvalidArgumentError("Rule ID must be unique. Found same ID for more than one rule")
    for rule in rules:
        _check_rule(rule)


def _check_rule(rule: dict[str, Any]) -> None:
    if len(rule.get("ID", "")) > 255:
        raise InvalidArgumentError("ID length should not exceed allowed limit of 255")
    if rule.get("Status") not in ("Enabled", "Disabled"):
        raise MalformedXML
    if ("Filter" in rule) == ("Prefix" in rule):
        raise MalformedXML
    if not any(action in rule for action in ACTIONS):
        raise InvalidRequestError("At least one action needs to be specified in a rule")
    _check_filter(rule)
    _check_days(rule)


def _check_filter(rule: dict[str, Any]) -> None:
    """One predicate in a filter, at least two in its And; no tags or sizes where the action knows no object."""
    given = rule.get("Filter", {})
    if set(given) - set(FILTERS) or len(given) > 1:
        raise MalformedXML
    both = given.get("And", {})
    if "And" in given and sum(len(value) if name == "Tags" else 1 for name, value in both.items()) < 2:
        raise MalformedXML
    keys = [tag["Key"] for tag in both.get("Tags", [])]
    if len(set(keys)) != len(keys):
        raise InvalidRequestError("Duplicate Tag Keys are not allowed.")
    tags = "Tag" in given or "Tags" in both
    sizes = any(name in where for where in (given, both) for name in ("ObjectSizeGreaterThan", "ObjectSizeLessThan"))
    uploads = "AbortIncompleteMultipartUpload" in rule
    markers = "ExpiredObjectDeleteMarker" in rule.get("Expiration", {})
    if uploads and tags:
        raise InvalidRequestError("AbortIncompleteMultipartUpload cannot be specified with Tags.")
    if uploads and sizes:
        raise InvalidRequestError("AbortIncompleteMultipartUpload cannot be specified with Object Size.")
    if markers and tags:
        raise InvalidRequestError("ExpiredObjectDeleteMarker cannot be specified with Tags.")


def _check_days(rule: dict[str, Any]) -> None:
    expiration = rule.get("Expiration", {})
    if rule.get("Expiration") is not None and len(set(expiration) & {"Days", "Date", "ExpiredObjectDeleteMarker"}) != 1:
        raise MalformedXML
    for action in (expiration, *rule.get("Transitions", [])):
        if "Date" in action and not MIDNIGHT.fullmatch(str(action["Date"])):
            raise InvalidArgumentError("'Date' must be at midnight GMT")
    _positive(expiration, "Days", "Expiration")
    for transition in rule.get("Transitions", []):
        _check_transition(transition, "Days", "Transition")
        if "Days" in transition and "Days" in expiration and expiration["Days"] <= transition["Days"]:
            raise InvalidArgumentError(
                "'Days' in the Expiration action must be greater than 'Days' in the Transition action"
            )
    _positive(rule.get("AbortIncompleteMultipartUpload", {}), "DaysAfterInitiation", "AbortIncompleteMultipartUpload")
    for transition in rule.get("NoncurrentVersionTransitions", []):
        _check_transition(transition, "NoncurrentDays", "NoncurrentVersionTransition")
        _check_newer(transition)
    noncurrent = rule.get("NoncurrentVersionExpiration")
    if noncurrent is not None:
        if "NoncurrentDays" not in noncurrent:
            raise MalformedXML
        _positive(noncurrent, "NoncurrentDays", "NoncurrentVersionExpiration")
        _check_newer(noncurrent)


def _positive(action: dict[str, Any], name: str, kind: str) -> None:
    if action.get(name, 1) < 1:
        raise InvalidArgumentError(f"'{name}' for {kind} action must be a positive integer")


def _check_transition(transition: dict[str, Any], name: str, kind: str) -> None:
    storage_class = transition.get("StorageClass")
    if storage_class is None or (name not in transition and "Date" not in transition):
        raise MalformedXML
    least = DAYS_BEFORE.get(storage_class, 0)
    if transition.get(name, least) < least:
        raise InvalidArgumentError(
            f"'{name}' in {kind} action must be greater than or equal to {least} for storageClass '{storage_class}'"
        )


def _check_newer(action: dict[str, Any]) -> None:
    if not 1 <= action.get("NewerNoncurrentVersions", 1) <= 100:
        raise InvalidArgumentError("'NewerNoncurrentVersions' must be a positive integer up to 100")


@override(S3Response, "_bucket_response_put")
def _put(original: Any, self: S3Response, request: Any, bucket_name: str, querystring: Any) -> Any:
    """PutBucketLifecycleConfiguration: checked, kept whole, with TransitionDefaultMinimumObjectSize."""
    if "lifecycle" not in querystring:
        return original(self, request, bucket_name, querystring)
    configuration = xmltodict.parse(self.body).get("LifecycleConfiguration") or {}
    rules = [_parsed(rule) for rule in _listed(configuration.get("Rule") or [])]
    if not rules:
        raise MalformedXML
    check(rules)
    minimum = self.headers.get(MINIMUM_SIZE_HEADER, MINIMUM_SIZES[0])
    if minimum not in MINIMUM_SIZES:
        raise InvalidRequestError(f"Invalid value for {MINIMUM_SIZE_HEADER}: {minimum}")
    answer = original(self, request, bucket_name, querystring)
    bucket = self.backend.get_bucket(bucket_name)
    for number, rule in enumerate(rules):
        # S3 names a rule that has no name.
        rule.setdefault("ID", bucket.rules[number].id)
    bucket.lifecycle = {"Rules": rules, "TransitionDefaultMinimumObjectSize": minimum}  # type: ignore[attr-defined]
    status, headers, body = answer if isinstance(answer, tuple) else (200, {}, answer)
    return status, headers | {MINIMUM_SIZE_HEADER: minimum}, body


@override(S3Response, "get_bucket_lifecycle")
def _get(_unused: Any, self: S3Response) -> Any:
    """GetBucketLifecycleConfiguration: what was put."""
    self.data["Action"] = "GetBucketLifecycleConfiguration"
    bucket: Any = self.backend.get_bucket(self.bucket_name)
    found = getattr(bucket, "lifecycle", None)
    if not found or not bucket.rules:
        raise NoSuchLifecycleConfiguration(bucket_name=self.bucket_name)
    return self.serialized(ActionResult(found))
