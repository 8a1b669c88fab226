# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any, ClassVar

from ansible_collections.triflow.platform.plugins.module_utils.rollout import UNLISTED, Told, progress, reasons
from ansible_collections.triflow.platform.plugins.plugin_utils.controller import ControllerAction


class ActionModule(ControllerAction):
    purpose = "follow the rollout"
    options: ClassVar[dict[str, Any]] = {
        "cluster": {"type": "str", "required": True},
        "services": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {"name": {"type": "str", "required": True}, "task_definition": {"type": "str"}},
        },
        "deployments": {"type": "dict", "default": {}},
        "timeout": {"type": "int", "required": True},
    }

    def work(self) -> dict[str, Any]:
        if self._task.check_mode:
            return {"changed": False, "waited": {}}
        deadline = self.deadline(self.args["timeout"])
        waited = {entry["name"]: self._wait(entry, deadline) for entry in self.args["services"]}
        return {"changed": False, "waited": waited}

    def _wait(self, entry: dict[str, Any], deadline: float) -> int:
        ecs, name, timeout = self.client("ecs"), entry["name"], self.args["timeout"]
        given = self.args["deployments"].get(name)
        deployment = Told(**given) if given else None
        for seconds in self.moments(deadline):
            with self.following(f"The rollout of {name}", deadline, f"Look at the deployments of {name} in ECS."):
                found = ecs.describe_services(cluster=self.args["cluster"], services=[name])["services"]
            if not found and not deployment:
                raise self.failure(
                    f"Service {name} of stack {self.args['stack']} is not there: run playbooks/compute.yml"
                )
            service = next(iter(found), UNLISTED)
            state = progress(service, entry["task_definition"], deployment)
            if state.done:
                return round(seconds)
            sentence = state.sentence
            if state.failed:
                break
            self.see(f"{name}: {sentence}", seconds, timeout)
        else:
            sentence = f"after {timeout} s {sentence}"
        why = reasons(self.client, self.args["cluster"], service, entry["task_definition"]) if found else []
        raise self.failure(
            f"Service {name} of stack {self.args['stack']} did not roll out: {sentence}",
            *why,
            service=name,
            reasons=why,
        )
