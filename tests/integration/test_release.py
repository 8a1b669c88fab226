"""Releases: each ends with one version serving all users, and says why when it is not the new one."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

from tests.conftest import Lab
from tests.integration.conftest import STACK, Built, Services
from tests.integration.playbook import Played, kill_at, play

REPOSITORY = f"{STACK}/backend"
ALARM = f"{STACK}-errors"
CANARY = ("-e", "release_strategy=canary", "-e", f"release_canary_alarms={ALARM}")
WAIT_SECONDS = 60


class Stack(Services):
    """The service as boto3 sees it, and its releases."""

    def release(self, tag: str, *options: str) -> Played:
        return self.play("release", "-e", f"release_image={tag}", *options)

    def push(self, tag: str) -> None:
        manifest = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "annotations": {"tag": tag}}
        self.lab.aws("ecr").put_image(repositoryName=REPOSITORY, imageManifest=json.dumps(manifest), imageTag=tag)

    def service(self, name: str = "backend") -> dict[str, Any]:
        found = self.lab.aws("ecs").describe_services(cluster=STACK, services=[name])["services"]
        return next((dict(service) for service in found if service["status"] == "ACTIVE"), {})

    def tag(self) -> str:
        """Tag of the image that all running tasks of the service have."""
        service = self.service()
        assert [item["status"] for item in service["deployments"]] == ["PRIMARY"]
        assert service["runningCount"] == service["desiredCount"] == 2
        answer = self.lab.aws("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])
        (container,) = answer["taskDefinition"]["containerDefinitions"]
        return str(container["image"]).partition(":")[2]

    def weights(self) -> dict[str, int]:
        """Share of each target group in the listener on port 443."""
        elbv2 = self.lab.aws("elbv2")
        (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
        listeners = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        (action,) = next(listener["DefaultActions"] for listener in listeners if listener["Port"] == 443)
        # The name is in the ARN: a group that was made just now may not be listed yet.
        groups = action["ForwardConfig"]["TargetGroups"]
        return {item["TargetGroupArn"].split("/")[1]: item["Weight"] for item in groups}

    def has_canary(self) -> bool:
        groups = self.lab.aws("elbv2").describe_target_groups()["TargetGroups"]
        return bool(self.service("backend-canary")) or len(groups) > 1

    def set_alarm(self, state: str) -> None:
        self.lab.aws("cloudwatch").set_alarm_state(AlarmName=ALARM, StateValue=state, StateReason="a test")


def message(run: Played) -> str:
    """The failure that ended the run."""
    assert run.exit_code != 0, run.output
    return str([result for result in run.results[STACK] if result.get("failed")][-1]["msg"])


@pytest.fixture(scope="module")
def stack(lab: Lab, services: Built) -> Stack:
    found = Stack(lab, services.directory)
    lab.aws("cloudwatch").put_metric_alarm(
        AlarmName=ALARM, Namespace="AWS/ApplicationELB", MetricName="RequestCount", Statistic="Sum", Period=60,
        EvaluationPeriods=1, Threshold=1.0, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    found.set_alarm("OK")
    for tag in ("2", "3-never-healthy", "4", "5", "6", "7"):
        found.push(tag)
    return found


def test_a_tag_that_the_registry_does_not_hold_is_refused(stack: Stack) -> None:
    run = stack.release("1.9.9")
    assert "1.9.9" in message(run)
    assert REPOSITORY in message(run)
    assert "7" in message(run)  # what it does hold
    assert run.writes == []
    assert stack.tag() == "1.0.0"


def test_a_release_without_an_image_says_what_to_give(stack: Stack) -> None:
    run = stack.play("release")
    assert "-e release_image=<tag>" in message(run)
    assert run.writes == []


def test_a_good_release(stack: Stack) -> None:
    migration = ("-e", '{"release_migration_command": "alembic upgrade head"}')
    check = stack.release("2", "--check", "--diff", *migration)
    assert check.exit_code == 0, check.output
    assert check.writes == []
    before, after = check.diffs(STACK)["task-definition-backend"]
    assert before["backend.image"].endswith("/backend:1.0.0")
    assert after["backend.image"].endswith("/backend:2")
    run = stack.release("2", *migration)
    assert run.exit_code == 0, run.output
    assert run.components(STACK) == check.components(STACK)
    assert stack.tag() == "2"
    assert run.writes.count("RunTask") == 1
    again = stack.release("2", *migration)
    assert again.exit_code == 0, again.output
    assert again.writes == []


def test_a_migration_that_fails_stops_the_release(stack: Stack) -> None:
    run = stack.release("4", "-e", '{"release_migration_command": "sh -c \'exit 3\'"}')
    assert "exit code 3" in message(run)
    assert "lab: exit code 3" in message(run)  # the task's log
    assert "UpdateService" not in run.writes
    assert stack.tag() == "2"


def test_tasks_that_never_become_healthy_give_way(stack: Stack) -> None:
    run = stack.release("3-never-healthy")
    assert "did not roll out" in message(run)
    assert f"{STACK}-backend:2 serves all users" in message(run)
    assert "is unhealthy" in message(run) or "failed" in message(run)
    assert stack.tag() == "2"


def test_a_canary_that_is_well_becomes_the_release(stack: Stack) -> None:
    check = stack.release("5", "--check", *CANARY)
    assert check.exit_code == 0, check.output
    assert check.writes == []
    assert {"service-backend-canary", "target-group-backend-canary", "listener-443"} <= check.components(STACK).keys()
    seen: list[dict[str, int]] = []
    stop = threading.Event()
    watcher = threading.Thread(target=lambda: watch(stack, seen, stop))
    watcher.start()
    run = stack.release("5", *CANARY, "-e", "release_canary_bake_time=3", "-e", "release_canary_weight=20")
    stop.set()
    watcher.join()
    assert run.exit_code == 0, run.output
    assert {f"{STACK}-backend": 80, f"{STACK}-backend-canary": 20} in seen
    assert stack.tag() == "5"
    assert stack.weights() == {f"{STACK}-backend": 100}
    assert not stack.has_canary()


def watch(stack: Stack, seen: list[dict[str, int]], stop: threading.Event) -> None:
    while not stop.wait(0.5):
        seen.append(stack.weights())


def ring(stack: Stack) -> None:
    """Set the alarm off as soon as the canary has users."""
    deadline = time.monotonic() + WAIT_SECONDS
    while stack.weights().get(f"{STACK}-backend-canary", 0) == 0:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    stack.set_alarm("ALARM")


def test_an_alarm_while_the_canary_bakes_ends_it(stack: Stack) -> None:
    ringer = threading.Thread(target=ring, args=(stack,))
    ringer.start()
    run = stack.release("6", *CANARY, "-e", "release_canary_bake_time=60")
    ringer.join()
    stack.set_alarm("OK")
    assert ALARM in message(run)
    assert f"{STACK}-backend:" in message(run)
    assert stack.tag() == "5"
    assert stack.weights() == {f"{STACK}-backend": 100}
    assert not stack.has_canary()


def test_a_release_that_was_killed_goes_on(stack: Stack) -> None:
    """Killed with half a canary, then with users on it; the last one ends it."""
    arguments = stack.arguments("release", "-e", "release_image=7", *CANARY, "-e", "release_canary_bake_time=1")
    ecs = stack.lab.aws("ecs")
    before = len(ecs.list_task_definitions(familyPrefix=f"{STACK}-backend")["taskDefinitionArns"])
    for operation in ("CreateTargetGroup", "ModifyListener"):
        kill_at(stack.lab, stack.directory, operation, *arguments)
    run = play(stack.lab, stack.directory, *arguments)
    assert run.exit_code == 0, run.output
    assert stack.tag() == "7"
    assert stack.weights() == {f"{STACK}-backend": 100}
    assert not stack.has_canary()
    assert len(ecs.list_task_definitions(familyPrefix=f"{STACK}-backend")["taskDefinitionArns"]) == before + 1


def test_rollback(stack: Stack) -> None:
    check = stack.play("rollback", "--check")
    assert check.exit_code == 0, check.output
    assert check.writes == []
    run = stack.play("rollback")
    assert run.exit_code == 0, run.output
    assert run.components(STACK) == check.components(STACK)
    assert stack.tag() == "5"
    named = stack.play("rollback", "-e", "release_revision=1")
    assert named.exit_code == 0, named.output
    assert stack.tag() == "1.0.0"
    missing = stack.play("rollback", "-e", "release_revision=99")
    assert "99" in message(missing)
    assert stack.tag() == "1.0.0"


def test_status_says_what_runs(stack: Stack) -> None:
    run = stack.play("status")
    assert run.exit_code == 0, run.output
    assert run.writes == []
    text = run.output
    assert f"{STACK}-backend:1" in text
    assert "/backend:1.0.0" in text
    assert "healthy" in text


def test_one_off_task(stack: Stack) -> None:
    check = stack.play("run_task", "--check", "-e", '{"ecs_task_command": "alembic current"}')
    assert check.exit_code == 0, check.output
    assert check.writes == []
    run = stack.play("run_task", "-e", '{"ecs_task_command": "alembic current"}')
    assert run.exit_code == 0, run.output
    assert "lab: running alembic current" in run.output
    assert "exit code 4" in message(stack.play("run_task", "-e", '{"ecs_task_command": "sh -c \'exit 4\'"}'))


def test_logs(stack: Stack) -> None:
    run = stack.play("logs")
    assert run.exit_code == 0, run.output
    assert run.writes == []
    assert "lab: running alembic current" in run.output
    found = stack.play("logs", "-e", "ecs_logs_pattern=alembic", "-e", "ecs_logs_limit=1")
    assert "lab: started" not in found.output
