"""What every module of ours does the same way: bad input, create, again, update, again, delete, again.

A module's test makes a `Case` and walks it:

    def test_grammar(lab: Lab, stack: str, run_module: RunModule) -> None:
        walk(Case(module="vpc_endpoints", options={...}, ...), lab, run_module)

The account is not empty: other tests' stacks are in it. So `read` looks at what the test's own stack or VPC holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.lost_answers import lost_answers
from tests.shuffle import reversed_lists


@dataclass(frozen=True)
class Case:
    """One module's way through the grammar."""

    module: str
    options: dict[str, Any]  # of what is created
    update: dict[str, Any]  # the options that another run changes
    read: Callable[[], Any]  # what AWS shows, read with boto3: never with a module of ours
    created: Any  # what `read` gives after the creation,
    updated: Any  # after the update,
    deleted: Any  # and before the creation and after the deletion
    creates: list[str]  # components
    updates: dict[str, list[str]]  # component: the fields that differ
    deletes: list[str] = field(default_factory=list)  # components; empty: the module has no state absent
    named: list[str] = field(default_factory=list)  # components that another stack may have made before, by their names
    refused: list[tuple[dict[str, Any], str]] = field(default_factory=list)  # changed options, part of the message


def walk(case: Case, lab: Lab, run_module: RunModule) -> None:
    """Assert the whole grammar."""
    step = Steps(case, lab, run_module)
    changed = {**case.options, **case.update}
    absent = {**changed, "state": "absent"}
    for options, message in case.refused:
        step.refused({**case.options, **options}, message)
    step.guarded(case.options)

    creation = [{"component": name, "action": "create", "fields": []} for name in case.creates]
    step.planned(case.options, creation, case.deleted)
    step.carried_out(case.options, creation, case.created)
    step.unchanged(case.options, case.created)
    if case.named:
        step.refused_to_others(case.options, case.created)

    update = [
        {
            "component": name,
            "action": "update" if name in case.updates else "none",
            "fields": case.updates.get(name, []),
        }
        for name in case.creates
    ]
    step.planned(changed, update, case.created)
    step.carried_out(changed, update, case.updated)
    step.unchanged(reversed_lists(changed), case.updated)

    if case.deletes:
        deletion = [{"component": name, "action": "delete", "fields": []} for name in case.deletes]
        step.planned(absent, deletion, case.updated)
        step.carried_out(absent, deletion, case.deleted)
        step.unchanged(absent, case.deleted)

        step.looks_again(case.options, creation, case.created)
        step.looks_again(changed, update, case.updated)
        step.looks_again(absent, deletion, case.deleted)
    else:
        back = [{**change, "fields": case.updates.get(str(change["component"]), [])} for change in update]
        step.looks_again(case.options, back, case.created)


class Steps:
    def __init__(self, case: Case, lab: Lab, run_module: RunModule) -> None:
        self.case = case
        self.lab = lab
        self.run_module = run_module
        self.plan: dict[str, Any] = {}

    def _run(self, options: dict[str, Any], check: bool = False) -> tuple[dict[str, Any], list[str]]:
        """The module's result, and the operations with which it wrote."""
        before = len(self.lab.calls())
        result = self.run_module(self.case.module, check=check, **options)
        assert "warnings" not in result
        return result, [call["operation"] for call in self.lab.calls()[before:] if call["write"]]

    def refused(self, options: dict[str, Any], message: str) -> None:
        result, writes = self._run(options)
        assert result.get("failed"), f"{options} was not refused"
        assert message in result["msg"]
        assert writes == []
        assert self.case.read() == self.case.deleted

    def guarded(self, options: dict[str, Any]) -> None:
        """It writes nothing when this run does not hold the lock that is asked for, or is in another account."""
        for guard, message in (
            ({"locked": False}, "this run does not hold the lock of the stack"),
            ({"account": "999999999999"}, "stack_account_id is 999999999999"),
        ):
            self.refused({**options, "guard": guard}, message)
            assert not self._run({**options, "guard": guard}, check=True)[0].get("failed")

    def planned(self, options: dict[str, Any], changes: list[dict[str, Any]], live: Any) -> None:
        """In check mode it announces the changes with a diff of exactly their fields, and writes nothing."""
        result, writes = self._run(options, check=True)
        assert not result.get("failed"), result["msg"]
        assert in_order(result["changes"]) == in_order(changes)
        assert result["changed"] is True
        assert writes == []
        assert self.case.read() == live
        diffs = {diff["after_header"]: diff for diff in result["diff"]}
        assert sorted(diffs) == sorted(change["component"] for change in changes if change["action"] != "none")
        for change in changes:
            if change["action"] == "create":
                assert diffs[change["component"]]["before"] == {}
                assert diffs[change["component"]]["after"]
            elif change["action"] == "update":
                assert sorted(diffs[change["component"]]["before"]) == sorted(change["fields"])
                assert sorted(diffs[change["component"]]["after"]) == sorted(change["fields"])
            elif change["action"] == "delete":
                assert diffs[change["component"]]["before"]
                assert diffs[change["component"]]["after"] == {}
        self.plan = result

    def carried_out(self, options: dict[str, Any], changes: list[dict[str, Any]], live: Any) -> None:
        """It does what it announced."""
        result, writes = self._run(options)
        assert not result.get("failed"), result["msg"]
        assert in_order(result["changes"]) == in_order(changes)
        assert result["changes"] == self.plan["changes"]
        assert result["diff"] == self.plan["diff"]
        assert result["changed"] is True
        assert writes != []
        assert self.case.read() == live

    def looks_again(self, options: dict[str, Any], changes: list[dict[str, Any]], live: Any) -> None:
        """It does the same when the answer to each of its writes is lost, at first undone and then done."""
        with lost_answers() as cut:
            result, writes = self._run(options)
        assert not result.get("failed"), (cut, result["msg"])
        assert cut != []
        assert self.case.read() == live, (cut, writes)
        assert in_order(result["changes"]) == in_order(changes), (cut, writes)
        result, writes = self._run(options)
        assert not result.get("failed"), result["msg"]
        assert result["changed"] is False, result["diff"]
        assert writes == []

    def refused_to_others(self, options: dict[str, Any], live: Any) -> None:
        """Another stack is refused what has the names that it wants, and takes over only what it names; and back."""
        others = {**options, "stack": "another"}
        named = self.case.named
        for check in (True, False):
            result, writes = self._run(others, check=check)
            assert result.get("failed"), "another stack took it over"
            for component in named:
                assert re.search(rf"{component}: \S.* is there and belongs to the stack ", result["msg"])
            assert f"run again with -e '{json.dumps({'stack_adopt': named})}'" in result["msg"]
            assert writes == []
            assert self.case.read() == live
        if self.case.deletes:
            self.unchanged({**others, "state": "absent"}, live)
        adopted = [{"component": component, "action": "update", "fields": ["tags"]} for component in named]
        for adopting in ({**others, "adopt": named}, {**options, "adopt": named}):
            for check in (True, False):
                result, writes = self._run(adopting, check=check)
                assert not result.get("failed"), result["msg"]
                changed = [change for change in result["changes"] if change["component"] in named]
                assert in_order(changed) == in_order(adopted)
                assert bool(writes) is not check
        assert self.case.read() == live
        self.unchanged(options, live)

    def unchanged(self, options: dict[str, Any], live: Any) -> None:
        """It finds nothing to do, in check mode or not."""
        for check in (True, False):
            result, writes = self._run(options, check=check)
            assert not result.get("failed"), result["msg"]
            assert result["changed"] is False, result["diff"]
            assert {change["action"] for change in result["changes"]} <= {"none"}
            assert result["diff"] == []
            assert writes == []
            assert self.case.read() == live


def in_order(changes: list[dict[str, Any]]) -> list[tuple[str, str, list[str]]]:
    """The changes whatever the order of components and of fields."""
    return sorted((change["component"], change["action"], sorted(change["fields"])) for change in changes)
