# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import time
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.triflow.platform.plugins.module_utils.rollout import progress, reasons

DELAY = 5  # seconds between two questions


class ActionModule(ActionBase):
    """Waits on the controller, so that a person sees how it goes."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        service = {"name": {"type": "str", "required": True}, "task_definition": {"type": "str"}}
        _unused, args = self.validate_argument_spec(
            argument_spec={
                "cluster": {"type": "str", "required": True},
                "services": {"type": "list", "elements": "dict", "required": True, "options": service},
                "timeout": {"type": "int", "required": True},
                "stack": {"type": "str", "required": True},
                "tags": {"type": "dict", "default": {}},
                "region": {"type": "str", "required": True},
            }
        )
        if self._task.check_mode:
            return {"changed": False, "waited": {}}
        from botocore.exceptions import BotoCoreError, ClientError

        deadline = time.monotonic() + args["timeout"]
        try:
            waited = {entry["name"]: self._wait(args, entry, deadline) for entry in args["services"]}
        except (BotoCoreError, ClientError) as error:
            raise AnsibleActionFail(f"Cannot follow the rollout in stack {args['stack']}: {error}") from error
        return {"changed": False, "waited": waited}

    def _wait(self, args: dict[str, Any], entry: dict[str, Any], deadline: float) -> int:
        # boto3 is imported only when there is something to wait for
        import boto3

        def client(name: str) -> Any:
            return boto3.client(name, region_name=args["region"])

        ecs, name, begun = client("ecs"), entry["name"], time.monotonic()
        while True:
            found = ecs.describe_services(cluster=args["cluster"], services=[name])["services"]
            if not found:
                raise AnsibleActionFail(
                    f"Service {name} of stack {args['stack']} is not there: run playbooks/compute.yml"
                )
            (service,) = found
            state = progress(service, entry["task_definition"])
            seconds = time.monotonic() - begun
            if state.done:
                return round(seconds)
            late = time.monotonic() + DELAY > deadline
            if state.failed or late:
                sentence = state.sentence if state.failed else f"after {args['timeout']} s {state.sentence}"
                found = reasons(client, args["cluster"], service, entry["task_definition"])
                raise AnsibleActionFail(
                    "\n  ".join([f"Service {name} of stack {args['stack']} did not roll out: {sentence}", *found]),
                    result={"service": name, "reasons": found},
                )
            self._display.display(
                f"  {args['stack']}: {name}: {state.sentence} ({seconds:.0f} s of at most {args['timeout']} s)"
            )
            time.sleep(DELAY)
