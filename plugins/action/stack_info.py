# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.triflow.platform.plugins.module_utils.consistency import LISTED_SECONDS, Patience
from ansible_collections.triflow.platform.plugins.plugin_utils import recorded

MODULE = "triflow.platform.stack_info"
# How the components begin that a reading shows, by what it is asked for.
SERVICES = {
    "ec2": ("vpc", "subnet-", "internet-gateway", "nat-gateway-", "security-group-"),
    "elbv2": ("load-balancer", "target-group-"),
}
OPTIONS = {"cluster_name": "service-", "zone_name": "hosted-zone", "certificate_domain": "certificate"}
# What is read by its name: the option with the names, how the components begin, and the field that is the name.
NAMES = {
    "db_subnet_group_names": ("db-subnet-group", "name"),
    "bucket_names": ("bucket", "name"),
    "log_group_names": ("log-group-", "log_group_name"),
    "role_names": ("role-", "name"),
    "key_aliases": ("kms-key", "alias"),
    "queue_names": ("queue-", "name"),
}


class ActionModule(ActionBase):
    """Reads again while AWS does not list yet what this run has made: a role would take it for missing."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        patience = Patience()
        while True:
            result |= self._execute_module(module_name=MODULE, module_args=self._task.args, task_vars=task_vars)
            if result.get("failed") or self._task.check_mode:
                return result
            missing = self._made(result["stack"]) - {entry["component"] for entry in result["live"]}
            if not missing or patience.waited >= LISTED_SECONDS:
                return result
            self._display.display(
                f"  {result['stack']}: {', '.join(sorted(missing))} is not listed yet"
                f" ({patience.waited:.0f} s of at most {LISTED_SECONDS} s)"
            )
            patience.goes_on(LISTED_SECONDS)

    def _made(self, stack: str) -> set[str]:
        """The components that this run has made and this reading shows."""
        owners = {"ec2": self._task.args.get("vpc_owner") or stack}
        made: set[str] = set()
        for service in self._task.args["services"]:
            made |= {
                name for name in _created(owners.get(service, stack)) if name.startswith(SERVICES.get(service, ()))
            }
        own = _created(stack)
        for option, start in OPTIONS.items():
            if self._task.args.get(option):
                made |= {name for name in own if name.startswith(start)}
        for option, (start, field) in NAMES.items():
            names = self._task.args.get(option) or []
            made |= {name for name, after in own.items() if name.startswith(start) and after.get(field) in names}
        return made


def _created(stack: str) -> dict[str, dict[str, Any]]:
    """The components of a stack that tasks of this run have created, each with the fields that it got."""
    known = recorded.components.get(stack, {})
    return {name: change["after"] for name, change in known.items() if change["action"] == "create"}
