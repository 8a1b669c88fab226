# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs triflow.platform.stack_cost on the controller, see the module of that name."""

from __future__ import annotations

from typing import Any

from ansible_collections.triflow.platform.plugins.action.validate_variables import ReadsVariables, refusal
from ansible_collections.triflow.platform.plugins.module_utils import cost, cost_measured, cost_prices, cost_record
from ansible_collections.triflow.platform.plugins.module_utils.kinds import kinds_of

ARGUMENTS = {
    "prices": {"type": "path", "required": True},
    "live": {"type": "dict"},
    "measured": {
        "type": "dict",
        "options": {"usage": {"type": "dict", "required": True}, "hours": {"type": "int", "required": True}},
    },
}


class ActionModule(ReadsVariables):
    """Reads the variables as their check does, and counts."""

    calls_aws = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = task_vars or {}
        _unused, args = self.validate_argument_spec(ARGUMENTS)
        values, problems = self.read(given)
        if problems:
            return {**result, **refusal(given["inventory_hostname"], problems)}
        prices = cost_prices.load(self._loader.load_from_file(args["prices"], unsafe=True)["prices"])
        kinds = kinds_of(values, given["group_names"])
        kind = next((kind for kind in cost_record.KINDS if kind in kinds), "")
        counted = cost.stack(values["stack_name"], kind, values, prices)
        if args["measured"]:
            found = cost_measured.variables(values, args["measured"]["usage"])
            again = cost.stack(values["stack_name"], kind, found, prices)
            counted["measured"] = cost_measured.scenario(values, counted, found, again, args["measured"])
        if args["live"]:
            result["live"] = cost.live(values["stack_name"], args["live"], values, prices)
        return {**result, "changed": False, "cost": counted}
