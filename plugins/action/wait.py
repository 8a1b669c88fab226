# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.triflow.platform.plugins.module_utils import consistency, placeholders, retries
from ansible_collections.triflow.platform.plugins.module_utils.statuses import ASLEEP, explained
from ansible_collections.triflow.platform.plugins.module_utils.waiters import GOALS, WAITERS, found, timed_out, unready


@dataclass(frozen=True)
class Wait:
    """A waiter of WAITERS: whose, for what, and how often."""

    service: str
    waiter: str
    request: Callable[[str], dict[str, Any]]
    delay: int  # seconds between two questions


def _service(identifier: str) -> dict[str, Any]:
    _unused, cluster, name = identifier.split("/")
    return {"cluster": cluster, "services": [name]}


def _database(identifier: str) -> dict[str, Any]:
    return {"DBInstanceIdentifier": identifier}


WAITS = {
    "nat_gateways": Wait("ec2", "nat_gateway_available", lambda identifier: {"NatGatewayIds": [identifier]}, delay=5),
    "load_balancers": Wait(
        "elbv2", "load_balancer_available", lambda identifier: {"LoadBalancerArns": [identifier]}, delay=10
    ),
    "certificates": Wait("acm", "certificate_issued", lambda identifier: {"CertificateArn": identifier}, delay=10),
    "db_instances": Wait("rds", "db_instance_available", _database, delay=15),
    "db_instances_stopped": Wait("rds", "db_instance_stopped", _database, delay=15),
    "services_with_tasks": Wait("ecs", "service_has_its_tasks", _service, delay=5),
    "services_without_tasks": Wait("ecs", "service_has_no_tasks", _service, delay=5),
    "db_instances_deleted": Wait("rds", "db_instance_deleted", _database, delay=15),
}


def shown(waiter: str, answer: dict[str, Any]) -> str:
    """What an answer says meanwhile."""
    if waiter in GOALS:
        return ", ".join(found(waiter, answer)) or "not there"
    return ", ".join(_tasks(service) for service in answer["services"]) or "not there"


def _tasks(service: dict[str, Any]) -> str:
    said = f"at {service['runningCount']} of {service['desiredCount']} tasks"
    if service["status"] != "ACTIVE":
        said += f", {explained('ECS service', service['status'])}"
    for deployment in service["deployments"]:
        if deployment["status"] == "PRIMARY" and deployment.get("rolloutState") == "FAILED":
            why = explained("ECS deployment", "FAILED", deployment.get("rolloutStateReason", ""))
            said += f", its deployment is {why}"
    return said


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
                "retry_seconds": retries.OPTION,
                "guard": {"type": "dict"},  # waiting writes nothing
                "region": {"type": "str", "required": True},
            }
        )
        retries.install(args["retry_seconds"])
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
        stopped = []
        for identifier in args["db_instances"]:
            try:
                answer = client.describe_db_instances(DBInstanceIdentifier=identifier)
            except client.exceptions.DBInstanceNotFoundFault:
                continue
            except (BotoCoreError, ClientError) as error:
                raise AnsibleActionFail(f"Cannot ask for {identifier} of stack {args['stack']}: {error}") from error
            if answer["DBInstances"][0]["DBInstanceStatus"] in ASLEEP:
                stopped.append(identifier)
        return stopped

    def _wait(self, wait: Wait, identifier: str, args: dict[str, Any], deadline: float) -> int:
        # boto3 is imported only when there is something to wait for
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError, WaiterError
        from botocore.waiter import WaiterModel, create_waiter_with_client

        client = boto3.client(wait.service, region_name=args["region"])
        begun = time.monotonic()

        asked = 0

        def report(parsed: dict[str, Any], **_event: Any) -> None:
            nonlocal asked
            if "Error" in parsed:
                return
            asked += 1
            self._display.display(
                f"  {args['stack']}: {identifier} is {shown(wait.waiter, parsed)}"
                f" ({time.monotonic() - begun:.0f} s of at most {args['timeout']} s)"
            )
            if asked == 2 and args["advice"]:  # early enough to be of use while it waits
                self._display.display(f"  {args['stack']}: {args['advice']}")

        client.meta.events.register(f"after-call.{wait.service}", report)
        attempts = max(1, int((deadline - begun) / wait.delay))
        waiter = create_waiter_with_client(wait.waiter, WaiterModel({"version": 2, "waiters": WAITERS}), client)
        patience = consistency.Patience()
        try:
            while True:
                try:
                    waiter.wait(**wait.request(identifier), WaiterConfig={"Delay": wait.delay, "MaxAttempts": attempts})
                    break
                except WaiterError as error:
                    if not patience.goes_on(consistency.seconds_of_waiter(error)):
                        raise
        except WaiterError as error:
            what, answer = f"{identifier} of stack {args['stack']}", error.last_response
            say = unready if wait.waiter in GOALS else shown
            state = "" if "Error" in answer else say(wait.waiter, answer)
            if state and not timed_out(error):
                raise AnsibleActionFail(f"{what} is {state}. {args['advice']}".rstrip()) from error
            raise AnsibleActionFail(
                f"{what} is not ready{f', it is {state}' if state else ''}: {error}. Nothing is lost: "
                f"look at it in the AWS console, and run again to go on waiting. {args['advice']}".rstrip()
            ) from error
        except (BotoCoreError, ClientError) as error:
            raise AnsibleActionFail(f"Cannot ask for {identifier} of stack {args['stack']}: {error}") from error
        return round(time.monotonic() - begun)
