"""Services that are busy, broken, slow or late, and answers that are none."""

from __future__ import annotations

import re

import pytest

from tests.faults import answers
from tests.faults.bench import PARTS, SITE, Bench, Outcome, Part, assert_names, failures
from tests.faults.proxy import Fault, Rule, answered, cut_after, hang, page, truncated

pytestmark = pytest.mark.whole
BUSY = (
    Rule("*", answered(answers.throttled), share=0.2),
    Rule("*", answered(answers.internal), share=0.025),
    Rule("*", answered(answers.unavailable), share=0.025),
)
WAITED = re.compile(r"(?:repeated|goes on) in (?P<seconds>[\d.]+) s")
HANG_SECONDS = 70  # botocore reads for 60


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_throttling_costs_its_waits(bench: Bench, seed: int) -> None:
    """`site.yml` ends well by itself; what it takes more is what it says that it has waited."""
    standing = bench.built()
    bench.lab.reset()
    with bench.proxy.faults():
        quick = bench.run(*SITE, hurried=False)
    assert quick.exit_code == 0, quick.output
    bench.lab.reset()
    with Outcome.written("20 % throttled, 5 % 500 and 503", "site.yml", f"seed {seed}") as outcome:
        with bench.proxy.faults(*(Rule(rule.calls, rule.fault, rule.share) for rule in BUSY), seed=seed):
            busy = bench.run(*SITE, hurried=False)
            met, calls = len(bench.proxy.met()), len(bench.proxy.log)
        assert busy.exit_code == 0, busy.output[-3000:]
        waits = [float(found["seconds"]) for found in WAITED.finditer(busy.output)]
        outcome.said.append(
            f"{met} of {calls} calls refused; {busy.seconds:.0f} s, without faults {quick.seconds:.0f} s, "
            f"said to have waited {sum(waits):.0f} s in {len(waits)} pauses"
        )
        assert len(waits) >= met * 0.9  # a call that is looked at again is not said to be repeated
        assert busy.seconds - quick.seconds <= sum(waits)
        outcome.ended = "same run"
        bench.assert_whole(SITE, standing)


@pytest.mark.parametrize("call", ["ec2:CreateVpc", "ec2:DescribeVpcs"])
def test_a_call_hangs(bench: Bench, call: str) -> None:
    with Outcome.written(f"{HANG_SECONDS} s without an answer", str(PARTS[0]), call) as outcome:
        wanted = bench.at(PARTS[0]).standing
        bench.fault(outcome, PARTS[0].arguments, Rule(call, hang(HANG_SECONDS), times=1), words="again")
        bench.assert_whole(PARTS[0].arguments, wanted)


@pytest.mark.parametrize("part", PARTS, ids=str)
@pytest.mark.parametrize(("fault", "name"), [(page, "HTML page with 200"), (truncated, "truncated answer")])
def test_answers_that_are_none(bench: Bench, fault: Fault, name: str, part: Part) -> None:
    """The first call of each name in a part, all in one run, or as many as it ends early."""
    with Outcome.written(name, str(part), "first of each name") as outcome:
        wanted = bench.at(part).standing
        bench.fault(outcome, part.arguments, Rule("*", fault, times=1), words="again")
        bench.assert_whole(part.arguments, wanted)


@pytest.mark.parametrize("part", PARTS, ids=str)
def test_credentials_expire(bench: Bench, part: Part) -> None:
    """In the middle of a part; with new credentials the next run goes on."""
    with Outcome.written("expired credentials", str(part), "the first that writes") as outcome:
        recorded = bench.at(part)
        writes = [call for call in recorded.writes if not call.startswith("ssm:")]
        rule = Rule(writes[0], answered(answers.expired))
        with bench.proxy.faults(rule):
            played = bench.run(*part.arguments)
        bench.assert_lock_is_free()
        assert played.exit_code != 0
        outcome.said.append(failures(played))
        assert_names(outcome.said[0], {writes[0].partition(":")[2]}, "[Rr]enew")
        bench.assert_goes_on(outcome, part, recorded.standing)


def test_lost_answers_while_reads_are_late(bench: Bench) -> None:
    """The answer to the first call of each name that writes is lost, and what it made is not listed at once."""
    standing = bench.built()
    bench.lab.reset()
    with Outcome.written("answers lost while reads are late", "site.yml", "first of each name") as outcome:
        with bench.lab.like_aws():
            bench.fault(outcome, SITE, Rule("*", cut_after, times=1, writes=True), words="again")
        bench.assert_whole(SITE, standing)
