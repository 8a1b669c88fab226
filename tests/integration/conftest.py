"""The stack that test_release.py, test_compute.py, test_edge.py and test_flow_logs.py share, in this order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import PROJECT, Lab
from tests.integration import playbook
from tests.integration.long_run import held
from tests.integration.playbook import Played, play

# The files whose playbooks meet a lab that is like AWS between a call and its answer (lab/aws_like).
LIKE_AWS = tuple(f"test_{name}.py" for name in ("contract", "destroy", "drift", "killed", "release"))
STACK = "triflow-services"
PARENT = "triflow-services.com"
ZONE = f"app.{PARENT}"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before all fixtures, some of which play."""
    playbook.played_like_aws = item.path.name in LIKE_AWS


@pytest.fixture
def directory(tmp_path: Path, empty_lab: Lab) -> Path:
    """Of playbooks of a test's own, which find the project's variables."""
    (tmp_path / "group_vars").symlink_to(PROJECT / "group_vars")
    assert held(empty_lab) is None
    return tmp_path


class Services:
    """A stack with one service, and the playbooks on it."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab = lab
        self.directory = directory
        self.dns = lab.aws("route53")
        self.inventory = directory / "hosts.yml"
        self.inventory.write_text(f"prod: {{hosts: {{{STACK}: {{s3_bucket_name: {STACK}, dns_zone_name: {ZONE}}}}}}}\n")

    def arguments(self, playbook: str, *options: str, **variables: str) -> tuple[str, ...]:
        given = [word for name, value in variables.items() for word in ("-e", f"{name}={value}")]
        return (f"playbooks/{playbook}.yml", "-i", str(self.inventory), *options, *given)

    def play(self, playbook: str, *options: str, **variables: str) -> Played:
        return play(self.lab, self.directory, *self.arguments(playbook, *options, **variables))

    def delegate(self) -> None:
        """Name the zone's name servers in the zone above."""
        servers = [{"Value": name} for name in self.name_servers()]
        record = {"Name": ZONE, "Type": "NS", "TTL": 300, "ResourceRecords": servers}
        batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
        self.dns.change_resource_record_sets(HostedZoneId=self._zone(PARENT), ChangeBatch=batch)

    def name_servers(self) -> list[str]:
        servers: list[str] = self.dns.get_hosted_zone(Id=self._zone(ZONE))["DelegationSet"]["NameServers"]
        return servers

    def _zone(self, name: str) -> str:
        zones = {zone["Name"]: str(zone["Id"]) for zone in self.dns.list_hosted_zones()["HostedZones"]}
        return zones[f"{name}."]


@dataclass(frozen=True)
class Built:
    """Where the stack is, and the runs that built it from an empty account."""

    directory: Path
    undelegated: Played  # the edge, which ends because the zone above does not name the stack's zone
    edge: Played
    compute: Played


@pytest.fixture(scope="session")
def services(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Network, edge and compute. What is no test of these runs stops here when one of them fails."""
    lab.reset()
    stack = Services(lab, tmp_path_factory.mktemp("services"))
    stack.dns.create_hosted_zone(Name=PARENT, CallerReference=PARENT)
    network = stack.play("network", stack_start_only="true")
    assert network.exit_code == 0, network.output
    undelegated = stack.play("edge", dns_wait_timeout="1")
    stack.delegate()
    edge, compute = stack.play("edge"), stack.play("compute")
    for run in (edge, compute):
        assert run.exit_code == 0, run.output
    return Built(stack.directory, undelegated, edge, compute)
