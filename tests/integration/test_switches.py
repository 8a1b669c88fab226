"""Switches of the network. Given with `-e` or in a survey they are text, and the text "false" is a true value."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Lab
from tests.integration.playbook import play

STACK = "triflow-switches"
ENDPOINTS = {"endpoint-ecr-api", "endpoint-ecr-dkr", "endpoint-logs", "endpoint-secretsmanager"}
FLOW_LOGS = {"flow-log", "log-group-flow-logs", "role-flow-logs"}


@pytest.mark.parametrize(
    ("endpoints", "flow_logs", "planned"), [("true", "false", ENDPOINTS), ("false", "true", FLOW_LOGS)]
)
def test_switch_given_as_text(lab: Lab, tmp_path: Path, endpoints: str, flow_logs: str, planned: set[str]) -> None:
    inventory = tmp_path / "hosts.yml"
    inventory.write_text(f"prod: {{hosts: {{{STACK}: {{s3_bucket_name: {STACK}, dns_zone_name: {STACK}.com}}}}}}\n")
    switches = (f"vpc_interface_endpoints={endpoints}", f"vpc_flow_logs={flow_logs}")
    options = [word for switch in switches for word in ("-e", switch)]
    run = play(lab, tmp_path, "playbooks/network.yml", "-i", str(inventory), "--check", "--tags", "vpc", *options)
    assert run.exit_code == 0, run.output
    created = {name for name, action in run.components(STACK).items() if action == "create"}
    assert planned <= created
    assert not (ENDPOINTS | FLOW_LOGS) - planned & created
