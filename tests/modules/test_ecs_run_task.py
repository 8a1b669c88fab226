"""ecs_run_task: a command's exit code and log, and every way in which it can fail. It runs on the controller."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.triflow.platform.plugins.module_utils import placeholders
from botocore.exceptions import ConnectionClosedError

from tests.conftest import Lab
from tests.modules.compute import Compute, ecs_tags
from tests.modules.conftest import Refuse, ShowAnswer
from tests.modules.controller import Clock, RunAction, clock, run_action
from tests.modules.tagging import expected_tags

__all__ = ["clock", "run_action"]
SECRET = "postgresql://somebody:geheim@db/triflow"


class OneOff(Compute):
    """A service, and the action that runs a task beside it."""

    def __init__(self, lab: Lab, stack: str, run_action: RunAction) -> None:
        super().__init__(lab, stack)
        self.lab, self.run_action = lab, run_action
        self.definition = self.register()
        self.create_service(self.definition, count=1)

    def run(
        self, line: str, lines: list[str] | None = None, check: bool = False, timeout: int = 30, **more: Any
    ) -> dict[str, Any]:
        given = {"cluster": self.stack, "service": "backend", "command": ["sh", "-c", line], "timeout": timeout}
        return self.run_action("ecs_run_task", lines, check, **{**given, **more})

    def failure(self, line: str, **more: Any) -> tuple[str, dict[str, Any]]:
        with pytest.raises(AnsibleActionFail) as caught:
            self.run(line, **more)
        result: dict[str, Any] = caught.value.result
        return str(caught.value), result

    def writes(self, before: int) -> list[str]:
        return [call["operation"] for call in self.lab.calls()[before:] if call["write"]]

    def leave(self, started_by: str) -> str:
        """A task as a killed run leaves it."""
        service = self.service()
        assert service
        (task,) = self.ecs.run_task(
            cluster=self.stack,
            taskDefinition=self.definition,
            launchType="FARGATE",
            networkConfiguration=service["networkConfiguration"],
            overrides={"containerOverrides": [{"name": "backend", "command": ["sleep", "600"]}]},
            startedBy=started_by,
        )["tasks"]
        return str(task["taskArn"])

    def described(self, arn: str) -> dict[str, Any]:
        (task,) = self.ecs.describe_tasks(cluster=self.stack, tasks=[arn], include=["TAGS"])["tasks"]
        found: dict[str, Any] = task
        return found


@pytest.fixture
def one_off(lab: Lab, stack: str, run_action: RunAction) -> OneOff:
    return OneOff(lab, stack, run_action)


def test_a_command_runs_in_the_services_network_with_its_log_shown(one_off: OneOff) -> None:
    lines: list[str] = []
    result = one_off.run("migrate", lines, tags={"Project": "triflow"}, started_by="release")
    assert (result["changed"], result["exit_code"]) == (True, 0)
    assert result["log"] == ["lab: running sh -c migrate", "lab: exit code 0"]
    assert [line for line in lines if line.startswith("    ")] == [f"    {line}" for line in result["log"]]
    task = one_off.described(result["task"])
    assert task["taskDefinitionArn"] == one_off.definition
    assert (task["launchType"], task["startedBy"]) == ("FARGATE", "release")
    details = {item["name"]: item["value"] for item in task["attachments"][0]["details"]}
    assert details["subnetId"] in one_off.subnets
    tags = {name: value for name, value in ecs_tags(task).items() if not name.startswith("aws:")}
    assert tags == {**expected_tags(one_off.stack, "task-backend"), "Project": "triflow"}


def test_another_revision_size_and_environment(one_off: OneOff) -> None:
    second = one_off.register("example/backend:2")
    lines: list[str] = []
    environment = {"DATABASE_URL": SECRET, "ROUNDS": 3}
    result = one_off.run("migrate", lines, task_definition=second, cpu=1024, memory=2048, environment=environment)
    task = one_off.described(result["task"])
    assert (task["taskDefinitionArn"], task["cpu"], task["memory"]) == (second, "1024", "2048")
    (container,) = task["overrides"]["containerOverrides"]
    assert container["environment"] == [
        {"name": "DATABASE_URL", "value": SECRET},
        {"name": "ROUNDS", "value": "3"},
    ]
    assert result["diff"][0]["after"]["environment"] == ["DATABASE_URL", "ROUNDS"]
    assert SECRET not in f"{result} {lines}"


def test_a_command_line_is_taken_apart(one_off: OneOff) -> None:
    result = one_off.run("", command=None, cmd="sh -c 'migrate --all'")
    (container,) = one_off.described(result["task"])["overrides"]["containerOverrides"]
    assert container["command"] == ["sh", "-c", "migrate --all"]


def test_an_exit_code_is_a_failure_with_the_last_lines(one_off: OneOff) -> None:
    message, result = one_off.failure("migrate; exit 3", environment={"DATABASE_URL": SECRET})
    assert "(sh -c 'migrate; exit 3')" in message
    assert "ended with exit code 3: task " in message
    assert "Essential container in task exited (backend exit code 3)" in message
    assert message.endswith("log: lab: exit code 3")
    assert (result["exit_code"], result["changed"], result["log"][-1]) == (3, True, "lab: exit code 3")
    assert SECRET not in f"{message} {result}"


def test_a_task_that_cannot_start(one_off: OneOff) -> None:
    broken = one_off.register("example/backend:cannot-pull")
    message, result = one_off.failure("migrate", task_definition=broken)
    assert "did not run: task " in message
    assert "CannotPullContainerError" in message
    assert "exit_code" not in result


def test_a_task_that_takes_too_long_is_stopped(one_off: OneOff, clock: Clock) -> None:
    lines: list[str] = []
    message, result = one_off.failure("sleep 600", lines=lines, timeout=12)
    short = result["task"].split("/")[-1]
    said = [line for line in lines if not line.startswith("    ")]
    assert said == [
        f"  {one_off.stack}: task {short} is RUNNING ({second} s of at most 12 s)" for second in (0, 1, 3, 7, 12)
    ]
    assert [line for line in lines if line.startswith("    ")] == ["    lab: running sh -c sleep 600"]
    assert "has no end after 12 s and was told to stop" in message
    task = one_off.described(result["task"])
    assert (task["lastStatus"], task["stoppedReason"]) == ("STOPPED", "no end after 12 s")
    assert clock.now == 12


@pytest.mark.usefixtures("clock")
def test_a_killed_run_leaves_a_task_that_is_waited_for(one_off: OneOff) -> None:
    left = one_off.leave("release")
    before = len(one_off.lab.calls())
    lines: list[str] = []
    _message, result = one_off.failure("sleep 600", lines=lines, started_by="release", timeout=5)
    assert result["task"] == left
    assert "is there already: waiting for it" in lines[0]
    assert one_off.writes(before) == ["StopTask"]
    again = one_off.run("migrate", started_by="release")  # that one has stopped: another one is started
    assert again["task"] != left
    assert again["exit_code"] == 0


@pytest.mark.parametrize("started_by", [None, "another"])
def test_a_task_of_something_else_is_not_taken_over(one_off: OneOff, started_by: str | None) -> None:
    left = one_off.leave("release")
    assert one_off.run("migrate", started_by=started_by)["task"] != left
    assert one_off.described(left)["lastStatus"] == "RUNNING"


def test_a_plan_says_what_would_run(one_off: OneOff) -> None:
    before = len(one_off.lab.calls())
    lines: list[str] = []
    result = one_off.run("migrate", lines, check=True, environment={"DATABASE_URL": SECRET}, started_by="release")
    assert result["changed"] is True
    assert result["diff"][0]["before"] == {}
    assert result["diff"][0]["after"] == {
        "service": "backend",
        "task_definition": f"{one_off.stack}:1",
        "container": "backend",
        "command": "sh -c migrate",
        "environment": ["DATABASE_URL"],
        "started_by": "release",
    }
    assert lines == [f"  {one_off.stack}: would run sh -c migrate in the container backend of {one_off.stack}:1"]
    assert one_off.writes(before) == []
    assert SECRET not in f"{result} {lines}"


@pytest.mark.parametrize("missing", ["task definition", "service", "cluster"])
def test_a_plan_of_what_is_only_announced(one_off: OneOff, missing: str) -> None:
    announced = placeholders.make("arn:aws:ecs:::task-definition/", "task-definition-backend")
    options: dict[str, Any] = {
        "task definition": {"task_definition": announced},
        "service": {"service": "worker"},
        "cluster": {"cluster": "no-such-cluster"},
    }[missing]
    assert one_off.run("migrate", check=True, **options)["changed"] is True


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"container": "worker"}, ":1 has no container worker: set container to one of backend"),
        ({"started_by": "a b"}, "started_by a b is not 1 to 128 letters, digits"),
        ({"started_by": "a" * 129}, "is not 1 to 128 letters, digits"),
        ({"timeout": None}, "missing required arguments: timeout"),
        ({"command": None}, "one of the following is required: command, cmd"),
        ({"cmd": "migrate"}, "mutually exclusive: command|cmd"),
        ({"command": None, "cmd": "sh -c 'migrate"}, "cannot be taken apart: No closing quotation"),
        ({"command": None, "cmd": " "}, "The command is empty"),
        ({"command": []}, "The command is empty"),
    ],
)
def test_refused_before_anything_runs(one_off: OneOff, options: dict[str, Any], message: str, check: bool) -> None:
    before = len(one_off.lab.calls())
    assert message in one_off.failure("migrate", check=check, **options)[0]
    assert one_off.writes(before) == []


def test_a_missing_service_names_the_playbook(one_off: OneOff) -> None:
    message = one_off.failure("migrate", service="worker")[0]
    assert f"Service worker of stack {one_off.stack} is not there" in message
    assert "run playbooks/compute.yml" in message


def test_what_aws_refuses_is_told(one_off: OneOff) -> None:
    message = one_off.failure("migrate", cpu=2048)[0]
    assert f"Cannot run the task: ecs RunTask failed on stack {one_off.stack}" in message
    assert "No Fargate configuration" in message


def test_a_look_that_fails_says_nothing_of_the_task(one_off: OneOff, clock: Clock, refuse: Refuse) -> None:
    refuse("DescribeTasks", ConnectionClosedError)
    clock.at(10, lambda: refuse("DescribeTasks", None))
    assert one_off.run("exit 0", timeout=30)["exit_code"] == 0
    assert clock.now >= 10


def test_a_task_that_cannot_be_seen_is_not_taken_for_one_that_failed(
    one_off: OneOff, clock: Clock, refuse: Refuse
) -> None:
    clock.at(1, lambda: refuse("GetLogEvents", "ThrottlingException"))
    message, result = one_off.failure("sleep 600", timeout=12)
    assert "was not seen to its end: AWS could not be asked for 11 s. Last it was: task " in message
    assert "is RUNNING. logs GetLogEvents failed: words of ThrottlingException" in message
    assert message.count("words of ThrottlingException") == 1
    assert "It may still run" in message
    assert result["unseen"] is True
    assert clock.now == 12


def test_a_task_that_ecs_already_forgets_has_ended(one_off: OneOff, show_answer: ShowAnswer) -> None:
    """Amazon ECS developer guide, "Amazon ECS task lifecycle": DELETED comes after STOPPED."""

    def show(answer: dict[str, Any]) -> None:
        for task in answer["tasks"]:
            if task["lastStatus"] == "STOPPED":
                task["lastStatus"] = "DELETED"

    show_answer("DescribeTasks", show)
    assert one_off.run("exit 0")["exit_code"] == 0
