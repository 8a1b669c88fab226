"""Which reads are late after which writes, where that is in moto's storage, and where AWS documents it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from moto.acm.models import acm_backends
from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.ecr.models import ecr_backends
from moto.ecs.models import ecs_backends
from moto.elbv2.models import elbv2_backends
from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.rds.models import rds_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

Store = dict[Any, Any] | list[Any]

EC2 = "EC2 Developer Guide, Ensuring idempotency; Eventual consistency in the Amazon EC2 API"
IAM = "IAM User Guide, Troubleshoot IAM: Changes that I make are not always immediately visible"
ECS = "ECS API Reference, RunTask: the ECS API follows an eventual consistency model"
SCALING = "Application Auto Scaling API Reference, RegisterScalableTarget"
ELB = "Elastic Load Balancing waiters: LoadBalancerNotFound passes"
S3 = "S3 User Guide, Amazon S3 data consistency model: bucket configurations"
TAGGING = "Resource Groups Tagging API Reference, GetResources: tagged or previously tagged resources"
TAGS = "tagging:GetResources"


class Late(NamedTuple):
    """Writes whose outcome some reads show late. `attributes` are what a changed entry shows late."""

    writes: tuple[str, ...]
    reads: tuple[str, ...]
    stores: Callable[[str], Iterable[Store]]
    source: str
    attributes: tuple[str, ...] = ()


def _ec2(name: str) -> Callable[[str], list[Store]]:
    return lambda region: [getattr(ec2_backends[DEFAULT_ACCOUNT_ID][region], name)]


def _nested(name: str) -> Callable[[str], list[Store]]:
    """Of a storage by zone or VPC."""
    return lambda region: list(getattr(ec2_backends[DEFAULT_ACCOUNT_ID][region], name).values())


def _of(backends: Any, name: str) -> Callable[[str], list[Store]]:
    return lambda region: [getattr(backends[DEFAULT_ACCOUNT_ID][region], name)]


def _global(backends: Any, name: str) -> Callable[[str], list[Store]]:
    return lambda _region: [getattr(backends[DEFAULT_ACCOUNT_ID]["aws"], name)]


def _tagged(backends: Any, name: str) -> Callable[[str], list[Store]]:
    """A storage, and that of the tags, which moto keeps beside it."""

    def stores(region: str) -> list[Store]:
        backend = backends[DEFAULT_ACCOUNT_ID][region]
        tagger = getattr(backend, "tagger", None) or backend.tagging_service
        return [getattr(backend, name), tagger.tags]

    return stores


def _rules(region: str) -> list[Store]:
    backend = events_backends[DEFAULT_ACCOUNT_ID][region]
    return [*(bus.rules for bus in backend.event_buses.values()), backend.tagger.tags]


def calls(service: str, *operations: str) -> tuple[str, ...]:
    return tuple(f"{service}:{operation}" for operation in operations)


ROWS = (
    Late(
        calls("ec2", "CreateVpc", "DeleteVpc"),
        (*calls("ec2", "DescribeVpcs", "CreateSubnet", "CreateSecurityGroup", "CreateRouteTable"), TAGS),
        _ec2("vpcs"),
        EC2,
    ),
    Late(
        calls("ec2", "CreateSubnet", "DeleteSubnet"),
        (*calls("ec2", "DescribeSubnets", "CreateNatGateway", "AssociateRouteTable"), TAGS),
        _nested("subnets"),
        EC2,
    ),
    Late(
        calls("ec2", "CreateInternetGateway", "DeleteInternetGateway"),
        (*calls("ec2", "DescribeInternetGateways", "AttachInternetGateway"), TAGS),
        _ec2("internet_gateways"),
        EC2,
    ),
    Late(
        calls("ec2", "AllocateAddress", "ReleaseAddress"),
        (*calls("ec2", "DescribeAddresses", "CreateNatGateway"), TAGS),
        _ec2("addresses"),
        EC2,
    ),
    Late(
        calls("ec2", "CreateNatGateway"),
        (*calls("ec2", "DescribeNatGateways", "CreateRoute"), TAGS),
        _ec2("nat_gateways"),
        EC2,
    ),
    Late(
        calls("ec2", "CreateRouteTable", "DeleteRouteTable"),
        (*calls("ec2", "DescribeRouteTables", "CreateRoute", "AssociateRouteTable"), TAGS),
        _ec2("route_tables"),
        EC2,
    ),
    Late(
        calls("ec2", "CreateSecurityGroup", "DeleteSecurityGroup"),
        (
            *calls("ec2", "DescribeSecurityGroups", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress"),
            *calls("ec2", "RevokeSecurityGroupEgress"),
            TAGS,
        ),
        _nested("groups"),
        EC2,
    ),
    Late(
        calls("ec2", "CreateVpcEndpoint"),
        (*calls("ec2", "DescribeVpcEndpoints"), TAGS),
        _ec2("vpc_end_points"),
        EC2,
    ),
    Late(
        (
            *calls("ec2", "CreateTags", "DeleteTags", "DeleteVpc", "DeleteSubnet", "DeleteInternetGateway"),
            *calls("ec2", "ReleaseAddress", "DeleteRouteTable", "DeleteSecurityGroup"),
        ),
        (
            *calls("ec2", "DescribeTags", "DescribeVpcs", "DescribeSubnets", "DescribeInternetGateways"),
            *calls("ec2", "DescribeAddresses", "DescribeRouteTables", "DescribeSecurityGroups"),
            TAGS,
        ),
        _ec2("tags"),
        EC2,
    ),
    Late(
        calls("iam", "CreateRole"),
        (
            *calls("iam", "GetRole", "PutRolePolicy", "AttachRolePolicy"),
            *calls("lambda", "CreateFunction", "UpdateFunctionConfiguration"),
            *calls("firehose", "CreateDeliveryStream"),
            *calls("logs", "PutSubscriptionFilter"),
            *calls("scheduler", "CreateSchedule"),
        ),
        _global(iam_backends, "roles"),
        IAM,
    ),
    Late(
        calls("ecs", "CreateCluster"),
        calls("ecs", "DescribeClusters", "DescribeServices", "CreateService"),
        _of(ecs_backends, "clusters"),
        ECS,
    ),
    Late(
        calls("ecs", "CreateService"),
        (
            *calls("ecs", "DescribeServices", "ListServices"),
            *calls("application-autoscaling", "RegisterScalableTarget"),
        ),
        _of(ecs_backends, "services"),
        ECS,
    ),
    Late(
        calls("ecs", "UpdateService"),
        calls("ecs", "DescribeServices"),
        _of(ecs_backends, "services"),
        ECS,
        attributes=("deployments", "events", "task_definition"),
    ),
    Late(
        calls("ecs", "RunTask"),
        calls("ecs", "DescribeTasks"),
        lambda region: list(ecs_backends[DEFAULT_ACCOUNT_ID][region].tasks.values()),
        ECS,
    ),
    Late(
        calls("application-autoscaling", "RegisterScalableTarget"),
        calls("application-autoscaling", "DescribeScalableTargets", "PutScalingPolicy", "PutScheduledAction"),
        _of(applicationautoscaling_backends, "targets"),
        SCALING,
    ),
    Late(
        calls("elasticloadbalancing", "CreateLoadBalancer", "DeleteLoadBalancer"),
        calls("elasticloadbalancing", "DescribeLoadBalancers"),
        _of(elbv2_backends, "load_balancers"),
        ELB,
    ),
    Late(
        calls("elasticloadbalancing", "CreateTargetGroup", "DeleteTargetGroup"),
        calls("elasticloadbalancing", "DescribeTargetGroups"),
        _of(elbv2_backends, "target_groups"),
        ELB,
    ),
    Late(
        calls("acm", "RequestCertificate"),
        calls("acm", "ListCertificates", "DescribeCertificate", "ListTagsForCertificate"),
        _of(acm_backends, "_certificates"),
        "ACM API Reference, RequestCertificate: a delay of several seconds",
    ),
    Late(
        calls("acm", "DeleteCertificate"),
        calls("acm", "ListCertificates"),
        _of(acm_backends, "_certificates"),
        "ACM API Reference, DeleteCertificate: eventually consistent",
    ),
    Late(
        calls("rds", "CreateDBInstance", "DeleteDBInstance"),
        (*calls("rds", "DescribeDBInstances", "DeleteDBParameterGroup", "DeleteDBSubnetGroup"), TAGS),
        _of(rds_backends, "databases"),
        "RDS API Reference, InvalidDBParameterGroupState; RDS waiters: DBInstanceNotFound passes",
    ),
    Late(
        calls("sqs", "CreateQueue"),
        (*calls("sqs", "GetQueueUrl", "ListQueues"), TAGS),
        _of(sqs_backends, "queues"),
        "SQS API Reference, CreateQueue: a second until it can be used",
    ),
    Late(
        calls("sqs", "DeleteQueue"),
        (*calls("sqs", "GetQueueUrl", "ListQueues"), TAGS),
        _of(sqs_backends, "queues"),
        "SQS API Reference, DeleteQueue: requests may succeed for up to 60 seconds",
    ),
    Late(
        calls("kms", "CreateKey"),
        (*calls("kms", "DescribeKey", "CreateAlias"), TAGS),
        _of(kms_backends, "keys"),
        "KMS Developer Guide, AWS KMS eventual consistency",
    ),
    Late(
        calls("s3", "CreateBucket", "DeleteBucket"),
        (*calls("s3", "ListBuckets"), TAGS),
        _global(s3_backends, "buckets"),
        S3,
    ),
    Late(
        calls("s3", "PutBucketPolicy", "DeleteBucketPolicy"),
        calls("s3", "GetBucketPolicy"),
        _global(s3_backends, "buckets"),
        S3,
        attributes=("policy",),
    ),
    Late(
        calls("s3", "PutBucketLifecycleConfiguration"),
        calls("s3", "GetBucketLifecycleConfiguration"),
        _global(s3_backends, "buckets"),
        S3,
        attributes=("rules",),
    ),
    Late(
        calls("secretsmanager", "CreateSecret", "DeleteSecret"),
        calls("secretsmanager", "ListSecrets"),
        _of(secretsmanager_backends, "secrets"),
        "Secrets Manager API Reference, ListSecrets: might not reflect changes from the last five minutes",
    ),
    # What a role deletes is listed by the tagging API a while longer.
    *(
        Late(calls(service, *writes), (TAGS,), stores, TAGGING)
        for service, writes, stores in (
            ("monitoring", ("PutMetricAlarm", "DeleteAlarms"), _tagged(cloudwatch_backends, "alarms")),
            ("events", ("PutRule", "DeleteRule"), _rules),
            ("sns", ("CreateTopic", "DeleteTopic"), _of(sns_backends, "topics")),
            ("logs", ("CreateLogGroup", "DeleteLogGroup"), _tagged(logs_backends, "groups")),
            ("ecr", ("CreateRepository", "DeleteRepository"), _tagged(ecr_backends, "repositories")),
            ("rds", ("CreateDBParameterGroup", "DeleteDBParameterGroup"), _of(rds_backends, "db_parameter_groups")),
            ("rds", ("CreateDBSubnetGroup", "DeleteDBSubnetGroup"), _of(rds_backends, "subnet_groups")),
            ("elasticloadbalancing", ("DeleteLoadBalancer",), _tagged(elbv2_backends, "load_balancers")),
            ("elasticloadbalancing", ("DeleteTargetGroup",), _tagged(elbv2_backends, "target_groups")),
        )
    ),
)
