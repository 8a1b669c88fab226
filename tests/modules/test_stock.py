"""What the stock layer creates itself, against the lab; tests/unit/test_stock.py has the rest of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.triflow.platform.plugins.action.stock import ActionModule

from tests.conftest import Lab
from tests.modules.controller import RunAction, run_action
from tests.modules.tagging import expected_tags, tags

__all__ = ["run_action"]


class KilledError(Exception):
    """The run ends before the stock module has done anything."""


@pytest.fixture(autouse=True)
def _killed(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(*_unused: Any, **_call: Any) -> None:
        raise KilledError

    monkeypatch.setattr(ActionModule, "_execute_module", end)


def bucket_tags(lab: Lab, name: str) -> dict[str, str]:
    return tags({"Tags": lab.aws("s3").get_bucket_tagging(Bucket=name)["TagSet"]})


def queue_tags(lab: Lab, name: str) -> dict[str, str]:
    sqs = lab.aws("sqs")
    found: dict[str, str] = sqs.list_queue_tags(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"])["Tags"]
    return found


@pytest.mark.parametrize(
    ("module", "component", "read"),
    [("amazon.aws.s3_bucket", "bucket", bucket_tags), ("community.aws.sqs_queue", "queue-letters", queue_tags)],
)
def test_a_killed_run_leaves_what_is_the_stacks(
    lab: Lab, stack: str, run_action: RunAction, module: str, component: str, read: Callable[[Lab, str], dict[str, str]]
) -> None:
    given = {"module": module, "component": component, "live": [], "options": {"name": stack}}
    with pytest.raises(KilledError):
        run_action("stock", **given)
    assert read(lab, stack) == expected_tags(stack, component)


def test_what_aws_refuses_to_create_is_named(lab: Lab, stack: str, run_action: RunAction) -> None:
    lab.aws("s3").create_bucket(Bucket=stack, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    given = {"module": "amazon.aws.s3_bucket", "component": "bucket", "live": [], "options": {"name": stack}}
    with pytest.raises(AnsibleActionFail, match=f"s3 create_bucket failed on bucket of stack {stack}: .*AlreadyOwned"):
        run_action("stock", **given)
