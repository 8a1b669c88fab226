"""Takes a stack down: by its tags, again without a change, and the account keeps only what the report names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import Lab
from tests.integration.playbook import Played, against_live, play

STACK = "triflow-destroy"
BUCKET = "triflow-ai-destroy"
BACKEND = {"name": "backend", "container_port": 8000, "target_group": "backend"}
WORKER = {"name": "worker", "command": ["work"], "cpu": 256, "memory": 512}
# Every switch that production may have on, and what else costs something only when it is asked for.
SWITCHES = {
    "vpc_nat_gateways": "per_zone",
    "vpc_flow_logs": True,
    "vpc_interface_endpoints": True,
    "alb_access_logs": True,
    "ecs_cpu_architecture": "ARM64",
    "autoscaling_policy": "target_tracking",
    "rds_allocated_storage": 400,
    "rds_max_allocated_storage": 800,
    "rds_iops": 13000,
    "rds_storage_throughput": 600,
    "dashboard_custom_metrics": True,
    "notifications_phone_numbers": ["+821000000000"],
    "cost_budget_alarm": True,
    "cost_budget_krw": 500_000,
}
UNPROTECTED = {"rds_deletion_protection": False, "alb_deletion_protection": False}
GIVEN = {"stack_confirm_destroy": STACK, **UNPROTECTED}
# How each service lists what it has, and what names it there.
LISTS: list[tuple[str, str, str, str | None]] = [
    ("acm", "list_certificates", "CertificateSummaryList", "CertificateArn"),
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    ("ec2", "describe_addresses", "Addresses", "AllocationId"),
    ("ec2", "describe_flow_logs", "FlowLogs", "FlowLogId"),
    ("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    ("ec2", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    ("ec2", "describe_route_tables", "RouteTables", "RouteTableId"),
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
    ("ec2", "describe_subnets", "Subnets", "SubnetId"),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    ("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    ("ecr", "describe_repositories", "repositories", "repositoryName"),
    ("ecs", "list_task_definitions", "taskDefinitionArns", None),
    ("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerName"),
    ("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupName"),
    ("events", "list_rules", "Rules", "Name"),
    ("firehose", "list_delivery_streams", "DeliveryStreamNames", None),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("kms", "list_keys", "Keys", "KeyArn"),
    ("lambda", "list_functions", "Functions", "FunctionName"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    ("rds", "describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupName"),
    ("rds", "describe_db_snapshots", "DBSnapshots", "DBSnapshotIdentifier"),
    ("rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
    ("route53", "list_hosted_zones", "HostedZones", "Name"),
    ("s3", "list_buckets", "Buckets", "Name"),
    ("scheduler", "list_schedules", "Schedules", "Name"),
    ("secretsmanager", "list_secrets", "SecretList", "Name"),
    ("sns", "list_topics", "Topics", "TopicArn"),
    ("sqs", "list_queues", "QueueUrls", None),
    ("ssm", "describe_parameters", "Parameters", "Name"),
]


def described(lab: Lab) -> set[str]:
    """Everything in the account, by service and name, but for the keys that AWS makes and manages (alias/aws/rds)."""
    found = set()
    for service, operation, key, name in LISTS:
        items = getattr(lab.aws(service), operation)().get(key, [])
        found |= {f"{service} {item[name] if name else item}" for item in items}
    aliases = lab.aws("kms").list_aliases()["Aliases"]
    found = {item for item in found if not item.startswith("iam AWSServiceRoleFor")}  # the account's, made by services
    managed = {alias.get("TargetKeyId") for alias in aliases if alias["AliasName"].startswith("alias/aws/")}
    found -= {item for item in found if item.startswith("kms ") and item.rpartition("/")[2] in managed}
    targets = lab.aws("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    clusters = lab.aws("ecs").describe_clusters(clusters=[STACK])["clusters"]
    budgets = lab.aws("budgets").describe_budgets(AccountId="123456789012")["Budgets"]
    found |= {f"budgets {budget['BudgetName']}" for budget in budgets}
    found |= {f"ecs {cluster['clusterName']}" for cluster in clusters if cluster["status"] == "ACTIVE"}
    return found | {f"application-autoscaling {target['ResourceId']}" for target in targets}


@contextmanager
def guard_duty(lab: Lab) -> Iterator[None]:
    """What GuardDuty's Runtime Monitoring makes in the VPC of a Fargate task, and leaves there."""
    ec2, managed = lab.aws("ec2"), [{"Key": "GuardDutyManaged", "Value": "true"}]
    vpc = ec2.describe_vpcs(Filters=[{"Name": "tag:triflow:stack", "Values": [STACK]}])["Vpcs"][0]["VpcId"]
    inside = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "tag:triflow:component", "Values": ["subnet-private-a"]}]
    subnet = ec2.describe_subnets(Filters=inside)["Subnets"][0]["SubnetId"]
    group = ec2.create_security_group(
        GroupName=f"GuardDutyManagedSecurityGroup-{vpc}",
        Description="Associated with VPC",
        VpcId=vpc,
        TagSpecifications=[{"ResourceType": "security-group", "Tags": managed}],
    )["GroupId"]
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.ap-northeast-2.guardduty-data",
        SubnetIds=[subnet],
        SecurityGroupIds=[group],
        TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": managed}],
    )["VpcEndpoint"]["VpcEndpointId"]
    yield
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    ec2.delete_security_group(GroupId=group)


@contextmanager
def image(lab: Lab) -> Iterator[None]:
    """An image that somebody pushed."""
    ecr, repository = lab.aws("ecr"), f"{STACK}/backend"
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"})
    ecr.put_image(repositoryName=repository, imageManifest=manifest, imageTag="1")
    yield
    ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": "1"}])


@contextmanager
def service(lab: Lab) -> Iterator[None]:
    """A service that somebody else runs in the stack's cluster: ECS deletes no cluster that has one."""
    ecs = lab.aws("ecs")
    (live,) = ecs.describe_services(cluster=STACK, services=["worker"])["services"]
    ecs.create_service(
        cluster=STACK,
        serviceName="theirs",
        taskDefinition=live["taskDefinition"],
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration=live["networkConfiguration"],
    )
    yield
    ecs.delete_service(cluster=STACK, service="theirs", force=True)
    while ecs.describe_services(cluster=STACK, services=["theirs"])["services"][0]["status"] != "INACTIVE":
        pass  # ECS goes on with each answer


def make_second(lab: Lab) -> None:
    """A second VPC with parts of its own, a second address and a second key, all with the tags of the first."""
    ec2 = lab.aws("ec2")

    def labels(kind: str, component: str) -> list[dict[str, Any]]:
        tags = {"triflow:stack": STACK, "triflow:component": component}
        return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]

    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=labels("vpc", "vpc"))["Vpc"]["VpcId"]
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", TagSpecifications=labels("subnet", "subnet-public-a"))
    ec2.create_route_table(VpcId=vpc, TagSpecifications=labels("route-table", "route-table-public"))
    gateway = ec2.create_internet_gateway(TagSpecifications=labels("internet-gateway", "internet-gateway"))
    ec2.attach_internet_gateway(InternetGatewayId=gateway["InternetGateway"]["InternetGatewayId"], VpcId=vpc)
    ec2.allocate_address(Domain="vpc", TagSpecifications=labels("elastic-ip", "elastic-ip-a"))
    tags = {"triflow:stack": STACK, "triflow:component": "kms-key"}
    lab.aws("kms").create_key(Tags=[{"TagKey": key, "TagValue": value} for key, value in tags.items()])


# What stops the run somewhere on its way, and what the refusal has to name.
OBSTACLES: dict[str, Callable[[Lab], AbstractContextManager[None]]] = {
    "GuardDuty": guard_duty,
    "ecr_delete_images": image,
    "theirs": service,
}


@dataclass(frozen=True)
class Runs:
    empty: set[str]
    refused: list[Played]
    in_the_way: list[Played]  # a plan and a run, with all of OBSTACLES
    after_refusal: set[str]
    built: set[str]
    alarm: Played  # set off on purpose
    destroy: Played
    left: set[str]
    again: Played
    emptied: Played
    left_at_last: set[str]
    cost: dict[str, Any]  # of the variables against what was built
    cost_at_last: dict[str, Any]


@pytest.fixture(scope="module")
def runs(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    lab.reset()
    directory = tmp_path_factory.mktemp("destroy")
    inventory = directory / "hosts.yml"

    def write(services: list[dict[str, Any]]) -> None:
        host = {"s3_bucket_name": BUCKET, "dns_zone_name": f"{STACK}.com", "ecs_services": services}
        inventory.write_text(json.dumps({"prod": {"hosts": {STACK: {**host, **SWITCHES}}}}))

    def run(playbook: str, *options: str) -> Played:
        return play(lab, directory, playbook, "-i", str(inventory), *options)

    def destroy(**variables: Any) -> Played:
        return run("playbooks/destroy.yml", "-e", json.dumps({**GIVEN, **variables}))

    empty = described(lab)
    write([BACKEND, WORKER])
    site = run("site.yml")
    assert site.exit_code == 0, site.output
    built = described(lab)
    alarm = run("playbooks/test_alarm.yml", "-e", "alarms_test_name=rds-cpu-high")
    assert f"budgets {STACK}" in built
    cost = against_live(lab, directory, "-i", str(inventory))
    refused = [destroy(stack_confirm_destroy="triflow-other"), destroy(rds_deletion_protection=True)]
    with ExitStack() as obstacles:
        for obstacle in OBSTACLES.values():
            obstacles.enter_context(obstacle(lab))
        in_the_way = [run("playbooks/destroy.yml", "--check", "-e", json.dumps(GIVEN)), destroy()]
    after_refusal = described(lab)
    lab.aws("s3").put_object(Bucket=BUCKET, Key="shared/system/one", Body=b"1")
    write([BACKEND])  # nobody names the worker any more
    make_second(lab)
    return Runs(
        empty,
        refused,
        in_the_way,
        after_refusal,
        built,
        alarm,
        destroy(),
        described(lab),
        destroy(),
        destroy(s3_empty_bucket=True),
        described(lab),
        cost,
        against_live(lab, directory, "-i", str(inventory)),
    )


def report(run: Played) -> list[str]:
    """What the last task of the run says that stays."""
    lines = run.results[STACK][-1]["msg"]
    assert isinstance(lines, list)
    return lines


def test_an_alarm_on_purpose_shows_the_ids_of_its_texts(lab: Lab, runs: Runs) -> None:
    """MON-8: the whole way, from the alarm by the topic and the function to AWS, and back by the function's log."""
    assert runs.alarm.exit_code == 0, runs.alarm.output
    lines = (lab.directory / "texts.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [text for text in map(json.loads, lines) if f"{STACK}-rds-cpu-high" in text["body"]]
    assert {(text["region"], text["to"]) for text in texts} == {("ap-northeast-2", "+821000000000")}
    assert sorted(text["body"].split(":")[0] for text in texts) == ["ALARM critical", "OK critical"]
    for text in texts:
        assert f"text to ...0000 handed over to AWS End User Messaging SMS as {text['id']}" in runs.alarm.output
    assert "8210" not in runs.alarm.output


def test_it_asks_for_the_name_and_for_what_is_protected(runs: Runs) -> None:
    name, protected = runs.refused
    assert (name.exit_code, protected.exit_code) == (2, 2)
    assert f"-e stack_confirm_destroy={STACK}" in name.output
    assert "-e rds_deletion_protection=false" in protected.output
    assert runs.after_refusal == runs.built


@pytest.mark.parametrize("name", OBSTACLES)
def test_what_would_stop_it_is_named_before_the_first_deletion(runs: Runs, name: str) -> None:
    for played in runs.in_the_way:
        assert played.exit_code == 2
        assert played.writes == []
        (failed,) = [result for result in played.results[STACK] if result.get("failed")]
        assert "nothing was deleted" in failed["msg"].lower()
        assert name in failed["msg"]


def test_only_what_the_report_names_is_left(runs: Runs) -> None:
    assert runs.destroy.exit_code == 0, runs.destroy.output
    said = report(runs.destroy)
    assert [line.split(":")[2] for line in said] == ["kms", "kms", "rds", "s3", "secretsmanager"]
    left = sorted(item.split(" ", 1) for item in runs.left - runs.empty)
    # A secret in its recovery window is not listed. What was there twice is gone like the first.
    assert [service for service, _name in left] == ["kms", "kms", "rds", "s3"]
    assert left[2][1].startswith(f"{STACK}-db-final-")
    assert not [name for _service, name in left if not any(name in line for line in said)]
    assert [line for line in said if BUCKET in line and "s3_empty_bucket=true" in line]


def test_what_no_variable_names_any_more_is_gone(runs: Runs) -> None:
    components = runs.destroy.components(STACK)
    assert components["log-group-worker"] == "delete"
    assert components["task-definition-worker"] == "delete"
    assert not [name for name in runs.left if "worker" in name]


def test_a_second_run_changes_nothing(runs: Runs) -> None:
    assert runs.again.exit_code == 0, runs.again.output
    assert runs.again.writes == []
    assert not any(result.get("changed") for result in runs.again.results[STACK])
    assert report(runs.again) == report(runs.destroy)


def test_the_bucket_goes_with_its_objects_on_demand(runs: Runs) -> None:
    assert runs.emptied.exit_code == 0, runs.emptied.output
    assert "DeleteObjects" in runs.emptied.writes
    assert f"versions of objects deleted from {BUCKET}" in runs.emptied.output
    assert {item.split(" ")[0] for item in runs.left_at_last - runs.empty} == {"kms", "rds"}
    assert not [line for line in report(runs.emptied) if BUCKET in line]


def test_nothing_that_carries_the_tag_is_left_but_what_is_named(runs: Runs, lab: Lab) -> None:
    tagged = lab.aws("resourcegroupstaggingapi").get_resources(TagFilters=[{"Key": "triflow:stack", "Values": [STACK]}])
    arns = {item["ResourceARN"] for item in tagged["ResourceTagMappingList"]}
    # AWS lists deleted NAT gateways and stopped tasks for an hour.
    kept = {arn for arn in arns if ":natgateway/" not in arn and ":task/" not in arn}
    assert kept == {arn for arn in kept if any(line.startswith(f"{arn}: ") for line in report(runs.emptied))}


def test_with_every_switch_on_it_costs_what_the_variables_say(runs: Runs) -> None:
    assert runs.cost["lines"] == []
    assert runs.cost["before_krw"] == runs.cost["after_krw"] > 0


def test_then_nothing_costs_anything(runs: Runs) -> None:
    assert runs.cost_at_last["before_krw"] == 0
    assert {line["before_krw"] for line in runs.cost_at_last["lines"]} == {0}
