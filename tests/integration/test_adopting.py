"""What has a component's name and is not the stack's: refused with its id, taken over when the user names it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.conftest import Lab
from tests.integration.playbook import play

STACK = "triflow-prod"
DATA = ("playbooks/data.yml", "-i", "inventories/prod", "--tags", "logs,s3")
BUCKET = "triflow-ai-prod"
LOG_GROUP = "/aws/rds/instance/triflow-prod-db/postgresql"


def adopting(*components: str) -> tuple[str, str]:
    return ("-e", json.dumps({"stack_adopt": components}))


def described(lab: Lab) -> dict[str, Any]:
    """What somebody else made, as AWS shows it."""
    s3, logs = lab.aws("s3"), lab.aws("logs")
    (group,) = logs.describe_log_groups(logGroupNamePrefix=LOG_GROUP)["logGroups"]
    return {
        "objects": [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]],
        "versioning": s3.get_bucket_versioning(Bucket=BUCKET).get("Status"),
        "retention": group.get("retentionInDays"),
        "stack": logs.list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"].get("triflow:stack"),
    }


def test_refused_until_it_is_named(lab: Lab, tmp_path: Path) -> None:
    lab.reset()
    s3, logs = lab.aws("s3"), lab.aws("logs")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    s3.put_object(Bucket=BUCKET, Key="theirs", Body=b"")
    logs.create_log_group(logGroupName=LOG_GROUP, tags={"triflow:stack": "another"})
    theirs = described(lab)
    assert theirs == {"objects": ["theirs"], "versioning": None, "retention": None, "stack": "another"}

    both = [
        f"log-group-database: {LOG_GROUP} is there and belongs to the stack another.",
        f"bucket: {BUCKET} is there and has no tag triflow:stack.",
    ]
    for mode in (["--check"], []):
        run = play(lab, tmp_path, *DATA, *mode)
        assert run.exit_code == 2
        assert all(sentence in run.output for sentence in both)
        assert described(lab) == theirs

    for mode in (["--check"], []):
        run = play(lab, tmp_path, *DATA, *mode, *adopting("log-group-database"))
        assert run.exit_code == 2
        assert [sentence in run.output for sentence in both] == [False, True]
        assert described(lab) == theirs

    run = play(lab, tmp_path, *DATA, *adopting("log-group-database", "bucket"))
    assert run.exit_code == 0, run.output
    assert run.components(STACK)["bucket"] == "update"
    assert described(lab) == {"objects": ["theirs"], "versioning": "Enabled", "retention": 7, "stack": STACK}

    again = play(lab, tmp_path, *DATA)
    assert again.exit_code == 0, again.output
    assert again.writes == []
