# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs triflow.platform.validate_variables on the controller, see the module of that name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.triflow.platform.plugins.module_utils.checks import variable_problems
from ansible_collections.triflow.platform.plugins.module_utils.problems import (
    Problem,
    describe_problems,
    nearest,
    problem,
)

ROLES = Path(__file__).resolve().parents[2] / "roles"
TYPES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "dict": "a mapping",
    "list": "a list",
}
SECRET = re.compile(r"password|secret|token|credential|private_key|webhook", re.IGNORECASE)

FOUNDATION_ROLES = ("preflight", "vpc", "s3", "cost")  # what a stack with stack_foundation is made by

Options = Mapping[str, Mapping[str, Any]]


class ReadsVariables(ActionBase):
    """Reads a host's variables as the roles take them, with their defaults, and all that is wrong with them."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    calls_aws = True  # what comes after it

    def read(self, given: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
        """Return the values in the types of the argument specs, and the problems, secrets hidden in them."""
        roles = {path.parents[1].name: self._load(path) for path in sorted(ROLES.glob("*/meta/argument_specs.yml"))}
        entry_points = [points["argument_specs"] for points in roles.values()]
        built = FOUNDATION_ROLES if boolean(given.get("stack_foundation", False), strict=False) else roles
        options = {
            name: option for role in built for name, option in roles[role]["argument_specs"]["main"]["options"].items()
        }
        known = {name for points in entry_points for point in points.values() for name in point.get("options", {})}

        values, problems = self._values(options, self._defaults(roles), given)
        if "preflight_account" not in given:  # after preflight there are registered variables, too
            problems += unknown_names(given, known, roles)
        problems += variable_problems(values, given.get("group_names", []), environment() if self.calls_aws else None)
        return values, [hide_secret(found, options.get(found["variable"], {})) for found in problems]

    def _load(self, path: Path) -> dict[str, Any]:
        # "unsafe" is as the loader has it: nothing here changes it, and copying takes longer than reading.
        return self._loader.load_from_file(str(path), unsafe=True, trusted_as_template=True) or {}

    def _defaults(self, roles: Iterable[str]) -> dict[str, Any]:
        files = [ROLES / role / "defaults/main.yml" for role in roles]
        return {name: value for path in files if path.exists() for name, value in self._load(path).items()}

    def _values(
        self, options: Options, defaults: dict[str, Any], given: dict[str, Any]
    ) -> tuple[dict[str, Any], list[Problem]]:
        """Return the values that have the right type, converted to it, and the problems of the others."""
        available = {**defaults, **given}
        templar = self._templar.copy_with_new_env(available_variables=available)
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for name, option in options.items():
            try:
                # Templating turns a plain null into text.
                value = None if available.get(name) is None else templar.template(available[name])
            except AnsibleError as error:
                reason = f"its template fails: {error.message}"
                problems.append(problem(name, available[name], reason, "a template of variables that are defined"))
                continue
            if value is None:
                if option.get("required"):
                    problems.append(problem(name, None, "it is required and not given", describe_option(option)))
                elif name in defaults:
                    problems.append(problem(name, None, "it is null, and has a default", describe_option(option)))
                continue
            refused, values[name] = validate(name, value, option)
            problems += refused
            if refused:
                del values[name]
        return values, problems


class ActionModule(ReadsVariables):
    """Refuses a host's variables with all that is wrong with them."""

    _VALID_ARGS: frozenset[str] = frozenset()

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = task_vars or {}
        _unused, problems = self.read(given)
        return {**result, **refusal(given["inventory_hostname"], problems)}


def refusal(host: str, problems: list[Problem]) -> dict[str, Any]:
    """Return what the task ends with: a failure with all problems in its message, if there are any."""
    result: dict[str, Any] = {"changed": False, "failed": bool(problems), "problems": problems}
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        result["msg"] = describe_problems(f"{count} in the variables of {host}; nothing was changed.", problems)
    return result


def validate(name: str, value: Any, option: Mapping[str, Any]) -> tuple[list[Problem], Any]:
    """Return the problems of one variable with its option of an argument spec, and the value in the option's type."""
    if isinstance(value, float) and option["type"] == "str":
        reason = "YAML reads it as a number, and 14.10 as 14.1"
        return [problem(name, value, reason, f"{describe_option(option)} In quotes.")], value
    outcome = ArgumentSpecValidator({name: dict(option)}).validate({name: value})
    problems = [problem(name, value, message, describe_option(option)) for message in outcome.error_messages]
    return problems, outcome.validated_parameters[name]


def unknown_names(given: Iterable[str], known: Iterable[str], roles: Iterable[str]) -> list[Problem]:
    """Return a problem for each name that looks like a role's variable and is none: it would be ignored silently."""
    # The preflight role's own variables are stack_*; what it registers is preflight_*.
    prefixes = ("stack_", *(f"{role}_" for role in roles if role != "preflight"))
    known = set(known)
    return [
        problem(
            name,
            "(not read)",
            "no role has a variable of that name",
            nearest(name, known) or "the names in the roles' argument specs",
        )
        for name in sorted(given)
        if name.startswith(prefixes) and name not in known
    ]


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


def hide_secret(found: Problem, option: Mapping[str, Any]) -> Problem:
    """Return the problem without the value of a variable that may hold a secret."""
    if not option.get("no_log") and not SECRET.search(found["variable"]):
        return found
    return {**found, "value": "(hidden)", "reason": "its value is not accepted"}
