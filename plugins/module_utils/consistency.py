# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What AWS refuses for a while after a write that it has accepted: a table, by which ``retries`` repeats a call.

AWS calls it eventual consistency: what was created is not known everywhere at once, what was deleted is in use still.
The table is for calls that follow a write. A read that finds nothing is no refusal, and is not repeated here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from ansible_collections.triflow.platform.plugins.module_utils import progress

FIRST_PAUSE = 1  # seconds between the first two attempts; it doubles
LONGEST_PAUSE = 5
LISTED_SECONDS = 60  # within which what was made is found by its tags, by a filter, or by its id

_EC2 = "EC2 Developer Guide, Eventual consistency in the Amazon EC2 API"
_IAM = "IAM User Guide, Changes that I make are not always immediately visible"
_CHANGES = ("create_", "attach_", "associate_", "authorize_", "revoke_", "modify_", "replace_", "update_")


class Passing(NamedTuple):
    """A refusal that passes by itself: by part of its message where its code stands for lasting refusals, too."""

    service: str
    operations: tuple[str, ...]  # how they begin
    code: str
    message: str
    seconds: int
    source: str


PASSING = (
    *(
        Passing("ec2", _CHANGES, code, "", 60, _EC2)
        for code in (
            "InvalidVpcID.NotFound",
            "InvalidSubnetID.NotFound",
            "InvalidInternetGatewayID.NotFound",
            "InvalidAllocationID.NotFound",
            "InvalidElasticIpID.NotFound",
            "InvalidNatGatewayID.NotFound",
            "NatGatewayNotFound",
            "InvalidRouteTableID.NotFound",
            "InvalidGroup.NotFound",
            "InvalidVpcEndpointId.NotFound",
        )
    ),
    # Of a stock module alone, which did not find by a filter what is there.
    Passing("ec2", (), "InvalidSubnet.Conflict", "", 60, _EC2),
    Passing(
        "ec2",
        ("delete_", "detach_"),
        "DependencyViolation",
        "",
        120,
        "EC2 User Guide, Requester-managed network interfaces: they go some minutes after their owner",
    ),
    Passing("ec2", ("create_flow_logs",), "InvalidParameter", "", 120, _IAM),
    Passing("iam", ("put_role_policy", "attach_role_policy", "tag_role", "update_"), "NoSuchEntity", "", 60, _IAM),
    Passing("iam", ("delete_role",), "DeleteConflict", "", 60, _IAM),
    Passing("iam", ("",), "ConcurrentModification", "", 60, "IAM API Reference, ConcurrentModificationException"),
    Passing(
        "lambda",
        ("create_function", "update_function_configuration"),
        "InvalidParameterValueException",
        " role ",  # not assumed yet, or without its right to send to the queue yet
        120,
        _IAM,
    ),
    Passing(
        "lambda",
        ("update_", "add_", "remove_", "put_", "delete_"),
        "ResourceConflictException",
        "in progress",
        60,
        "Lambda API Reference, ResourceConflictException",
    ),
    Passing(
        "firehose",
        ("create_delivery_stream", "update_destination"),
        "InvalidArgumentException",
        "unable to assume role",
        120,
        _IAM,
    ),
    Passing(
        "logs",
        ("put_subscription_filter",),
        "InvalidParameterException",
        "Could not deliver test message to specified",
        120,
        _IAM,
    ),
    Passing(
        "logs", ("",), "OperationAbortedException", "", 60, "CloudWatch Logs API Reference, OperationAbortedException"
    ),
    Passing(
        "scheduler",
        ("create_schedule", "update_schedule"),
        "ValidationException",
        "must allow AWS EventBridge Scheduler to assume the role",
        120,
        _IAM,
    ),
    Passing(
        "ecs",
        ("create_cluster", "create_service"),
        "InvalidParameterException",
        "Unable to assume the service linked role",
        120,
        "ECS API Reference, CreateCluster: the first call makes the role; IAM User Guide, as above",
    ),
    Passing(
        "ecs",
        ("create_service",),
        "InvalidParameterException",
        "does not have an associated load balancer",
        60,
        "ECS Developer Guide, Amazon ECS service: the target group has a listener",
    ),
    Passing(
        "ecs", ("create_", "update_", "list_"), "ClusterNotFoundException", "", 60, "ECS API Reference, CreateCluster"
    ),
    Passing("ecs", ("update_service",), "ServiceNotFoundException", "", 60, "ECS API Reference, CreateService"),
    *(
        Passing("ecs", ("delete_cluster",), code, "", 300, f"ECS API Reference, {code}")
        for code in ("ClusterContainsTasksException", "ClusterContainsServicesException", "UpdateInProgressException")
    ),
    Passing(
        "rds",
        ("create_db_instance",),
        "InvalidParameterValue",
        "permission to create service linked role",
        120,
        "RDS User Guide, Using service-linked roles for Amazon RDS: wait and try again later",
    ),
    *(
        Passing("rds", ("create_db_instance", "modify_db_instance"), code, "", 60, f"RDS API Reference, {code}")
        for code in ("DBParameterGroupNotFound", "DBSubnetGroupNotFoundFault")
    ),
    *(
        Passing("rds", ("delete_",), code, "", 120, f"RDS API Reference, {code}: a deleted instance still is a member")
        for code in ("InvalidDBParameterGroupState", "InvalidDBSubnetGroupStateFault")
    ),
    Passing(
        "application-autoscaling",
        ("put_",),
        "ObjectNotFoundException",
        "",
        60,
        "Application Auto Scaling API Reference, RegisterScalableTarget: eventual consistency",
    ),
    Passing(
        "application-autoscaling",
        ("register_scalable_target",),
        "ValidationException",
        "service doesn't exist",
        60,
        "ECS API Reference, CreateService",
    ),
    Passing(
        "application-autoscaling",
        ("",),
        "ConcurrentUpdateException",
        "",
        60,
        "Application Auto Scaling API Reference, ConcurrentUpdateException",
    ),
    *(
        Passing(
            "elbv2",
            ("create_listener", "create_rule", "modify_", "set_"),
            code,
            "",
            60,
            f"Elastic Load Balancing API Reference, {code}",
        )
        for code in ("LoadBalancerNotFound", "TargetGroupNotFound", "ListenerNotFound")
    ),
    Passing(
        "elbv2",
        ("delete_target_group",),
        "ResourceInUse",
        "",
        60,
        "Elastic Load Balancing API Reference, DeleteTargetGroup: its listeners and rules are gone first",
    ),
    Passing(
        "acm",
        ("delete_certificate",),
        "ResourceInUseException",
        "",
        300,
        "ACM API Reference, DeleteCertificate: eventually consistent",
    ),
    Passing(
        "sqs",
        ("create_queue",),
        "AWS.SimpleQueueService.QueueDeletedRecently",
        "",
        90,
        "SQS API Reference, CreateQueue: 60 seconds after a queue of that name was deleted",
    ),
    Passing("s3", ("create_", "put_"), "OperationAborted", "", 60, "S3 API Reference, Error codes"),
    Passing("s3", ("put_",), "NoSuchBucket", "", 60, "S3 User Guide, Amazon S3 data consistency model"),
    Passing(
        "kms",
        ("create_alias", "enable_", "put_", "tag_"),
        "NotFoundException",
        "",
        60,
        "KMS Developer Guide, AWS KMS eventual consistency",
    ),
    Passing("events", ("",), "ConcurrentModificationException", "", 60, "EventBridge API Reference"),
    Passing("sns", ("",), "ConcurrentAccess", "", 60, "SNS API Reference, ConcurrentAccessException"),
)


def seconds(error: dict[str, str], service: str = "", operation: str = "") -> int:
    """How long AWS may answer with this error, as ``{"Code", "Message"}``; 0 when it does not pass by itself.

    Without service and operation, of a stock module as a whole: only what repeating the call alone does not help.
    """
    for row in PASSING:
        if row.operations if not service else row.service != service or not operation.startswith(row.operations):
            continue
        if error.get("Code") == row.code and row.message in error.get("Message", ""):
            return row.seconds
    return 0


def seconds_unknown(error: Any) -> int:
    """How long a wait may not find by its id what AWS has just answered with; 0 when it is refused otherwise."""
    return LISTED_SECONDS if "NotFound" in error.response["Error"].get("Code", "") else 0


class Patience:
    """The time that one thing is given: tried at once, again after a second, then ever less often.

    ``why`` is what a person is told at each pause; nothing, where somebody else says it.
    """

    def __init__(self, why: str = "") -> None:
        self.why = why
        self.begun = time.monotonic()
        self.pause = FIRST_PAUSE

    @property
    def waited(self) -> float:
        return time.monotonic() - self.begun

    def goes_on(self, limit: int) -> bool:
        """Whether less than ``limit`` seconds have gone by. If so, it waits before the next attempt."""
        left = limit - self.waited
        if left <= 0:
            return False
        pause = min(self.pause, left)
        if self.why:
            progress.say(f"{self.why}, goes on in {pause:.1f} s ({self.waited:.0f} s of at most {limit} s)")
        time.sleep(pause)
        self.pause = min(2 * self.pause, LONGEST_PAUSE)
        return True


def is_unknown(error: Any) -> bool:
    """Whether AWS says that it does not know what it was asked for."""
    code = error.response["Error"]["Code"]
    return any(part in code for part in ("NotFound", "NonExistent", "DoesNotExist", "NoSuch", "404"))


def until_found(call: Callable[[], Any]) -> None:
    """Ask until AWS knows what was made just now; fails with AWS's answer when it does not in time."""
    from botocore.exceptions import ClientError

    patience = Patience("what was made is not found yet")
    while True:
        try:
            call()
        except ClientError as error:
            if not is_unknown(error) or not patience.goes_on(LISTED_SECONDS):
                raise
        else:
            return
