"""The lab's switch: late reads, service-linked roles, statuses, throttled lists. Off, there is none of it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lab.aws_like import ANSWERS
from tests.conftest import Lab
from tests.lab.conftest import Account, refused
from tests.modules.compute import Compute

ONCE = Config(retries={"total_max_attempts": 1})
THING = {"Name": "tag:thing", "Values": ["one"]}


@pytest.fixture
def like_aws(empty_lab: Lab) -> Iterator[Lab]:
    with empty_lab.like_aws():
        yield empty_lab


def answers(call: Callable[[], Any], attempts: int = ANSWERS + 2) -> list[Any]:
    """What a call answers again and again, or the error's code."""
    found = []
    for _attempt in range(attempts):
        try:
            found.append(call())
        except ClientError as error:
            found.append(error.response["Error"]["Code"])
    return found


def late(before: Any, after: Any) -> list[Any]:
    return [before] * ANSWERS + [after] * 2


def vpc(ec2: Any) -> str:
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "thing", "Value": "one"}]}]
    return str(ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"])


def test_a_filter_finds_what_was_made_a_while_later(like_aws: Lab) -> None:
    ec2 = like_aws.aws("ec2")
    made = vpc(ec2)
    assert answers(lambda: len(ec2.describe_vpcs(Filters=[THING])["Vpcs"])) == late(0, 1)
    subnet = {"VpcId": made, "CidrBlock": "10.0.1.0/24"}
    assert answers(lambda: ec2.create_subnet(**subnet)["Subnet"]["VpcId"], 3) == ["InvalidVpcID.NotFound"] * 2 + [made]


def test_what_was_deleted_is_listed_a_while_longer(like_aws: Lab) -> None:
    ec2 = like_aws.aws("ec2")
    made = vpc(ec2)
    answers(ec2.describe_vpcs)
    ec2.delete_vpc(VpcId=made)
    assert answers(lambda: len(ec2.describe_vpcs(Filters=[THING])["Vpcs"])) == late(1, 0)


def test_new_tags_are_found_a_while_later(like_aws: Lab) -> None:
    ec2 = like_aws.aws("ec2")
    made = vpc(ec2)
    answers(ec2.describe_vpcs)
    ec2.create_tags(Resources=[made], Tags=[{"Key": "thing", "Value": "two"}])
    assert answers(lambda: len(ec2.describe_vpcs(Filters=[THING])["Vpcs"])) == late(1, 0)


def test_the_tagging_api_lists_late(like_aws: Lab) -> None:
    tagging, made = like_aws.aws("resourcegroupstaggingapi"), vpc(like_aws.aws("ec2"))

    def listed() -> int:
        found = tagging.get_resources(TagFilters=[{"Key": "thing"}])["ResourceTagMappingList"]
        return len([item for item in found if item["ResourceARN"].endswith(made)])

    assert answers(listed) == late(0, 1)


def test_a_new_service_its_deployments_and_its_target_are_late(empty_lab: Lab) -> None:
    compute = Compute(empty_lab, "one")
    first, second = compute.register(), compute.register()
    ecs, scaling = compute.ecs, empty_lab.aws("application-autoscaling")

    def deployments() -> list[str]:
        found = ecs.describe_services(cluster="one", services=["backend"])["services"]
        return [item["taskDefinition"] for service in found for item in service["deployments"][:1]]

    target = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
    target["ResourceId"] = "service/one/backend"
    policy = {
        "PolicyName": "one",
        "PolicyType": "StepScaling",
        "StepScalingPolicyConfiguration": {
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
        },
    }
    with empty_lab.like_aws():
        answers(lambda: compute.create_service(first), 3)  # the service-linked role first
        assert answers(deployments) == late([], [first])
        register = answers(lambda: scaling.register_scalable_target(**target, MinCapacity=2, MaxCapacity=3) and "", 3)
        assert register == ["ValidationException"] * 2 + [""]
        put = answers(lambda: scaling.put_scaling_policy(**target, **policy)["Alarms"])
        assert put == late("ObjectNotFoundException", [])
        ecs.update_service(cluster="one", service="backend", taskDefinition=second)
        assert answers(deployments) == late([first], [second])


def test_a_parameter_group_has_members_after_its_instance_is_gone(like_aws: Lab) -> None:
    account = Account(like_aws)
    group = {"DBParameterGroupName": "one"}
    account.rds.create_db_parameter_group(**group, DBParameterGroupFamily="postgres14", Description="one")
    answers(lambda: account.database(**group), 3)
    answers(account.describe)
    account.rds.delete_db_instance(DBInstanceIdentifier="triflow", SkipFinalSnapshot=True)
    delete = answers(lambda: account.rds.delete_db_parameter_group(**group) and "gone", 3)
    assert delete == ["InvalidDBParameterGroupState"] * 2 + ["gone"]


def test_a_fresh_account_lacks_service_linked_roles(like_aws: Lab) -> None:
    ecs, iam = like_aws.aws("ecs"), like_aws.aws("iam")
    with refused("NoSuchEntity"):
        iam.get_role(RoleName="AWSServiceRoleForECS")
    with refused("InvalidParameterException", "Unable to assume the service linked role."):
        ecs.create_cluster(clusterName="one")
    assert iam.get_role(RoleName="AWSServiceRoleForECS")["Role"]["Path"] == "/aws-service-role/ecs.amazonaws.com/"
    with refused("InvalidParameterException"):
        ecs.create_cluster(clusterName="one")
    assert ecs.create_cluster(clusterName="one")["cluster"]["status"] == "ACTIVE"
    assert ecs.create_cluster(clusterName="two")["cluster"]["status"] == "ACTIVE"


def test_rds_goes_through_its_statuses(like_aws: Lab) -> None:
    account = Account(like_aws)

    def statuses(number: int) -> list[str]:
        return [account.describe()["DBInstanceStatus"] for _unused in range(number)]

    created = answers(lambda: account.database()["DBInstanceStatus"], 3)
    assert created == ["InvalidParameterValue"] * 2 + ["creating"]  # the service-linked role
    assert answers(account.describe)[:ANSWERS] == ["DBInstanceNotFound"] * ANSWERS
    change = {"DBInstanceIdentifier": "triflow", "ApplyImmediately": True}
    with refused("InvalidDBInstanceState"):
        account.rds.modify_db_instance(**change, BackupRetentionPeriod=7)
    assert statuses(1)[-1] == "available"
    account.rds.modify_db_instance(**change, BackupRetentionPeriod=7)
    account.rds.modify_db_instance(**change, AllocatedStorage=200) if statuses(1) == ["available"] else None
    assert statuses(3) == ["storage-optimization", "storage-optimization", "available"]
    account.rds.stop_db_instance(DBInstanceIdentifier="triflow")
    assert statuses(2) == ["stopping", "stopped"]
    account.rds.start_db_instance(DBInstanceIdentifier="triflow")
    assert statuses(2) == ["starting", "available"]


def test_a_queues_name_is_free_a_while_after_its_deletion(like_aws: Lab) -> None:
    sqs = like_aws.aws("sqs")
    url = sqs.create_queue(QueueName="one")["QueueUrl"]
    sqs.delete_queue(QueueUrl=url)
    code = "AWS.SimpleQueueService.QueueDeletedRecently"
    assert answers(lambda: sqs.create_queue(QueueName="one")["QueueUrl"]) == late(code, url)
    assert sqs.create_queue(QueueName="two")["QueueUrl"]


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("ec2", "describe_vpcs", "RequestLimitExceeded"),
        ("rds", "describe_db_instances", "Throttling"),
        ("ecs", "list_clusters", "ThrottlingException"),
    ],
)
def test_lists_are_throttled_and_pass_when_repeated(like_aws: Lab, service: str, operation: str, code: str) -> None:
    impatient = like_aws.aws(service, config=ONCE)
    assert code in answers(lambda: getattr(impatient, operation)() and "passed", 40)
    for _unused in range(40):
        getattr(like_aws.aws(service), operation)()


def test_off_every_read_is_on_time(empty_lab: Lab) -> None:
    ec2 = empty_lab.aws("ec2")
    vpc(ec2)
    assert answers(lambda: len(ec2.describe_vpcs(Filters=[THING])["Vpcs"])) == [1] * 4
    assert empty_lab.aws("ecs").create_cluster(clusterName="one")["cluster"]["status"] == "ACTIVE"


def test_status_says_it(empty_lab: Lab) -> None:
    assert "aws-like    off\n" in empty_lab.command("status").stdout
    with empty_lab.like_aws():
        assert "aws-like    on\n" in empty_lab.command("status").stdout
    assert "aws-like    off\n" in empty_lab.command("status").stdout


def test_each_row_names_calls_that_there_are() -> None:
    table = importlib.import_module("lab.aws_like.late_reads_table")
    session = botocore.session.get_session()
    clients = {  # by the name in a signature
        "elasticloadbalancing": "elbv2",
        "monitoring": "cloudwatch",
        "tagging": "resourcegroupstaggingapi",
    }
    named = {call for row in table.ROWS for call in (*row.writes, *row.reads)}
    for service in {call.split(":")[0] for call in named}:
        known = session.get_service_model(clients.get(service, service)).operation_names
        assert {call.split(":")[1] for call in named if call.startswith(f"{service}:")} <= set(known)
    assert all(row.source for row in table.ROWS)
