"""What the S3 gateway endpoint lets through: the stack's bucket, what AWS's services need, what a variable names."""

from __future__ import annotations

import importlib
import json

import pytest

from lab.corrections.policy import Request, is_allowed

REGION = "ap-northeast-2"


def allowed(action: str, bucket: str, key: str = "", further: tuple[str, ...] = ()) -> bool:
    utilities = "ansible_collections.triflow.platform.plugins.module_utils"
    module = importlib.import_module(f"{utilities}.endpoint_policy")
    policy = module.s3_endpoint_policy(REGION, ["triflow-ai-prod", *further])
    resource = f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"
    role = frozenset({"arn:aws:iam::123456789012:role/triflow-prod-task"})
    return is_allowed(json.dumps(policy), Request(f"s3:{action}", resource, "123456789012", role))


@pytest.mark.parametrize(
    ("action", "bucket", "key", "expected"),
    [
        ("GetObject", "triflow-ai-prod", "tenants/1", True),
        ("PutObject", "triflow-ai-prod", "tenants/1", True),
        ("ListBucket", "triflow-ai-prod", "", True),
        ("PutBucketPolicy", "triflow-ai-prod", "", True),  # Ansible on a machine in the VPC
        ("PutObject", "somebody-elses", "stolen", False),
        ("GetObject", "somebody-elses", "tool", False),
        ("ListBucket", "somebody-elses", "", False),
        ("PutObject", "triflow-ai-prod-copy", "stolen", False),
        ("GetObject", f"prod-{REGION}-starport-layer-bucket", "layer", True),
        ("PutObject", f"prod-{REGION}-starport-layer-bucket", "layer", False),
        ("GetObject", "prod-us-east-1-starport-layer-bucket", "layer", False),
        ("GetObject", f"amazon-ssm-{REGION}", "latest/agent.rpm", True),
        ("GetObject", f"al2023-repos-{REGION}-de612dc2", "core/mirrors", True),
        ("ListBucket", f"amazon-ssm-{REGION}", "", False),
    ],
)
def test_what_goes_through(action: str, bucket: str, key: str, expected: bool) -> None:
    assert allowed(action, bucket, key) is expected


def test_a_variable_names_further_buckets() -> None:
    assert allowed("PutObject", "triflow-reports", "a", further=("triflow-reports",))
    assert allowed("ListBucket", "triflow-reports", further=("triflow-reports",))
    assert not allowed("PutObject", "triflow-report", "a", further=("triflow-reports",))
