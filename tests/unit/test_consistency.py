"""What AWS refuses for a while after a write, and how long it is asked again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from ansible_collections.triflow.platform.plugins.module_utils import consistency
from botocore import xform_name
from botocore.exceptions import ClientError

SESSION = botocore.session.get_session()
OBJECT = {"Code": "ObjectNotFoundException", "Message": "No scalable target registered for service namespace: ecs"}
ROLE = {"Code": "InvalidParameterValueException", "Message": "The role defined for the function cannot be assumed"}


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    pauses: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: sum(pauses), sleep=pauses.append)
    monkeypatch.setattr(consistency, "time", clock)
    return pauses


@pytest.mark.parametrize("service", sorted({row.service for row in consistency.PASSING}))
def test_each_row_names_operations_that_there_are(service: str) -> None:
    known = [xform_name(name) for name in SESSION.get_service_model(service).operation_names]
    for row in (row for row in consistency.PASSING if row.service == service):
        for start in row.operations:
            assert [name for name in known if name.startswith(start)], (row.code, start)
        assert row.source
        assert 0 < row.seconds <= 300


@pytest.mark.parametrize(
    ("service", "operation", "error", "seconds"),
    [
        ("application-autoscaling", "put_scaling_policy", OBJECT, 60),
        ("application-autoscaling", "delete_scaling_policy", OBJECT, 0),
        ("ecs", "put_scaling_policy", OBJECT, 0),
        ("lambda", "create_function", ROLE, 120),
        ("lambda", "create_function", {**ROLE, "Message": "Unzipped size must be smaller"}, 0),
        ("ec2", "describe_vpcs", {"Code": "InvalidVpcID.NotFound", "Message": ""}, 0),
        ("ec2", "create_subnet", {"Code": "InvalidVpcID.NotFound", "Message": ""}, 60),
        ("ec2", "create_subnet", {"Code": "InvalidSubnet.Conflict", "Message": ""}, 0),
        ("", "", {"Code": "InvalidSubnet.Conflict", "Message": ""}, 60),  # of a stock module
        ("sqs", "create_queue", {"Code": "AWS.SimpleQueueService.QueueDeletedRecently", "Message": ""}, 90),
        ("", "", {}, 0),
    ],
)
def test_how_long_it_passes(service: str, operation: str, error: dict[str, str], seconds: int) -> None:
    assert consistency.seconds(error, service, operation) == seconds


def refused(*errors: dict[str, str]) -> Any:
    """A call that is refused so often, and answers then."""
    left = list(errors)

    def call() -> str:
        if left:
            raise ClientError({"Error": left.pop(0)}, "PutScalingPolicy")
        return "done"

    return call


def test_it_is_asked_ever_less_often(slept: list[float]) -> None:
    call = refused(*[OBJECT] * 5)
    assert consistency.patiently("application-autoscaling", "put_scaling_policy", call) == "done"
    assert slept == [1, 2, 4, 5, 5]


def test_it_has_an_end(slept: list[float]) -> None:
    with pytest.raises(ClientError):
        consistency.patiently("application-autoscaling", "put_scaling_policy", refused(*[OBJECT] * 99))
    assert sum(slept) == 60


def test_what_lasts_is_told_at_once(slept: list[float]) -> None:
    with pytest.raises(ClientError):
        consistency.patiently("application-autoscaling", "put_scaling_policy", refused(OBJECT, ROLE))
    assert slept == [1]
