"""wait: what it asks, says and refuses. It runs on the controller, so it has no module of its own."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.triflow.platform.plugins.action.wait import ActionModule
from ansible_collections.triflow.platform.plugins.module_utils import placeholders

from tests.conftest import Lab
from tests.modules.compute import Compute


@pytest.fixture(autouse=True)
def environment(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in lab.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def gateway(ec2: Any) -> str:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    created = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")
    return str(created["NatGateway"]["NatGatewayId"])


def wait(check: bool = False, lines: list[str] | None = None, **arguments: Any) -> dict[str, Any]:
    given = {"stack": "test", "region": "ap-northeast-2", "timeout": 30, **arguments}
    task = SimpleNamespace(args=given, check_mode=check, async_val=0)
    action = ActionModule(task, SimpleNamespace(_shell=SimpleNamespace(tmpdir=None)), None, None, None, None)
    action._display = SimpleNamespace(display=(lines if lines is not None else []).append)
    result: dict[str, Any] = action.run()
    return result


def test_it_says_the_state_at_each_question(gateway: str) -> None:
    lines: list[str] = []
    assert wait(lines=lines, nat_gateways=[gateway])["changed"] is False
    assert lines == [f"  test: {gateway} is available (0 s of at most 30 s)"]


def test_what_is_gone_is_gone(lab: Lab) -> None:
    before = len(lab.calls())
    wait(db_instances_deleted=["no-such-database"])
    assert [call["operation"] for call in lab.calls()[before:]] == ["DescribeDBInstances"]


@pytest.mark.parametrize("check", [True, False])
def test_a_plan_waits_for_nothing_and_nobody_waits_for_a_placeholder(lab: Lab, check: bool) -> None:
    before = len(lab.calls())
    announced = placeholders.make("nat-", "nat-gateway-a")
    result = wait(check=check, nat_gateways=[announced, *(["nat-0a1b2c3d4e5f60718"] if check else [])])
    assert result == {"changed": False, "waited": {}, "stopped": []}
    assert lab.calls()[before:] == []


@pytest.mark.parametrize("check", [True, False])
def test_a_stopped_database_is_accepted_or_named(lab: Lab, check: bool) -> None:
    rds = lab.aws("rds")
    name = f"asleep-{check}".lower()
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        EngineVersion="14",
        AllocatedStorage=20,
        MasterUsername="triflow_admin",
        ManageMasterUserPassword=True,
    )
    wait(db_instances_stopped=[], db_instances=[name])
    rds.stop_db_instance(DBInstanceIdentifier=name)
    result = wait(check=check, db_instances=[name, "no-such-database"] if check else [name], accept_stopped=True)
    assert (result["stopped"], result["waited"]) == ([name], {})
    wait(db_instances_stopped=[name])
    with pytest.raises(AnsibleActionFail, match=f"{name} of stack test is stopped: start it with playbooks/nights.yml"):
        wait(db_instances=[name])
    rds.start_db_instance(DBInstanceIdentifier=name)
    assert wait(check=check, db_instances=[name], accept_stopped=True)["stopped"] == []
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


def test_tasks_are_waited_for_until_they_run_or_are_gone(lab: Lab) -> None:
    stack = f"test-{uuid.uuid4().hex[:8]}"
    compute = Compute(lab, stack)
    compute.create_service(compute.register())
    lines: list[str] = []
    wait(services_with_tasks=[f"service/{stack}/backend"], lines=lines)
    assert lines[-1].startswith(f"  test: service/{stack}/backend is at 2 of 2 tasks (")
    with pytest.raises(AnsibleActionFail, match=f"service/{stack}/backend of stack test is not ready"):
        wait(services_without_tasks=[f"service/{stack}/backend"], timeout=1)
    compute.ecs.update_service(cluster=stack, service="backend", desiredCount=0)
    wait(services_without_tasks=[f"service/{stack}/backend"])
    with pytest.raises(AnsibleActionFail, match="is not ready"):  # nobody has asked for tasks yet
        wait(services_with_tasks=[f"service/{stack}/backend"], timeout=1)


def test_what_cannot_become_ready_is_named(ec2: Any, gateway: str) -> None:
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    with pytest.raises(AnsibleActionFail, match=f"{gateway} of stack test is not ready: .* run again to go on waiting"):
        wait(nat_gateways=[gateway])


def test_longest_wait_is_kept(gateway: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two questions, five seconds apart, fit into twelve. No answer is ever good, and nobody really sleeps."""
    slept: list[float] = []
    monkeypatch.setattr("botocore.waiter.time.sleep", slept.append)
    monkeypatch.setattr("botocore.waiter.AcceptorConfig._create_matcher_func", lambda _self: lambda _answer: False)
    lines: list[str] = []
    with pytest.raises(AnsibleActionFail, match="Max attempts exceeded"):
        wait(lines=lines, nat_gateways=[gateway], timeout=12)
    assert slept == [5]
    assert len(lines) == 2
