"""The policies of the tasks' roles: every statement of the record's stack, and what no policy may hold."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.iam_policies import (
    archive_policy,
    dead_letter_policy,
    execution_policy,
    firehose_trust_policy,
    function_policy,
    function_trust_policy,
    logs_trust_policy,
    put_records_policy,
    sms_policy,
    task_policy,
    topic_key_policy,
    topic_policy,
    trust_policy,
)

from lab.corrections.policy import Request, is_allowed

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports pkg_resources, which is deprecated
    from parliament import analyze_policy_string

ACCOUNT, REGION = "123456789012", "ap-northeast-2"
IMAGES = [f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/triflow-prod/backend:1.0.0", "docker.io/prom/prometheus:v3.5.0"]
LOG_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/ecs/triflow-backend"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:key-AbCdEf"
BUCKET = "arn:aws:s3:::triflow-ai-prod"
# The Service Authorization Reference lists no resource type for these.
WITHOUT_RESOURCE = {
    "sms-voice:SendTextMessage",  # without a sender in the request: sms_policy says more
    "cloudwatch:PutMetricData",
    "ecr:GetAuthorizationToken",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
}
EXECUTION = execution_policy(IMAGES, [LOG_GROUP], [f"{SECRET}:password::", SECRET])
TASK = task_policy("triflow-ai-prod", ["tenants/"], ["shared/"])
STREAM = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/triflow-prod-logs-archive"
ERRORS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/kinesisfirehose/archive:log-stream:DestinationDelivery"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:triflow-prod-slack-dead-letters"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:triflow-alarms-prod"
WEBHOOK = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:triflow-prod/slack-webhook-??????"
FUNCTION = function_policy(f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/triflow-prod-slack", WEBHOOK, QUEUE)
POLICIES = {
    "function": FUNCTION,
    "function for telephones": sms_policy(
        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/triflow-prod-sms", REGION, QUEUE
    ),
    "logs to firehose": put_records_policy(STREAM),
    "firehose to s3": archive_policy("triflow-ai-prod", ["logs-archive/", "logs-archive-errors/"], ERRORS),
    "execution": EXECUTION,
    "execution without secrets and ECR": execution_policy(IMAGES[1:], [LOG_GROUP], []),
    "task": TASK,
    "task that can be entered": task_policy("triflow-ai-prod", ["tenants/"], [], execute_command=True),
    "task with metrics of its own": task_policy("triflow-ai-prod", ["tenants/"], [], metric_namespace="TriFlow/prod"),
    "task that only reads": task_policy("triflow-ai-prod", [], ["shared/"]),
}


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_every_statement_of_the_execution_role() -> None:
    assert EXECUTION["Statement"] == [
        {"Sid": "LogInToRegistry", "Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
        {
            "Sid": "PullImages",
            "Effect": "Allow",
            "Action": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            "Resource": [f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/triflow-prod/backend"],
        },
        {
            "Sid": "WriteLogs",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": [f"{LOG_GROUP}:log-stream:*"],
        },
        {
            "Sid": "ReadSecrets",
            "Effect": "Allow",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": [SECRET],
        },
    ]


def test_every_statement_of_the_task_role() -> None:
    """S3-2"""
    assert TASK["Statement"] == [
        {
            "Sid": "ListObjects",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": BUCKET,
            "Condition": {"StringLike": {"s3:prefix": ["shared/*", "tenants/*"]}},
        },
        {
            "Sid": "ReadAndWriteObjects",
            "Effect": "Allow",
            "Action": [
                "s3:AbortMultipartUpload",
                "s3:DeleteObject",
                "s3:GetObject",
                "s3:GetObjectTagging",
                "s3:ListMultipartUploadParts",
                "s3:PutObject",
                "s3:PutObjectTagging",
            ],
            "Resource": [f"{BUCKET}/tenants/*"],
        },
        {"Sid": "ReadObjects", "Effect": "Allow", "Action": "s3:GetObject", "Resource": [f"{BUCKET}/shared/*"]},
    ]


def test_who_may_assume_the_roles() -> None:
    """Only ECS, and only for tasks of this account: no confused deputy."""
    (statement,) = trust_policy(ACCOUNT, REGION)["Statement"]
    assert statement == {
        "Sid": "TasksOfThisAccount",
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {"aws:SourceArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:*"},
        },
    }


def test_every_statement_of_the_archive() -> None:
    """MON-3: each hop's role does its hop and nothing else."""
    assert POLICIES["logs to firehose"]["Statement"] == [
        {"Sid": "PutRecords", "Effect": "Allow", "Action": "firehose:PutRecord", "Resource": STREAM}
    ]
    assert POLICIES["firehose to s3"]["Statement"] == [
        {
            "Sid": "LookAtTheBucket",
            "Effect": "Allow",
            "Action": ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
            "Resource": BUCKET,
        },
        {
            "Sid": "WriteObjects",
            "Effect": "Allow",
            "Action": ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
            "Resource": [f"{BUCKET}/logs-archive-errors/*", f"{BUCKET}/logs-archive/*"],
        },
        {"Sid": "WriteErrors", "Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": ERRORS},
    ]


@pytest.mark.parametrize(
    ("policy", "service", "condition"),
    [
        pytest.param(
            logs_trust_policy(ACCOUNT, REGION),
            "logs.amazonaws.com",
            {"ArnLike": {"aws:SourceArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:*"}},
            id="logs",
        ),
        pytest.param(
            firehose_trust_policy(ACCOUNT),
            "firehose.amazonaws.com",
            {"StringEquals": {"sts:ExternalId": ACCOUNT}},
            id="firehose",
        ),
    ],
)
def test_who_may_assume_the_archives_roles(policy: Any, service: str, condition: Any) -> None:
    """Only the service, and only for this account: no confused deputy."""
    (statement,) = policy["Statement"]
    assert statement["Principal"] == {"Service": service}
    assert (statement["Effect"], statement["Action"]) == ("Allow", "sts:AssumeRole")
    assert statement["Condition"] == condition


@pytest.mark.parametrize("name", POLICIES)
def test_no_wildcard_where_aws_allows_a_name(name: str) -> None:
    for statement in POLICIES[name]["Statement"]:
        actions, resources = as_list(statement["Action"]), as_list(statement["Resource"])
        assert actions
        assert resources
        assert not any("*" in action for action in actions)
        assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
        if "*" in resources:
            assert set(actions) <= WITHOUT_RESOURCE
        for resource in resources:
            assert resource == "*" or resource.split(":")[5].strip("*/"), resource


@pytest.mark.parametrize("name", POLICIES)
def test_the_policy_linter_finds_nothing(name: str) -> None:
    findings = analyze_policy_string(json.dumps(POLICIES[name])).findings
    assert [(finding.issue, finding.detail) for finding in findings] == []


def test_the_policy_linter_looks() -> None:
    wrong: dict[str, Any] = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
            {"Effect": "Allow", "Action": "s3:GetObjects", "Resource": f"{BUCKET}/*"},
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": BUCKET},
        ],
    }
    found = {finding.issue for finding in analyze_policy_string(json.dumps(wrong)).findings}
    assert found >= {"RESOURCE_STAR", "UNKNOWN_ACTION", "RESOURCE_MISMATCH"}


def test_metrics_go_to_one_namespace_only() -> None:
    """MON-7"""
    statements = POLICIES["task with metrics of its own"]["Statement"]
    assert [item for item in statements if "cloudwatch:PutMetricData" in as_list(item["Action"])] == [
        {
            "Sid": "PutMetrics",
            "Effect": "Allow",
            "Action": "cloudwatch:PutMetricData",
            "Resource": "*",
            "Condition": {"StringEquals": {"cloudwatch:namespace": "TriFlow/prod"}},
        }
    ]
    assert "PutMetricData" not in json.dumps(TASK)


def test_further_statements_come_last() -> None:
    further = {"Effect": "Allow", "Action": "ses:SendEmail", "Resource": "arn:aws:ses:ap-northeast-2:123456789012:x"}
    assert task_policy("b", ["tenants/"], [], further=[further])["Statement"][-1] == further


def test_the_order_of_what_is_given_makes_no_other_policy() -> None:
    turned = execution_policy(IMAGES[::-1], [LOG_GROUP], [SECRET])
    assert turned == EXECUTION
    assert task_policy("triflow-ai-prod", ["b/", "a/"], []) == task_policy("triflow-ai-prod", ["a/", "b/"], [])


def test_every_statement_of_the_functions_role() -> None:
    """MON-8"""
    log_group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/triflow-prod-slack"
    allowed = {
        statement["Sid"]: (statement["Effect"], statement["Action"], statement["Resource"])
        for statement in FUNCTION["Statement"]
    }
    assert allowed == {
        "WriteLogs": ("Allow", ["logs:CreateLogStream", "logs:PutLogEvents"], f"{log_group}:log-stream:*"),
        "ReadSecret": ("Allow", "secretsmanager:GetSecretValue", WEBHOOK),
        "KeepFailedEvents": ("Allow", "sqs:SendMessage", QUEUE),
    }
    (statement,) = function_trust_policy()["Statement"]
    assert (statement["Principal"], statement["Action"]) == ({"Service": "lambda.amazonaws.com"}, "sts:AssumeRole")


WITH_BUDGETS = ["cloudwatch.amazonaws.com", "events.amazonaws.com", "budgets.amazonaws.com"]


@pytest.mark.parametrize(
    ("policy", "resource", "services"),
    [
        (topic_policy(TOPIC, ACCOUNT), TOPIC, ["cloudwatch.amazonaws.com"]),
        (topic_policy(TOPIC, ACCOUNT, events=True), TOPIC, ["cloudwatch.amazonaws.com", "events.amazonaws.com"]),
        (dead_letter_policy(QUEUE, [TOPIC]), QUEUE, ["sns.amazonaws.com"]),
        (topic_key_policy(ACCOUNT), "*", ["cloudwatch.amazonaws.com", "events.amazonaws.com"]),
        (topic_policy(TOPIC, ACCOUNT, events=True, budgets=True), TOPIC, WITH_BUDGETS),
        (topic_key_policy(ACCOUNT, budgets=True), "*", WITH_BUDGETS),
    ],
)
def test_who_may_use_topic_queue_and_key(policy: dict[str, Any], resource: str, services: list[str]) -> None:
    """MON-8: each names its services, of this account wherever the service tells the account."""
    statements = [item for item in policy["Statement"] if item["Effect"] == "Allow" and "Service" in item["Principal"]]
    assert [item["Principal"]["Service"] for item in statements] == services
    for item in statements:
        assert (item["Effect"], item["Resource"]) == ("Allow", resource)
        assert not any("*" in action for action in as_list(item["Action"]))
        condition = {
            "cloudwatch.amazonaws.com": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
            "sns.amazonaws.com": {"ArnEquals": {"aws:SourceArn": [TOPIC]}},
            "budgets.amazonaws.com": {
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
                "ArnLike": {"aws:SourceArn": f"arn:aws:budgets::{ACCOUNT}:*"},
            },
            "events.amazonaws.com": None,  # EventBridge tells neither
        }
        assert item.get("Condition") == condition[item["Principal"]["Service"]]


def test_the_keys_other_users_are_the_accounts_own() -> None:
    """AWS KMS developer guide, "Default key policy": without it nobody could change the key any more."""
    (owner,) = [item for item in topic_key_policy(ACCOUNT)["Statement"] if "AWS" in item["Principal"]]
    assert owner["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    uses = [item["Action"] for item in topic_key_policy(ACCOUNT)["Statement"] if "Service" in item["Principal"]]
    assert uses == [["kms:Decrypt", "kms:GenerateDataKey"]] * 2


@pytest.mark.parametrize(
    ("source", "account", "allowed"),
    [
        (f"arn:aws:budgets::{ACCOUNT}:budget/triflow-prod", ACCOUNT, True),
        ("arn:aws:budgets::999999999999:budget/triflow-prod", "999999999999", False),
    ],
)
def test_a_budget_of_this_account_reaches_topic_and_key(source: str, account: str, allowed: bool) -> None:
    context = {"aws:sourceaccount": [account], "aws:sourcearn": [source]}
    for policy, action, resource in (
        (topic_policy(TOPIC, ACCOUNT, budgets=True), "SNS:Publish", TOPIC),
        (topic_key_policy(ACCOUNT, budgets=True), "kms:GenerateDataKey", "*"),
    ):
        request = Request(action, resource, ACCOUNT, frozenset({"budgets.amazonaws.com"}), context)
        assert is_allowed(json.dumps(policy), request) is allowed
