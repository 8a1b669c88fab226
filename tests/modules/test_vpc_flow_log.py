"""vpc_flow_log: a flow log, with the log group and the role that it writes with made by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags, lose_tags, tags

MODULE = "vpc_flow_log"
ROLE = "arn:aws:iam::123456789012:role/flow-logs"


@dataclass(frozen=True)
class Network:
    """A VPC of the test's own."""

    ec2: Any
    vpc: str
    log_group: str

    @property
    def options(self) -> dict[str, str]:
        return {"vpc_id": self.vpc, "log_group_name": self.log_group, "role_arn": ROLE}

    def flow_logs(self) -> list[dict[str, Any]]:
        found = self.ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [self.vpc]}])["FlowLogs"]
        return list(found)


@pytest.fixture
def network(lab: Lab, ec2: Any, stack: str) -> Network:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    lab.aws("logs").create_log_group(logGroupName=stack)
    return Network(ec2, vpc, stack)


def test_grammar(lab: Lab, stack: str, network: Network, run_module: RunModule) -> None:
    def read() -> list[dict[str, Any]]:
        return [
            {
                "log_group": item["LogGroupName"],
                "role": item["DeliverLogsPermissionArn"],
                "traffic": item["TrafficType"],
                "tags": tags(item),
            }
            for item in network.flow_logs()
        ]

    def state(traffic: str) -> list[dict[str, Any]]:
        labels = expected_tags(stack, "flow-log")
        return [{"log_group": network.log_group, "role": ROLE, "traffic": traffic, "tags": labels}]

    case = Case(
        module=MODULE,
        options=network.options,
        update={"traffic_type": "REJECT"},
        read=read,
        created=state("ALL"),
        updated=state("REJECT"),
        deleted=[],
        creates=["flow-log"],
        updates={"flow-log": ["traffic_type"]},
        deletes=["flow-log"],
        refused=[
            ({"vpc_id": None}, "state is present but all of the following are missing: vpc_id"),
            ({"role_arn": None}, "missing: role_arn"),
            ({"traffic_type": "all"}, "value of traffic_type must be one of: ALL, ACCEPT, REJECT"),
        ],
    )
    walk(case, lab, run_module)


def test_replaced_flow_log_is_returned_with_its_new_id(network: Network, run_module: RunModule) -> None:
    before = run_module(MODULE, **network.options)["resources"]["flow-log"]["id"]
    after = run_module(MODULE, **network.options, traffic_type="ACCEPT")["resources"]["flow-log"]["id"]
    assert before != after
    assert [item["FlowLogId"] for item in network.flow_logs()] == [after]


def test_lost_tags_come_back_without_a_replacement(stack: str, network: Network, run_module: RunModule) -> None:
    run_module(MODULE, **network.options)
    (before,) = network.flow_logs()
    lose_tags(network.ec2, before["FlowLogId"])
    result = run_module(MODULE, **network.options)
    assert result["changes"] == [{"component": "flow-log", "action": "update", "fields": ["tags"]}]
    (after,) = network.flow_logs()
    assert after["FlowLogId"] == before["FlowLogId"]
    assert tags(after) == expected_tags(stack, "flow-log")


def test_only_what_is_tagged_is_deleted(network: Network, run_module: RunModule) -> None:
    run_module(MODULE, **network.options, stack="another")
    assert run_module(MODULE, **network.options, state="absent")["changed"] is False
    lose_tags(network.ec2, network.flow_logs()[0]["FlowLogId"])
    assert run_module(MODULE, **network.options, state="absent")["changed"] is False
    assert len(network.flow_logs()) == 1


def test_flow_log_of_another_stack_is_not_taken_over(stack: str, network: Network, run_module: RunModule) -> None:
    run_module(MODULE, **network.options, stack=f"{stack}-other")
    result = run_module(MODULE, **network.options)
    assert "FlowLogAlreadyExists" in result["msg"]
    assert tags(network.flow_logs()[0])["triflow:stack"] == f"{stack}-other"


def test_absence_needs_the_stack_only(network: Network, run_module: RunModule) -> None:
    run_module(MODULE, **network.options)
    assert run_module(MODULE, state="absent")["changed"] is True
    assert network.flow_logs() == []


def test_what_aws_lists_as_unsuccessful_is_a_failure(
    network: Network, run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Api.call

    def refusing(self: Api, operation: str, /, **parameters: Any) -> dict[str, Any]:
        if operation == "create_flow_logs":
            return {"FlowLogIds": [], "Unsuccessful": [{"Error": {"Code": "400", "Message": "Access error"}}]}
        return call(self, operation, **parameters)

    monkeypatch.setattr(Api, "call", refusing)
    result = run_module(MODULE, **network.options)
    assert result["failed"] is True
    assert result["msg"].endswith(": Access error")
