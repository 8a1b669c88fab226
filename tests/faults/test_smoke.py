"""Parts of a first run in which much goes wrong at once: what of the bench `make test` has time for."""

from __future__ import annotations

import pytest

from tests.faults import answers
from tests.faults.bench import STACK, Bench, Outcome, Part
from tests.faults.proxy import Rule, answered, cut_after

# They need no other part.
CASES = [Part("network", "vpc"), pytest.param(Part("observability", "notifications"), marks=pytest.mark.whole)]


@pytest.mark.parametrize("part", CASES, ids=str)
def test_a_run_survives_lost_answers_and_throttling(bench: Bench, part: Part) -> None:
    """The answer to the first call of each name that writes is lost, and every fifth call is throttled."""
    bench.lab.reset()
    rules = (
        Rule("*", cut_after, times=1, writes=True),
        Rule("*", answered(answers.throttled), share=0.2),
        Rule("*", answered(answers.internal), share=0.05),
    )
    outcome = bench.fault(Outcome("much at once", str(part), "*", ""), part.arguments, *rules, words="again")
    assert outcome.ended == "same run", outcome.said
    again = bench.run(*part.arguments)
    assert again.exit_code == 0, again.output
    assert again.writes == []
    assert set(again.components(STACK).values()) == {"none"}
    # Each component is one thing. Of its own AWS makes a route table, which has no tags.
    names = {(kind, name): number for kind, found in bench.standing().items() for name, number in found.items()}
    assert {item: number for item, number in names.items() if number > 1 and " " not in item[1]} == {}
    assert {kind for kind, name in names if name == "(no tag)"} <= {"route table"}
