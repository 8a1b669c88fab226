"""The four environments on one account, one after the other: what each is, and that none touches another (ENV-1..5)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Lab
from tests.integration.access import TABLE, Access, Row
from tests.integration.playbook import Played, play

ORDER = ("nonprod", "dev", "staging", "prod")
DESTROY_DEV = (
    *("playbooks/destroy.yml", "-i", "inventories/dev"),
    *("-e", "stack_confirm_destroy=triflow-dev", "-e", "rds_deletion_protection=false"),
)
DESTROY_NONPROD = ("playbooks/destroy.yml", "-i", "inventories/nonprod", "-e", "stack_confirm_destroy=triflow-nonprod")
DEV = ("triflow-dev", "dev.triflow-ai.com")  # what begins the names of the stack triflow-dev
# What changes by itself.
VOLATILE = {
    *("ResponseMetadata", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp"),
    *("StateValue", "LatestRestorableTime", "RoleLastUsed", "storedBytes", "events", "deployments"),
    *("runningCount", "pendingCount", "runningTasksCount", "pendingTasksCount", "LastAccessedDate", "InUseBy"),
}
# service, operation, where the items are, and what names an item
LISTED = (
    ("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    ("ec2", "describe_subnets", "Subnets", "SubnetId"),
    ("ec2", "describe_route_tables", "RouteTables", "RouteTableId"),
    ("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    ("ec2", "describe_nat_gateways", "NatGateways", "NatGatewayId"),
    ("ec2", "describe_addresses", "Addresses", "AllocationId"),
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    ("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    ("rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
    ("rds", "describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupName"),
    ("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerName"),
    ("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupName"),
    ("acm", "list_certificates", "CertificateSummaryList", "DomainName"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("ecr", "describe_repositories", "repositories", "repositoryName"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("sns", "list_topics", "Topics", "TopicArn"),
    ("sqs", "list_queues", "QueueUrls", ""),
    ("lambda", "list_functions", "Functions", "FunctionName"),
    ("events", "list_rules", "Rules", "Name"),
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("firehose", "list_delivery_streams", "DeliveryStreamNames", ""),
    ("secretsmanager", "list_secrets", "SecretList", "Name"),
    ("kms", "list_aliases", "Aliases", "AliasName"),
    ("ecs", "list_task_definitions", "taskDefinitionArns", ""),
    ("scheduler", "list_schedules", "Schedules", "Arn"),
)


def clean(value: Any) -> Any:
    """The value without what changes by itself."""
    if isinstance(value, dict):
        return {key: clean(item) for key, item in value.items() if key not in VOLATILE}
    return [clean(item) for item in value] if isinstance(value, list) else value


def items(lab: Lab) -> Iterator[tuple[str, str, Any]]:
    """Everything that AWS describes in the account: operation, name and description."""
    for service, operation, key, name in LISTED:
        client = lab.aws(service)
        if client.can_paginate(operation):
            pages = client.get_paginator(operation).paginate()
        else:
            pages = [getattr(client, operation)()]
        for item in (item for page in pages for item in page.get(key, [])):
            yield operation, item[name] if name else item, item
    iam, s3, route53, elb = lab.aws("iam"), lab.aws("s3"), lab.aws("route53"), lab.aws("elbv2")
    for role in iam.list_roles()["Roles"]:
        for policy in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            found = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=policy)
            yield "get_role_policy", f"{role['RoleName']}/{policy}", found
    for bucket in (bucket["Name"] for bucket in s3.list_buckets()["Buckets"]):
        for operation in (
            *("get_bucket_policy", "get_bucket_lifecycle_configuration", "get_bucket_versioning"),
            *("get_bucket_encryption", "get_bucket_tagging", "get_public_access_block"),
        ):
            yield operation, bucket, getattr(s3, operation)(Bucket=bucket)
        for version in s3.list_object_versions(Bucket=bucket, Prefix="staging/shared/").get("Versions", []):
            yield "list_object_versions", f"{bucket}/{version['Key']}", version
    for zone in route53.list_hosted_zones()["HostedZones"]:
        records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
        yield "list_hosted_zones", zone["Name"], zone
        yield "list_resource_record_sets", zone["Name"], records
    for balancer in elb.describe_load_balancers()["LoadBalancers"]:
        listeners = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        yield "describe_listeners", balancer["LoadBalancerName"], listeners
    yield from services(lab)


def services(lab: Lab) -> Iterator[tuple[str, str, Any]]:
    ecs, scaling, logs = lab.aws("ecs"), lab.aws("application-autoscaling"), lab.aws("logs")
    for cluster in ecs.describe_clusters(clusters=ecs.list_clusters()["clusterArns"])["clusters"]:
        if cluster["status"] != "ACTIVE":
            continue
        yield "describe_clusters", cluster["clusterName"], cluster
        for arn in ecs.list_services(cluster=cluster["clusterArn"])["serviceArns"]:
            (service,) = ecs.describe_services(cluster=cluster["clusterArn"], services=[arn])["services"]
            yield "describe_services", arn, service
    for operation, key in (
        ("describe_scalable_targets", "ScalableTargets"),
        ("describe_scaling_policies", "ScalingPolicies"),
        ("describe_scheduled_actions", "ScheduledActions"),
    ):
        for item in getattr(scaling, operation)(ServiceNamespace="ecs")[key]:
            own = item.get("PolicyName") or item.get("ScheduledActionName") or ""
            yield operation, f"{item['ResourceId']} {own}", item
    for group in logs.describe_log_groups()["logGroups"]:
        filters = logs.describe_subscription_filters(logGroupName=group["logGroupName"])["subscriptionFilters"]
        yield "describe_subscription_filters", group["logGroupName"], filters


def describe(lab: Lab) -> dict[str, str]:
    """The account, as text by operation and name."""
    found = {}
    for operation, name, item in items(lab):
        key = f"{operation} {name}"
        assert key not in found, key
        found[key] = json.dumps(clean(item), sort_keys=True, default=str)
    return found


def is_of_dev(name: str, description: str) -> bool:
    """Whether it is the stack triflow-dev's: by its name, for what has none by its tag, for RDS's secret by its ARN."""
    tag = json.dumps({"Key": "triflow:stack", "Value": "triflow-dev"}, sort_keys=True)
    return any(part in name for part in DEV) or tag in description or ':db:triflow-dev-db"' in description


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tmp_path_factory.mktemp("environments")


@pytest.fixture(scope="module")
def built(lab: Lab, directory: Any) -> dict[str, Played]:
    """From an empty account: each environment with its own inventory."""
    lab.reset()
    return {name: play(lab, directory, "site.yml", "-i", f"inventories/{name}") for name in ORDER}


@pytest.fixture(scope="module")
def plan(built: dict[str, Played], lab: Lab, directory: Any) -> Played:
    assert built
    inventories = [part for name in ("nonprod", "dev", "staging") for part in ("-i", f"inventories/{name}")]
    return play(lab, directory, "site.yml", *inventories, "--check")


@pytest.fixture(scope="module")
def destroyed(plan: Played, lab: Lab, directory: Any) -> dict[str, Any]:
    """The account before and after triflow-dev is destroyed, and what its foundation says then."""
    assert plan
    lab.aws("s3").put_object(Bucket="triflow-ai-nonprod", Key="staging/shared/1", Body=b"x")
    before = describe(lab)
    played = play(lab, directory, *DESTROY_DEV)
    after = describe(lab)
    return {"before": before, "after": after, "dev": played, "nonprod": play(lab, directory, *DESTROY_NONPROD)}


@pytest.mark.parametrize("name", ORDER)
def test_each_is_built(built: dict[str, Played], name: str) -> None:
    assert built[name].exit_code == 0, built[name].output
    assert {*built[name].components(f"triflow-{name}").values()} - {"none"} == {"create"}


def test_then_there_is_nothing_to_do(plan: Played) -> None:
    assert plan.exit_code == 0, plan.output
    for stack in ("triflow-nonprod", "triflow-dev", "triflow-staging"):
        assert set(plan.components(stack).values()) == {"none"}


def vpc_of(lab: Lab, stack: str) -> set[str]:
    """VPCs in which a stack has subnets."""
    mine = [{"Name": "tag:triflow:stack", "Values": [stack]}]
    return {subnet["VpcId"] for subnet in lab.aws("ec2").describe_subnets(Filters=mine)["Subnets"]}


def test_env_1_vpc(built: dict[str, Played], lab: Lab) -> None:
    assert built
    ec2 = lab.aws("ec2")
    used = {name: vpc_of(lab, f"triflow-{name}") for name in ORDER}
    assert all(len(vpcs) == 1 for vpcs in used.values())
    assert used["dev"] == used["nonprod"]
    assert len(used["nonprod"] | used["staging"] | used["prod"]) == 3
    owned = ec2.describe_vpcs(Filters=[{"Name": "tag:triflow:component", "Values": ["vpc"]}])["Vpcs"]
    tags = [{tag["Key"]: tag["Value"] for tag in vpc["Tags"]}["triflow:stack"] for vpc in owned]
    assert sorted(tags) == ["triflow-nonprod", "triflow-prod", "triflow-staging"]
    # dev's private subnets go out through the foundation's NAT gateway and reach S3 by an endpoint of their own
    mine = [{"Name": "tag:triflow:stack", "Values": ["triflow-dev"]}]
    tables = ec2.describe_route_tables(Filters=mine)["RouteTables"]
    gateways = {route["NatGatewayId"] for table in tables for route in table["Routes"] if "NatGatewayId" in route}
    (gateway,) = ec2.describe_nat_gateways(NatGatewayIds=sorted(gateways))["NatGateways"]
    assert {"Key": "triflow:stack", "Value": "triflow-nonprod"} in gateway["Tags"]
    (endpoint,) = ec2.describe_vpc_endpoints(Filters=mine)["VpcEndpoints"]
    assert len(endpoint["RouteTableIds"]) == 2
    assert set(endpoint["RouteTableIds"]) < {table["RouteTableId"] for table in tables}


@pytest.mark.parametrize(
    ("name", "instance_class", "multi_az"),
    [("dev", "db.t4g.micro", False), ("staging", "db.t4g.small", False), ("prod", "db.t4g.medium", True)],
)
def test_env_2_database(built: dict[str, Played], lab: Lab, name: str, instance_class: str, multi_az: bool) -> None:
    assert built
    instances = lab.aws("rds").describe_db_instances()["DBInstances"]
    assert len(instances) == 3  # the foundation has none
    (found,) = [one for one in instances if one["DBInstanceIdentifier"] == f"triflow-{name}-db"]
    assert (found["DBInstanceClass"], found["MultiAZ"]) == (instance_class, multi_az)
    assert found["DeletionProtection"] is True  # DB-8


@pytest.mark.parametrize(
    ("name", "cpu", "memory", "count", "least", "most", "insights"),
    [
        ("dev", "512", "1024", 1, 1, 2, "disabled"),
        ("staging", "1024", "2048", 1, 1, 2, "disabled"),
        ("prod", "1024", "2048", 2, 2, 5, "enabled"),
    ],
)
def test_env_3_services(
    built: dict[str, Played], lab: Lab, name: str, cpu: str, memory: str, count: int, least: int, most: int,
    insights: str,
) -> None:  # fmt: skip
    assert built
    ecs, stack = lab.aws("ecs"), f"triflow-{name}"
    (service,) = ecs.describe_services(cluster=stack, services=["backend"])["services"]
    definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    assert (definition["cpu"], definition["memory"], service["desiredCount"]) == (cpu, memory, count)
    targets = lab.aws("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    (target,) = [target for target in targets if target["ResourceId"] == f"service/{stack}/backend"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (least, most)
    (cluster,) = ecs.describe_clusters(clusters=[stack], include=["SETTINGS"])["clusters"]
    assert {"name": "containerInsights", "value": insights} in cluster["settings"]  # MON-4


def test_env_4_bucket(built: dict[str, Played], lab: Lab) -> None:
    assert built
    buckets = {bucket["Name"] for bucket in lab.aws("s3").list_buckets()["Buckets"]}
    assert buckets == {"triflow-ai-nonprod", "triflow-ai-prod"}
    streams, iam = lab.aws("firehose"), lab.aws("iam")
    for name, bucket, prefix in (
        ("dev", "triflow-ai-nonprod", "dev/"),
        ("staging", "triflow-ai-nonprod", "staging/"),
        ("prod", "triflow-ai-prod", ""),
    ):
        stream = streams.describe_delivery_stream(DeliveryStreamName=f"triflow-{name}-logs-archive")
        (destination,) = stream["DeliveryStreamDescription"]["Destinations"]
        archive = destination["ExtendedS3DestinationDescription"]
        assert archive["BucketARN"] == f"arn:aws:s3:::{bucket}"
        assert archive["Prefix"].startswith(f"{prefix}logs-archive/")
        role = iam.get_role_policy(RoleName=f"triflow-{name}-task", PolicyName="use-the-stack")["PolicyDocument"]
        written = [one["Resource"] for one in role["Statement"] if "s3:PutObject" in one["Action"]]
        assert f"arn:aws:s3:::{bucket}/{prefix}tenants/*" in json.dumps(written)
        tags = iam.list_role_tags(RoleName=f"triflow-{name}-task")["Tags"]
        assert {"Key": "triflow:stack", "Value": f"triflow-{name}"} in tags  # by which the bucket's policy knows it


@pytest.mark.parametrize(
    ("name", "domain"),
    [("dev", "dev.triflow-ai.com"), ("staging", "staging.triflow-ai.com"), ("prod", "triflow-ai.com")],
)
def test_env_5_domain(built: dict[str, Played], lab: Lab, name: str, domain: str) -> None:
    assert built
    route53 = lab.aws("route53")
    (zone,) = [zone for zone in route53.list_hosted_zones()["HostedZones"] if zone["Name"] == f"{domain}."]
    records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    (balancer,) = lab.aws("elbv2").describe_load_balancers(Names=[f"triflow-{name}"])["LoadBalancers"]
    aliases = {record["Name"]: record["AliasTarget"]["DNSName"] for record in records if "AliasTarget" in record}
    assert set(aliases) == {f"{domain}."}
    assert all(balancer["DNSName"] in target for target in aliases.values())


@pytest.fixture(scope="module")
def access(built: dict[str, Played], lab: Lab) -> Access:
    assert built
    return Access(lab)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.who} {row.action} {row.why}")
def test_what_the_deployed_policies_decide(access: Access, row: Row) -> None:
    """S3-2, S3-7, S3-9, ENV-4, NET-5, MON-8: a captured task, a careless application, a neighbour, another account."""
    assert access.decide(row) is row.allowed


def test_destroying_dev_touches_nothing_of_the_others(destroyed: dict[str, Any]) -> None:
    assert destroyed["dev"].exit_code == 0, destroyed["dev"].output
    others, of_dev = {}, {}
    for when in ("before", "after"):
        found = destroyed[when]
        of_dev[when] = {name for name, description in found.items() if is_of_dev(name, description)}
        others[when] = {name: description for name, description in found.items() if name not in of_dev[when]}
    assert others["after"] == others["before"]
    assert len(of_dev["before"]) > 60
    assert of_dev["after"] == {"list_aliases alias/triflow-dev-notifications"}  # of a key that KMS deletes in 30 days


def test_destroying_the_foundation_before_staging_is_refused(destroyed: dict[str, Any]) -> None:
    played = destroyed["nonprod"]
    assert played.exit_code == 2
    assert "triflow-staging: playbooks/destroy.yml with the inventory of triflow-staging" in played.output
    assert played.writes == []
