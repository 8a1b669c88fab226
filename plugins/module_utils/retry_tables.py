# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which calls of AWS may be repeated, and after what: tables that ``retries`` goes by."""

from __future__ import annotations

from typing import NamedTuple

_COMMON = "Common errors of each service's API reference"
_BOTO = "AWS SDKs and Tools Reference Guide, Retry behavior"
_S3 = "S3 API Reference, Error responses"
_EC2 = "EC2 Developer Guide, Error codes for the Amazon EC2 API"
_KMS = "KMS API Reference, errors of CreateKey and ScheduleKeyDeletion"


class PassingCode(NamedTuple):
    """An error that passes by itself, whatever was asked for."""

    code: str
    service: str  # "": of any service
    lost: bool  # whether the call may have been carried out all the same
    source: str


PASSING_CODES = (
    *(
        PassingCode(code, "", False, _BOTO)
        for code in (
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestThrottledException",
            "RequestThrottled",
            "TooManyRequestsException",
            "ProvisionedThroughputExceededException",
            "TransactionInProgressException",
            "RequestLimitExceeded",
            "BandwidthLimitExceeded",
            "SlowDown",
            "PriorRequestNotComplete",
            "EC2ThrottledException",
            "RequestTimeout",
            "RequestTimeoutException",
        )
    ),
    PassingCode("Throttled", "sns", False, "SNS API Reference, ThrottledException"),
    PassingCode("KMSThrottling", "sns", False, "SNS API Reference, KMSThrottlingException"),
    PassingCode("KmsThrottled", "sqs", False, "SQS API Reference, KmsThrottled"),
    PassingCode("LimitExceededException", "ce", False, "Cost Explorer API Reference: too many calls in a short time"),
    PassingCode("TooManyUpdates", "ssm", False, "Systems Manager API Reference, TooManyUpdates"),
    PassingCode("IDPCommunicationError", "sts", False, "STS API Reference, AssumeRoleWithWebIdentity"),
    PassingCode("DependencyTimeoutException", "kms", False, _KMS),
    PassingCode("KeyUnavailableException", "kms", False, "KMS API Reference, Decrypt: you can retry the request"),
    PassingCode("ServiceUnavailable", "", False, _COMMON),
    PassingCode("ServiceUnavailableException", "", False, _COMMON),
    PassingCode("Unavailable", "", False, _EC2),
    PassingCode("InternalFailure", "", True, _COMMON),
    PassingCode("InternalError", "", True, f"{_EC2}; {_S3}"),
)


class PassingStatus(NamedTuple):
    """An HTTP status that passes by itself, unless its code says that something is used up."""

    status: int
    lost: bool  # whether the call may have been carried out all the same
    source: str


PASSING_STATUSES = (
    PassingStatus(429, False, "RFC 6585, Too Many Requests"),
    PassingStatus(500, True, _BOTO),
    PassingStatus(502, True, _BOTO),
    PassingStatus(503, False, f"{_BOTO}; {_COMMON}, ServiceUnavailable: a temporary failure of the server"),
    PassingStatus(504, True, _BOTO),
)

# What is used up stays so, whatever the status: LimitExceededException of most services is a quota of the account, and
# EC2 answers InsufficientAddressCapacity with 500.
_USED_UP = ("Limit", "Quota", "Insufficient")


def passing(service: str, code: str, status: int) -> PassingCode | PassingStatus | None:
    """Why an error passes by itself, None when it lasts. With an empty service, of any."""
    for row in PASSING_CODES:
        if row.code == code and row.service in ("", service):
            return row
    if any(word in code for word in _USED_UP):
        return None
    return next((row for row in PASSING_STATUSES if row.status == status), None)


class Token(NamedTuple):
    """A member by which AWS tells a repeated call, and which botocore does not fill itself."""

    service: str
    operation: str
    member: str
    word: bool  # whether it may hold nothing but letters and digits
    source: str


TOKENS = (
    Token("ecs", "CreateService", "clientToken", False, "ECS API Reference, CreateService: up to 36 characters"),
    Token("ec2", "CreateVpcEndpoint", "ClientToken", False, "EC2 Developer Guide, Ensuring idempotency"),
    Token("ec2", "CreateFlowLogs", "ClientToken", False, "EC2 Developer Guide, Ensuring idempotency"),
    Token("acm", "RequestCertificate", "IdempotencyToken", True, "ACM API Reference, RequestCertificate: for an hour"),
)


class Repeatable(NamedTuple):
    """Operations that write, and say in whole how it is to be: once or twice, the same stands."""

    service: str  # "": of any service
    operations: tuple[str, ...]  # how they begin
    source: str


SAFE_TO_REPEAT = (
    Repeatable("acm", ("AddTags", "RemoveTags"), "ACM API Reference, AddTagsToCertificate"),
    Repeatable(
        "application-autoscaling",
        ("Put", "RegisterScalableTarget", "TagResource", "UntagResource"),
        "Application Auto Scaling API Reference, RegisterScalableTarget, PutScalingPolicy: creates or updates",
    ),
    Repeatable(
        "budgets",
        ("UpdateBudget", "UpdateNotification", "TagResource", "UntagResource"),
        "Budgets API Reference, UpdateBudget",
    ),
    Repeatable(
        "cloudwatch",
        ("PutMetricAlarm", "PutCompositeAlarm", "PutDashboard", "SetAlarmState", "Enable", "Disable", "TagResource"),
        "CloudWatch API Reference, PutMetricAlarm: overwrites the previous configuration",
    ),
    Repeatable("ec2", ("CreateTags", "DeleteTags"), "EC2 API Reference, CreateTags: adds or overwrites"),
    Repeatable(
        "ec2",
        ("ModifyVpcAttribute", "ModifySubnetAttribute", "ModifyNetworkInterfaceAttribute"),
        "EC2 API Reference, ModifyVpcAttribute",
    ),
    Repeatable("ecr", ("Put", "SetRepositoryPolicy", "TagResource"), "ECR API Reference, PutLifecyclePolicy"),
    Repeatable("ecs", ("Put", "TagResource", "UntagResource"), "ECS API Reference, PutClusterCapacityProviders"),
    Repeatable(
        "elbv2",
        ("AddTags", "RemoveTags", "Modify", "Set", "RegisterTargets", "DeregisterTargets"),
        "Elastic Load Balancing API Reference, ModifyListener: replaces what is given",
    ),
    Repeatable(
        "events",
        ("PutRule", "PutTargets", "Enable", "Disable", "TagResource", "UntagResource"),
        "EventBridge API Reference, PutRule: creates or updates",
    ),
    Repeatable("firehose", ("TagDeliveryStream", "UntagDeliveryStream"), "Firehose API Reference, TagDeliveryStream"),
    Repeatable(
        "iam",
        ("Put", "Tag", "Untag", "UpdateRole", "UpdateAssumeRolePolicy", "AttachRolePolicy"),
        "IAM API Reference, PutRolePolicy: adds or updates",
    ),
    Repeatable(
        "kms",
        ("PutKeyPolicy", "EnableKeyRotation", "DisableKeyRotation", "TagResource", "UntagResource"),
        "KMS API Reference, PutKeyPolicy: attaches",
    ),
    Repeatable(
        "lambda",
        ("PutFunction", "UpdateFunction", "TagResource", "UntagResource"),
        "Lambda API Reference, UpdateFunctionConfiguration",
    ),
    Repeatable(
        "logs",
        ("PutRetentionPolicy", "PutSubscriptionFilter", "PutResourcePolicy", "TagResource", "UntagResource"),
        "CloudWatch Logs API Reference, PutSubscriptionFilter: creates or updates",
    ),
    Repeatable("rds", ("AddTags", "RemoveTags", "ModifyDBParameterGroup"), "RDS API Reference, AddTagsToResource"),
    Repeatable("resourcegroupstaggingapi", ("TagResources", "UntagResources"), "Tagging API Reference, TagResources"),
    Repeatable("route53", ("ChangeTagsForResource",), "Route 53 API Reference, ChangeTagsForResource"),
    Repeatable(
        "s3", ("Put", "DeleteObject"), "S3 API Reference, PutBucketPolicy, DeleteObjects: a missing key is no error"
    ),
    Repeatable("scheduler", ("TagResource", "UntagResource"), "EventBridge Scheduler API Reference, TagResource"),
    Repeatable(
        "secretsmanager", ("PutResourcePolicy", "TagResource", "UntagResource"), "Secrets Manager API Reference"
    ),
    Repeatable(
        "sns",
        ("CreateTopic", "Set", "TagResource", "UntagResource"),
        "SNS API Reference, CreateTopic: idempotent, answers with the topic that is there",
    ),
    Repeatable(
        "sqs",
        ("CreateQueue", "SetQueueAttributes", "TagQueue", "UntagQueue"),
        "SQS API Reference, CreateQueue: answers with the queue that is there",
    ),
    # Of two that create the same parameter only one can win, and it finds its own name in it.
    Repeatable("ssm", ("PutParameter",), "Systems Manager API Reference, PutParameter: Overwrite"),
    Repeatable("sts", ("AssumeRole",), "STS API Reference, AssumeRole: makes nothing but credentials"),
)
