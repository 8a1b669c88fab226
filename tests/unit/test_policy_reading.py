"""Every action and every condition key of every policy document, in the collection's code and tasks, is one of AWS's.

Read by parliament's data, which is generated from the Service Authorization Reference. A key that a service does not
send with an action makes a negated condition always true, and any other never.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.triflow.platform.plugins.module_utils import iam_policies
from ansible_collections.triflow.platform.plugins.module_utils.bucket_policy import bucket_policy
from ansible_collections.triflow.platform.plugins.module_utils.endpoint_policy import s3_endpoint_policy

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports pkg_resources, which is deprecated
    import parliament

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT, REGION = "123456789012", "ap-northeast-2"
ARN = f"arn:aws:x:{REGION}:{ACCOUNT}:x"
CATEGORIES: list[dict[str, Any]] = [{"name": "workflows"}, {"name": "uploads", "noncurrent_expiration_days": 30}]
# IAM user guide, "AWS global condition context keys".
GLOBAL = re.compile(r"aws:(requestedregion|securetransport|sourceaccount|sourcearn|principaltag/.+)")
DOCUMENTS: dict[str, Any] = {
    "bucket": bucket_policy("b", CATEGORIES, "category", "prod", ["logs/AWSLogs/1"], {"dev": "dev/"}),
    "endpoint": s3_endpoint_policy(REGION, ["b"]),
    "execution": iam_policies.execution_policy([f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/b:1"], [ARN], [ARN]),
    "task": iam_policies.task_policy("b", ["tenants/"], ["shared/"], execute_command=True, metric_namespace="n"),
    "trust of tasks": iam_policies.trust_policy(ACCOUNT, REGION),
    "trust of logs": iam_policies.logs_trust_policy(ACCOUNT, REGION),
    "trust of Firehose": iam_policies.firehose_trust_policy(ACCOUNT),
    "trust of functions": iam_policies.function_trust_policy(),
    "logs to Firehose": iam_policies.put_records_policy(ARN),
    "Firehose to S3": iam_policies.archive_policy("b", ["logs/"], ARN),
    "function": iam_policies.function_policy(ARN, ARN, ARN),
    "topic": iam_policies.topic_policy(ARN, ACCOUNT, events=True, budgets=True),
    "key": iam_policies.topic_key_policy(ACCOUNT, budgets=True),
    "queue": iam_policies.dead_letter_policy(ARN, [ARN]),
    "function for telephones": iam_policies.sms_policy(ARN, REGION, ARN),
}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def within(content: Any) -> Iterator[dict[str, Any]]:
    """The policy documents that stand somewhere in a file of tasks."""
    if isinstance(content, dict):
        if "Statement" in content:
            yield content
        for value in content.values():
            yield from within(value)
    elif isinstance(content, list):
        for value in content:
            yield from within(value)


for path in sorted(ROOT.glob("roles/*/tasks/*.yml")):
    for number, document in enumerate(within(yaml.safe_load(path.read_text(encoding="utf-8")))):
        DOCUMENTS[f"{path.relative_to(ROOT)} {number}"] = document


def privileges(action: str) -> list[dict[str, Any]]:
    """What the reference has of the action, which may hold wildcards."""
    service, _colon, name = action.lower().partition(":")
    pattern = re.compile(re.escape(name).replace(r"\*", ".*"))
    return [
        {**privilege, "keys": keys_of(privilege)}
        for entry in parliament.iam_definition
        if entry["prefix"] == service
        for privilege in entry["privileges"]
        if pattern.fullmatch(privilege["privilege"].lower())
    ]


def keys_of(privilege: dict[str, Any]) -> set[str]:
    """Its condition keys without what stands for a tag's key, such as <key>."""
    keys = (key for kind in privilege["resource_types"] for key in kind["condition_keys"])
    return {key.lower().partition("<")[0].partition("${")[0] for key in keys}


def unknown(document: dict[str, Any]) -> list[str]:
    found = []
    for statement in as_list(document["Statement"]):
        keys = {key.lower() for condition in statement.get("Condition", {}).values() for key in condition}
        for action in as_list(statement["Action"]):
            known = privileges(action)
            if not known:
                found.append(action)
            for key in sorted(keys):
                prefix = key.partition("/")[0] + ("/" if "/" in key else "")
                if not GLOBAL.fullmatch(key) and not any(prefix in privilege["keys"] for privilege in known):
                    found.append(f"{action} {key}")
    return found


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_action_and_key_is_known(name: str) -> None:
    assert unknown(DOCUMENTS[name]) == []


def test_the_documents_of_the_tasks_are_found() -> None:
    files = {name.split()[0] for name in DOCUMENTS if name.startswith("roles/")}
    assert files == {"roles/nights/tasks/present.yml", "roles/vpc/tasks/flow_logs.yml"}


def test_the_reading_finds_something() -> None:
    statement = {"Effect": "Deny", "Action": ["s3:GetObjects", "s3:DeleteObject", "s3:ListBucketMultipartUploads"]}
    condition = {"StringLike": {"s3:prefix": "dev/*"}, "StringEquals": {"s3:ExistingObjectTag/category": "x"}}
    found = unknown({"Statement": {**statement, "Condition": condition}})
    assert "s3:GetObjects" in found
    assert "s3:DeleteObject s3:existingobjecttag/category" in found
    assert "s3:ListBucketMultipartUploads s3:prefix" in found
