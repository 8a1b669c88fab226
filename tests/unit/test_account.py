"""What a process has done so far, as the events of its clients tell it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.session
import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.triflow.platform.plugins.module_utils import account, retries
from ansible_collections.triflow.platform.plugins.plugin_utils.counted import counted
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError

VPC = {"component": "vpc", "action": "create", "fields": []}


@pytest.fixture(autouse=True)
def _begin() -> Iterator[None]:
    account.begin()
    yield
    account.begin()


class Ended(Exception):
    pass


def end_with(answer: Any, operation: str = "create_log_group", **parameters: Any) -> list[dict[str, Any]]:
    """What is told of a change that ends after this call with this answer: a status, or what is raised."""

    def send(request: Any, **_event: Any) -> AWSResponse:
        if isinstance(answer, Exception):
            raise answer
        raw = SimpleNamespace(stream=lambda: iter([b"{}"]))
        return AWSResponse(request.url, answer, {}, raw)

    account.install()
    retries.install(1)
    given = {"region_name": "us-east-1", "aws_access_key_id": "nobody", "aws_secret_access_key": "nobody"}
    client = boto3.session.Session(botocore_session=botocore.session.Session()).client("logs", **given)
    client.meta.events.register("before-send", send)
    with pytest.raises(Ended), account.changing(VPC):  # noqa: PT012
        try:
            getattr(client, operation)(**parameters)
        except Exception as error:
            raise Ended from error
        raise Ended
    changes: list[dict[str, Any]] = account.result().get("changes", [])
    return changes


@pytest.mark.parametrize(
    ("answer", "action"),
    [
        pytest.param(200, "create", id="carried out"),
        pytest.param(400, None, id="refused"),
        pytest.param(ConnectionClosedError(endpoint_url="https://logs"), "unknown", id="lost"),
        pytest.param(EndpointConnectionError(endpoint_url="https://nowhere"), None, id="never sent"),
    ],
)
def test_a_change_that_fails_counts_as_far_as_its_calls_were_carried_out(answer: Any, action: str | None) -> None:
    changes = end_with(answer, logGroupName="group")
    assert [change["action"] for change in changes] == ([action] if action else [])


def test_what_only_reads_changes_nothing() -> None:
    assert end_with(200, "describe_log_groups") == []


def test_what_was_done_before_counts() -> None:
    account.done([{**VPC, "component": "subnet"}], [{"after_header": "subnet"}])
    end_with(400, logGroupName="group")
    assert account.result() == {
        "changed": True,
        "changes": [{**VPC, "component": "subnet"}],
        "diff": [{"after_header": "subnet"}],
    }


@pytest.mark.parametrize(
    ("state", "live", "action"),
    [
        ("present", [], "create"),
        ("present", [{"component": "vpc"}], "update"),
        ("absent", [{"component": "vpc"}], "delete"),
    ],
)
def test_an_action_counts_what_its_stock_module_has_done(state: str, live: list[Any], action: str) -> None:
    """Its calls were made in a fork, which has told of them through a pipe."""
    args = {"component": "vpc", "state": state, "live": live, "options": {"name": "triflow-vpc"}}

    def run(_self: Any, _tmp: Any, _task_vars: Any) -> dict[str, Any]:
        told = {**account.state, "carried_out": True}
        account.take(json.dumps(told).encode())
        account.take(json.dumps({**told, "carried_out": False}).encode())  # it ran again, and was refused
        raise AnsibleActionFail("refused", result={"failed": True})

    with pytest.raises(AnsibleActionFail) as raised:
        counted(run)(SimpleNamespace(_task=SimpleNamespace(args=args)))
    assert raised.value.result["changes"] == [{"component": "vpc", "action": action, "fields": []}]
    assert raised.value.result["changed"] is True


def test_an_action_that_did_nothing_counts_nothing() -> None:
    def run(_self: Any, _tmp: Any, _task_vars: Any) -> dict[str, Any]:
        raise AnsibleActionFail("refused")

    with pytest.raises(AnsibleActionFail) as raised:
        counted(run)(SimpleNamespace(_task=SimpleNamespace(args={"component": "vpc"})))
    assert "changes" not in raised.value.result
