# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from datetime import UTC
from typing import Any, ClassVar

from ansible_collections.triflow.platform.plugins.module_utils.rollout import reasons, stopped_tasks
from ansible_collections.triflow.platform.plugins.plugin_utils.controller import ControllerAction

DELAY = 10  # seconds between two looks, at the most
DESCRIBED_AT_ONCE = 100  # DescribeAlarms, AlarmNames


def in_alarm(described: list[dict[str, Any]], begun: bool) -> list[str]:
    """One sentence on each alarm that is in ALARM; ``begun`` says that it was not at the first look."""
    found = []
    for alarm in sorted(described, key=lambda alarm: str(alarm["AlarmName"])):
        if alarm["StateValue"] == "ALARM":
            since = alarm.get("StateTransitionedTimestamp") or alarm["StateUpdatedTimestamp"]
            moment = f"{since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
            word = "went off at" if begun else "was in ALARM before the watch began, since"
            found.append(f"alarm {alarm['AlarmName']} {word} {moment}: {alarm['StateReason']}")
    return found


class ActionModule(ControllerAction):
    purpose = "watch the alarms"
    options: ClassVar[dict[str, Any]] = {
        "alarms": {"type": "list", "elements": "str", "required": True},
        "seconds": {"type": "int", "required": True},
        "services": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {"cluster": {"type": "str", "required": True}, "name": {"type": "str", "required": True}},
        },
    }

    def work(self) -> dict[str, Any]:
        if self._task.check_mode:
            self._look_at_alarms(begun=False)
            return {"changed": False, "waited": {}}
        ecs = self.client("ecs") if self.args["services"] else None
        stopped_before = {
            task["taskArn"]
            for service in self.args["services"]
            for task in stopped_tasks(ecs, service["cluster"], service["name"], None)
        }
        begun = False
        deadline = self.deadline(self.args["seconds"])
        # The last look decides, so it has its time also when AWS cannot be asked at the end.
        last = deadline + self.args["retry_seconds"]
        for seconds in self.moments(deadline, DELAY):
            with self.following("The watch over the alarms", last, "Look at the alarms in CloudWatch."):
                states = self._look_at_alarms(begun)
                running = [self._look_at_service(service, stopped_before) for service in self.args["services"]]
            counts = [f"{states.count(state)} alarms {state}" for state in sorted(set(states))]
            self.seen = ", ".join(counts + running) or "nothing to look at"
            self.say(f"{self.seen} ({seconds:.0f} of {self.args['seconds']} s)")
            begun = True
        return {"changed": False, "waited": {"alarms": round(seconds)}}

    def _described(self, **request: Any) -> list[dict[str, Any]]:
        pages = (
            self.client("cloudwatch").get_paginator("describe_alarms").paginate(**request, AlarmTypes=["MetricAlarm"])
        )
        return [alarm for page in pages for alarm in page["MetricAlarms"]]

    def _look_at_alarms(self, begun: bool) -> list[str]:
        """The alarms' states, none of which is ALARM."""
        names = sorted(set(self.args["alarms"]))
        parts = [names[first : first + DESCRIBED_AT_ONCE] for first in range(0, len(names), DESCRIBED_AT_ONCE)]
        described = [alarm for part in parts for alarm in self._described(AlarmNames=part)]
        missing = sorted(set(names) - {alarm["AlarmName"] for alarm in described})
        if missing:
            there = sorted(alarm["AlarmName"] for alarm in self._described(AlarmNamePrefix=f"{self.args['stack']}-"))
            choice = (
                f"name some of {', '.join(there)}" if there else "it has none at all, run playbooks/compute.yml first"
            )
            raise self.failure(f"Stack {self.args['stack']} has no alarm {', '.join(missing)}: {choice}")
        why = in_alarm(described, begun)
        if why:
            raise self.failure(f"Alarms of stack {self.args['stack']} are in ALARM:", *why, reasons=why)
        return [str(alarm["StateValue"]) for alarm in described]

    def _look_at_service(self, entry: dict[str, str], stopped_before: set[str]) -> str:
        """How many of its tasks run, none of which has stopped while it was watched."""
        cluster, name = entry["cluster"], entry["name"]
        found = self.client("ecs").describe_services(cluster=cluster, services=[name])["services"]
        service = next((item for item in found if item["status"] == "ACTIVE"), None)
        if not service:
            raise self.failure(f"Service {name} of stack {self.args['stack']} is not there (any more)", reasons=[])
        said = f"{service['runningCount']} of {service['desiredCount']} tasks of {name} run"
        if service["runningCount"] < service["desiredCount"]:
            stopped = stopped_tasks(self.client("ecs"), cluster, name, None)
            if {task["taskArn"] for task in stopped} - stopped_before:
                why = reasons(self.client, cluster, service, None)
                raise self.failure(
                    f"Service {name} of stack {self.args['stack']} does not keep its tasks: {said}", *why, reasons=why
                )
        return said
