"""event_rule (ALM-7)."""

from __future__ import annotations

import json
from typing import Any

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags, tags

MODULE = "event_rule"
COMPONENT = "rule-task-stopped"
TOPIC = "arn:aws:sns:ap-northeast-2:123456789012:alarms"
PATTERN = {"source": ["aws.ecs"], "detail": {"lastStatus": ["STOPPED"], "group": [{"prefix": "service:"}]}}


def rule(stack: str, **options: Any) -> dict[str, Any]:
    wanted = {
        "component": COMPONENT,
        "name": f"{stack}-task-stopped",
        "description": "A task stopped",
        "event_pattern": PATTERN,
        "targets": [{"id": "topic", "arn": TOPIC}],
    }
    return {**wanted, **options}


def found(lab: Lab, name: str) -> dict[str, Any] | None:
    events = lab.aws("events")
    named = [item for item in events.list_rules(NamePrefix=name)["Rules"] if item["Name"] == name]
    if not named:
        return None
    targets = events.list_targets_by_rule(Rule=name)["Targets"]
    return {**named[0], "targets": {target["Id"]: target["Arn"] for target in targets}}


def test_grammar(lab: Lab, stack: str, run_module: RunModule) -> None:
    name = f"{stack}-task-stopped"

    def read() -> Any:
        live = found(lab, name)
        if live is None:
            return None
        described = lab.aws("events").list_tags_for_resource(ResourceARN=live["Arn"])
        assert tags(described) == expected_tags(stack, COMPONENT)
        assert live["State"] == "ENABLED"
        return live["Description"], json.loads(live["EventPattern"]), live["targets"]

    crashed = {"source": ["aws.ecs"], "detail": {"stopCode": ["EssentialContainerExited", "TaskFailedToStart"]}}
    case = Case(
        module=MODULE,
        options=rule(stack),
        update={
            "description": "A task crashed",
            "event_pattern": crashed,
            "targets": [{"id": "topic", "arn": f"{TOPIC}-2"}, {"id": "other", "arn": TOPIC}],
        },
        read=read,
        created=("A task stopped", PATTERN, {"topic": TOPIC}),
        updated=("A task crashed", crashed, {"topic": f"{TOPIC}-2", "other": TOPIC}),
        deleted=None,
        creates=[COMPONENT],
        named=[COMPONENT],
        updates={COMPONENT: ["description", "event_pattern", "targets"]},
        deletes=[COMPONENT],
        refused=[
            ({"name": None}, "missing required arguments: name"),
            ({"event_pattern": None}, "state is present but all of the following are missing: event_pattern"),
            ({"targets": [{"id": "topic"}]}, "missing required arguments: arn"),
        ],
    )
    walk(case, lab, run_module)


def test_what_somebody_changed_is_put_right(lab: Lab, stack: str, run_module: RunModule) -> None:
    events, name = lab.aws("events"), f"{stack}-task-stopped"
    run_module(MODULE, **rule(stack))
    events.disable_rule(Name=name)
    events.put_targets(
        Rule=name,
        Targets=[{"Id": "topic", "Arn": TOPIC, "Input": '"nothing"'}, {"Id": "mine", "Arn": f"{TOPIC}-mine"}],
    )
    result = run_module(MODULE, **rule(stack))
    assert sorted(result["changes"][0]["fields"]) == ["enabled", "targets"]
    live = found(lab, name)
    assert live
    assert (live["State"], live["targets"]) == ("ENABLED", {"topic": TOPIC})
    assert "Input" not in events.list_targets_by_rule(Rule=name)["Targets"][0]
    assert run_module(MODULE, **rule(stack))["changed"] is False


def test_a_description_that_is_not_given_stays(lab: Lab, stack: str, run_module: RunModule) -> None:
    run_module(MODULE, **rule(stack))
    other = rule(stack, description=None, event_pattern={"source": ["aws.ec2"]})
    assert run_module(MODULE, **other)["changes"][0]["fields"] == ["event_pattern"]
    live = found(lab, f"{stack}-task-stopped")
    assert live
    assert live["Description"] == "A task stopped"


def test_a_run_that_was_killed_before_its_targets(lab: Lab, stack: str, run_module: RunModule) -> None:
    run_module(MODULE, **rule(stack))
    lab.aws("events").remove_targets(Rule=f"{stack}-task-stopped", Ids=["topic"])
    assert run_module(MODULE, **rule(stack))["changes"][0]["fields"] == ["targets"]
    live = found(lab, f"{stack}-task-stopped")
    assert live
    assert live["targets"] == {"topic": TOPIC}


def test_a_rule_of_somebody_else_is_neither_deleted_nor_taken_unasked(
    lab: Lab, stack: str, run_module: RunModule
) -> None:
    name = f"{stack}-task-stopped"
    lab.aws("events").put_rule(Name=name, EventPattern=json.dumps(PATTERN))
    assert run_module(MODULE, **rule(stack, state="absent"))["changed"] is False
    assert found(lab, name)
    assert "has no tag triflow:stack" in run_module(MODULE, **rule(stack))["msg"]
    assert "tags" in run_module(MODULE, **rule(stack), adopt=[COMPONENT])["changes"][0]["fields"]
    assert run_module(MODULE, **rule(stack, state="absent"))["changed"] is True
    assert found(lab, name) is None
