"""playbooks/cost.yml as a user runs it: no credentials, no network, all environments, and what a change adds."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROJECT
from tests.unit.cost.stacks import KINDS, report

SECONDS = 300  # a machine under load
START_SECONDS = 0.5  # of a processor, for `ansible-playbook --version`
INVENTORIES = [word for kind in KINDS for word in ("-i", f"inventories/{kind}")]
NOWHERE = "http://127.0.0.1:9"  # nobody listens on the discard port


def cost(
    *arguments: str,
    playbook: str = "playbooks/cost.yml",
    cwd: Path = PROJECT,
    environment: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
    return subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), playbook, *arguments],
        cwd=cwd,
        env={
            **kept,
            "ANSIBLE_CONFIG": str(cwd / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1",
            "AWS_ENDPOINT_URL": NOWHERE,
            "AWS_EC2_METADATA_DISABLED": "true",
            "http_proxy": NOWHERE,
            "https_proxy": NOWHERE,
            **(environment or {}),
        },
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """All four environments, with files."""
    directory = tmp_path_factory.mktemp("cost")
    files = [word for kind in ("json", "markdown") for word in ("-e", f"cost_{kind}_path={directory}/cost.{kind}")]
    return cost(*INVENTORIES, *files), directory


@pytest.fixture(scope="module")
def written(ran: tuple[subprocess.CompletedProcess[str], Path]) -> dict[str, Any]:
    finished, directory = ran
    assert finished.returncode == 0, finished.stdout + finished.stderr
    found: dict[str, Any] = json.loads((directory / "cost.json").read_text())
    return found


def test_all_environments_side_by_side(written: dict[str, Any]) -> None:
    """Ansible's variables say what the tests of the functions read from the files."""
    assert {stack["stack"]: stack for stack in written["stacks"]} == {
        stack["stack"]: stack for stack in report()["stacks"]
    }
    assert written["total_krw"] == report()["total_krw"]
    assert written["record"] == report()["record"]
    assert written["rate"] == {"krw_per_usd": 1300.0, "date": "2026-01-20"}


def test_terminal_and_markdown_have_every_line(
    ran: tuple[subprocess.CompletedProcess[str], Path], written: dict[str, Any]
) -> None:
    finished, directory = ran
    for text in (finished.stdout, (directory / "cost.markdown").read_text()):
        for stack in written["stacks"]:
            assert f"{stack['stack']}: {stack['total_krw']:,} KRW" in text
            for line in stack["lines"]:
                assert line["text_en"] in text
        for row in written["record"]:
            assert f"{row['theirs_krw']:,}" in text
            assert row["reason_en"] in text


def test_against_an_earlier_report_only_what_changed_is_listed(
    ran: tuple[subprocess.CompletedProcess[str], Path], written: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "later.json"
    finished = cost(
        "-i", "inventories/prod", "-e", "vpc_nat_gateways=per_zone",
        "-e", f"cost_against={ran[1]}/cost.json", "-e", f"cost_json_path={path}",
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout + finished.stderr
    (stack,) = json.loads(path.read_text())["difference"]["stacks"]
    assert [line["id"] for line in stack["lines"]] == ["nat-gateway-hours", "nat-gateway-addresses"]
    assert stack["before_krw"] == written["stacks"][0]["total_krw"]
    assert stack["adds_krw"] == stack["after_krw"] - stack["before_krw"] > 0


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with three commits: without this playbook, as it is, and with a NAT gateway per zone."""
    directory = tmp_path_factory.mktemp("project")
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=PROJECT)
    copied = subprocess.run(
        ["cp", "--parents", "--no-dereference", "-t", str(directory), *filter(os.path.lexists, listed.split("\0"))],
        cwd=PROJECT, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert copied.returncode == 0
    playbook = directory / "playbooks/cost.yml"
    content = playbook.read_text()
    playbook.unlink()
    commit(directory, "init", "--quiet")
    commit(directory, "add", "--all")
    commit(directory, "commit", "--quiet", "--message", "one")
    playbook.write_text(content)
    commit(directory, "add", "--all")
    commit(directory, "commit", "--quiet", "--message", "two")
    (directory / "group_vars/prod/network.yml").write_text("vpc_nat_gateways: per_zone\n")
    commit(directory, "add", "--all")
    commit(directory, "commit", "--quiet", "--message", "three")
    return directory


def run(*words: str, cwd: Path) -> str:
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def commit(directory: Path, *words: str) -> None:
    run("git", "-c", "user.name=test", "-c", "user.email=test@example.com", *words, cwd=directory)


def test_against_a_revision_its_own_files_count(project: Path, tmp_path: Path) -> None:
    finished = cost(
        "-i", "inventories/prod", "-e", "cost_against_revision=HEAD~1", "-e", f"cost_json_path={tmp_path}/cost.json",
        cwd=project, environment={"TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout + finished.stderr
    difference = json.loads((tmp_path / "cost.json").read_text())["difference"]
    assert difference["against"] == "HEAD~1"
    assert [line["id"] for line in difference["stacks"][0]["lines"]] == ["nat-gateway-hours", "nat-gateway-addresses"]
    assert "triflow-prod against HEAD~1: +60,736 KRW a month" in finished.stdout
    assert list(tmp_path.glob("cost-*")) == []  # nothing is left of the revision


def test_a_revision_that_cannot_say_it_is_named(project: Path) -> None:
    finished = cost("-i", "inventories/prod", "-e", "cost_against_revision=HEAD~2", cwd=project)
    assert finished.returncode == 2
    assert "HEAD~2 has no playbooks/cost.yml yet" in finished.stdout


def test_wrong_variables_are_refused_as_everywhere_and_leave_no_earlier_report(tmp_path: Path) -> None:
    earlier = tmp_path / "cost.json"
    earlier.write_text("of another time")
    wrong = ("-e", "ecs_memory=1", "-e", "cost_lcuu=1", "-e", "cost_nat_gb=much")
    finished = cost("-i", "inventories/prod", *wrong, "-e", f"cost_json_path={earlier}")
    assert finished.returncode == 2
    assert not earlier.exists()
    for text in ("ecs_memory", "cost_lcuu", "did you mean cost_lcu", "cost_nat_gb", "a number"):
        assert text in finished.stdout + finished.stderr


def test_over_its_budget_a_stack_is_warned_of_or_refused() -> None:
    over = ("-i", "inventories/prod", "-e", "cost_budget_krw=400000")
    warned = cost(*over)
    assert warned.returncode == 0
    refused = cost(*over, "-e", "cost_budget_action=refuse")
    assert refused.returncode == 2
    for finished in (warned, refused):
        assert "triflow-prod costs" in (finished.stdout + finished.stderr).replace("\n", " ")
        assert "than its budget of 400,000 KRW" in " ".join((finished.stdout + finished.stderr).split())


def test_a_plan_ends_with_it_and_a_run_does_not(written: dict[str, Any]) -> None:
    """Only the last play of site.yml, since the others need an account."""
    last = ("-i", "inventories/prod", "--tags", "cost", "--skip-tags", "always")
    plan, real = (cost(*last, *options, playbook="site.yml") for options in (("--check",), ()))
    assert (plan.returncode, real.returncode) == (0, 0), plan.stdout + real.stdout
    headline = f"triflow-prod: {written['stacks'][0]['total_krw']:,} KRW"
    assert headline in plan.stdout
    assert headline not in real.stdout
    over = ("-e", "cost_budget_krw=1", "-e", "cost_budget_action=refuse")
    assert cost(*last, "--check", *over, playbook="site.yml").returncode == 2


def processor_seconds(run: Callable[[], int]) -> float:
    """What a run takes of the processor: on a busy machine it also waits for others."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert run() == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def test_all_environments_take_less_than_three_seconds() -> None:
    """As `make cost` runs it. Where already the start of Ansible takes longer than usual, so may this."""
    makefile = (PROJECT / "Makefile").read_text()
    (callbacks,) = re.findall(r"ANSIBLE_CALLBACKS_ENABLED=(\S+) ansible-playbook playbooks/cost\.yml", makefile)
    took = []
    for _attempt in range(3):
        start = processor_seconds(lambda: cost("--version").returncode)
        all_of_it = processor_seconds(
            lambda: cost(*INVENTORIES, environment={"ANSIBLE_CALLBACKS_ENABLED": callbacks}).returncode
        )
        took.append((start, all_of_it))
        if all_of_it < 3 * max(1, start / START_SECONDS):
            return
    pytest.fail(f"the start of Ansible and all of it took {took} seconds")
