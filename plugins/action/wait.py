# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from ansible_collections.triflow.platform.plugins.module_utils import failures, placeholders
from ansible_collections.triflow.platform.plugins.module_utils.statuses import ASLEEP
from ansible_collections.triflow.platform.plugins.module_utils.statuses import explained as status_explained
from ansible_collections.triflow.platform.plugins.module_utils.waiters import GOALS, found, unready
from ansible_collections.triflow.platform.plugins.module_utils.waiting import Unreached, until_reached
from ansible_collections.triflow.platform.plugins.plugin_utils.controller import ControllerAction
from ansible_collections.triflow.platform.plugins.plugin_utils.explained import explained


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
        said += f", {status_explained('ECS service', service['status'])}"
    for deployment in service["deployments"]:
        if deployment["status"] == "PRIMARY" and deployment.get("rolloutState") == "FAILED":
            why = status_explained("ECS deployment", "FAILED", deployment.get("rolloutStateReason", ""))
            said += f", its deployment is {why}"
    return said


class ActionModule(ControllerAction):
    """Waits on the controller, so that a person sees how it goes."""

    purpose = "wait"
    options: ClassVar[dict[str, Any]] = {
        **{kind: {"type": "list", "elements": "str", "default": []} for kind in WAITS},
        "accept_stopped": {"type": "bool", "default": False},
        "timeout": {"type": "int", "required": True},
        "advice": {"type": "str", "default": ""},
    }

    def work(self) -> dict[str, Any]:
        deadline = self.deadline(self.args["timeout"])
        waited = {}
        stopped = self._stopped() if self.args["accept_stopped"] else []
        for kind, wait in WAITS.items():
            for identifier in self.args[kind]:
                if not self._task.check_mode and not placeholders.within(identifier) and identifier not in stopped:
                    waited[identifier] = self._wait(wait, identifier, deadline)
        return {
            "changed": False,
            "waited": {identifier: seconds for identifier, seconds in waited.items() if seconds},
            "stopped": stopped,
        }

    def _stopped(self) -> list[str]:
        """Those of the DB instances that are stopped, or about to be. It is asked for in check mode, too."""
        client = self.client("rds")
        stopped = []
        for identifier in self.args["db_instances"]:
            try:
                answer = client.describe_db_instances(DBInstanceIdentifier=identifier)
            except client.exceptions.DBInstanceNotFoundFault:
                continue
            if answer["DBInstances"][0]["DBInstanceStatus"] in ASLEEP:
                stopped.append(identifier)
        return stopped

    def _wait(self, wait: Wait, identifier: str, deadline: float) -> int:
        asked, timeout, advice = 0, self.args["timeout"], self.args["advice"]
        what = f"{identifier} of stack {self.args['stack']}"

        def report(answer: dict[str, Any], seconds: float) -> None:
            nonlocal asked
            asked += 1
            self.see(f"{identifier} is {shown(wait.waiter, answer)}", seconds, timeout)
            if asked == 2 and advice:  # early enough to be of use while it waits
                self.say(advice)

        request = wait.request(identifier)
        try:
            seconds = until_reached(self.client(wait.service), wait.waiter, request, deadline, wait.delay, report)
        except Unreached as end:
            say = unready if wait.waiter in GOALS else shown
            state = say(wait.waiter, end.seen) if end.seen else ""
            if state and end.never:
                raise self.failure(f"{what} is {state}. {advice}".rstrip()) from None
            state = f": it is {state}" if state else ""
            asked_last = f". The last question failed: {failures.explain(end.refused).reason}" if end.refused else ""
            raise self.failure(
                f"{what} is not ready after {timeout} s{state}{asked_last}. Nothing is lost: look at it in the AWS "
                f"console, and run again to go on waiting. {advice}".rstrip()
            ) from None
        except Exception as error:
            raise explained(error, on=identifier, stack=self.args["stack"], purpose=self.purpose) from error
        return round(seconds)
