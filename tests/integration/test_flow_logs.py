"""Flow logs: switched on they write to one log group with a role of their own; switched off nothing of them is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conftest import Lab
from tests.integration.playbook import Played, play

STACK = "triflow-flow"
GROUP = f"/aws/vpc/{STACK}/flow-logs"
ROLE = f"{STACK}-flow-logs"
PARTS = {"flow-log", "log-group-flow-logs", "role-flow-logs"}
POLICY = "role-policy-flow-logs"


class Stack:
    """A stack with a network only; its inventory has the switch."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab = lab
        self.directory = directory
        self.inventory = directory / "hosts.yml"

    def network(self, *arguments: str, flow_logs: bool) -> Played:
        switch = f"{{s3_bucket_name: {STACK}, dns_zone_name: {STACK}.com, vpc_flow_logs: {str(flow_logs).lower()}}}"
        self.inventory.write_text(f"prod: {{hosts: {{{STACK}: {switch}}}}}\n")
        played = play(self.lab, self.directory, "playbooks/network.yml", "-i", str(self.inventory), *arguments)
        assert played.exit_code == 0, played.output
        return played

    def flow_logs(self) -> list[dict[str, Any]]:
        filters = [{"Name": "tag:triflow:stack", "Values": [STACK]}]
        found: list[dict[str, Any]] = self.lab.aws("ec2").describe_flow_logs(Filters=filters)["FlowLogs"]
        return found


@pytest.fixture
def stack(empty_lab: Lab, tmp_path: Path) -> Stack:
    return Stack(empty_lab, tmp_path)


def done(played: Played, action: str) -> set[str]:
    return {name for name, what in played.components(STACK).items() if what == action}


def test_on_and_off(stack: Stack) -> None:
    plan = stack.network("--check", flow_logs=True)
    assert done(plan, "create") >= {*PARTS, POLICY}
    assert plan.writes == []
    assert stack.network(flow_logs=True).components(STACK) == plan.components(STACK)
    assert_they_write(stack)
    assert stack.network(flow_logs=True).writes == []

    plan = stack.network("--check", flow_logs=False)
    assert done(plan, "delete") == PARTS
    assert plan.writes == []
    assert done(stack.network(flow_logs=False), "delete") == PARTS
    assert stack.flow_logs() == []
    assert stack.lab.aws("logs").describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"] == []
    with pytest.raises(ClientError, match="NoSuchEntity"):
        stack.lab.aws("iam").get_role(RoleName=ROLE)


def assert_they_write(stack: Stack) -> None:
    """The flow log writes to its log group with its role, and that role can do no more than that."""
    iam = stack.lab.aws("iam")
    role = iam.get_role(RoleName=ROLE)["Role"]
    (flow_log,) = stack.flow_logs()
    assert (flow_log["LogGroupName"], flow_log["DeliverLogsPermissionArn"]) == (GROUP, role["Arn"])
    (group,) = stack.lab.aws("logs").describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    assert group["retentionInDays"] == 14
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnLike": {"aws:SourceArn": "arn:aws:ec2:ap-northeast-2:123456789012:vpc-flow-log/*"},
    }
    assert iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"] == []
    (name,) = iam.list_role_policies(RoleName=ROLE)["PolicyNames"]
    write, find = iam.get_role_policy(RoleName=ROLE, PolicyName=name)["PolicyDocument"]["Statement"]
    assert write["Resource"] == f"arn:aws:logs:ap-northeast-2:123456789012:log-group:{GROUP}:*"
    assert sorted(write["Action"]) == ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    assert find["Action"] == "logs:DescribeLogGroups"
