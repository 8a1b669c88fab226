# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The policies of the roles that ECS tasks have: pure functions that name every action and resource.

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
