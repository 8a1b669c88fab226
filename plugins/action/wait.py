# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.triflow.platform.plugins.module_utils import placeholders
from ansible_collections.triflow.platform.plugins.module_utils.waiters import WAITERS


@dataclass(frozen=True)
class Wait:
    """A waiter of botocore or of WAITERS: whose name, for what, how often, and what its answers say meanwhile."""

    service: str
    waiter: str
    request: Callable[[str], dict[str, Any]]
    status: Callable[[dict[str, Any]], str]
    delay: int  # seconds between two questions


ASLEEP = ("stopped", "stopping")  # a DB instance


def _service(identifier: str) -> dict[str, Any]:
    _unused, cluster, name = identifier.split("/")
    return {"cluster": cluster, "services": [name]}


def _tasks(answer: dict[str, Any]) -> str:
    return ", ".join(f"at {item['runningCount']} of {item['desiredCount']} tasks" for item in answer["services"])


WAITS = {
    "nat_gateways": Wait(
        "ec2",
        "nat_gateway_available",
        lambda identifier: {"NatGatewayIds": [identifier]},
        lambda answer: str(answer["NatGateways"][0]["State"]),
        delay=5,
    ),
    "load_balancers": Wait(
        "elbv2",
        "load_balancer_available",
        lambda identifier: {"LoadBalancerArns": [identifier]},
        lambda answer: str(answer["LoadBalancers"][0]["State"]["Code"]),
        delay=10,
    ),
    "certificates": Wait(
        "acm",
        "certificate_issued",
        lambda identifier: {"CertificateArn": identifier},
        lambda answer: str(answer["Certificate"]["Status"]),
        delay=10,
    ),
    "db_instances": Wait(
        "rds",
        "db_instance_available",
        lambda identifier: {"DBInstanceIdentifier": identifier},
        lambda answer: str(answer["DBInstances"][0]["DBInstanceStatus"]),
        delay=15,
    ),
    "db_instances_stopped": Wait(
        "rds",
        "db_instance_stopped",
        lambda identifier: {"DBInstanceIdentifier": identifier},
        lambda answer: str(answer["DBInstances"][0]["DBInstanceStatus"]),
        delay=15,
    ),
    "services_with_tasks": Wait("ecs", "service_has_its_tasks", _service, _tasks, delay=5),
    "services_without_tasks": Wait("ecs", "service_has_no_tasks", _service, _tasks, delay=5),
    "db_instances_deleted": Wait(
        "rds",
        "db_instance_deleted",
        lambda identifier: {"DBInstanceIdentifier": identifier},
        lambda answer: str(answer["DBInstances"][0]["DBInstanceStatus"]) if "DBInstances" in answer else "deleted",
        delay=15,
    ),
}


class ActionModule(ActionBase):
    """Waits on the controller, so that a person sees how it goes."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        names = {"type": "list", "elements": "str", "default": []}
        _unused, args = self.validate_argument_spec(
            argument_spec={
                **dict.fromkeys(WAITS, names),
                "accept_stopped": {"type": "bool", "default": False},
                "timeout": {"type": "int", "required": True},
                "advice": {"type": "str", "default": ""},
                "stack": {"type": "str", "required": True},
                "tags": {"type": "dict", "default": {}},
                "adopt": {"type": "list", "elements": "str", "default": []},
                "guard": {"type": "dict"},  # waiting writes nothing
                "region": {"type": "str", "required": True},
            }
        )
        deadline = time.monotonic() + args["timeout"]
        waited = {}
        stopped = self._stopped(args) if args["accept_stopped"] else []
        for kind, wait in WAITS.items():
            for identifier in args[kind]:
                if not self._task.check_mode and not placeholders.within(identifier) and identifier not in stopped:
                    waited[identifier] = self._wait(wait, identifier, args, deadline)
        return {
            "changed": False,
            "waited": {identifier: seconds for identifier, seconds in waited.items() if seconds},
            "stopped": stopped,
        }

    @staticmethod
    def _stopped(args: dict[str, Any]) -> list[str]:
        """Those of the DB instances that are stopped, or about to be. It is asked for in check mode, too."""
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError

        client = boto3.client("rds", region_name=args["region"])
        found = []
        for identifier in args["db_instances"]:
            try:
                answer = client.describe_db_instances(DBInstanceIdentifier=identifier)
            except client.exceptions.DBInstanceNotFoundFault:
                continue
            except (BotoCoreError, ClientError) as error:
                raise AnsibleActionFail(f"Cannot ask for {identifier} of stack {args['stack']}: {error}") from error
            if answer["DBInstances"][0]["DBInstanceStatus"] in ASLEEP:
                found.append(identifier)
        return found

    def _wait(self, wait: Wait, identifier: str, args: dict[str, Any], deadline: float) -> int:
        # boto3 is imported only when there is something to wait for
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError, WaiterError
        from botocore.waiter import WaiterModel, create_waiter_with_client

        client = boto3.client(wait.service, region_name=args["region"])
        begun = time.monotonic()

        asked = 0
        status = ""

        def report(parsed: dict[str, Any], **_event: Any) -> None:
            nonlocal asked, status
            if "Error" in parsed:
                return
            asked += 1
            status = wait.status(parsed)
            self._display.display(
                f"  {args['stack']}: {identifier} is {status}"
                f" ({time.monotonic() - begun:.0f} s of at most {args['timeout']} s)"
            )
            if asked == 2 and args["advice"]:  # early enough to be of use while it waits
                self._display.display(f"  {args['stack']}: {args['advice']}")

        client.meta.events.register(f"after-call.{wait.service}", report)
        attempts = max(1, int((deadline - begun) / wait.delay))
        waiter: Any
        if wait.waiter in WAITERS:
            waiter = create_waiter_with_client(wait.waiter, WaiterModel({"version": 2, "waiters": WAITERS}), client)
        else:
            waiter = client.get_waiter(wait.waiter)
        try:
            waiter.wait(**wait.request(identifier), WaiterConfig={"Delay": wait.delay, "MaxAttempts": attempts})
        except WaiterError as error:
            if status in ASLEEP:
                raise AnsibleActionFail(
                    f"{identifier} of stack {args['stack']} is {status}: start it with playbooks/nights.yml "
                    "-e nights_wanted=up, then run again"
                ) from error
            raise AnsibleActionFail(
                f"{identifier} of stack {args['stack']} is not ready: {error}. Nothing is lost: "
                f"look at it in the AWS console, and run again to go on waiting. {args['advice']}".rstrip()
            ) from error
        except (BotoCoreError, ClientError) as error:
            raise AnsibleActionFail(f"Cannot ask for {identifier} of stack {args['stack']}: {error}") from error
        return round(time.monotonic() - begun)
