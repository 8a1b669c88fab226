"""Flow logs: switched on they write to one log group with a role of their own; switched off nothing of them is left."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conftest import Lab
from tests.integration.conftest import STACK, Built, Services
from tests.integration.playbook import Played

GROUP = f"/aws/vpc/{STACK}/flow-logs"
ROLE = f"{STACK}-flow-logs"
PARTS = {"flow-log", "log-group-flow-logs", "role-flow-logs"}
POLICY = "role-policy-flow-logs"


class Network(Services):
    """The network of the stack, with a switch that an operator gives as text."""

    def network(self, *options: str, flow_logs: str) -> Played:
        played = self.play("network", "--tags", "vpc", *options, vpc_flow_logs=flow_logs)
        assert played.exit_code == 0, played.output
        return played

    def flow_logs(self) -> list[dict[str, Any]]:
        filters = [{"Name": "tag:triflow:stack", "Values": [STACK]}]
        found: list[dict[str, Any]] = self.lab.aws("ec2").describe_flow_logs(Filters=filters)["FlowLogs"]
        return found


@pytest.fixture
def stack(lab: Lab, services: Built) -> Network:
    return Network(lab, services.directory)


def done(played: Played, action: str) -> set[str]:
    return {name for name, what in played.components(STACK).items() if what == action}


def test_on_and_off(stack: Network) -> None:
    plan = stack.network("--check", flow_logs="true")
    assert done(plan, "create") == {*PARTS, POLICY}
    assert plan.writes == []
    assert stack.network(flow_logs="true").components(STACK) == plan.components(STACK)
    assert_they_write(stack)
    assert stack.network(flow_logs="true").writes == []

    plan = stack.network("--check", flow_logs="false")
    assert done(plan, "delete") == PARTS
    assert plan.writes == []
    assert done(stack.network(flow_logs="false"), "delete") == PARTS
    assert stack.flow_logs() == []
    assert stack.lab.aws("logs").describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"] == []
    with pytest.raises(ClientError, match="NoSuchEntity"):
        stack.lab.aws("iam").get_role(RoleName=ROLE)


def assert_they_write(stack: Network) -> None:
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
