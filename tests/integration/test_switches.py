"""Switches of the network and of the budget. Given with `-e` or in a survey they are text.

The text "false" is a true value.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Lab
from tests.integration.playbook import Played, play

STACK = "triflow-switches"
TOPIC = f"{STACK}-alarms"
ACCOUNT = "123456789012"
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


def test_the_budget_comes_and_goes_with_its_switch(lab: Lab, tmp_path: Path) -> None:
    """And with it the right of AWS Budgets to publish to the topic of alarms and to use its key."""
    inventory = tmp_path / "hosts.yml"
    variables = f"s3_bucket_name: {STACK}, dns_zone_name: {STACK}.com, notifications_slack: false"
    inventory.write_text(f"prod: {{hosts: {{{STACK}: {{{variables}}}}}}}\n")

    def observability(alarm: str) -> Played:
        given = ("-e", f"cost_budget_alarm={alarm}", "-e", "cost_budget_krw=500000", "--tags", "notifications,budget")
        return play(lab, tmp_path, "playbooks/observability.yml", "-i", str(inventory), *given)

    def publishers() -> list[str]:
        sns = lab.aws("sns")
        (arn,) = [topic["TopicArn"] for topic in sns.list_topics()["Topics"] if topic["TopicArn"].endswith(TOPIC)]
        policy = json.loads(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
        return [statement["Sid"] for statement in policy["Statement"] if statement["Effect"] == "Allow"]

    budgets = lab.aws("budgets")
    made = observability("true")
    assert made.exit_code == 0, made.output
    assert made.components(STACK)["budget"] == "create"
    (budget,) = [item for item in budgets.describe_budgets(AccountId=ACCOUNT)["Budgets"] if item["BudgetName"] == STACK]
    assert budget["BudgetLimit"] == {"Amount": "384.62", "Unit": "USD"}
    assert budget["CostFilters"] == {"TagKeyValue": [f"user:triflow:stack${STACK}"]}
    assert publishers() == ["Alarms", "Events", "Budgets"]

    gone = observability("false")
    assert gone.exit_code == 0, gone.output
    changed = {name: action for name, action in gone.components(STACK).items() if action != "none"}
    assert changed == {"budget": "delete", "topic-alarms": "update", "kms-key": "update"}
    assert STACK not in [item["BudgetName"] for item in budgets.describe_budgets(AccountId=ACCOUNT)["Budgets"]]
    assert publishers() == ["Alarms", "Events"]
