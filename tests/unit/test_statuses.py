"""The table of statuses: whole, as botocore's models list them, and read by every waiter."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from ansible_collections.triflow.platform.plugins.module_utils.statuses import (
    NEVER,
    PASSES,
    READY,
    REMEDY,
    STATUSES,
    alive,
    explained,
    meaning,
    with_meaning,
)
from ansible_collections.triflow.platform.plugins.module_utils.waiters import GOALS, WAITERS, found, unready
from botocore.waiter import WaiterModel

# thing: service and name of the enumeration that lists its statuses
LISTED = {
    "NAT gateway": ("ec2", "NatGatewayState"),
    "VPC endpoint": ("ec2", "State"),
    "availability zone": ("ec2", "AvailabilityZoneState"),
    "load balancer": ("elbv2", "LoadBalancerStateEnum"),
    "target": ("elbv2", "TargetHealthStateEnum"),
    "certificate": ("acm", "CertificateStatus"),
    "renewal of a certificate": ("acm", "RenewalStatus"),
    "ECS deployment": ("ecs", "DeploymentRolloutState"),
    "function": ("lambda", "State"),
    "update of a function": ("lambda", "LastUpdateStatus"),
    "delivery stream": ("firehose", "DeliveryStreamStatus"),
    "KMS key": ("kms", "KeyState"),
    "schedule group": ("scheduler", "ScheduleGroupState"),
}


@pytest.mark.parametrize("thing", LISTED)
def test_every_status_that_aws_lists_stands_in_the_table(thing: str) -> None:
    service, name = LISTED[thing]
    shape: Any = botocore.session.get_session().get_service_model(service).shape_for(name)
    listed = {status.lower() if thing == "VPC endpoint" else status for status in shape.enum}
    assert {row.status for row in STATUSES if row.thing == thing} == listed


def test_each_status_stands_once_and_says_what_to_do() -> None:
    assert len({(row.thing, row.status) for row in STATUSES}) == len(STATUSES)
    assert {row.meaning for row in STATUSES} == {READY, PASSES, NEVER, REMEDY}
    assert not [row for row in STATUSES if row.meaning in (NEVER, REMEDY) and not row.note]
    for thing in {row.thing for row in STATUSES}:
        assert with_meaning(thing, READY) or thing == "subscription"


def test_what_a_status_means() -> None:
    assert meaning("DB instance", "storage-optimization") == READY
    assert meaning("DB instance", "defragmenting") is None
    assert alive("NAT gateway", "pending")
    assert not alive("NAT gateway", "failed")
    assert alive("NAT gateway", "moving")  # nobody knows it, so nobody makes a second one
    assert explained("ECS task", "RUNNING") == "RUNNING"
    assert explained("NAT gateway", "failed", "no addresses").startswith("failed (no addresses): mend the reason")


def state_of(name: str, answer: dict[str, Any]) -> str | None:
    acceptors = WaiterModel({"version": 2, "waiters": WAITERS}).get_waiter(name).acceptors
    return next((acceptor.state for acceptor in acceptors if acceptor.matcher_func(answer)), None)


def databases(*statuses: str) -> dict[str, Any]:
    return {"DBInstances": [{"DBInstanceStatus": status} for status in statuses]}


@pytest.mark.parametrize(
    ("name", "status", "state"),
    [
        ("db_instance_available", "storage-optimization", "success"),
        ("db_instance_available", "modifying", None),
        ("db_instance_available", "storage-full", "failure"),
        ("db_instance_modifiable", "storage-full", "success"),
        ("db_instance_modifiable", "backing-up", None),
        ("db_instance_modifiable", "stopped", "failure"),
        ("db_instance_stoppable", "backing-up", None),
        ("db_instance_stoppable", "storage-optimization", "success"),
        ("db_instance_stopped", "stopped", "success"),
        ("db_instance_stopped", "stopping", None),
        ("db_instance_stopped", "available", None),
        ("db_instance_stopped", "starting", "failure"),
        ("db_instance_deleted", "deleting", None),
        ("db_instance_deleted", "failed", None),
    ],
)
def test_what_a_database_is_waited_for(name: str, status: str, state: str | None) -> None:
    assert state_of(name, databases(status)) == state


def test_all_of_several_have_to_be_ready_and_one_that_ends_is_enough() -> None:
    assert state_of("db_instance_available", databases("available", "backing-up")) == "success"
    assert state_of("db_instance_available", databases("available", "creating")) is None
    assert state_of("db_instance_available", databases("available", "failed")) == "failure"
    assert state_of("db_instance_available", {"DBInstances": []}) is None
    assert state_of("db_instance_deleted", {"Error": {"Code": "DBInstanceNotFound"}}) == "success"
    assert state_of("nat_gateway_available", {"Error": {"Code": "NatGatewayNotFound"}}) == "retry"


def test_a_waiter_says_what_is_not_ready() -> None:
    assert unready("db_instance_available", databases("available", "failed")).startswith("failed: RDS cannot recover")
    assert unready("db_instance_deleted", databases("deleting")) == "deleting"
    assert unready("db_instance_available", databases("defragmenting")) == (
        "defragmenting: this version knows no such status of a DB instance"
    )
    assert unready("db_instance_available", {}) == ""
    gateway = {"NatGateways": [{"State": "failed", "FailureMessage": "no internet gateway"}]}
    assert found("nat_gateway_available", gateway) == ["failed"]
    assert unready("nat_gateway_available", gateway).startswith("failed (no internet gateway): mend the reason")


@pytest.mark.parametrize("name", GOALS)
def test_a_goal_waits_for_statuses_of_the_table(name: str) -> None:
    goal = GOALS[name]
    listed = {row.status for row in STATUSES if row.thing == goal.thing}
    assert {status if goal.thing != "VPC endpoint" else status.lower() for status in goal.ready} <= listed
    assert set(goal.ends) <= listed
    assert goal.ready or goal.gone
