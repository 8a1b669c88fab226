# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waiters that say what a status means, made of the table of statuses, and those that botocore lacks: pure data."""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.triflow.platform.plugins.module_utils.statuses import (
    ASLEEP,
    NEVER,
    READY,
    REMEDY,
    explained,
    known,
    with_meaning,
)


class Goal(NamedTuple):
    """What is waited for: in which statuses it is ready, and which end the wait at once."""

    operation: str
    thing: str  # of the table of statuses
    status: str  # where the answer has it, as JMESPath; a list when it may describe several
    ready: tuple[str, ...]
    ends: tuple[str, ...]
    delay: int  # seconds between two questions
    reason: str = ""  # where the answer has AWS's own reason
    gone: tuple[str, ...] = ()  # error codes that say that it is gone, and that this is what was waited for
    late: tuple[str, ...] = ()  # error codes of what AWS does not know everywhere yet


def _goal(operation: str, thing: str, status: str, delay: int, **more: Any) -> Goal:
    """To do its work: ready and not ready as the table says."""
    return Goal(operation, thing, status, with_meaning(thing, READY), with_meaning(thing, NEVER, REMEDY), delay, **more)


_DATABASE = ("DescribeDBInstances", "DB instance", "DBInstances[].DBInstanceStatus")
# In these RDS takes ModifyDBInstance: user guide, "Viewing Amazon RDS DB instance status" (available; storage-full is
# mended by it) and "Scaling up DB instance storage" (during an optimization all but another change of the storage).
MODIFIABLE = ("available", "storage-full", "storage-initialization", "storage-optimization")
# StopDBInstance. Whether it takes one whose storage is being optimized is not documented: it is asked.
STOPPABLE = ("available", "storage-initialization", "storage-optimization")

GOALS = {
    "nat_gateway_available": _goal(
        "DescribeNatGateways",
        "NAT gateway",
        "NatGateways[].State",
        15,
        reason="NatGateways[].FailureMessage",
        late=("NatGatewayNotFound",),
    ),
    "nat_gateway_deleted": Goal(
        "DescribeNatGateways", "NAT gateway", "NatGateways[].State", ("deleted",), (), 15, gone=("NatGatewayNotFound",)
    ),
    "vpc_endpoint_deleted": Goal(
        "DescribeVpcEndpoints",
        "VPC endpoint",
        "VpcEndpoints[].State",
        ("deleted", "Deleted"),
        (),
        10,
        gone=("InvalidVpcEndpointId.NotFound",),
    ),
    "load_balancer_available": _goal(
        "DescribeLoadBalancers",
        "load balancer",
        "LoadBalancers[].State.Code",
        15,
        reason="LoadBalancers[].State.Reason",
        late=("LoadBalancerNotFound",),
    ),
    # botocore's certificate_validated ends when the names are validated, which is before the certificate is issued
    "certificate_issued": _goal(
        "DescribeCertificate", "certificate", "[Certificate.Status]", 10, reason="[Certificate.FailureReason]"
    ),
    # botocore's waits to the end for one that is stopped, and for hours for one whose storage is being optimized
    "db_instance_available": _goal(*_DATABASE, 30),
    "db_instance_modifiable": Goal(
        *_DATABASE,
        MODIFIABLE,
        tuple(status for status in with_meaning("DB instance", NEVER, REMEDY) if status not in MODIFIABLE),
        30,
    ),
    "db_instance_stoppable": Goal(*_DATABASE, STOPPABLE, with_meaning("DB instance", NEVER, REMEDY), 30),
    "db_instance_stopped": Goal(
        *_DATABASE,
        ("stopped",),
        ("starting", *(status for status in with_meaning("DB instance", NEVER, REMEDY) if status not in ASLEEP)),
        15,
    ),
    "db_instance_deleted": Goal(*_DATABASE, (), (), 30, gone=("DBInstanceNotFound",)),
    "cluster_active": _goal("DescribeClusters", "ECS cluster", "clusters[].status", 3),
    "function_active": _goal(
        "GetFunction", "function", "[Configuration.State]", 1, reason="[Configuration.StateReason]"
    ),
    "function_updated": _goal(
        "GetFunction",
        "update of a function",
        "[Configuration.LastUpdateStatus]",
        1,
        reason="[Configuration.LastUpdateStatusReason]",
    ),
    "delivery_stream_active": _goal(
        "DescribeDeliveryStream",
        "delivery stream",
        "[DeliveryStreamDescription.DeliveryStreamStatus]",
        5,
        reason="[DeliveryStreamDescription.FailureDescription.Details]",
    ),
    "delivery_stream_deleted": Goal(
        "DescribeDeliveryStream",
        "delivery stream",
        "[DeliveryStreamDescription.DeliveryStreamStatus]",
        (),
        ("DELETING_FAILED",),
        5,
        reason="[DeliveryStreamDescription.FailureDescription.Details]",
        gone=("ResourceNotFoundException",),
    ),
}


def _waiter(goal: Goal) -> dict[str, Any]:
    """The goal in botocore's form. What the answer does not say, or what is no end, is asked for again."""
    return {
        "operation": goal.operation,
        "delay": goal.delay,
        "maxAttempts": 60,
        "acceptors": [
            *({"state": "success", "matcher": "error", "expected": code} for code in goal.gone),
            *({"state": "retry", "matcher": "error", "expected": code} for code in goal.late),
            *(
                {"state": "failure", "matcher": "pathAny", "argument": goal.status, "expected": status}
                for status in goal.ends
            ),
            {
                "state": "success",
                "matcher": "path",
                "argument": f"length({goal.status}) > `0` && "
                f"length({goal.status} | [?!contains({_list(goal.ready)}, @)]) == `0`",
                "expected": True,
            },
        ],
    }


def _list(statuses: tuple[str, ...]) -> str:
    return f"[{', '.join(repr(status) for status in statuses)}]" if statuses else "`[]`"


def found(name: str, answer: dict[str, Any]) -> list[str]:
    """The statuses that an answer shows to a goal's waiter."""
    return _search(GOALS[name].status, answer)


def unready(name: str, answer: dict[str, Any]) -> str:
    """What is not ready, and why, as the end of a sentence. Empty when the answer shows nothing."""
    goal = GOALS[name]
    left = dict.fromkeys(status for status in found(name, answer) if status not in goal.ready)
    reason = ", ".join(_search(goal.reason, answer)) if goal.reason else ""
    return "; ".join(
        status if known(goal.thing, status) and status not in goal.ends else explained(goal.thing, status, reason)
        for status in left
    )


def _search(path: str, answer: dict[str, Any]) -> list[str]:
    import jmespath  # botocore brings it

    return [str(item) for item in jmespath.search(path, answer) or [] if item is not None]


# RequestCertificate: it takes some seconds until a certificate has what validates its names.
_RECORDS = "Certificate.DomainValidationOptions"
_HAS_RECORDS = f"length({_RECORDS} || `[]`) > `0` && length({_RECORDS}[?ResourceRecord == null] || `[]`) == `0`"
# Of a service that is deleted, or being deleted, no task comes any more; nor of a deployment that has failed.
_SERVICE_ENDS = [
    {"state": "failure", "matcher": "path", "argument": "length(services)", "expected": 0},
    {"state": "failure", "matcher": "pathAny", "argument": "services[].status", "expected": "DRAINING"},
    {"state": "failure", "matcher": "pathAny", "argument": "services[].status", "expected": "INACTIVE"},
    {
        "state": "failure",
        "matcher": "pathAny",
        "argument": "services[].deployments[?status == 'PRIMARY'][].rolloutState",
        "expected": "FAILED",
    },
]

WAITERS: dict[str, dict[str, Any]] = {
    **{name: _waiter(goal) for name, goal in GOALS.items()},
    "network_interfaces_gone": {
        "operation": "DescribeNetworkInterfaces",
        "delay": 10,
        "maxAttempts": 60,
        "acceptors": [
            {"state": "success", "matcher": "path", "argument": "length(NetworkInterfaces)", "expected": 0},
        ],
    },
    "certificate_has_records": {
        "operation": "DescribeCertificate",
        "delay": 2,
        "maxAttempts": 60,
        "acceptors": [
            {"state": "success", "matcher": "path", "argument": _HAS_RECORDS, "expected": True},
            *(
                {"state": "failure", "matcher": "path", "argument": "Certificate.Status", "expected": status}
                for status in with_meaning("certificate", NEVER)
            ),
            {"state": "retry", "matcher": "error", "expected": "ResourceNotFoundException"},
        ],
    },
    "service_has_no_tasks": {
        "operation": "DescribeServices",
        "delay": 5,
        "maxAttempts": 120,
        "acceptors": [
            {
                "state": "success",
                "matcher": "path",
                "argument": "length(services[?runningCount > `0` || pendingCount > `0`])",
                "expected": 0,
            },
        ],
    },
    # ready once the autoscaler has asked for tasks, and they run
    "service_has_its_tasks": {
        "operation": "DescribeServices",
        "delay": 5,
        "maxAttempts": 120,
        "acceptors": [
            *_SERVICE_ENDS,
            {
                "state": "success",
                "matcher": "path",
                "argument": "length(services[?desiredCount == `0` || runningCount < desiredCount])",
                "expected": 0,
            },
        ],
    },
}
