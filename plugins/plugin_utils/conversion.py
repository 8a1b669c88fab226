# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A value in the type that its option of an argument spec says, however it was written.

`-e`, surveys of AWX and inventories in INI give text, YAML gives numbers where text is meant, and switches where
somebody wrote `yes`. What means the same in the option's type becomes that. What may mean something else is refused: a
number with a fraction where text is wanted was perhaps 14.10, which YAML reads as 14.1.
"""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import yaml
from ansible.module_utils.common.validation import check_type_bool, check_type_dict, check_type_int

Option = Mapping[str, Any]

RAW: Option = {"type": "raw"}
# What the values of mappings are that are no options: an argument spec cannot say it. Their keys are text.
MAPPINGS: dict[str, Option] = {
    "alarms_definitions[].metrics": {"type": "str"},
    "alarms_thresholds": {"type": "float"},
    "ecs_environment": {"type": "str"},
    "ecs_secrets": {"type": "str"},
    "ecs_services[].environment": {"type": "str"},
    "ecs_services[].secrets": {"type": "str"},
    "iam_task_statements[]": RAW,  # as IAM has them
    "s3_shares": {"type": "str"},
    "stack_defaults": RAW,  # follows from other variables
    "stack_tags": {"type": "str"},
}


class Refused(NamedTuple):
    """A value that has no meaning in its option's type."""

    place: str  # ecs_services[0].environment.LEVEL
    value: Any
    reason: str
    option: Option
    hint: str = ""  # what to do besides giving what the option accepts


def convert(place: str, value: Any, option: Option, refused: list[Refused]) -> Any:
    """Return the value in the option's type. What has it already is returned itself, so that `is` tells.

    What cannot be converted is added to `refused`, and stays. Whether a value is among the option's choices, and
    whether a mapping has the options that it must have, is the argument spec's to check.
    """
    if option["type"] == "raw":
        return value
    try:
        found = CONVERSIONS[option["type"]](value)
    except _RefusedError as error:
        refused.append(Refused(place, value, str(error), option, error.hint))
        return value
    if isinstance(found, list):
        return _elements(place, value, found, option, refused)
    if isinstance(found, dict):
        return _entries(place, value, found, option, refused)
    return found


class _RefusedError(ValueError):
    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.hint = hint


def _elements(place: str, value: Any, found: list[Any], option: Option, refused: list[Refused]) -> Any:
    element = {**option, "type": option.get("elements", "raw")}
    converted = [convert(f"{place}[{number}]", item, element, refused) for number, item in enumerate(found)]
    unchanged = found is value and all(new is old for new, old in zip(converted, found, strict=True))
    return value if unchanged else converted


def _entries(place: str, value: Any, found: dict[Any, Any], option: Option, refused: list[Refused]) -> Any:
    if "options" in option:
        # Null is how a suboption is left out.
        converted = {
            key: convert(f"{place}.{key}", item, option["options"].get(key, RAW), refused)
            for key, item in found.items()
            if item is not None
        }
    else:
        rule = {**option, **MAPPINGS[re.sub(r"\[\d+\]", "[]", place)]}
        converted = {
            convert(f"{place}.{key}", key, {**option, "type": "str"}, refused): convert(
                f"{place}.{key}", item, rule, refused
            )
            for key, item in found.items()
        }
    same = len(converted) == len(found) and all(
        new is old and item is found[old] for (new, item), old in zip(converted.items(), found, strict=True)
    )
    return value if found is value and same else converted


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        raise _RefusedError("YAML reads it as a number, and 14.10 as 14.1", "In quotes.")
    if isinstance(value, datetime.date):
        return str(value)
    raise _RefusedError(f"it is {_kind(value)} where text is wanted", '"" is empty text.' if value is None else "")


def _bool(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    try:
        return check_type_bool(value)
    except TypeError as error:
        raise _RefusedError(f"it is {_kind(value)} that is neither true nor false") from error


def _int(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        if isinstance(value, str | float):
            return check_type_int(value)
    except (TypeError, OverflowError) as error:
        raise _RefusedError(f"it is {_kind(value)} that is no whole number") from error
    raise _RefusedError(f"it is {_kind(value)} where a whole number is wanted")


def _float(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _RefusedError(f"it is {_kind(value)} where a number is wanted")
    try:
        number: Any = value
        if isinstance(value, str):
            number = int(value) if re.fullmatch(r"\s*[+-]?\d+\s*", value) else float(value)
    except ValueError as error:
        raise _RefusedError("it is text that is no number") from error
    if not math.isfinite(number):
        raise _RefusedError("it is no number to reckon with")
    return number


def _list(value: Any) -> Any:
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        text = value.strip()
        if text.startswith(("[", "{")):
            return _literal(text, list, "a list")
        return [item.strip() for item in text.split(",")] if text else []
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [value]
    raise _RefusedError(f"it is {_kind(value)} where a list is wanted")


def _dict(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        text = value.strip()
        if text.startswith(("[", "{")):
            return _literal(text, dict, "a mapping")
        try:
            return check_type_dict(text) if text else {}
        except TypeError as error:
            raise _RefusedError("it is text that is no mapping") from error
    raise _RefusedError(f"it is {_kind(value)} where a mapping is wanted")


def _literal(text: str, kind: type, wanted: str) -> Any:
    """What text in JSON or YAML says."""
    try:
        try:
            found = json.loads(text)
        except json.JSONDecodeError:
            found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _RefusedError(f"it begins like {wanted} in JSON or YAML and is none") from error
    if not isinstance(found, kind):
        raise _RefusedError(f"it is {_kind(found)} where {wanted} is wanted")
    return found


def _kind(value: Any) -> str:
    """What a value is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    for kinds, name in (
        ((str,), "text"),
        ((int, float), "a number"),
        ((list,), "a list"),
        ((Mapping,), "a mapping"),
    ):
        if isinstance(value, kinds):
            return name
    return f"a {type(value).__name__}"


CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "str": _text,
    "bool": _bool,
    "int": _int,
    "float": _float,
    "list": _list,
    "dict": _dict,
}
