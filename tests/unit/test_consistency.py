"""What AWS refuses for a while after a write, and for how long."""

from __future__ import annotations

from types import SimpleNamespace

import botocore.session
import pytest
from ansible_collections.triflow.platform.plugins.module_utils import consistency, progress
from botocore import xform_name

SESSION = botocore.session.get_session()
OBJECT = {"Code": "ObjectNotFoundException", "Message": "No scalable target registered for service namespace: ecs"}
ROLE = {"Code": "InvalidParameterValueException", "Message": "The role defined for the function cannot be assumed"}


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


def test_each_pause_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    said: list[str] = []
    monkeypatch.setattr(consistency, "time", SimpleNamespace(monotonic=lambda: sum(pauses), sleep=pauses.append))
    monkeypatch.setattr(progress, "show", said.append)
    patience = consistency.Patience("a table is late")
    while patience.goes_on(14):
        pass
    assert pauses == [1, 2, 4, 5, 2]
    assert said[0] == "a table is late, goes on in 1.0 s (0 s of at most 14 s)"
    assert said[-1] == "a table is late, goes on in 2.0 s (12 s of at most 14 s)"
    consistency.Patience().goes_on(14)
    assert len(said) == len(pauses) - 1
