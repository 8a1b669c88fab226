"""The connection breaks at each call of a first run that writes: after AWS has done it, and before."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.bench import PARTS, SITE, Bench, Outcome, Part
from tests.faults.proxy import Fault, Rule, cut_after, cut_before

AT_ONCE = ", all of a first run"
TOGETHER = ", all of a part in one run"
pytestmark = pytest.mark.whole
FAULTS = {"answer lost": cut_after, "connection cut before the call": cut_before}


@pytest.mark.parametrize("part", PARTS, ids=str)
@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_there_twice_or_lost(bench: Bench, subtests: Any, fault: str, part: Part) -> None:
    for call in bench.at(part).writes:
        with subtests.test(call=call), Outcome.written(fault, str(part), call) as outcome:
            _one(bench, outcome, part, FAULTS[fault])


@pytest.mark.parametrize("part", PARTS, ids=str)
@pytest.mark.parametrize("fault", FAULTS)
def test_all_calls_of_a_part_in_one_run(bench: Bench, fault: str, part: Part) -> None:
    """Harder for the run, and quicker: each call that writes meets the fault once, in one run."""
    recorded = bench.at(part)
    whole = Outcome(fault, str(part), "*", "failed")
    try:
        bench.fault(whole, part.arguments, Rule("*", FAULTS[fault], times=1, writes=True), words="again")
        assert set(recorded.writes) <= {call.name for call in bench.proxy.met()}
        bench.assert_whole(part.arguments, recorded.standing)
    except BaseException:
        whole.ended = f"failed after {whole.ended}"
        raise
    finally:
        for call in recorded.writes:
            Outcome(f"{fault}{TOGETHER}", str(part), call, whole.ended, whole.said).write()


def test_all_calls_of_a_first_run(bench: Bench) -> None:
    """Also of what the layers start before they wait."""
    standing = bench.built()
    bench.lab.reset()
    whole = Outcome(f"answer lost{AT_ONCE}", SITE[0], "*", "failed")
    try:
        bench.fault(whole, SITE, Rule("*", cut_after, times=1, writes=True), words="again")
        met = bench.proxy.met()
        bench.assert_whole(SITE, standing)
    except BaseException:
        whole.ended = f"failed after {whole.ended}"
        met = bench.proxy.met()
        raise
    finally:
        for call in met:
            Outcome(whole.fault, whole.case, call.name, whole.ended, whole.said).write()


def _one(bench: Bench, outcome: Outcome, part: Part, fault: Fault) -> None:
    wanted = bench.at(part).standing
    bench.fault(outcome, part.arguments, Rule(outcome.call, fault, times=1), words="again")
    bench.assert_whole(part.arguments, wanted)
