"""A hundred runs that are killed (SIGKILL) at a call that writes: before AWS has done it, or after."""

from __future__ import annotations

import json
import random
from typing import NamedTuple

import pytest

from tests.faults.bench import INVENTORY, SITE, STACK, Bench, Outcome, difference, failures

pytestmark = pytest.mark.whole
DESTROY = ("-e", f"stack_confirm_destroy={STACK}", "-e", "rds_deletion_protection=false", "-e", "s3_empty_bucket=true")
CANARY = ("-e", "release_strategy=canary", "-e", f"release_canary_alarms={STACK}-alb-5xx")


def played(playbook: str, *options: str) -> tuple[str, ...]:
    return (f"playbooks/{playbook}.yml", *INVENTORY, *options)


class Kills(NamedTuple):
    """Rounds of so many kills, each run going on from where the one before was killed."""

    arguments: tuple[str, ...]
    rounds: int
    each: int
    farthest: int  # call that writes, at which a run is killed
    before: tuple[str, ...] = ()  # a run that the whole stack needs first


KILLS = {
    "first run": Kills(SITE, 4, 10, 20),
    "destroy": Kills(played("destroy", *DESTROY), 3, 10, 12),
    "release": Kills(played("release", "-e", "release_image=2"), 5, 2, 3),
    "canary": Kills(played("release", "-e", "release_image=2", *CANARY), 5, 2, 6),
    "nights down": Kills(played("nights", "-e", "nights_wanted=down"), 3, 2, 3),
    "nights up": Kills(
        played("nights", "-e", "nights_wanted=up"), 2, 2, 3, played("nights", "-e", "nights_wanted=down")
    ),
}


def start(bench: Bench, kind: str) -> None:
    """The account as the runs of a kind find it."""
    if kind == "first run":
        bench.lab.reset()
        return
    bench.built()
    manifest = {"mediaType": "application/vnd.oci.image.manifest.v1+json"}
    bench.lab.aws("ecr").put_image(repositoryName=f"{STACK}/backend", imageManifest=json.dumps(manifest), imageTag="2")
    alarms = bench.lab.aws("cloudwatch")
    alarms.set_alarm_state(AlarmName=f"{STACK}-alb-5xx", StateValue="OK", StateReason="a test")
    if KILLS[kind].before:
        assert bench.run(*KILLS[kind].before).exit_code == 0


@pytest.mark.parametrize("kind", KILLS)
def test_the_next_run_goes_on(bench: Bench, kind: str) -> None:
    kills, chosen = KILLS[kind], random.Random(kind)
    start(bench, kind)
    name = f"before-{kind.replace(' ', '-')}"
    bench.lab.save(name)
    clean = bench.run(*kills.arguments)
    assert clean.exit_code == 0, failures(clean)
    standing = bench.standing()
    for count in range(kills.rounds):
        bench.lab.load(name)
        with Outcome.written("SIGKILL", kind, f"round {count + 1}") as outcome:
            at = [
                bench.kill(kills.arguments, chosen.randint(1, kills.farthest), after=chosen.random() < 0.5)
                for _number in range(kills.each)
            ]
            outcome.said += [call for call in at if call]
            assert outcome.said
            last = bench.run(*kills.arguments)
            assert last.exit_code == 0, failures(last)
            again = bench.run(*kills.arguments)
            assert (again.exit_code, again.writes) == (0, []), failures(again)
            assert difference(bench.standing(), standing) == {}
            outcome.ended = "next run"
