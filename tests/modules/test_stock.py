"""What the stock layer creates itself, against the lab; tests/unit/test_stock.py has the rest of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.triflow.platform.plugins.action.stock import ActionModule

from tests.conftest import Lab
from tests.modules.controller import RunAction, run_action
from tests.modules.lost_answers import lost_answers
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


POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}


@pytest.mark.parametrize(
    ("module", "options", "kind"),
    [
        ("amazon.aws.ec2_vpc_net", {"cidr_block": ["10.0.0.0/16"]}, "ec2:vpc"),
        ("amazon.aws.ec2_vpc_subnet", {"cidr": "10.0.1.0/24", "az": "ap-northeast-2a"}, "ec2:subnet"),
        ("amazon.aws.ec2_vpc_igw", {}, "ec2:internet-gateway"),
        ("amazon.aws.kms_key", {"description": "one", "policy": POLICY}, "kms:key"),
    ],
)
def test_the_stock_module_begins_when_aws_lists_what_was_created(
    lab: Lab,
    stack: str,
    run_action: RunAction,
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    options: dict[str, Any],
    kind: str,
) -> None:
    """It would end where it does not find it, and create a second one in its next run."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    if module.endswith("subnet"):
        options = {**options, "vpc_id": lab.aws("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]}
    before = len(lab.calls())
    with lab.like_aws(), pytest.raises(KilledError):
        run_action("stock", module=module, component="thing", live=[], options=options)
    creation, *shown = lab.calls()[before:]
    assert creation["write"]
    # Reads that are late: two errors, then the answer.
    assert [call["status"] < 400 for call in shown] == [False, False, True]
    found = lab.aws("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": "triflow:stack", "Values": [stack]}], ResourceTypeFilters=[kind]
    )
    assert [tags(item) for item in found["ResourceTagMappingList"]] == [expected_tags(stack, "thing")]


@pytest.mark.parametrize("like_aws", [False, True], ids=["", "late"])
@pytest.mark.parametrize(
    ("module", "options", "kind"),
    [
        ("amazon.aws.ec2_vpc_net", {"cidr_block": ["10.0.0.0/16"]}, "ec2:vpc"),
        ("amazon.aws.ec2_vpc_subnet", {"cidr": "10.0.1.0/24", "az": "ap-northeast-2a"}, "ec2:subnet"),
        ("amazon.aws.ec2_vpc_igw", {}, "ec2:internet-gateway"),
        ("amazon.aws.kms_key", {"description": "one", "policy": POLICY}, "kms:key"),
        ("amazon.aws.s3_bucket", {"name": ""}, "s3"),
        ("community.aws.sqs_queue", {"name": ""}, "sqs"),
    ],
)
def test_what_is_created_while_the_answer_is_lost_is_there_once(
    lab: Lab,
    stack: str,
    run_action: RunAction,
    module: str,
    options: dict[str, Any],
    kind: str,
    like_aws: bool,
) -> None:
    if module.endswith("subnet"):
        options = {**options, "vpc_id": lab.aws("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]}
    options = {key: value or stack for key, value in options.items()}
    with lab.like_aws() if like_aws else nullcontext(), lost_answers(look_seconds=3) as cut, pytest.raises(KilledError):
        run_action("stock", module=module, component="thing", live=[], options=options)
    assert [moment.split()[1] for moment in cut] == ["before", "after"]
    found = lab.aws("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": "triflow:stack", "Values": [stack]}], ResourceTypeFilters=[kind]
    )
    assert [tags(item) for item in found["ResourceTagMappingList"]] == [expected_tags(stack, "thing")]


def test_what_aws_refuses_to_create_is_named(lab: Lab, stack: str, run_action: RunAction) -> None:
    lab.aws("s3").create_bucket(Bucket=stack, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    given = {"module": "amazon.aws.s3_bucket", "component": "bucket", "live": [], "options": {"name": stack}}
    with pytest.raises(AnsibleActionFail, match=f"s3 CreateBucket failed on bucket of stack {stack}: .*AlreadyOwned"):
        run_action("stock", **given)


def test_a_queue_of_the_name_of_one_that_was_deleted_just_now(
    lab: Lab, stack: str, run_action: RunAction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    sqs = lab.aws("sqs")
    url = sqs.create_queue(QueueName=stack)["QueueUrl"]
    given = {"module": "community.aws.sqs_queue", "component": "queue-letters", "live": [], "options": {"name": stack}}
    with lab.like_aws():
        sqs.delete_queue(QueueUrl=url)
        with pytest.raises(KilledError):
            run_action("stock", **given)
    assert queue_tags(lab, stack) == expected_tags(stack, "queue-letters")


@pytest.mark.parametrize(
    ("guard", "message"),
    [
        ({"locked": False}, "this run does not hold the lock of the stack"),
        ({"account": "999999999999"}, "stack_account_id is 999999999999"),
    ],
)
@pytest.mark.parametrize("state", ["present", "absent"])
def test_without_the_lock_or_in_another_account_it_writes_nothing(
    lab: Lab, stack: str, run_action: RunAction, guard: dict[str, Any], message: str, state: str
) -> None:
    entry = {"type": "bucket", "id": stack, "name": stack, "stack": stack, "component": "bucket", "tags": {}}
    live = [entry] if state == "absent" else []
    given = {"module": "amazon.aws.s3_bucket", "component": "bucket", "live": live, "options": {"name": stack}}
    before = len(lab.calls())
    with pytest.raises(AnsibleActionFail, match=message):
        run_action("stock", state=state, guard=guard, **given)
    assert run_action("stock", check=True, state=state, guard=guard, **given)["changed"] is True
    assert not any(call["write"] for call in lab.calls()[before:])
