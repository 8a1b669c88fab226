# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks over the variables of the cost report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem

LEAST_USD = 0.01  # AWS Budgets counts in cents


def cost_problems(variables: Mapping[str, Any]) -> list[Problem]:
    """All that is wrong with them. What is not given is not checked."""
    rate = variables.get("cost_krw_per_usd")
    if rate is not None and rate <= 0:
        return [problem("cost_krw_per_usd", rate, "a USD costs more than nothing", "KRW for one USD, such as 1300")]
    if not variables.get("cost_budget_alarm"):
        return []
    if variables.get("stack_foundation"):
        reason = "a foundation has no topic of alarms that a budget could tell"
        return [problem("cost_budget_alarm", True, reason, "false for this stack")]
    budget = variables.get("cost_budget_krw")
    if rate is None or budget is None or budget / rate >= LEAST_USD:
        return []
    reason = "AWS Budgets needs an amount, and cost_budget_alarm is on"
    return [problem("cost_budget_krw", budget, reason, "what the stack may cost a month in KRW, above 0")]
