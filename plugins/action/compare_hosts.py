# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs triflow.platform.compare_hosts on the controller, see the module of that name."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.triflow.platform.plugins.module_utils.conflicts import Host, twice_problems
from ansible_collections.triflow.platform.plugins.module_utils.problems import describe_problems


class ActionModule(ActionBase):
    """Refuses a host that claims what another host of the same run claims."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _VALID_ARGS: frozenset[str] = frozenset()

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        this, hostvars = variables["inventory_hostname"], variables["hostvars"]
        given = {name: hostvars[name] for name in variables["ansible_play_hosts"]}  # each takes a moment
        hosts = {
            name: Host(
                of_host["preflight_variables"]["claims"],
                of_host["stack_region"],
                of_host.get("stack_account_id"),
                of_host["stack_name"],
            )
            for name, of_host in given.items()
            if "preflight_variables" in of_host
        }
        problems = twice_problems(hosts.pop(this), hosts)
        result |= {"changed": False, "failed": bool(problems), "problems": problems}
        if problems:
            headline = f"{this} and another host of this run would make the same things; nothing was changed."
            result["msg"] = describe_problems(headline, problems)
        return result
