"""A first run in which much goes wrong at once: what of the bench `make test` has time for."""

from __future__ import annotations

import pytest

from tests.faults import answers
from tests.faults.bench import SITE, STACK, Bench, Outcome
from tests.faults.proxy import Rule, answered, cut_after

# What AWS makes itself, and tags with none of the stack's tags.
OF_AWS = {"secret", "route table"}


@pytest.mark.whole
def test_a_first_run_survives_lost_answers_and_throttling(bench: Bench) -> None:
    """The answer to the first call of each name that writes is lost, and every fifth call is throttled."""
    bench.lab.reset()
    rules = (
        Rule("*", cut_after, times=1, writes=True),
        Rule("*", answered(answers.throttled), share=0.2),
        Rule("*", answered(answers.internal), share=0.05),
    )
    outcome = bench.fault(Outcome("much at once", "site.yml", "*", ""), SITE, *rules, words="again")
    assert outcome.ended == "same run", outcome.said
    again = bench.run(*SITE)
    assert again.exit_code == 0, again.output
    assert again.writes == []
    assert set(again.components(STACK).values()) == {"none"}
    standing = bench.standing()
    assert {
        (kind, name): number
        for kind, names in standing.items()
        for name, number in names.items()
        if number > 1 and " " not in name and kind != "record"
    } == {}
    assert {kind for kind, names in standing.items() if "(no tag)" in names} == OF_AWS
