"""What a module that begins anew has done, over all its attempts."""

from __future__ import annotations

import importlib
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import attempts, consistency, retries
from ansible_collections.triflow.platform.plugins.module_utils.attempts import Attempts, Change, LookAgain
from ansible_collections.triflow.platform.plugins.module_utils.retries import AnswerLost

MODULES = [
    path
    for path in sorted(Path(__file__).resolve().parents[2].glob("plugins/modules/*.py"))
    if "Run(module)" in path.read_text(encoding="utf-8") and path.stem != "db_extensions"  # which writes to PostgreSQL
]
LOST = AnswerLost(service="ec2", operation="CreateVpc", reason="cut")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(consistency, "time", SimpleNamespace(monotonic=lambda: made.now, sleep=made.sleep))
    return made


def lose(found: Attempts, change: Change, made: bool = False) -> None:
    """Begin a change whose answer is lost; ``made``: its second one, after that to the creation."""
    with suppress(AnswerLost), found.writing(change):
        if made:
            found.answered()
        assert found.lost("call")
        raise LOST
    found.number += 1


@pytest.fixture
def tried() -> Attempts:
    """A module whose first attempt has lost an answer while it created a thing."""
    found = Attempts(looks_again=True)
    found.record(Change("first", "none", [], "1"))
    lose(found, Change("thing", "create", []))
    return found


def shown(found: Attempts) -> list[tuple[str, str]]:
    return [(change.component, change.action) for change in found.changes]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_module_that_brings_resources_begins_anew(path: Path) -> None:
    module = importlib.import_module(f"ansible_collections.triflow.platform.plugins.modules.{path.stem}")
    assert hasattr(module.main, "__wrapped__")


def test_what_is_found_after_all_was_created(tried: Attempts) -> None:
    tried.record(Change("first", "none", [], "1"))
    tried.record(Change("thing", "none", [], "2"))
    tried.record(Change("last", "none", [], "3"))
    assert shown(tried) == [("first", "none"), ("thing", "create"), ("last", "none")]


def test_what_is_found_half_done_was_created_and_goes_on_at_once(tried: Attempts, clock: Clock) -> None:
    with tried.writing(Change("thing", "update", ["tags"], "2")):
        pass
    assert shown(tried)[1:] == [("thing", "create")]
    assert clock.now == 0


def test_what_is_not_found_is_looked_for_before_it_is_created_again(tried: Attempts, clock: Clock) -> None:
    looks = 0
    while clock.now < attempts.LOOK_SECONDS:
        with pytest.raises(LookAgain), tried.writing(Change("thing", "create", [])):
            pytest.fail("it was created twice")
        tried.number += 1
        looks += 1
    assert looks > 2
    with tried.writing(Change("thing", "create", [])):
        pass
    assert shown(tried)[1:] == [("thing", "create")]


def test_what_was_made_for_certain_is_looked_for_longer(clock: Clock) -> None:
    found = Attempts(looks_again=True)
    lose(found, Change("thing", "create", []), made=True)
    clock.now = attempts.LOOK_SECONDS + 1
    with pytest.raises(LookAgain), found.writing(Change("thing", "create", [])):
        pytest.fail("it was created twice")


def test_an_update_whose_answer_was_lost_may_show_late() -> None:
    found = Attempts(looks_again=True)
    lose(found, Change("thing", "update", ["revision"], "1"))
    with pytest.raises(LookAgain), found.writing(Change("thing", "update", ["revision"], "1")):
        pytest.fail("it was updated twice")
    found.number += 1
    found.record(Change("thing", "none", [], "2"))  # a new revision has another id
    assert [(change.action, change.fields) for change in found.changes] == [("update", ["revision"])]


def test_what_is_deleted_under_one_name_is_told_apart_by_its_id() -> None:
    found = Attempts(looks_again=True)
    for identifier in "ab":
        with found.writing(Change("thing", "delete", [], identifier)):
            pass
    found.number += 1
    with found.writing(Change("thing", "delete", [], "c")):
        pass
    found.record(Change("thing", "none", []))
    assert [change.identifier for change in found.changes] == ["a", "b", "c"]


def test_a_refusal_is_looked_into_for_a_while_after_a_lost_answer(tried: Attempts, clock: Clock) -> None:
    with pytest.raises(LookAgain):
        tried.excuse()
    clock.now = attempts.LOOK_SECONDS
    tried.excuse()


def test_a_refusal_of_what_was_repeated_is_looked_into_too(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    found = Attempts(looks_again=True)
    repeated = retries.writes_repeated() + 1
    monkeypatch.setattr(retries, "writes_repeated", lambda: repeated)
    with pytest.raises(LookAgain):
        found.excuse()
    clock.now = attempts.LOOK_SECONDS
    found.excuse()


def test_without_a_lost_answer_a_refusal_is_one() -> None:
    Attempts(looks_again=True).excuse()


def test_one_call_loses_its_answer_a_few_times_at_most() -> None:
    found = Attempts(looks_again=True)
    assert [found.lost("call") for _unused in range(attempts.MOST_LOST)] == [*[True] * (attempts.MOST_LOST - 1), False]
    assert found.patience is None
    assert found.lost("another call")


def test_a_module_that_does_not_look_again_fails() -> None:
    assert not Attempts().lost("call")


def test_a_module_begins_anew_with_what_it_has_done() -> None:
    seen: list[tuple[int, str]] = []

    @attempts.looks_again
    def main() -> None:
        found = attempts.current()
        seen.append((found.number, found.first("token", f"token {found.number}")))
        if found.number == 1:
            raise LOST
        if found.number == 2:
            raise LookAgain

    main()
    assert seen == [(1, "token 1"), (2, "token 1"), (3, "token 1")]
    assert attempts.current().number == 1
