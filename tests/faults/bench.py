"""Runs the parts of a stack through the proxy, and compares what stands afterwards with a clean build."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from botocore import xform_name

from tests.conftest import PROJECT, Lab
from tests.faults.account import Account, Standing
from tests.faults.answers import Answer, Call
from tests.faults.proxy import Forward, Proxy, Rule
from tests.integration.playbook import ANSIBLE_PLAYBOOK, HURRIED, TIMEOUT_SECONDS, Played, environment, play

STACK = "triflow-faults"
INVENTORY = ("-i", "tests/faults/hosts.yml")
SITE = ("site.yml", *INVENTORY)
RESULTS = PROJECT / "tests/output/faults"
RUNS = 4  # a fault that has to be survived in steps


class Part(NamedTuple):
    """What one run of a case plays: a layer's playbook, or the roles of some of its tags."""

    playbook: str
    tags: str

    def __str__(self) -> str:
        return f"{self.playbook}-{self.tags}"

    @property
    def arguments(self) -> tuple[str, ...]:
        return (f"playbooks/{self.playbook}.yml", *INVENTORY, "--tags", self.tags)


# In the order in which they build the stack from an empty account.
PARTS = (
    Part("network", "vpc"),
    Part("network", "security_groups"),
    Part("data", "logs"),
    Part("data", "rds"),
    Part("data", "s3"),
    Part("edge", "dns,alb"),
    Part("compute", "iam,ecr"),
    Part("compute", "ecs"),
    Part("compute", "autoscaling,nights"),
    Part("observability", "logs"),
    Part("observability", "notifications"),
    Part("observability", "budget,alarms,dashboard"),
)


@dataclass(frozen=True)
class Recorded:
    """The run of one part without faults: its calls' names in the order of their first, and what stood afterwards."""

    calls: tuple[str, ...]
    writes: tuple[str, ...]
    standing: Standing


@dataclass
class Outcome:
    """What became of one case: in which run it ended well, and what the runs before that one said."""

    fault: str
    case: str
    call: str
    ended: str  # same run, next run, or what is wrong
    said: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @classmethod
    @contextmanager
    def written(cls, fault: str, case: str, call: str) -> Iterator[Outcome]:
        """A case whose outcome is kept for the table, whatever it is."""
        outcome, started = cls(fault, case, call, "not finished"), time.monotonic()
        try:
            yield outcome
        except BaseException as error:
            outcome.ended = f"failed: {error}"
            raise
        finally:
            outcome.seconds = round(time.monotonic() - started, 1)
            outcome.write()

    def write(self) -> None:
        RESULTS.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^\w.,-]+", "-", f"{self.fault}-{self.case}-{self.call}")
        (RESULTS / f"{name}.json").write_text(json.dumps(asdict(self), indent=2) + "\n")


class Bench:
    """A lab, the proxy before its AWS, and the copies of its state before each part."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab = lab
        self.directory = directory
        self.proxy = Proxy(lab.endpoint_url)
        through = {"AWS_ENDPOINT_URL": self.proxy.url}
        self.behind = replace(lab, environment=lab.environment | through)
        self.recorded: dict[Part, Recorded] = {}

    def run(self, *arguments: str, hurried: bool = True, **variables: str) -> Played:
        """Play through the proxy. Pauses are short, but for where their time is what is measured."""
        given = {"PYTHONPATH": str(HURRIED)} if hurried else {}
        return play(self.behind, self.directory, *arguments, seconds=900, **given | variables)

    def at(self, part: Part) -> Recorded:
        """Bring the lab to where it was before this part, and return what the part did without faults."""
        if part not in self.recorded:
            self._record(part)
        self.lab.load(self._name(part))
        return self.recorded[part]

    def _name(self, part: Part) -> str:
        return re.sub(r"[^\w-]", "-", f"before-{part}")

    def _record(self, wanted: Part) -> None:
        """Build the stack part by part, from where the recording is."""
        if self.recorded:
            last = list(self.recorded)[-1]
            self.lab.load(f"{self._name(last)}-done")
        else:
            self.lab.reset()
        for part in PARTS[len(self.recorded) : PARTS.index(wanted) + 1]:
            self.lab.save(self._name(part))
            with self.proxy.faults():
                played = self.run(*part.arguments)
            assert played.exit_code == 0, played.output
            calls = list(dict.fromkeys(entry.call for entry in self.proxy.log))
            self.recorded[part] = Recorded(
                tuple(call.name for call in calls),
                tuple(call.name for call in calls if call.write),
                self.standing(),
            )
            self.lab.save(f"{self._name(part)}-done")

    def built(self) -> Standing:
        """Bring the lab to where all parts are built, and return what stands there."""
        if PARTS[-1] not in self.recorded:
            self._record(PARTS[-1])
        self.lab.load(f"{self._name(PARTS[-1])}-done")
        return self.recorded[PARTS[-1]].standing

    def standing(self) -> Standing:
        return Account(self.lab).standing()

    def fault(self, outcome: Outcome, arguments: Iterable[str], *rules: Rule, words: str, **options: Any) -> Outcome:
        """Play with these faults until a run ends well, and look at what each run that did not says.

        `words` is the remedy that a failed run has to name: a pattern. The faults stay what they were from run to run:
        what meets one once does so in the first.
        """
        given = tuple(arguments)
        with self.proxy.faults(*rules, **options):
            for number in range(RUNS):
                played = self.run(*given)
                assert self.proxy.met(), f"no call of {outcome.case} met {outcome.fault}\n{played.output[-2000:]}"
                self.assert_lock_is_free()
                if played.exit_code == 0:
                    outcome.ended = ("same run", "next run")[number > 0] if number < 2 else f"run {number + 1}"
                    break
                said = failures(played)
                outcome.said.append(said)
                assert_names(said, {call.operation for call in self.proxy.met()}, words)
            else:
                raise AssertionError(f"still no good end after {RUNS} runs: {outcome.said}")
        return outcome

    def assert_whole(self, arguments: Iterable[str], standing: Standing) -> None:
        """A run without faults changes nothing, and what stands is what a clean build makes."""
        again = self.run(*arguments)
        assert again.exit_code == 0, failures(again)
        changed = {name: done for name, done in again.components(STACK).items() if done != "none"}
        assert (changed, again.writes) == ({}, [])
        assert difference(self.standing(), standing) == {}

    def assert_goes_on(self, outcome: Outcome, part: Part, standing: Standing) -> None:
        """The run after one that failed does the rest, and then there is nothing left to do."""
        after = self.run(*part.arguments)
        assert after.exit_code == 0, failures(after)
        outcome.ended = "next run"
        self.assert_whole(part.arguments, standing)

    def kill(self, arguments: Iterable[str], number: int, after: bool) -> str:
        """Kill a run and its children at its call that writes with this number, before AWS has it or after.

        Return the call's name, an empty one when the run ended before. The lock that it leaves is deleted, as a person
        breaks it.
        """
        killed: list[str] = []
        counted = itertools.count(1)
        with (self.directory / "killed.log").open("wb") as output:
            process = subprocess.Popen(
                [ANSIBLE_PLAYBOOK, *arguments],
                cwd=PROJECT,
                env=environment(self.behind, self.directory) | {"PYTHONPATH": str(HURRIED)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

            def kill(call: Call, forward: Forward) -> Answer | None:
                if killed or next(counted) != number:
                    return forward()
                killed.append(f"{call.name} {'done' if after else 'not done'}")
                if after:
                    forward()
                victims = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
                for victim in victims:
                    with suppress(psutil.NoSuchProcess):
                        victim.kill()
                return None

            with self.proxy.faults(Rule("*", kill, writes=True)), process:
                process.wait(TIMEOUT_SECONDS)
        ssm = self.lab.aws("ssm")
        for parameter in ssm.describe_parameters()["Parameters"]:
            ssm.delete_parameter(Name=parameter["Name"])
        return "".join(killed)

    def assert_lock_is_free(self) -> None:
        held = self.lab.aws("ssm").describe_parameters()["Parameters"]
        assert [parameter["Name"] for parameter in held] == []


def failures(played: Played) -> str:
    """What a run says of why it ended badly."""
    failed = played.summary.get("stacks", {}).get(STACK, {}).get("failed", [])
    return "\n".join(str(item["msg"]) for item in failed) or played.output[-3000:]


def assert_names(said: str, operations: set[str], words: str) -> None:
    """What a failed run says names one of the calls that met the fault, and what to do."""
    named = [name for name in operations if name in said or xform_name(name) in said]
    assert named, f"none of {sorted(operations)} is named in: {said}"
    assert re.search(words, said), f"no remedy ({words}) is named in: {said}"


def difference(found: Standing, wanted: Standing) -> dict[str, tuple[dict[str, int], dict[str, int]]]:
    """By kind, what there is too much and what is missing."""
    empty: Any = {}
    kinds = {kind: (found.get(kind, empty), wanted.get(kind, empty)) for kind in {*found, *wanted}}
    return {
        kind: (
            {name: number for name, number in there.items() if number > asked.get(name, 0)},
            {name: number for name, number in asked.items() if number > there.get(name, 0)},
        )
        for kind, (there, asked) in kinds.items()
        if dict(there) != dict(asked)
    }
