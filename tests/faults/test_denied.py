"""Each action of a first run is denied, one at a time: the run says which, and how to grant it.

The runs of a part follow each other: each begins with what the one before, which was denied the action before, has
left. So the next one has the rest before it only, and it is a run after a failed one as well.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults import answers
from tests.faults.bench import PARTS, Bench, Outcome, Part, assert_names, failures
from tests.faults.proxy import Rule, answered

pytestmark = pytest.mark.whole
FAULT = "access denied"
# A run that may not delete its lock leaves it.
LOCK = ("ssm:DeleteParameter",)


@pytest.mark.parametrize("part", PARTS, ids=str)
def test_the_action_is_named(bench: Bench, subtests: Any, part: Part) -> None:
    recorded = bench.at(part)
    known = {call for before in PARTS[: PARTS.index(part)] for call in bench.recorded[before].calls}
    for call in recorded.calls:
        if call not in known and call not in LOCK:
            with subtests.test(call=call), Outcome.written(FAULT, str(part), call) as outcome:
                _one(bench, outcome, part)
    with subtests.test(call="none"):
        last = bench.run(*part.arguments)
        assert last.exit_code == 0, failures(last)
        bench.assert_whole(part.arguments, recorded.standing)


def _one(bench: Bench, outcome: Outcome, part: Part) -> None:
    with bench.proxy.faults(Rule(outcome.call, answered(answers.denied))):
        played = bench.run(*part.arguments)
        met = bench.proxy.met()
    bench.assert_lock_is_free()
    if not met:  # what a run that was not stopped has made already: from the start again
        bench.at(part)
        with bench.proxy.faults(Rule(outcome.call, answered(answers.denied))):
            played = bench.run(*part.arguments)
            assert bench.proxy.met(), played.output[-2000:]
    if played.exit_code == 0:
        outcome.ended = "same run, without it"
        return
    said = failures(played)
    outcome.said.append(said)
    assert_names(said, {call.operation for call in bench.proxy.met()}, "[Gg]rant")
    outcome.ended = "named"
