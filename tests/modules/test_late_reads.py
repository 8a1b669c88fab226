"""What follows a write gets the time that AWS documents: the lab is like AWS here (lab/aws_like)."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.triflow.platform.plugins.plugin_utils import recorded

from lab.aws_like import ANSWERS
from tests.conftest import Lab
from tests.modules.compute import Compute
from tests.modules.conftest import RunModule
from tests.modules.controller import RunAction, run_action

__all__ = ["run_action"]

CIDR = "10.0.0.0/16"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: sleep(min(seconds, 0.01)))


@pytest.fixture
def like_aws(lab: Lab) -> Iterator[Lab]:
    with lab.like_aws():
        yield lab


@pytest.fixture
def compute(lab: Lab, stack: str) -> Iterator[Compute]:
    made = Compute(lab, stack)
    with lab.like_aws():
        yield made


def made(result: dict[str, Any]) -> list[str]:
    """What a module has created, or its failure."""
    if result.get("failed"):
        return [str(result["msg"])]
    return [change["component"] for change in result["changes"] if change["action"] == "create"]


def service_options(compute: Compute, definition: str) -> dict[str, Any]:
    entry = {
        "component": "service-backend", "name": "backend", "task_definition": definition, "desired_count": 1,
        "subnets": compute.subnets, "security_groups": compute.groups[:1],
    }  # fmt: skip
    return {"cluster": compute.stack, "services": [entry]}


def roll_out(run_action: RunAction, compute: Compute, result: dict[str, Any], definition: str, **more: Any) -> Any:
    services = [{"name": "backend", "task_definition": definition}]
    given = {"cluster": compute.stack, "services": services, "timeout": 20, **more}
    return run_action("ecs_rollout", deployments=result["deployments"], **given)["waited"]


def test_the_first_cluster_and_service_of_an_account(lab: Lab, stack: str, run_module: RunModule) -> None:
    lab.reset()
    compute = Compute(lab, stack)
    definition = compute.register()
    with lab.like_aws():
        assert made(run_module("ecs_cluster", name=f"{stack}-new")) == ["cluster"]
        lab.aws("iam").delete_role(RoleName="AWSServiceRoleForECS")
        assert made(run_module("ecs_services", **service_options(compute, definition))) == ["service-backend"]


def test_a_service_that_was_created_just_now(compute: Compute, run_module: RunModule, run_action: RunAction) -> None:
    definition = compute.register()
    result = run_module("ecs_services", **service_options(compute, definition))
    assert roll_out(run_action, compute, result, definition).keys() == {"backend"}


@pytest.mark.parametrize("force", [False, True])
def test_a_deployment_that_was_started_just_now(
    compute: Compute, run_module: RunModule, run_action: RunAction, force: bool
) -> None:
    """It is not done because the one before is, though that may be of the same task definition."""
    first = compute.register()
    given = service_options(compute, first)
    roll_out(run_action, compute, run_module("ecs_services", **given), first)
    definition = first if force else compute.register()
    told = run_module(
        "ecs_deployment", component="service-backend", cluster=compute.stack, service="backend",
        task_definition=definition, force=force,
    )  # fmt: skip
    roll_out(run_action, compute, told, definition)
    service = compute.service()
    assert service
    assert [item["id"] for item in service["deployments"]] == [told["deployments"]["backend"]["id"]]


def test_a_follower_asks_until_its_own_limit(compute: Compute, run_action: RunAction) -> None:
    told = {"deployments": {"backend": {"id": "ecs-svc/9", "older": []}}}
    with pytest.raises(AnsibleActionFail, match="after 1 s its new deployment is not listed yet"):
        roll_out(run_action, compute, told, "arn:aws:ecs:one:2:task-definition/a:1", timeout=1)


def test_policies_of_a_new_scalable_target(compute: Compute, run_module: RunModule) -> None:
    run_module("ecs_services", **service_options(compute, compute.register()))
    resource = f"service/{compute.stack}/backend"
    target = {"component": "scalable-target-backend", "resource_id": resource, "min_capacity": 1, "max_capacity": 2}
    assert made(run_module("scalable_targets", targets=[target])) == ["scalable-target-backend"]
    policy = {
        "component": "scaling-policy-backend-out", "resource_id": resource, "name": "out",
        "policy_type": "StepScaling",
        "configuration": {
            "AdjustmentType": "ChangeInCapacity", "Cooldown": 60,
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
        },
    }  # fmt: skip
    assert made(run_module("scaling_policies", resource_ids=[resource], policies=[policy])) == [policy["component"]]


def test_a_parameter_group_whose_instance_is_gone(lab: Lab, stack: str, run_module: RunModule) -> None:
    rds = lab.aws("rds")
    given = {"name": stack, "family": "postgres14", "description": "one"}
    assert made(run_module("db_parameter_group", **given, parameters={})) == ["db-parameter-group"]
    rds.create_db_instance(
        DBInstanceIdentifier=stack, DBInstanceClass="db.t4g.medium", Engine="postgres", EngineVersion="14",
        AllocatedStorage=100, MasterUsername="one", MasterUserPassword="not-a-secret", DBParameterGroupName=stack,
    )  # fmt: skip
    with lab.like_aws():
        rds.delete_db_instance(DBInstanceIdentifier=stack, SkipFinalSnapshot=True)
        gone = run_module("db_parameter_group", **given, state="absent")
    assert gone["changes"][0]["action"] == "delete", gone


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, stack: str) -> dict[str, Any]:
    """What the tasks of this run have said of the stack."""
    components: dict[str, Any] = {}
    monkeypatch.setattr(recorded, "components", {stack: components})
    return components


class Reader:
    """The actions stack_info and stack_resources, with the module in this process."""

    def __init__(self, run_module: RunModule, stack: str) -> None:
        self.run_module = run_module
        self.stack = stack
        self.lines: list[str] = []
        self.asked = 0

    def read(self, check: bool = False, **options: Any) -> list[str]:
        return sorted(str(entry["component"]) for entry in self.run("stack_info", check, **options)["live"])

    def run(self, name: str, check: bool = False, **options: Any) -> dict[str, Any]:
        plugin = importlib.import_module(f"ansible_collections.triflow.platform.plugins.action.{name}")

        def execute(module_args: dict[str, Any], **_unused: Any) -> dict[str, Any]:
            self.asked += 1
            return self.run_module(name, check=check, **module_args)

        task = SimpleNamespace(args={"stack": self.stack, **options}, check_mode=check, async_val=0)
        connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
        action: Any = plugin.ActionModule(task, connection, None, None, None, None)
        action._display = SimpleNamespace(display=self.lines.append)
        action._execute_module = execute
        result: dict[str, Any] = action.run()
        return result


@pytest.fixture
def reader(run_module: RunModule, stack: str) -> Reader:
    return Reader(run_module, stack)


def create_vpc(lab: Lab, stack: str) -> None:
    tags = [{"Key": "triflow:stack", "Value": stack}, {"Key": "triflow:component", "Value": "vpc"}]
    lab.aws("ec2").create_vpc(CidrBlock=CIDR, TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])


def vpc_of(lab: Lab, stack: str) -> str:
    ec2, own = lab.aws("ec2"), [{"Name": "tag:triflow:stack", "Values": [stack]}]
    found: list[dict[str, Any]] = []
    while not found:
        found = ec2.describe_vpcs(Filters=own)["Vpcs"]
    return str(found[0]["VpcId"])


def test_what_this_run_has_made_is_listed_late(like_aws: Lab, reader: Reader, told: dict[str, Any], stack: str) -> None:
    create_vpc(like_aws, stack)
    told["vpc"] = {"action": "create", "before": {}, "after": {}}
    assert "vpc" in reader.read(services=["ec2"])
    assert reader.asked == ANSWERS + 1
    assert len(reader.lines) == ANSWERS
    assert reader.lines[0].startswith(f"  {stack}: vpc is not listed yet (")


def test_a_route_table_gets_its_routes_later_in_the_run(like_aws: Lab, stack: str, run_module: RunModule) -> None:
    create_vpc(like_aws, stack)
    vpc, component = vpc_of(like_aws, stack), "route-table-private-a"
    tables = [{"component": component, "subnet_ids": []}]
    assert made(run_module("vpc_route_tables", vpc_id=vpc, route_tables=tables)) == [component]
    routes = [{"component": component, "routes": []}]
    assert made(run_module("vpc_route_tables", vpc_id=vpc, route_tables=routes)) == []


def test_what_this_run_has_deleted_is_listed_a_while_longer(
    like_aws: Lab, reader: Reader, told: dict[str, Any], stack: str
) -> None:
    create_vpc(like_aws, stack)
    like_aws.aws("ec2").delete_vpc(VpcId=vpc_of(like_aws, stack))
    told["vpc"] = {"action": "delete", "before": {}, "after": {}}
    assert reader.run("stack_resources")["resources"] == []
    assert reader.asked == ANSWERS + 1
    assert reader.lines[0].startswith(f"  {stack}: vpc is deleted and still listed (")


def test_what_this_run_has_not_made_is_not_waited_for(reader: Reader, told: dict[str, Any]) -> None:
    told["bucket"] = {"action": "create", "before": {}, "after": {"name": "one"}}
    told["vpc"] = {"action": "none", "before": {}, "after": {}}
    assert reader.read(services=["ec2"]) == []
    assert reader.asked == 1


def test_a_plan_does_not_wait(reader: Reader, told: dict[str, Any]) -> None:
    told["vpc"] = {"action": "create", "before": {}, "after": {}}
    assert reader.read(check=True, services=["ec2"]) == []
    assert reader.asked == 1


def test_what_is_asked_for_by_name_is_waited_for_by_name(
    like_aws: Lab, reader: Reader, told: dict[str, Any], stack: str
) -> None:
    trust = '{"Version": "2012-10-17", "Statement": []}'
    tags = [{"Key": "triflow:stack", "Value": stack}, {"Key": "triflow:component", "Value": "role-task"}]
    like_aws.aws("iam").create_role(RoleName=f"{stack}-task", AssumeRolePolicyDocument=trust, Tags=tags)
    for name in ("role-task", "role-slack"):
        told[name] = {"action": "create", "before": {}, "after": {"name": f"{stack}-{name[5:]}"}}
    assert reader.read(services=[], role_names=[f"{stack}-task"]) == ["role-task"]
    assert reader.asked > 1


def test_a_database_that_was_created_just_now_is_waited_for(lab: Lab, stack: str, run_action: RunAction) -> None:
    with lab.like_aws():
        rds = lab.aws("rds")
        for _attempt in range(ANSWERS + 1):  # the service-linked role
            try:
                rds.create_db_instance(
                    DBInstanceIdentifier=stack, DBInstanceClass="db.t4g.medium", Engine="postgres", EngineVersion="14",
                    AllocatedStorage=100, MasterUsername="one", MasterUserPassword="not-a-secret",
                )  # fmt: skip
                break
            except rds.exceptions.ClientError:
                continue
        lines: list[str] = []
        run_action("wait", lines, db_instances=[stack], timeout=60)
    assert lines[-1].startswith(f"  {stack}: {stack} is backing-up")  # it serves then
