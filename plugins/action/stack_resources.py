# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any, override

from ansible_collections.triflow.platform.plugins.plugin_utils.listed import ListedAction, changed

GOING = "deleted in this run, and listed by AWS a while longer"


class ActionModule(ListedAction):
    """A person would take for left what this run has deleted and AWS lists a while longer."""

    module = "triflow.platform.stack_resources"
    sentence = "is deleted and still listed"

    @override
    def late(self, result: dict[str, Any]) -> set[str]:
        deleted = changed(self._task.args["stack"], "delete")
        late = set()
        for entry in result["resources"]:
            # A snapshot has the tags of what it was made of.
            if entry["component"] in deleted and ":snapshot:" not in entry["arn"] and entry["going"] in ("", GOING):
                entry["going"] = GOING
                late.add(entry["component"])
        return late
