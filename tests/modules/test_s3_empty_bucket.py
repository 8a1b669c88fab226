"""s3_empty_bucket: what a bucket holds, and how it is deleted."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.triflow.platform.plugins.action import s3_empty_bucket

from tests.conftest import Lab
from tests.modules.controller import RunAction, run_action

__all__ = ["run_action"]


@pytest.fixture
def bucket(lab: Lab, stack: str) -> str:
    lab.aws("s3").create_bucket(Bucket=stack, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    lab.aws("s3").put_bucket_versioning(Bucket=stack, VersioningConfiguration={"Status": "Enabled"})
    return stack


def held(lab: Lab, bucket: str) -> int:
    page = lab.aws("s3").list_object_versions(Bucket=bucket)
    return len(page.get("Versions", [])) + len(page.get("DeleteMarkers", []))


def test_no_bucket_is_empty(run_action: RunAction) -> None:
    result = run_action("s3_empty_bucket", bucket="no-such-bucket-here", delete=True)
    assert result == {"changed": False, "empty": True, "deleted": 0}


def test_empty_bucket(bucket: str, run_action: RunAction) -> None:
    assert run_action("s3_empty_bucket", bucket=bucket, delete=True)["changed"] is False


def test_without_the_lock_nothing_is_deleted(lab: Lab, bucket: str, run_action: RunAction) -> None:
    lab.aws("s3").put_object(Bucket=bucket, Key="kept", Body=b"1")
    with pytest.raises(AnsibleActionFail, match="this run does not hold the lock of the stack"):
        run_action("s3_empty_bucket", bucket=bucket, delete=True, guard={"locked": False})
    assert held(lab, bucket) == 1


def test_versions_and_delete_markers(lab: Lab, bucket: str, run_action: RunAction) -> None:
    s3 = lab.aws("s3")
    for body in (b"1", b"2"):
        s3.put_object(Bucket=bucket, Key="kept", Body=body)
    s3.put_object(Bucket=bucket, Key="deleted", Body=b"3")
    s3.delete_object(Bucket=bucket, Key="deleted")
    assert run_action("s3_empty_bucket", bucket=bucket) == {"changed": False, "empty": False, "deleted": 0}
    planned = run_action("s3_empty_bucket", bucket=bucket, delete=True, check=True)
    assert planned == {"changed": True, "empty": True, "deleted": 0}
    assert held(lab, bucket) == 4
    lines: list[str] = []
    done = run_action("s3_empty_bucket", bucket=bucket, delete=True, lines=lines)
    assert done == {"changed": True, "empty": True, "deleted": 4}
    assert lines == [f"  {bucket}: 4 versions of objects deleted from {bucket}"]
    assert held(lab, bucket) == 0
    assert run_action("s3_empty_bucket", bucket=bucket, delete=True)["changed"] is False


def test_a_bucket_with_delete_markers_alone_holds_something(lab: Lab, bucket: str, run_action: RunAction) -> None:
    version = lab.aws("s3").put_object(Bucket=bucket, Key="deleted", Body=b"1")["VersionId"]
    lab.aws("s3").delete_object(Bucket=bucket, Key="deleted")
    lab.aws("s3").delete_object(Bucket=bucket, Key="deleted", VersionId=version)
    assert "Versions" not in lab.aws("s3").list_object_versions(Bucket=bucket)
    assert run_action("s3_empty_bucket", bucket=bucket)["empty"] is False


def test_in_bulk(lab: Lab, bucket: str, run_action: RunAction, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_empty_bucket, "AT_ONCE", 2)
    for number in range(5):
        lab.aws("s3").put_object(Bucket=bucket, Key=f"{number}", Body=b"")
    before = len(lab.calls())
    assert run_action("s3_empty_bucket", bucket=bucket, delete=True)["deleted"] == 5
    writes = [call["operation"] for call in lab.calls()[before:] if call["write"]]
    assert writes == ["DeleteObjects"] * 3


def test_what_s3_refuses_is_named(lab: Lab, bucket: str, run_action: RunAction) -> None:
    lab.aws("s3").put_object(Bucket=bucket, Key="held", Body=b"1")
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    lab.aws("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    with pytest.raises(AnsibleActionFail, match=f"S3 does not delete held of {bucket}: AccessDenied"):
        run_action("s3_empty_bucket", bucket=bucket, delete=True)


def test_it_ends_in_time_and_says_to_go_on(lab: Lab, bucket: str, run_action: RunAction) -> None:
    lab.aws("s3").put_object(Bucket=bucket, Key="one", Body=b"1")
    with pytest.raises(AnsibleActionFail, match="Run again: it goes on"):
        run_action("s3_empty_bucket", bucket=bucket, delete=True, timeout=-1)
