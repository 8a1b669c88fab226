# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The policies of the stack's roles: pure functions that name every action and resource.

``*`` as a resource stands only where the Service Authorization Reference lists no resource type for the action.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.images import repository_arn

Policy = dict[str, Any]

READ_WRITE = [
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:GetObjectTagging",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
    "s3:PutObjectTagging",  # an upload under tenants/ names its category as a tag (S3-3..5)
]
# What a topic's policy can speak of (Amazon SNS developer guide, "Allowed actions").
OF_TOPICS = ["AddPermission", "DeleteTopic", "GetTopicAttributes", "ListSubscriptionsByTopic", "Publish"]
OF_TOPICS += ["RemovePermission", "SetTopicAttributes", "Subscribe"]
SECRET_ARN_PARTS = 7  # what follows names a key in the secret's JSON, a version stage or a version


def _statement(sid: str, action: str | list[str], resource: str | list[str], **condition: Any) -> dict[str, Any]:
    statement = {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def _policy(statements: list[dict[str, Any]]) -> Policy:
    return {"Version": "2012-10-17", "Statement": statements}


def trust_policy(account_id: str, region: str) -> Policy:
    """Who may assume the roles: ECS for tasks of this account and region, or another's tasks could act in its name.

    Amazon ECS developer guide, "Amazon ECS task IAM role", on the confused deputy.
    """
    return _policy(
        [
            {
                "Sid": "TasksOfThisAccount",
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": account_id},
                    "ArnLike": {"aws:SourceArn": f"arn:aws:ecs:{region}:{account_id}:*"},
                },
            }
        ]
    )


def execution_policy(images: Iterable[str], log_group_arns: Iterable[str], secrets: Iterable[str]) -> Policy:
    """What ECS does to start a task: pull exactly these images, write to exactly these log groups, read these secrets.

    ``images`` are full names; one outside ECR needs nothing. ``secrets`` are ARNs as a task definition has them.
    """
    repositories = sorted({arn for image in images if (arn := repository_arn(image))})
    secret_arns = sorted({":".join(secret.split(":")[:SECRET_ARN_PARTS]) for secret in secrets})
    statements = []
    if repositories:
        actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        statements += [
            _statement("LogInToRegistry", "ecr:GetAuthorizationToken", "*"),
            _statement("PullImages", actions, repositories),
        ]
    streams = [f"{arn}:log-stream:*" for arn in sorted(log_group_arns)]
    statements.append(_statement("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], streams))
    if secret_arns:
        statements.append(_statement("ReadSecrets", "secretsmanager:GetSecretValue", secret_arns))
    return _policy(statements)


def task_policy(
    bucket: str,
    write_prefixes: list[str],
    read_prefixes: list[str],
    execute_command: bool = False,
    metric_namespace: str = "",
    further: list[dict[str, Any]] | None = None,
) -> Policy:
    """What the application may do: read and write below some prefixes of the bucket, read below others (S3-2).

    With ``metric_namespace`` it may also put metrics, in this namespace only (MON-7).
    """
    arn = f"arn:aws:s3:::{bucket}"
    prefixes = sorted({*write_prefixes, *read_prefixes})
    statements = []
    if prefixes:
        listed = {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}
        statements.append(_statement("ListObjects", "s3:ListBucket", arn, StringLike=listed))
    if write_prefixes:
        statements.append(
            _statement("ReadAndWriteObjects", READ_WRITE, [f"{arn}/{prefix}*" for prefix in sorted(write_prefixes)])
        )
    if read_prefixes:
        statements.append(
            _statement("ReadObjects", "s3:GetObject", [f"{arn}/{prefix}*" for prefix in sorted(read_prefixes)])
        )
    if execute_command:
        channels = ["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"]
        statements.append(_statement("ExecuteCommand", [f"ssmmessages:{name}" for name in channels], "*"))
    if metric_namespace:
        namespace = {"cloudwatch:namespace": metric_namespace}
        statements.append(_statement("PutMetrics", "cloudwatch:PutMetricData", "*", StringEquals=namespace))
    return _policy(statements + (further or []))


def logs_trust_policy(account_id: str, region: str) -> Policy:
    """Who may send log events on: CloudWatch Logs, for log groups of this account and region only.

    Amazon CloudWatch Logs user guide, "Log group-level subscription filters". The account is part of the ARN;
    aws:SourceAccount is not documented for this call.
    """
    return _policy(
        [
            {
                "Sid": "LogGroupsOfThisAccount",
                "Effect": "Allow",
                "Principal": {"Service": "logs.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:logs:{region}:{account_id}:*"}},
            }
        ]
    )


def firehose_trust_policy(account_id: str) -> Policy:
    """Who may write the archive: Firehose, for streams of this account only.

    Firehose gives the account as the external ID (Amazon CloudWatch Logs user guide, "Create a Firehose delivery
    stream"); aws:SourceArn and aws:SourceAccount are not documented for it, and would refuse it where they are missing.
    """
    return _policy(
        [
            {
                "Sid": "StreamsOfThisAccount",
                "Effect": "Allow",
                "Principal": {"Service": "firehose.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": account_id}},
            }
        ]
    )


def put_records_policy(delivery_stream_arn: str) -> Policy:
    """What CloudWatch Logs does with log events: put them into this delivery stream."""
    return _policy([_statement("PutRecords", "firehose:PutRecord", delivery_stream_arn)])


def archive_policy(bucket: str, prefixes: list[str], log_stream_arn: str) -> Policy:
    """What Firehose does with them: write below these prefixes of the bucket, and its own errors to a log stream.

    Amazon Data Firehose developer guide, "Grant Firehose access to an Amazon S3 destination".
    """
    arn = f"arn:aws:s3:::{bucket}"
    of_the_bucket = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
    of_objects = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
    return _policy(
        [
            _statement("LookAtTheBucket", of_the_bucket, arn),
            _statement("WriteObjects", of_objects, [f"{arn}/{prefix}*" for prefix in sorted(prefixes)]),
            _statement("WriteErrors", "logs:PutLogEvents", log_stream_arn),
        ]
    )


def function_trust_policy() -> Policy:
    """Who may assume a function's role: Lambda. Who may hand the role to a function, iam:PassRole says."""
    principal = {"Service": "lambda.amazonaws.com"}
    return _policy([{"Sid": "Functions", "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}])


def function_policy(log_group_arn: str, secret_arn: str, queue_arn: str) -> Policy:
    """What a function does: write its lines, read one secret, and leave what it failed on in a queue (MON-8)."""
    writes = ["logs:CreateLogStream", "logs:PutLogEvents"]
    return _policy(
        [
            _statement("WriteLogs", writes, f"{log_group_arn}:log-stream:*"),
            _statement("ReadSecret", "secretsmanager:GetSecretValue", secret_arn),
            _statement("KeepFailedEvents", "sqs:SendMessage", queue_arn),
        ]
    )


def sms_policy(log_group_arn: str, region: str, queue_arn: str) -> Policy:
    """What the function for telephones does: write its lines, send texts from one region, fill the queue (MON-8).

    SendTextMessage asks for the phone number, pool or sender ID that sends. It is not documented what it asks for when
    the request names none and AWS chooses, so the resource is ``*``: a narrower one might silently keep texts away.
    """
    writes = ["logs:CreateLogStream", "logs:PutLogEvents"]
    inside = {"StringEquals": {"aws:RequestedRegion": region}}
    return _policy(
        [
            _statement("WriteLogs", writes, f"{log_group_arn}:log-stream:*"),
            _statement("SendTexts", "sms-voice:SendTextMessage", "*", **inside),
            _statement("KeepFailedEvents", "sqs:SendMessage", queue_arn),
        ]
    )


def _for_service(sid: str, service: str, action: str | list[str], resource: str, **condition: Any) -> dict[str, Any]:
    return {**_statement(sid, action, resource, **condition), "Principal": {"Service": service}}


def _of_budgets(account_id: str) -> dict[str, Any]:
    """The condition on what AWS Budgets does with a topic and its key: for budgets of this account.

    AWS Cost Management user guide, "Creating an Amazon SNS topic for budget notifications".
    """
    return {
        "StringEquals": {"aws:SourceAccount": account_id},
        "ArnLike": {"aws:SourceArn": f"arn:aws:budgets::{account_id}:*"},
    }


def _over_tls(action: str | list[str], resource: str) -> dict[str, Any]:
    """No request without TLS. What AWS's services send has no such key, or comes over TLS.

    Amazon SNS developer guide, "Enforce encryption of data in transit"; Amazon SQS developer guide, "Security best
    practices".
    """
    return {
        "Sid": "DenyInsecureTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resource,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def topic_policy(topic_arn: str, account_id: str, events: bool = False, budgets: bool = False) -> Policy:
    """Who may publish: CloudWatch for alarms of this account, and whom the switches name: EventBridge, AWS Budgets.

    Amazon SNS developer guide, "Example cases for Amazon SNS access control". The statement for EventBridge has no
    condition: AWS says "You can't use Condition blocks in Amazon SNS topic policies for EventBridge" (EventBridge user
    guide, "Troubleshooting Amazon EventBridge"); with one no event arrives. So it stands only where a rule publishes.
    """
    owner = {"StringEquals": {"aws:SourceAccount": account_id}}
    statements = [
        _over_tls([f"SNS:{action}" for action in OF_TOPICS], topic_arn),
        _for_service("Alarms", "cloudwatch.amazonaws.com", "SNS:Publish", topic_arn, **owner),
    ]
    if events:
        statements.append(_for_service("Events", "events.amazonaws.com", "SNS:Publish", topic_arn))
    if budgets:
        of_budgets = _of_budgets(account_id)
        statements.append(_for_service("Budgets", "budgets.amazonaws.com", "SNS:Publish", topic_arn, **of_budgets))
    return _policy(statements)


def topic_key_policy(account_id: str, budgets: bool = False) -> Policy:
    """Who may use the topics' key: the account's identities as IAM says, and who publishes (topic_policy).

    AWS KMS developer guide, "Default key policy"; Amazon SNS developer guide, "Managing Amazon SNS encryption keys and
    costs": "Adding the aws:SourceAccount, aws:SourceArn, and aws:SourceOrgID to a AWS KMS policy is not supported for
    EventBridge-to-encrypted topics". In a key policy ``*`` is the key itself.
    """
    use = ["kms:Decrypt", "kms:GenerateDataKey"]
    owner = {"StringEquals": {"aws:SourceAccount": account_id}}
    statements = [
        {
            "Sid": "IdentitiesOfThisAccount",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account_id}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        _for_service("Alarms", "cloudwatch.amazonaws.com", use, "*", **owner),
        _for_service("Events", "events.amazonaws.com", use, "*"),
    ]
    if budgets:
        statements.append(_for_service("Budgets", "budgets.amazonaws.com", use, "*", **_of_budgets(account_id)))
    return _policy(statements)


def dead_letter_policy(queue_arn: str, topic_arns: list[str]) -> Policy:
    """Who may send to the queue: SNS, for what it could not deliver from these topics.

    Amazon SNS developer guide, "Configuring an Amazon SNS dead-letter queue for a subscription".
    """
    topics = {"ArnEquals": {"aws:SourceArn": sorted(topic_arns)}}
    sends = _for_service("WhatSnsCouldNotDeliver", "sns.amazonaws.com", "sqs:SendMessage", queue_arn, **topics)
    return _policy([_over_tls("sqs:*", queue_arn), sends])
