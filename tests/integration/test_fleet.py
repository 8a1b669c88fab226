"""A fleet: stacks of several customers in one inventory, each independent of the others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Lab
from tests.integration.playbook import Played, play

STACKS = [f"triflow-customer-{number}" for number in range(10)]
ALONE, BAD, GOOD = "triflow-customer-10", "triflow-customer-11", "triflow-customer-12"
LATE = "triflow-customer-13"
LIMIT_SECONDS = 1200


def variables(number: int) -> dict[str, Any]:
    """What is a customer's own, as in inventories/fleet/hosts.yml."""
    network = f"10.{100 + number}"
    return {
        "s3_bucket_name": f"triflow-ai-customer-{number}",
        "dns_zone_name": f"customer-{number}.triflow-ai.com",
        "vpc_cidr": f"{network}.0.0/16",
        "vpc_public_subnet_cidrs": [f"{network}.1.0/24", f"{network}.2.0/24"],
        "vpc_private_subnet_cidrs": [f"{network}.11.0/24", f"{network}.12.0/24"],
    }


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the inventory of the fleet: its kind is prod."""
    path = tmp_path_factory.mktemp("fleet")
    hosts = {name: variables(number) for number, name in enumerate([*STACKS, ALONE, BAD, GOOD, LATE])}
    hosts[BAD]["rds_backup_window"] = "3-4"
    hosts[LATE] |= {"dns_zone_name": "late.undelegated.com", "dns_wait_timeout": 1}
    inventory = {"prod": {"children": {"fleet": {"hosts": hosts}}}}
    (path / "hosts.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
    return path


def run(lab: Lab, directory: Path, stacks: list[str]) -> Played:
    arguments = ("site.yml", "-i", str(directory / "hosts.yml"), "--forks", "10", "--limit", ",".join(stacks))
    return play(lab, directory, *arguments, seconds=LIMIT_SECONDS)


@pytest.fixture(scope="module")
def built(lab: Lab, directory: Path) -> dict[str, Played]:
    """One stack alone, and after it ten at once."""
    lab.reset()
    return {"one": run(lab, directory, [ALONE]), "ten": run(lab, directory, STACKS)}


def test_ten_stacks_at_once(built: dict[str, Played]) -> None:
    one, ten = built["one"], built["ten"]
    assert one.exit_code == 0, one.output
    assert ten.exit_code == 0, ten.output
    wanted = one.components(ALONE)
    assert "create" in wanted.values()
    for stack in STACKS:
        # The lab's databases are one, so the first stack's extensions are there for all.
        there = {name for name in ten.components(stack) if not name.startswith("extension-")}
        assert there == {name for name in wanted if not name.startswith("extension-")}
        assert ten.summary["stacks"][stack].get("failed", []) == []


@pytest.mark.skipif(
    "PYTEST_XDIST_WORKER" in os.environ, reason="other tests take the processors, see docs/decisions.md"
)
def test_ten_take_less_than_four_times_as_long_as_one(built: dict[str, Played]) -> None:
    assert built["ten"].seconds < 4 * built["one"].seconds


@pytest.fixture(scope="module")
def with_failures(built: dict[str, Played], lab: Lab, directory: Path) -> Played:
    """A stack with a wrong variable, one that fails half-way, and one in order."""
    assert built
    # A zone above that does not name the stack's: its certificate is never issued.
    lab.aws("route53").create_hosted_zone(Name="undelegated.com", CallerReference="undelegated.com")
    return run(lab, directory, [BAD, GOOD, LATE])


def test_a_stack_that_fails_does_not_stop_the_others(with_failures: Played) -> None:
    played = with_failures
    assert played.exit_code == 2
    assert set(played.components(GOOD)) > {"vpc", "database", "service-backend", "dashboard"}
    assert played.summary["stacks"][GOOD].get("failed", []) == []
    assert "dashboard" not in played.summary["stacks"].get(LATE, {}).get("components", {})
    assert "vpc" in played.components(LATE)


@pytest.mark.parametrize(("stack", "says"), [(BAD, "rds_backup_window"), (LATE, "certificate")])
def test_the_summary_names_it(with_failures: Played, stack: str, says: str) -> None:
    (failed,) = with_failures.summary["stacks"][stack]["failed"]
    assert says in str(failed)
    shown = with_failures.output.rpartition("SUMMARY")[2]
    assert f"{stack}: " in shown
