# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import re
import shlex
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail
from ansible_collections.triflow.platform.plugins.module_utils import placeholders
from ansible_collections.triflow.platform.plugins.module_utils.ecs import to_ecs
from ansible_collections.triflow.platform.plugins.module_utils.rollout import log_places, short, stopped_task
from ansible_collections.triflow.platform.plugins.module_utils.statuses import NEVER, meaning
from ansible_collections.triflow.platform.plugins.module_utils.tags import tags_of
from ansible_collections.triflow.platform.plugins.plugin_utils.controller import ControllerAction

KEPT_LINES = 50  # of the log, returned
PAGES = 20  # of the log, read at one look
STARTED_BY = re.compile(r"[A-Za-z0-9_/-]{1,128}")  # RunTask


def overrides(args: dict[str, Any], container: str) -> dict[str, Any]:
    """RunTask's overrides for the arguments of this action."""
    environment = [{"name": name, "value": str(value)} for name, value in sorted(args["environment"].items())]
    given = {"name": container, "command": args["command"], "environment": environment}
    size = {name: str(args[name]) for name in ("cpu", "memory") if args[name]}
    return {"containerOverrides": [{key: value for key, value in given.items() if value}], **size}


def shown(args: dict[str, Any], definition: str, container: str) -> dict[str, Any]:
    """What runs, for a person: of the environment only the names, since a value may be a secret."""
    return {
        "service": args["service"],
        "task_definition": short(definition),
        "container": container,
        "command": shlex.join(args["command"]),
        "environment": sorted(args["environment"]),
        **{name: args[name] for name in ("cpu", "memory", "started_by") if args[name]},
    }


class Log:
    """The lines of a log stream as they come."""

    def __init__(self, logs: Any, places: list[tuple[str, str]]) -> None:
        self.logs = logs
        self.places = places  # log group and stream; none when the container writes no log
        self.token: dict[str, str] = {}
        self.last: list[str] = []

    def new(self) -> list[str]:
        """The lines since the last look. A stream that is not there yet has none."""
        found: list[str] = []
        for group, stream in self.places:
            request = {"logGroupName": group, "logStreamName": stream, "startFromHead": True}
            for _unused in range(PAGES):
                try:
                    answer = self.logs.get_log_events(**request, **self.token)
                except self.logs.exceptions.ResourceNotFoundException:
                    break
                found += [event["message"].rstrip() for event in answer["events"]]
                before, self.token = self.token, {"nextToken": answer["nextForwardToken"]}
                if self.token == before:
                    break
        self.last = (self.last + found)[-KEPT_LINES:]
        return found


class ActionModule(ControllerAction):
    purpose = "run the task"
    options: ClassVar[dict[str, Any]] = {
        "cluster": {"type": "str", "required": True},
        "service": {"type": "str", "required": True},
        "task_definition": {"type": "str"},
        "command": {"type": "list", "elements": "str"},
        "cmd": {"type": "str"},
        "container": {"type": "str"},
        "environment": {"type": "dict", "default": {}, "no_log": True},
        "cpu": {"type": "int"},
        "memory": {"type": "int"},
        "started_by": {"type": "str"},
        "timeout": {"type": "int", "required": True},
    }
    either = ("command", "cmd")

    def work(self) -> dict[str, Any]:
        args = self.args
        if args["started_by"] and not STARTED_BY.fullmatch(args["started_by"]):
            raise self.failure(
                f"started_by {args['started_by']} is not 1 to 128 letters, digits, hyphens, slashes and underscores"
            )
        args["command"] = args["command"] or self._words(args["cmd"] or "")
        service = self._service()
        definition = self._definition(args["task_definition"] or service.get("taskDefinition", ""))
        container = args["container"] or args["service"]
        names = [item["name"] for item in definition["containerDefinitions"]]
        if names and container not in names:
            raise self.failure(
                f"{short(definition['taskDefinitionArn'])} has no container {container}: "
                f"set container to one of {', '.join(names)}"
            )
        what = shown(args, definition["taskDefinitionArn"], container)
        diff = [{"before_header": "task", "after_header": "task", "before": {}, "after": what}]
        if self._task.check_mode:
            self.say(f"would run {what['command']} in the container {container} of {what['task_definition']}")
            return {"changed": True, "diff": diff}
        arn = self._running() or self._start(service, definition["taskDefinitionArn"], container)
        return {"changed": True, "diff": diff, **self._follow(arn, definition, container)}

    def _words(self, line: str) -> list[str]:
        try:
            words = shlex.split(line)
        except ValueError as error:
            raise self.failure(f"cmd {line} cannot be taken apart: {error}") from error
        if not words:
            raise self.failure("The command is empty: say what to run")
        return words

    def _service(self) -> dict[str, Any]:
        """The service. In check mode there may be none yet: an empty one."""
        ecs = self.client("ecs")
        try:
            found = ecs.describe_services(cluster=self.args["cluster"], services=[self.args["service"]])["services"]
        except ecs.exceptions.ClusterNotFoundException:
            found = []
        service: dict[str, Any] = next((item for item in found if item["status"] == "ACTIVE"), {})
        if not service and not self._task.check_mode:
            raise self.failure(
                f"Service {self.args['service']} of stack {self.args['stack']} is not there, which has the network of "
                "the task: run playbooks/compute.yml"
            )
        return service

    def _definition(self, named: str) -> dict[str, Any]:
        """The task definition, without containers when it is only announced."""
        if not named or placeholders.within(named):
            return {"taskDefinitionArn": named or "a task definition to come", "containerDefinitions": []}
        found: dict[str, Any] = self.client("ecs").describe_task_definition(taskDefinition=named)["taskDefinition"]
        return found

    def _running(self) -> str | None:
        """A task that a killed run has left, which is waited for instead of starting a second one."""
        if not self.args["started_by"]:
            return None
        request = {"cluster": self.args["cluster"], "startedBy": self.args["started_by"]}
        arns = self.client("ecs").list_tasks(**request)["taskArns"]
        if not arns:
            return None
        self.say(f"task {short(arns[0])} of {self.args['started_by']} is there already: waiting for it")
        return str(arns[0])

    def _start(self, service: dict[str, Any], definition: str, container: str) -> str:
        args = self.args
        tags = tags_of(args["stack"], f"task-{args['service']}", args["tags"])
        answer = self.client("ecs").run_task(
            cluster=args["cluster"],
            taskDefinition=definition,
            launchType="FARGATE",
            networkConfiguration=service["networkConfiguration"],
            overrides=overrides(args, container),
            tags=to_ecs(tags),
            enableECSManagedTags=True,
            **({"startedBy": args["started_by"]} if args["started_by"] else {}),
        )
        if not answer["tasks"]:
            why = [failure.get("reason", "no reason given") for failure in answer["failures"]]
            raise self.failure(f"No task of {short(definition)} was started: {', '.join(why)}")
        return str(answer["tasks"][0]["taskArn"])

    def _follow(self, arn: str, definition: dict[str, Any], container: str) -> dict[str, Any]:
        """Waits for the task's end, showing its log; fails unless the exit code is 0."""
        args, ecs = self.args, self.client("ecs")
        places = [place for place in log_places(definition, arn) if f"/{container}/" in place[1]]
        log = Log(self.client("logs"), places)
        what = f"Task {short(arn)} ({shlex.join(args['command'])}) of stack {args['stack']}"
        deadline = self.deadline(args["timeout"])
        for seconds in self.moments(deadline):
            with self.following(
                f"Task {short(arn)}", deadline, "It may still run: look at it in ECS before you run again."
            ):
                # Right after RunTask there may be no answer yet.
                found = ecs.describe_tasks(cluster=args["cluster"], tasks=[arn])["tasks"]
                for line in log.new():
                    self._display.display(f"    {line}")
            result = {"task": arn, "log": log.last, "seconds": round(seconds)}
            status = found[0]["lastStatus"] if found else "not to be seen yet"
            if meaning("ECS task", status) == NEVER:
                break
            self.see(f"task {short(arn)} is {status}", seconds, args["timeout"])
        else:
            reason = f"no end after {args['timeout']} s"
            ecs.stop_task(cluster=args["cluster"], task=arn, reason=reason)
            raise self._ended(f"{what} has {reason} and was told to stop", result)
        codes = {item["name"]: item["exitCode"] for item in found[0]["containers"] if "exitCode" in item}
        if container not in codes:
            raise self._ended(f"{what} did not run: {stopped_task(found[0])}", result)
        result["exit_code"] = codes[container]
        if result["exit_code"]:
            raise self._ended(f"{what} ended with exit code {codes[container]}: {stopped_task(found[0])}", result)
        return result

    def _ended(self, sentence: str, result: dict[str, Any]) -> AnsibleActionFail:
        return self.failure(sentence, *(f"log: {line}" for line in result["log"]), changed=True, **result)
