"""What is said of each thing that stays when a stack was taken down."""

from __future__ import annotations

import pytest
from ansible_collections.triflow.platform.plugins.filter.what_stays import FilterModule
from ansible_collections.triflow.platform.plugins.module_utils import remains

PLACE = "ap-northeast-2:123456789012"
SNAPSHOT = f"arn:aws:rds:{PLACE}:snapshot:triflow-prod-db-final-20260120030000"


@pytest.mark.parametrize(
    ("arn", "going", "reason"),
    [
        ("arn:aws:s3:::triflow-ai-prod", "", "the bucket holds objects: -e s3_empty_bucket=true deletes them with it"),
        ("arn:aws:route53:::hostedzone/Z1", "", "the zone has records that this stack did not make"),
        (
            f"arn:aws:ecr:{PLACE}:repository/triflow-prod/backend",
            "",
            "the repository holds images: -e ecr_delete_images=true deletes them with it",
        ),
        (f"arn:aws:kms:{PLACE}:key/1", "deleted by KMS on 2026-01-20", "deleted by KMS on 2026-01-20"),
        (f"arn:aws:ec2:{PLACE}:vpc/vpc-1", "", "still there: run again, and see with its ARN what holds it"),
    ],
)
def test_reason(arn: str, going: str, reason: str) -> None:
    resource = {"arn": arn, "component": "any", "going": going}
    assert FilterModule().filters()["what_stays"]([resource], [], "") == [f"{arn}: {reason}"]


def test_snapshots_with_and_without_tags_are_said_once() -> None:
    tagged = [{"arn": SNAPSHOT, "component": "database", "going": ""}]
    said = [f"{SNAPSHOT}: a snapshot of the database: delete it by hand when nobody needs it any more"]
    assert remains.what_stays(tagged, [SNAPSHOT], "") == said
    assert remains.what_stays([], [SNAPSHOT], "") == said


def test_adopted_zone() -> None:
    (line,) = remains.what_stays([], [], "triflow-ai.com")
    assert line.startswith("zone triflow-ai.com: adopted, so it stays")
    assert remains.what_stays([], [], "") == []
