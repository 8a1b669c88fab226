# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any, override

from ansible_collections.triflow.platform.plugins.plugin_utils.listed import ListedAction, changed

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


class ActionModule(ListedAction):
    """A role would take for missing what this run has made and AWS does not list yet."""

    module = "triflow.platform.stack_info"
    sentence = "is not listed yet"

    @override
    def late(self, result: dict[str, Any]) -> set[str]:
        """The components that this run has made and this reading does not show, though it could."""
        stack, asked = result["stack"], self._task.args
        owners = {"ec2": asked.get("vpc_owner") or stack}
        made: set[str] = set()
        for service in asked["services"]:
            of_it = changed(owners.get(service, stack), "create")
            made |= {name for name in of_it if name.startswith(SERVICES.get(service, ()))}
        own = changed(stack, "create")
        for option, start in OPTIONS.items():
            if asked.get(option):
                made |= {name for name in own if name.startswith(start)}
        for option, (start, field) in NAMES.items():
            names = asked.get(option) or []
            made |= {name for name, after in own.items() if name.startswith(start) and after.get(field) in names}
        return made - {entry["component"] for entry in result["live"]}
