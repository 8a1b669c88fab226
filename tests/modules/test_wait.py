"""wait: what it asks, says and refuses. It runs on the controller, so it has no module of its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.triflow.platform.plugins.action.wait import ActionModule
from ansible_collections.triflow.platform.plugins.module_utils import placeholders

from tests.conftest import Lab
from tests.modules.compute import Compute
from tests.modules.conftest import Refuse, ShowAnswer
from tests.modules.controller import Clock, clock

__all__ = ["clock"]


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
    with pytest.raises(AnsibleActionFail, match=f"{gateway} of stack test is deleted: it is gone: run again"):
        wait(nat_gateways=[gateway])


def test_a_nat_gateway_that_could_not_be_made_ends_the_wait_with_the_reason(
    gateway: str, show_answer: ShowAnswer
) -> None:
    """Amazon EC2 API reference, NatGateway, FailureMessage."""
    message = "Network vpc-0a1b2c3d has no Internet gateway attached"
    show_answer(
        "DescribeNatGateways", lambda answer: answer["NatGateways"][0].update(State="failed", FailureMessage=message)
    )
    with pytest.raises(AnsibleActionFail, match=rf"{gateway} of stack test is failed \({message}\): mend the reason"):
        wait(nat_gateways=[gateway])


@pytest.fixture
def database(lab: Lab) -> Iterator[str]:
    rds, name = lab.aws("rds"), f"test-{uuid.uuid4().hex[:8]}"
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        EngineVersion="14",
        AllocatedStorage=20,
        MasterUsername="triflow_admin",
        ManageMasterUserPassword=True,
    )
    yield name
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


def status(value: str) -> Callable[[dict[str, Any]], None]:
    return lambda answer: answer["DBInstances"][0].update(DBInstanceStatus=value)


@pytest.mark.parametrize(
    "serving", ["backing-up", "configuring-log-exports", "storage-initialization", "storage-optimization"]
)
def test_a_database_that_serves_is_ready(database: str, show_answer: ShowAnswer, serving: str) -> None:
    show_answer("DescribeDBInstances", status(serving))
    lines: list[str] = []
    wait(lines=lines, db_instances=[database])
    assert lines == [f"  test: {database} is {serving} (0 s of at most 30 s)"]


@pytest.mark.parametrize(
    ("value", "note"),
    [
        ("storage-full", "raise rds_allocated_storage by 10 % or more"),
        ("incompatible-network", "free addresses in the subnets"),
        ("incompatible-parameters", "set them back in the variables"),
        ("inaccessible-encryption-credentials-recoverable", "enable the key"),
        ("inaccessible-encryption-credentials", "restore it from a backup"),
        ("insufficient-capacity", "another rds_instance_class"),
        ("restore-error", "restore it once more"),
        ("failed", "restore it to a point in time"),
        ("deleting", "run again when it is gone"),
    ],
)
@pytest.mark.parametrize("kind", ["db_instances", "db_instances_stopped"])
def test_a_database_that_never_will_be_ends_the_wait_at_once(
    database: str, show_answer: ShowAnswer, value: str, note: str, kind: str
) -> None:
    show_answer("DescribeDBInstances", status(value))
    lines: list[str] = []
    given: dict[str, Any] = {kind: [database], "advice": "This stands last."}
    with pytest.raises(AnsibleActionFail, match=f"{database} of stack test is {value}: .*{note}"):
        wait(lines=lines, **given)
    assert len(lines) == 1


@pytest.mark.usefixtures("clock")
def test_a_status_that_nobody_knows_is_waited_for_and_named(database: str, show_answer: ShowAnswer) -> None:
    show_answer("DescribeDBInstances", status("defragmenting"))
    with pytest.raises(AnsibleActionFail, match="it is defragmenting: this version knows no such status of a DB inst"):
        wait(db_instances=[database])


def test_a_load_balancer_that_routes_is_ready_and_one_that_failed_ends_the_wait(
    lab: Lab, show_answer: ShowAnswer, ec2: Any
) -> None:
    """Elastic Load Balancing API reference, LoadBalancerState."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"ap-northeast-2{zone}")
        for number, zone in enumerate("ac")
    ]
    created = lab.aws("elbv2").create_load_balancer(
        Name=f"test-{uuid.uuid4().hex[:8]}",
        Scheme="internal",
        Subnets=[subnet["Subnet"]["SubnetId"] for subnet in subnets],
    )
    arn = created["LoadBalancers"][0]["LoadBalancerArn"]

    def state(code: str, reason: str) -> Callable[[dict[str, Any]], None]:
        return lambda answer: answer["LoadBalancers"][0].update(State={"Code": code, "Reason": reason})

    show_answer("DescribeLoadBalancers", state("active_impaired", "no addresses"))
    wait(load_balancers=[arn])
    show_answer("DescribeLoadBalancers", state("failed", "no addresses"))
    with pytest.raises(AnsibleActionFail, match=r"of stack test is failed \(no addresses\): it could not be set up"):
        wait(load_balancers=[arn])


@pytest.mark.parametrize(
    ("value", "why", "said"),
    [
        ("FAILED", "CAA_ERROR", r"FAILED \(CAA_ERROR\): mend the reason"),
        ("VALIDATION_TIMED_OUT", None, "VALIDATION_TIMED_OUT: ACM has not found its validation records"),
        ("REVOKED", None, "REVOKED: run again"),
    ],
)
def test_a_certificate_that_never_will_be_ends_the_wait_with_the_reason(
    lab: Lab, show_answer: ShowAnswer, value: str, why: str | None, said: str
) -> None:
    arn = lab.aws("acm").request_certificate(DomainName="waited.example.com", ValidationMethod="DNS")["CertificateArn"]
    show_answer("DescribeCertificate", lambda answer: answer["Certificate"].update(Status=value, FailureReason=why))
    with pytest.raises(AnsibleActionFail, match=f"of stack test is {said}"):
        wait(certificates=[arn])


def test_tasks_of_a_service_that_goes_or_of_a_failed_deployment_are_not_waited_for(
    lab: Lab, show_answer: ShowAnswer
) -> None:
    """Amazon ECS API reference, Service and Deployment."""
    stack = f"test-{uuid.uuid4().hex[:8]}"
    compute = Compute(lab, stack)
    compute.create_service(compute.register())
    name = f"service/{stack}/backend"
    show_answer("DescribeServices", lambda answer: answer["services"][0].update(status="DRAINING"))
    with pytest.raises(AnsibleActionFail, match="DRAINING: it is being deleted"):
        wait(services_with_tasks=[name])

    def failed(answer: dict[str, Any]) -> None:
        answer["services"][0]["runningCount"] = 0
        answer["services"][0]["deployments"][0].update(rolloutState="FAILED", rolloutStateReason="tasks failed")

    show_answer("DescribeServices", failed)
    with pytest.raises(AnsibleActionFail, match=r"its deployment is FAILED \(tasks failed\): it starts no tasks"):
        wait(services_with_tasks=[name])
    show_answer("DescribeServices", lambda answer: answer.update(services=[]))
    with pytest.raises(AnsibleActionFail, match=f"{name} of stack test is not there"):
        wait(services_with_tasks=[name])


PENDING: dict[str, Any] = {"State": "pending"}


@pytest.mark.usefixtures("clock")
def test_longest_wait_is_kept(gateway: str, show_answer: ShowAnswer) -> None:
    """Five seconds lie between two questions, and the last one is asked at the end of the time."""
    show_answer("DescribeNatGateways", lambda answer: answer["NatGateways"][0].update(PENDING))
    lines: list[str] = []
    with pytest.raises(AnsibleActionFail) as caught:
        wait(lines=lines, nat_gateways=[gateway], timeout=12, advice="Ask somebody.")
    assert str(caught.value) == (
        f"{gateway} of stack test is not ready after 12 s: it is pending. Nothing is lost: look at it in the AWS "
        "console, and run again to go on waiting. Ask somebody."
    )
    said = [f"  test: {gateway} is pending ({seconds} s of at most 12 s)" for seconds in (0, 5, 10, 12)]
    assert lines == [*said[:2], "  test: Ask somebody.", *said[2:]]


def test_a_question_that_fails_is_asked_again(
    gateway: str, show_answer: ShowAnswer, refuse: Refuse, clock: Clock
) -> None:
    """It says nothing of what is waited for; the pauses are the policy's."""
    show_answer("DescribeNatGateways", lambda answer: answer["NatGateways"][0].update(PENDING))
    clock.at(3, lambda: refuse("DescribeNatGateways", "RequestLimitExceeded", 503))
    clock.at(20, lambda: refuse("DescribeNatGateways", None))
    clock.at(20, lambda: show_answer("DescribeNatGateways", lambda _answer: None))
    lines: list[str] = []
    assert wait(lines=lines, nat_gateways=[gateway], timeout=60)["waited"][gateway] >= 20
    assert any("ec2 DescribeNatGateways: RequestLimitExceeded, repeated in" in line for line in lines)


def test_a_question_that_fails_to_the_end_is_told_with_the_last_state(
    gateway: str, show_answer: ShowAnswer, refuse: Refuse, clock: Clock
) -> None:
    show_answer("DescribeNatGateways", lambda answer: answer["NatGateways"][0].update(PENDING))
    clock.at(3, lambda: refuse("DescribeNatGateways", "RequestLimitExceeded", 503))
    with pytest.raises(AnsibleActionFail) as caught:
        wait(nat_gateways=[gateway], timeout=30, retry_seconds=5)
    assert str(caught.value) == (
        f"{gateway} of stack test is not ready after 30 s: it is pending. The last question failed: words of "
        "RequestLimitExceeded. Nothing is lost: look at it in the AWS console, and run again to go on waiting."
    )
    assert clock.now == 30


def test_the_last_question_has_a_few_seconds_more(gateway: str, refuse: Refuse, clock: Clock) -> None:
    refuse("DescribeNatGateways", "RequestLimitExceeded", 503)
    clock.at(4, lambda: refuse("DescribeNatGateways", None))
    wait(nat_gateways=[gateway], timeout=1)
    refuse("DescribeNatGateways", "RequestLimitExceeded", 503)
    before = clock.now
    with pytest.raises(AnsibleActionFail, match=r"is not ready after 1 s\. The last question failed: words of Request"):
        wait(nat_gateways=[gateway], timeout=1)
    assert clock.now == before + 10


def test_what_does_not_pass_ends_the_wait_at_once(gateway: str, refuse: Refuse, clock: Clock) -> None:
    refuse("DescribeNatGateways", "UnauthorizedOperation", 403)
    with pytest.raises(AnsibleActionFail, match=f"Cannot wait: ec2 DescribeNatGateways failed on {gateway} of stack"):
        wait(nat_gateways=[gateway])
    assert clock.now == 0
