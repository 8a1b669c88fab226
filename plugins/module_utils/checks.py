# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks over a stack's variables that no argument spec can express: rules of AWS, and what must fit together.

They need neither credentials nor network. Each takes the variables that have the right type, and skips what is not
given: a missing variable is the argument spec's to report.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.alarm_checks import alarm_problems
from ansible_collections.triflow.platform.plugins.module_utils.compute_checks import compute_problems, compute_warnings
from ansible_collections.triflow.platform.plugins.module_utils.cost_checks import cost_problems
from ansible_collections.triflow.platform.plugins.module_utils.dashboard_checks import dashboard_problems
from ansible_collections.triflow.platform.plugins.module_utils.data_checks import data_problems, data_warnings
from ansible_collections.triflow.platform.plugins.module_utils.edge_checks import edge_problems
from ansible_collections.triflow.platform.plugins.module_utils.kinds import kind_problems, kinds_of
from ansible_collections.triflow.platform.plugins.module_utils.lab_checks import lab_problems
from ansible_collections.triflow.platform.plugins.module_utils.log_checks import log_problems
from ansible_collections.triflow.platform.plugins.module_utils.network_checks import network_problems
from ansible_collections.triflow.platform.plugins.module_utils.nights_checks import nights_problems
from ansible_collections.triflow.platform.plugins.module_utils.notification_checks import notification_problems
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem
from ansible_collections.triflow.platform.plugins.module_utils.rds_certificates import certificate_problems
from ansible_collections.triflow.platform.plugins.module_utils.release_checks import release_problems
from ansible_collections.triflow.platform.plugins.module_utils.sharing_checks import sharing_problems
from ansible_collections.triflow.platform.plugins.module_utils.stack_checks import stack_problems
from ansible_collections.triflow.platform.plugins.module_utils.stack_names import name_problems

Variables = Mapping[str, Any]


def variable_problems(
    variables: Variables, groups: Collection[str], environment: Mapping[str, str] | None
) -> list[Problem]:
    """Return all that is wrong with a host's variables.

    `variables` have the types of their argument specs, `groups` are the host's groups of the inventory and
    `environment` is that of the process which will call AWS, None when none will.
    """
    kinds = kinds_of(variables, groups)
    problems = [found for check in CHECKS for found in check(variables)]
    # what is wrong in itself is not told once more for each name that is made of it
    told = {found["variable"] for found in problems}
    if "stack_name" not in told:
        problems += [found for found in name_problems(variables) if found["variable"] not in told]
    problems += kind_problems(variables, groups) + nights_problems(variables, kinds)
    if environment is None:
        return problems
    return problems + lab_problems(kinds, environment) + certificate_problems(variables, environment)


def variable_warnings(variables: Variables) -> list[str]:
    """Return what is not refused, and yet seems not to be meant."""
    return compute_warnings(variables) + data_warnings(variables)


CHECKS: tuple[Callable[[Variables], list[Problem]], ...] = (
    stack_problems,
    network_problems,
    data_problems,
    edge_problems,
    compute_problems,
    release_problems,
    log_problems,
    notification_problems,
    alarm_problems,
    dashboard_problems,
    cost_problems,
    sharing_problems,
)
