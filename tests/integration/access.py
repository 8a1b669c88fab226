"""Requests and what the policies of production and its neighbours decide, read from AWS as they are deployed.

IAM user guide, "Policy evaluation logic". `broad` is a caller whose own policy allows everything, as a mistake or an
attacker may make it: what is refused then is refused by the resource. `through` is the stack whose endpoint for S3
the request takes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from lab.corrections.policy import Request, is_allowed, is_denied
from tests.conftest import Lab

ACCOUNT, STRANGER, REGION = "123456789012", "999999999999", "ap-northeast-2"
PROD, NONPROD, THEIRS = "arn:aws:s3:::triflow-ai-prod", "arn:aws:s3:::triflow-ai-nonprod", "arn:aws:s3:::stolen"
LAYERS = f"arn:aws:s3:::prod-{REGION}-starport-layer-bucket"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:triflow-alarms-prod"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:triflow-prod-slack-dead-letters"
KEY = "alias/triflow-prod-notifications"
ROLES = f"arn:aws:iam::{ACCOUNT}:role"
WEBHOOK = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:triflow-prod/slack-webhook-AbCdEf"
MASTER = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds!db-0001-AbCdEf"
LOG_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/ecs/triflow-backend"
REPOSITORY = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/triflow-prod/backend"
OBJECT = f"{PROD}/tenants/tenant-1/workflows/1.json"
CREATES = {"s3:ObjectCreationOperation": "true"}
WAS, BECOMES = "s3:ExistingObjectTag/category", "s3:RequestObjectTag/category"
PLAIN = {"aws:SecureTransport": "false"}
TASK, DEV, STAGING = "role/triflow-prod-task", "role/triflow-dev-task", "role/triflow-staging-task"
ARCHIVE = "role/triflow-staging-firehose-to-s3"
PERSON, STRANGERS = "user/administrator", "stranger"


class Row(NamedTuple):
    """`who` is a role, a person, the stranger, or a service of AWS by the beginning of its name."""

    who: str
    action: str
    resource: str
    allowed: bool
    why: str
    context: Mapping[str, str] = MappingProxyType({})
    broad: bool = False
    through: str = ""


def of_tasks(account: str) -> dict[str, str]:
    return {"aws:SourceAccount": account, "aws:SourceArn": f"arn:aws:ecs:{REGION}:{account}:task/1"}


def of_logs(account: str) -> dict[str, str]:
    return {"aws:SourceArn": f"arn:aws:logs:{REGION}:{account}:log-group:/a:*"}


CAPTURED = (
    Row(TASK, "s3:GetObject", OBJECT, True, "the application's own data", through="triflow-prod"),
    Row(TASK, "s3:ListBucket", PROD, True, "below its prefix", {"s3:prefix": "tenants/"}, through="triflow-prod"),
    Row(TASK, "s3:ListBucket", PROD, False, "all keys"),
    Row(TASK, "s3:GetObject", f"{PROD}/logs-archive/2026/1.gz", False, "the archive of logs"),
    Row(TASK, "s3:PutObject", f"{THEIRS}/1", False, "copies with its own credentials", CREATES, through="triflow-prod"),
    Row(TASK, "s3:PutObject", f"{THEIRS}/1", False, "the endpoint", CREATES, broad=True, through="triflow-prod"),
    Row(
        STRANGERS, "s3:PutObject", f"{THEIRS}/1", False, "copies with other credentials", CREATES, True, "triflow-prod"
    ),
    Row(STRANGERS, "s3:GetObject", f"{THEIRS}/tool", False, "fetches a tool", {}, True, "triflow-prod"),
    Row(STRANGERS, "s3:PutObject", f"{LAYERS}/1", False, "AWS's buckets are read only", CREATES, True, "triflow-prod"),
    Row(STRANGERS, "s3:GetObject", f"{LAYERS}/1", True, "a layer, with ECR's credentials", {}, True, "triflow-prod"),
    Row(TASK, "s3:PutObjectTagging", OBJECT, False, "history to logs", {WAS: "workflows", BECOMES: "logs"}),
    Row(TASK, "s3:PutObjectVersionTagging", OBJECT, False, "older history", {WAS: "exports", BECOMES: "logs"}, True),
    Row(TASK, "s3:DeleteObject", OBJECT, True, "what is deleted stays as a version"),
    Row(TASK, "s3:DeleteObjectVersion", OBJECT, False, "not in its policy"),
    Row(TASK, "s3:DeleteObjectVersion", OBJECT, False, "history", broad=True),
    Row(TASK, "s3:PutBucketVersioning", PROD, False, "history", broad=True),
    Row(TASK, "s3:PutLifecycleConfiguration", PROD, False, "history", broad=True),
    Row(TASK, "s3:DeleteBucketPolicy", PROD, False, "history", broad=True),
    Row(TASK, "secretsmanager:GetSecretValue", WEBHOOK, False, "the function's"),
    Row(TASK, "secretsmanager:GetSecretValue", MASTER, False, "the master's password"),
    Row(TASK, "sns:Publish", TOPIC, False, "false alarms"),
    Row(TASK, "sqs:ReceiveMessage", QUEUE, False, "what did not reach Slack"),
    Row(TASK, "kms:Decrypt", KEY, False, "messages at rest"),
    Row(TASK, "sts:AssumeRole", f"{ROLES}/triflow-prod-execution", False, "only ECS may", broad=True),
    Row(TASK, "sts:AssumeRole", f"{ROLES}/triflow-prod-firehose-to-s3", False, "only Firehose may", broad=True),
    Row(TASK, "logs:DeleteLogGroup", LOG_GROUP, False, "its traces"),
    Row(TASK, "ecr:PutImage", REPOSITORY, False, "the next release"),
)
CARELESS = (
    Row(TASK, "s3:PutObject", OBJECT, True, "with a category", {**CREATES, BECOMES: "workflows"}),
    Row(TASK, "s3:PutObject", OBJECT, False, "without a category", CREATES),
    Row(TASK, "s3:PutObject", OBJECT, False, "with a category that is none", {**CREATES, BECOMES: "video"}),
    Row(TASK, "s3:PutObject", OBJECT, True, "the old one stays as a version", {**CREATES, BECOMES: "logs"}),
    Row(TASK, "s3:PutObject", f"{PROD}/shared/1", False, "it only reads there", CREATES),
    Row(TASK, "s3:PutObjectTagging", OBJECT, True, "an object without a category gets one", {BECOMES: "workflows"}),
    Row(TASK, "s3:PutObjectTagging", OBJECT, False, "the category is gone", {WAS: "uploads"}),
    Row(TASK, "s3:DeleteObjectTagging", OBJECT, False, "the category is gone", {WAS: "uploads"}, broad=True),
    Row(TASK, "s3:GetObject", OBJECT, False, "plain HTTP", PLAIN),
    Row(TASK, "s3:GetObject", OBJECT, False, "old TLS", {"s3:TlsVersion": "1.1"}),
    Row(TASK, "sns:Publish", TOPIC, False, "plain HTTP", PLAIN, broad=True),
    Row(TASK, "sqs:SendMessage", QUEUE, False, "plain HTTP", PLAIN, broad=True),
)
NEIGHBOURS = (
    Row(DEV, "s3:GetObject", OBJECT, False, "production's data", broad=True),
    Row(DEV, "s3:DeleteObject", OBJECT, False, "production's data", broad=True),
    Row(DEV, "s3:ListBucket", PROD, False, "production's keys", {"s3:prefix": "tenants/"}, broad=True),
    Row(DEV, "s3:GetObject", f"{NONPROD}/dev/tenants/1", True, "its own"),
    Row(DEV, "s3:ListBucket", NONPROD, True, "its own", {"s3:prefix": "dev/tenants/"}),
    Row(DEV, "s3:GetObject", f"{NONPROD}/staging/shared/1", False, "staging's", broad=True),
    Row(DEV, "s3:PutObject", f"{NONPROD}/staging/shared/1", False, "staging's", CREATES, broad=True),
    Row(DEV, "s3:ListBucket", NONPROD, False, "staging's keys", broad=True),
    Row(DEV, "s3:ListBucketMultipartUploads", NONPROD, False, "staging's uploads", broad=True),
    Row(DEV, "s3:GetObject", f"{PROD}/1", False, "the endpoint", broad=True, through="triflow-dev"),
    Row(STAGING, "s3:DeleteObjectVersion", f"{NONPROD}/staging/shared/1", False, "history", broad=True),
    Row(ARCHIVE, "s3:PutObject", f"{NONPROD}/staging/logs-archive/1.gz", True, "its archive", CREATES),
    Row(ARCHIVE, "s3:ListBucket", NONPROD, True, "Firehose looks at the bucket"),
    Row(ARCHIVE, "s3:PutObject", f"{PROD}/logs-archive/1.gz", False, "production's archive", CREATES, broad=True),
    Row(TASK, "s3:GetObject", f"{NONPROD}/dev/tenants/1", False, "dev's", broad=True),
    Row("role/triflow-dev-execution", "secretsmanager:GetSecretValue", WEBHOOK, False, "production's secret"),
)
ELSEWHERE = (
    Row(STRANGERS, "s3:GetObject", OBJECT, False, "another account", broad=True),
    Row(STRANGERS, "sns:Publish", TOPIC, False, "another account", broad=True),
    Row("cloudwatch", "sns:Publish", TOPIC, True, "our alarm", {"aws:SourceAccount": ACCOUNT}),
    Row("cloudwatch", "sns:Publish", TOPIC, False, "their alarm", {"aws:SourceAccount": STRANGER}),
    Row("cloudwatch", "kms:GenerateDataKey", KEY, True, "our alarm", {"aws:SourceAccount": ACCOUNT}),
    Row("cloudwatch", "kms:GenerateDataKey", KEY, False, "their alarm", {"aws:SourceAccount": STRANGER}),
    Row("events", "sns:Publish", TOPIC, True, "a task has ended (ALM-7)"),
    Row("events", "kms:GenerateDataKey", KEY, True, "a task has ended (ALM-7)"),
    Row("events", "sns:Publish", f"{TOPIC}-sms", False, "no rule writes SMS"),
    Row("sns", "sqs:SendMessage", QUEUE, True, "what was not delivered", {"aws:SourceArn": TOPIC}),
    Row("sns", "sqs:SendMessage", QUEUE, False, "their topic", {"aws:SourceArn": TOPIC.replace(ACCOUNT, STRANGER)}),
    Row("ecs-tasks", "sts:AssumeRole", f"{ROLES}/triflow-prod-task", True, "our tasks", of_tasks(ACCOUNT)),
    Row("ecs-tasks", "sts:AssumeRole", f"{ROLES}/triflow-prod-task", False, "their tasks", of_tasks(STRANGER)),
    Row(
        "firehose", "sts:AssumeRole", f"{ROLES}/triflow-prod-firehose-to-s3", True, "ours", {"sts:ExternalId": ACCOUNT}
    ),
    Row(
        "firehose",
        "sts:AssumeRole",
        f"{ROLES}/triflow-prod-firehose-to-s3",
        False,
        "theirs",
        {"sts:ExternalId": STRANGER},
    ),
    Row("logs", "sts:AssumeRole", f"{ROLES}/triflow-prod-logs-to-firehose", False, "theirs", of_logs(STRANGER)),
    Row(
        "logdelivery.elasticloadbalancing",
        "s3:PutObject",
        f"{PROD}/load-balancer-logs/1",
        False,
        "switched off",
        CREATES,
    ),
    Row(PERSON, "s3:DeleteObjectVersion", OBJECT, True, "a person of the account with the right to it", broad=True),
    Row(
        PERSON,
        "s3:PutObjectTagging",
        OBJECT,
        False,
        "history, for persons too",
        {WAS: "exports", BECOMES: "logs"},
        True,
    ),
)
TABLE = CAPTURED + CARELESS + NEIGHBOURS + ELSEWHERE
EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


class Access:
    """Decides requests by the policies that are deployed."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def decide(self, row: Row) -> bool:
        service = row.action.split(":")[0]
        request = self._request(row)
        own = [_with(document, Principal="*") for document in self._identity(row)]
        resource = self._resource_policies.get(row.resource if service != "s3" else row.resource.split("/")[0])
        limits = [self._endpoints[row.through]] if row.through else []
        documents = [document for document in (*own, resource, *limits) if document]
        if any(is_denied(document, request) for document in documents):
            return False
        if not all(is_allowed(document, request) for document in limits):
            return False
        by_own = any(is_allowed(document, request) for document in own)
        by_resource = resource is not None and is_allowed(resource, request)
        if row.resource.startswith((THEIRS, LAYERS)):
            return by_own  # its owner allows it, for all that we know
        if row.who == STRANGERS:
            return by_own and by_resource
        if service in ("kms", "sts"):  # nothing without the resource's consent
            return by_resource and (by_own or self._is_service(row))
        return by_own or by_resource

    def _request(self, row: Row) -> Request:
        account = STRANGER if row.who == STRANGERS else ACCOUNT
        keys: dict[str, str] = {}
        if self._is_service(row):
            principals = {f"{row.who}.amazonaws.com"}
        else:
            name = row.who if "/" in row.who else "user/stranger"
            principals = {f"arn:aws:iam::{account}:{name}", f"arn:aws:iam::{account}:root"}
            keys = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3", **self._tags.get(row.who, {})}
        keys |= row.context
        context = {key.lower(): [value] for key, value in keys.items()}
        return Request(row.action, row.resource, account, frozenset(principals), context)

    @staticmethod
    def _is_service(row: Row) -> bool:
        return row.who != STRANGERS and "/" not in row.who

    def _identity(self, row: Row) -> list[dict[str, Any]]:
        return [*self._role_policies.get(row.who, []), *([EVERYTHING] if row.broad else [])]

    @cached_property
    def _roles(self) -> list[dict[str, Any]]:
        roles: list[dict[str, Any]] = self.lab.aws("iam").list_roles()["Roles"]
        return [role for role in roles if role["RoleName"].startswith("triflow-")]

    @cached_property
    def _role_policies(self) -> dict[str, list[dict[str, Any]]]:
        iam, found = self.lab.aws("iam"), {}
        for name in (role["RoleName"] for role in self._roles):
            attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
            assert attached == [], name  # all that a role may do is in its own policies
            policies = iam.list_role_policies(RoleName=name)["PolicyNames"]
            found[f"role/{name}"] = [
                iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in policies
            ]
        return found

    @cached_property
    def _tags(self) -> dict[str, dict[str, str]]:
        iam = self.lab.aws("iam")
        return {
            f"role/{role['RoleName']}": {
                f"aws:PrincipalTag/{tag['Key']}": tag["Value"]
                for tag in iam.list_role_tags(RoleName=role["RoleName"])["Tags"]
            }
            for role in self._roles
        }

    @cached_property
    def _resource_policies(self) -> dict[str, str]:
        aws = self.lab.aws
        found = {role["Arn"]: _with(role["AssumeRolePolicyDocument"], Resource="*") for role in self._roles}
        for bucket in (PROD, NONPROD):
            found[bucket] = aws("s3").get_bucket_policy(Bucket=bucket.rpartition(":")[2])["Policy"]
        for topic in (TOPIC, f"{TOPIC}-sms"):
            found[topic] = aws("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
        url = aws("sqs").get_queue_url(QueueName=QUEUE.rpartition(":")[2])["QueueUrl"]
        found[QUEUE] = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
        key = aws("kms").describe_key(KeyId=KEY)["KeyMetadata"]["KeyId"]
        found[KEY] = aws("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"]
        return found

    @cached_property
    def _endpoints(self) -> dict[str, str]:
        endpoints = self.lab.aws("ec2").describe_vpc_endpoints()["VpcEndpoints"]
        tags = [{tag["Key"]: tag["Value"] for tag in endpoint["Tags"]} for endpoint in endpoints]
        return {
            tag["triflow:stack"]: endpoint["PolicyDocument"]
            for endpoint, tag in zip(endpoints, tags, strict=True)
            if tag["triflow:component"] == "endpoint-s3"
        }


def _with(document: dict[str, Any], **element: str) -> str:
    """The policy with an element that this kind of policy has none of."""
    return json.dumps({"Statement": [{**element, **statement} for statement in document["Statement"]]})
