# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stands in the account under the names that a stack claims, whosever it is.

One call tells what is the stack's own, by its tags. Only what that call does not list is asked for by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import batched
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import db_instance, elbv2, live_budgets
from ansible_collections.triflow.platform.plugins.module_utils.claims import Claim
from ansible_collections.triflow.platform.plugins.module_utils.ecs import from_ecs
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.statuses import alive
from ansible_collections.triflow.platform.plugins.module_utils.tags import from_aws, tagged


@dataclass(frozen=True)
class Standing:
    """Something that stands: its ARN or id, its tags, and what the claim may compare."""

    id: str
    tags: dict[str, str]
    fields: dict[str, Any] = field(default_factory=dict)


class Account:
    """An account's region, read for one stack."""

    def __init__(self, module: StackModule, account_id: str, vpc_ids: list[str]) -> None:
        self.module = module
        self.account_id = account_id
        self.vpc_ids = vpc_ids  # where the stack's security groups are
        self.own = tagged(module.api("resourcegroupstaggingapi"), module.params["stack"])
        self.apis: dict[str, Api] = {}

    def api(self, service: str) -> Api:
        if service not in self.apis:
            self.apis[service] = self.module.api(service)
        return self.apis[service]

    def get(self, service: str, operation: str, on: str, *absent: str, **parameters: Any) -> dict[str, Any]:
        return self.api(service).call(operation, on=on, absent=absent, **parameters)

    def arn(self, kind: str, name: str) -> str:
        """Pattern of its ARN, empty when the name does not say it."""
        place = f"{self.module.region}:{self.account_id}"
        return ARNS.get(kind, "").format(place=place, account=self.account_id, name=name)

    def is_own(self, kind: str, name: str) -> bool:
        """Whether the tags say so."""
        pattern = self.arn(kind, name)
        return any(fnmatchcase(arn, pattern) for arn in self.own)


Known = dict[tuple[str, str], Standing]  # by kind and name


def read(account: Account, claims: list[Claim]) -> Known:
    """What stands under the claims' names, by kind and name, but for what is the stack's own and has nothing fixed."""
    asked: dict[str, list[str]] = {}
    for claim in claims:
        kind, name = claim["kind"], claim["name"]
        if kind in READERS and (kind in COMPARED or not account.is_own(kind, name)):
            asked.setdefault(kind, []).append(name)
    return {(kind, name): found for kind, names in asked.items() for name, found in READERS[kind](account, names)}


Found = Iterator[tuple[str, Standing]]
TARGET_GROUP = {"protocol": "Protocol", "vpc_id": "VpcId", "load_balancer_arns": "LoadBalancerArns"}
MISSING = "ResourceNotFoundException"


def log_groups(account: Account, names: list[str]) -> Found:
    for name in names:
        for group in account.api("logs").pages("describe_log_groups", "logGroups", on=name, logGroupNamePrefix=name):
            if group["logGroupName"] == name:
                arn = group["arn"].removesuffix(":*")
                yield name, Standing(name, account.get("logs", "list_tags_for_resource", name, resourceArn=arn)["tags"])


def roles(account: Account, names: list[str]) -> Found:
    for name in names:
        role = account.get("iam", "get_role", name, "NoSuchEntity", RoleName=name).get("Role")
        if role:
            yield name, Standing(role["Arn"], from_aws(role.get("Tags")))


def buckets(account: Account, names: list[str]) -> Found:
    for name in names:
        # Whose it is, and where, account_preflight asks by itself: what is not this account's has no tags to read.
        if account.get("s3", "head_bucket", name, "404", "403", "301", Bucket=name):
            tags = account.get("s3", "get_bucket_tagging", name, "NoSuchTagSet", Bucket=name)
            yield name, Standing(name, from_aws(tags.get("TagSet")))


def _rds_tags(account: Account, arn: str) -> dict[str, str]:
    known = account.own.get(arn)
    return known or from_aws(account.get("rds", "list_tags_for_resource", arn, ResourceName=arn)["TagList"])


def db_subnet_groups(account: Account, names: list[str]) -> Found:
    for name in names:
        gone = "DBSubnetGroupNotFoundFault"
        answer = account.get("rds", "describe_db_subnet_groups", name, gone, DBSubnetGroupName=name)
        for group in answer.get("DBSubnetGroups", []):
            yield name, Standing(group["DBSubnetGroupArn"], _rds_tags(account, group["DBSubnetGroupArn"]))


def db_parameter_groups(account: Account, names: list[str]) -> Found:
    for name in names:
        gone = "DBParameterGroupNotFound"
        answer = account.get("rds", "describe_db_parameter_groups", name, gone, DBParameterGroupName=name)
        for group in answer.get("DBParameterGroups", []):
            tags = _rds_tags(account, group["DBParameterGroupArn"])
            yield name, Standing(group["DBParameterGroupArn"], tags, {"family": group["DBParameterGroupFamily"]})


def databases(account: Account, names: list[str]) -> Found:
    for name in names:
        gone = "DBInstanceNotFound"
        answer = account.get("rds", "describe_db_instances", name, gone, DBInstanceIdentifier=name)
        for instance in answer.get("DBInstances", []):
            live = db_instance.live_state(instance)
            yield name, Standing(live["arn"], live["tags"], live)


def repositories(account: Account, names: list[str]) -> Found:
    for name in names:
        gone = "RepositoryNotFoundException"
        answer = account.get("ecr", "describe_repositories", name, gone, repositoryNames=[name])
        for repository in answer.get("repositories", []):
            arn = repository["repositoryArn"]
            tags = account.get("ecr", "list_tags_for_resource", name, resourceArn=arn)["tags"]
            yield name, Standing(arn, from_aws(tags))


def clusters(account: Account, names: list[str]) -> Found:
    answer = account.get("ecs", "describe_clusters", "the cluster", clusters=names, include=["TAGS"])
    for cluster in answer["clusters"]:
        if cluster["status"] != "INACTIVE":
            yield cluster["clusterName"], Standing(cluster["clusterArn"], from_ecs(cluster.get("tags")))


def services(account: Account, names: list[str]) -> Found:
    cluster = names[0].partition("/")[0]
    for part in batched(names, 10):
        asked = [name.partition("/")[2] for name in part]
        gone = "ClusterNotFoundException"
        answer = account.get(
            "ecs", "describe_services", cluster, gone, cluster=cluster, services=asked, include=["TAGS"]
        )
        for service in answer.get("services", []):
            if service["status"] != "INACTIVE":
                fields = {"launch_type": service.get("launchType")}
                standing = Standing(service["serviceArn"], from_ecs(service.get("tags")), fields)
                yield f"{cluster}/{service['serviceName']}", standing


def task_definitions(account: Account, names: list[str]) -> Found:
    for name in names:
        gone = "ClientException"  # also what ECS says of a family that is not there
        answer = account.get("ecs", "describe_task_definition", name, gone, taskDefinition=name, include=["TAGS"])
        if answer:
            arn = answer["taskDefinition"]["taskDefinitionArn"]
            yield name, Standing(arn, from_ecs(answer.get("tags")))


def _of_elbv2(account: Account, arns: list[str]) -> dict[str, dict[str, str]]:
    unknown = [arn for arn in arns if arn not in account.own]
    return account.own | elbv2.read_tags(account.api("elbv2"), unknown)


def load_balancers(account: Account, names: list[str]) -> Found:
    elb = account.api("elbv2")
    items = elb.pages("describe_load_balancers", "LoadBalancers", on="the load balancers")
    found = {item["LoadBalancerName"]: item for item in items if item["LoadBalancerName"] in names}
    tags = _of_elbv2(account, [item["LoadBalancerArn"] for item in found.values()])
    for name, item in found.items():
        arn = item["LoadBalancerArn"]
        yield name, Standing(arn, tags.get(arn, {}), {"scheme": item["Scheme"], "vpc_id": item["VpcId"]})


def target_groups(account: Account, names: list[str]) -> Found:
    elb = account.api("elbv2")
    # All of the account's: asked by name, AWS answers with an error when one of the names is not there.
    items = elb.pages("describe_target_groups", "TargetGroups", on="the target groups")
    found = {item["TargetGroupName"]: item for item in items if item["TargetGroupName"] in names}
    tags = _of_elbv2(account, [item["TargetGroupArn"] for item in found.values()])
    for name, item in found.items():
        arn = item["TargetGroupArn"]
        fields = {key: item.get(aws) for key, aws in TARGET_GROUP.items()}
        yield name, Standing(arn, tags.get(arn, {}), fields)


def security_groups(account: Account, names: list[str]) -> Found:
    if not account.vpc_ids:
        return
    filters = [{"Name": "vpc-id", "Values": account.vpc_ids}, {"Name": "group-name", "Values": names}]
    ec2 = account.api("ec2")
    for group in ec2.pages("describe_security_groups", "SecurityGroups", on="the groups", Filters=filters):
        tags = from_aws(group.get("Tags"))
        yield group["GroupName"], Standing(group["GroupId"], tags, {"description": group["Description"]})


def topics(account: Account, names: list[str]) -> Found:
    for name in names:
        arn = account.arn("topic", name)
        if account.get("sns", "get_topic_attributes", name, "NotFound", "NotFoundException", TopicArn=arn):
            tags = account.get("sns", "list_tags_for_resource", name, ResourceArn=arn)["Tags"]
            yield name, Standing(arn, from_aws(tags))


def functions(account: Account, names: list[str]) -> Found:
    for name in names:
        answer = account.get("lambda", "get_function", name, MISSING, FunctionName=name)
        if answer:
            yield name, Standing(answer["Configuration"]["FunctionArn"], answer.get("Tags", {}))


def queues(account: Account, names: list[str]) -> Found:
    gone = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
    for name in names:
        url = account.get("sqs", "get_queue_url", name, *gone, QueueName=name).get("QueueUrl")
        if url:
            yield name, Standing(url, account.get("sqs", "list_queue_tags", name, QueueUrl=url).get("Tags", {}))


def key_aliases(account: Account, names: list[str]) -> Found:
    for name in names:
        key = account.get("kms", "describe_key", name, "NotFoundException", KeyId=name).get("KeyMetadata", {})
        if key and alive("KMS key", key["KeyState"]):
            arn = key["Arn"]
            listed = [] if arn in account.own else account.get("kms", "list_resource_tags", arn, KeyId=arn)["Tags"]
            tags = account.own.get(arn) or {tag["TagKey"]: tag["TagValue"] for tag in listed}
            yield name, Standing(arn, tags)


def secrets(account: Account, names: list[str]) -> Found:
    for name in names:
        answer = account.get("secretsmanager", "describe_secret", name, MISSING, SecretId=name)
        if answer:
            yield name, Standing(answer["ARN"], from_aws(answer.get("Tags")))


def rules(account: Account, names: list[str]) -> Found:
    for name in names:
        arn = account.get("events", "describe_rule", name, MISSING, Name=name).get("Arn")
        if arn:
            tags = account.get("events", "list_tags_for_resource", name, ResourceARN=arn)["Tags"]
            yield name, Standing(arn, from_aws(tags))


def alarms(account: Account, names: list[str]) -> Found:
    for part in batched(names, 100):
        kinds = ["MetricAlarm", "CompositeAlarm"]
        answer = account.get(
            "cloudwatch", "describe_alarms", "the alarms", AlarmNames=part, AlarmTypes=kinds, MaxRecords=100
        )
        for alarm in [*answer["MetricAlarms"], *answer.get("CompositeAlarms", [])]:
            yield alarm["AlarmName"], _of_cloudwatch(account, alarm["AlarmArn"])


def dashboards(account: Account, names: list[str]) -> Found:
    for name in names:
        gone = ("ResourceNotFound", "DashboardNotFoundError")
        found = account.get("cloudwatch", "get_dashboard", name, *gone, DashboardName=name)
        if found:
            yield name, _of_cloudwatch(account, found["DashboardArn"])


def _of_cloudwatch(account: Account, arn: str) -> Standing:
    tags = account.get("cloudwatch", "list_tags_for_resource", arn, ResourceARN=arn)["Tags"]
    return Standing(arn, from_aws(tags))


def delivery_streams(account: Account, names: list[str]) -> Found:
    for name in names:
        of = {"DeliveryStreamName": name}
        answer = account.get("firehose", "describe_delivery_stream", name, MISSING, **of)
        if answer:
            tags = account.get("firehose", "list_tags_for_delivery_stream", name, **of)["Tags"]
            yield name, Standing(answer["DeliveryStreamDescription"]["DeliveryStreamARN"], from_aws(tags))


def schedule_groups(account: Account, names: list[str]) -> Found:
    for name in names:
        arn = account.get("scheduler", "get_schedule_group", name, MISSING, Name=name).get("Arn")
        if arn:
            tags = account.get("scheduler", "list_tags_for_resource", name, ResourceArn=arn)["Tags"]
            yield name, Standing(arn, from_aws(tags))


def budgets(account: Account, names: list[str]) -> Found:
    for name in names:
        found = live_budgets.find_budget(account.api("budgets"), account.account_id, name, lenient=True)
        if found:
            yield name, Standing(live_budgets.arn_of(account.account_id, name), found[1])


READERS: dict[str, Callable[[Account, list[str]], Found]] = {
    "alarm": alarms,
    "bucket": buckets,
    "budget": budgets,
    "cluster": clusters,
    "dashboard": dashboards,
    "database": databases,
    "db_parameter_group": db_parameter_groups,
    "db_subnet_group": db_subnet_groups,
    "delivery_stream": delivery_streams,
    "function": functions,
    "key_alias": key_aliases,
    "load_balancer": load_balancers,
    "log_group": log_groups,
    "queue": queues,
    "repository": repositories,
    "role": roles,
    "rule": rules,
    "schedule_group": schedule_groups,
    "secret": secrets,
    "security_group": security_groups,
    "service": services,
    "target_group": target_groups,
    "task_definition": task_definitions,
    "topic": topics,
}
# Kinds with something that may differ on the stack's own, too.
COMPARED = ("database", "load_balancer", "target_group")
# ARNs that the Resource Groups Tagging API lists ("Actions, resources, and condition keys" of each service).
ARNS = {
    "alarm": "arn:aws*:cloudwatch:{place}:alarm:{name}",
    "bucket": "arn:aws*:s3:::{name}",
    "cluster": "arn:aws*:ecs:{place}:cluster/{name}",
    "dashboard": "arn:aws*:cloudwatch::{account}:dashboard/{name}",
    "db_parameter_group": "arn:aws*:rds:{place}:pg:{name}",
    "db_subnet_group": "arn:aws*:rds:{place}:subgrp:{name}",
    "delivery_stream": "arn:aws*:firehose:{place}:deliverystream/{name}",
    "function": "arn:aws*:lambda:{place}:function:{name}",
    "log_group": "arn:aws*:logs:{place}:log-group:{name}",
    "queue": "arn:aws*:sqs:{place}:{name}",
    "repository": "arn:aws*:ecr:{place}:repository/{name}",
    "rule": "arn:aws*:events:{place}:rule/{name}",
    "schedule_group": "arn:aws*:scheduler:{place}:schedule-group/{name}",
    "secret": "arn:aws*:secretsmanager:{place}:secret:{name}-??????",
    "service": "arn:aws*:ecs:{place}:service/{name}",
    "task_definition": "arn:aws*:ecs:{place}:task-definition/{name}:*",
    "topic": "arn:aws:sns:{place}:{name}",
}
