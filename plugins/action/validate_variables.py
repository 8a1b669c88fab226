# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs triflow.platform.validate_variables on the controller, see the module of that name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.parsing.vault import VaultedValue
from ansible.plugins.action import ActionBase
from ansible_collections.triflow.platform.plugins.module_utils import hidden
from ansible_collections.triflow.platform.plugins.module_utils.checks import variable_problems, variable_warnings
from ansible_collections.triflow.platform.plugins.module_utils.claims import claims
from ansible_collections.triflow.platform.plugins.module_utils.parts import needed
from ansible_collections.triflow.platform.plugins.module_utils.problems import (
    Problem,
    describe_problems,
    nearest,
    problem,
)
from ansible_collections.triflow.platform.plugins.module_utils.quotas import needs
from ansible_collections.triflow.platform.plugins.plugin_utils import chosen, specifications
from ansible_collections.triflow.platform.plugins.plugin_utils.conversion import Refused, convert
from ansible_collections.triflow.platform.plugins.plugin_utils.specifications import Options

TYPES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "dict": "a mapping",
    "list": "a list",
}
# How Ansible names a list or a mapping of variables in its messages.
INTERNAL_NAME = re.compile(r"[\w.]*_AnsibleLazyTemplate(List|Dict)( object)?")
SECRET = re.compile(r"password|secret|token|credential|private_key|webhook", re.IGNORECASE)

FOUNDATION_ROLES = ("preflight", "vpc", "s3", "cost")  # what a stack with stack_foundation is made by


class ReadsVariables(ActionBase):
    """Reads a host's variables as the roles take them, with their defaults, and all that is wrong with them."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    calls_aws = True  # what comes after it

    def read(self, given: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
        """Return the values in the types of the argument specs, and the problems, secrets hidden in them."""
        roles = specifications.of_roles(self._loader)
        built = FOUNDATION_ROLES if boolean(given.get("stack_foundation", False), strict=False) else roles
        needed = {name: option for role in built for name, option in roles[role].items()}
        known = {name: option for options in roles.values() for name, option in options.items()}

        values, problems = self._values(needed, known, self._defaults(roles), given)
        # a default that cannot be worked out follows from a value that is refused itself
        following = [found for found in problems if found["variable"] not in given and found["value"] is not None]
        problems = [found for found in problems if found not in following]
        if "preflight_account" not in given:  # after preflight there are registered variables, too
            problems += unknown_names(given, known, roles)
        problems += variable_problems(values, given.get("group_names", []), environment() if self.calls_aws else None)
        problems = problems or following
        return values, [hide_secret(found, known.get(found["variable"], {})) for found in problems]

    def _defaults(self, roles: Iterable[str]) -> dict[str, Any]:
        files = [specifications.ROLES / role / "defaults/main.yml" for role in roles]
        return {
            name: value
            for path in files
            if path.exists()
            for name, value in specifications.load(self._loader, path).items()
        }

    def _values(
        self, needed: Options, known: Options, defaults: dict[str, Any], given: dict[str, Any]
    ) -> tuple[dict[str, Any], list[Problem]]:
        """Return the values of what is needed that have the right type, and the problems of the others.

        What is not needed has only the right type when it is given.
        """
        available = {**defaults, **given}
        templar = self._templar.copy_with_new_env(available_variables=available)
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for name, option in known.items():
            try:
                # Templating turns a plain null into text.
                value = None if available.get(name) is None else templar.template(available[name])
            except AnsibleError as error:
                reason = f"its template fails: {INTERNAL_NAME.sub(_plain_name, error.message)}"
                if name in needed:
                    problems.append(problem(name, available[name], reason, "a template of variables that are defined"))
                continue
            if value is None:
                if name in needed and option.get("required"):
                    problems.append(problem(name, None, "it is required and not given", describe_option(option)))
                elif name in needed and name in defaults:
                    problems.append(problem(name, None, "it is null, and has a default", describe_option(option)))
                elif name in given and option["type"] == "bool":
                    problems.append(problem(name, None, "it is null, which switches nothing", describe_option(option)))
                continue
            refused, converted = validate(name, value, option)
            if not refused and name in given:
                refused = unconverted(name, value, option)
            problems += refused
            if not refused and name in needed:
                values[name] = converted
        return values, problems


class ActionModule(ReadsVariables):
    """Refuses a host's variables with all that is wrong with them."""

    _VALID_ARGS: frozenset[str] = frozenset()

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = task_vars or {}
        values, problems = self.read(given)
        warnings = [] if problems else variable_warnings(values) + self._kind_warnings(values, given)
        asked = self._asked(values) if not problems else {"claims": [], "quotas": {}, "needed": []}
        return {**result, **refusal(given["inventory_hostname"], problems), "warnings": warnings, **asked}

    @staticmethod
    def _asked(values: dict[str, Any]) -> dict[str, Any]:
        """What the account is asked for, by these values."""
        return {"claims": claims(values), "quotas": needs(values), "needed": needed(chosen.parts, values)}

    def _kind_warnings(self, read: dict[str, Any], given: dict[str, Any]) -> list[str]:
        """Say which values a kind has that the host, which is not in its group, does not get from group_vars."""
        kind = read.get("stack_kind")
        if not kind or kind in given["group_names"]:
            return []
        paths = sorted((specifications.ROLES.parent / "group_vars" / kind).glob("*.yml"))
        values = {name: value for path in paths for name, value in specifications.load(self._loader, path).items()}
        others = [
            f"{name} is {read[name]!r}, there {value!r}"
            for name, value in values.items()
            if name in read and read[name] != value
        ]
        text = f"stack_kind is {kind}, and the host has other values than group_vars/{kind}: {'; '.join(others)}"
        return [text] if others else []


def _plain_name(found: re.Match[str]) -> str:
    return "the list" if found[1] == "List" else "the mapping"


def refusal(host: str, problems: list[Problem]) -> dict[str, Any]:
    """Return what the task ends with: a failure with all problems in its message, if there are any."""
    result: dict[str, Any] = {"changed": False, "failed": bool(problems), "problems": problems}
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        result["msg"] = describe_problems(f"{count} in the variables of {host}; nothing was changed.", problems)
    return result


def validate(name: str, value: Any, option: Mapping[str, Any]) -> tuple[list[Problem], Any]:
    """Return the problems of one variable with its option of an argument spec, and the value in the option's type."""
    refused: list[Refused] = []
    converted = convert(name, value, option, refused)
    if refused:
        return [_refusal(name, found) for found in refused], value
    outcome = ArgumentSpecValidator({name: dict(option)}).validate({name: converted})
    messages = [message for message in outcome.error_messages if "Supported parameters include" not in message]
    problems = [problem(name, value, message, describe_option(option)) for message in messages]
    for _variable, *path in sorted(outcome.unsupported_parameters):
        suboption, inside = path[-1], option
        for step in path[:-1]:
            inside = inside["options"][step]
        like = nearest(snake_case(suboption), inside["options"])
        reason = f"{'.'.join((name, *path))} is no option of it"
        problems.append(problem(name, value, reason, f"{like} {describe_option(option)}".lstrip()))
    return problems, outcome.validated_parameters[name]


def _refusal(name: str, found: Refused) -> Problem:
    reason = found.reason if found.place == name else f"{found.place}: {found.reason}"
    entry, text = found.place.rpartition(".")[2], str(found.value)
    # Text that should have been a list or a mapping is taken apart by nobody.
    secret = hidden.looks_secret(entry, text) or (found.option["type"] in ("list", "dict") and SECRET.search(text))
    value = hidden.HIDDEN if secret else found.value
    return problem(name, value, reason, " ".join((describe_option(found.option), found.hint)).strip())


def unconverted(name: str, value: Any, option: Mapping[str, Any]) -> list[Problem]:
    """Return the problem of a value that a role would read in another type than its option's."""
    if convert(name, value, option, []) is value:
        return []
    accepted = describe_option(option)
    if specifications.converts:
        reason = "it has another type, and comes from a template of -e or from a task, where nothing converts it"
        return [problem(name, value, reason, accepted)]
    reason = "it has another type, and the callback that converts it is not enabled"
    accepted += " Or callbacks_enabled = triflow.platform.variables in ansible.cfg, or a run from the project's root."
    return [problem(name, value, reason, accepted)]


def unknown_names(given: Iterable[str], known: Iterable[str], roles: Iterable[str]) -> list[Problem]:
    """Return a problem for each name that looks like a role's variable and is none: it would be ignored silently."""
    # The preflight role's own variables are stack_*; what it registers is preflight_*.
    prefixes = ("stack_", *(f"{role}_" for role in roles if role != "preflight"))
    known = set(known)
    return [
        problem(
            name,
            "(not read)",
            "no role has a variable of that name" + (", and names are told apart by case" if name != like else ""),
            nearest(like, known) or "the names in the roles' argument specs",
        )
        for name, like in sorted((name, snake_case(name)) for name in given)
        if like.startswith(prefixes) and name not in known
    ]


def snake_case(name: str) -> str:
    """Return a name as ours are written: containerPort and CONTAINER_PORT as container_port."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def environment() -> dict[str, str]:
    """Return the environment of this process, with the endpoint of the AWS configuration file if it names none."""
    variables = dict(os.environ)
    if "AWS_CONFIG_FILE" in variables and "AWS_ENDPOINT_URL" not in variables:
        from botocore.session import Session  # costs a moment, and most environments need none of it

        endpoint = Session().get_scoped_config().get("endpoint_url")
        variables |= {"AWS_ENDPOINT_URL": endpoint} if endpoint else {}
    return variables


def describe_option(option: Mapping[str, Any]) -> str:
    """Return what an option of an argument spec accepts, in plain text."""
    kind = TYPES[option["type"]]
    if option["type"] == "list":
        kind += f", each element {TYPES[option.get('elements', 'str')]}"
    if "options" in option:
        kind += f" with {', '.join(option['options'])}"
    if "choices" in option:
        kind = f"one of {', '.join(map(str, option['choices']))}"
    description = option["description"]
    text = description if isinstance(description, str) else " ".join(description)
    return f"{kind}. {re.sub(r'\b[A-Z]\(([^)]*)\)', r'\1', text)}"


def vaulted(value: Any) -> bool:
    """Whether a value is a vaulted one, or holds one."""
    if isinstance(value, Mapping):
        return any(vaulted(item) for item in value.values())
    if isinstance(value, list):
        return any(vaulted(item) for item in value)
    return bool(VaultedValue.is_tagged_on(value))


def hide_secret(found: Problem, option: Mapping[str, Any]) -> Problem:
    """Return the problem without the value of a variable that may hold a secret."""
    if not option.get("no_log") and not SECRET.search(found["variable"]) and not vaulted(found["value"]):
        return {**found, "value": hidden.shown(found["value"]), "reason": hidden.shown(found["reason"])}
    return {**found, "value": "(hidden)", "reason": "its value is not accepted"}
