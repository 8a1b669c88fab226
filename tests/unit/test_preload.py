"""The callback `preload` imports what the modules of a run share, and makes no client wrong by it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

LOADED = """
import inspect, json, sys
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader([])
import ansible_collections.triflow.platform.plugins.callback.preload
modules = list(sys.modules)
import boto3
sessions = [boto3.session.Session(f"key-{number}", "secret", region_name=f"eu-west-{number}") for number in (1, 2)]
buckets = [session.client("s3") for session in sessions]
loaders = [session._session.get_component("data_loader") for session in sessions]
calls = []
for session in sessions:
    client = session.client("sqs")
    client.meta.events.register("before-send", lambda request, **_unused: calls.append(
        [request.url, request.headers["Authorization"].decode().split("/")[0]]
    ) or type("Answer", (), {"status_code": 200, "headers": {}, "content": b"{}", "text": "{}"})())
    client.list_queues()
from ansible_collections.amazon.aws.plugins.module_utils import ec2
deciders = {
    inspect.getclosurevars(function).nonlocals["found"].__qualname__
    for function in vars(ec2).values() if getattr(function, "__name__", "") and hasattr(function, "__wrapped__")
    if function.__code__.co_name == "_retry_wrapper"
}
print(json.dumps({
    "deciders": sorted(deciders),
    "modules": modules,
    "one_loader": loaders[0] is loaders[1],
    "services": [service for service in ("ec2", "ssm") if service in str(loaders[0]._cache.keys())],
    "one_class": type(buckets[0]) is type(buckets[1]),
    "methods": [hasattr(bucket, "upload_file") for bucket in buckets],
    "calls": calls,
}))
"""
UTILITIES = "ansible_collections.triflow.platform.plugins.module_utils"


@pytest.fixture(scope="module")
def loaded() -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, timeout=60, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_boto3_and_what_modules_share_are_imported(loaded: dict[str, Any]) -> None:
    ours = {f"{UTILITIES}.{name}" for name in ("resource", "live_ec2", "live_rds")}
    theirs = {"boto3", "botocore.waiter", "psycopg", "ansible_collections.amazon.aws.plugins.module_utils.ec2"}
    assert ours | theirs <= set(loaded["modules"])


def test_what_botocore_knows_of_a_service_is_read_once(loaded: dict[str, Any]) -> None:
    assert loaded["one_loader"]
    assert loaded["services"] == ["ec2", "ssm"]
    assert loaded["one_class"]


def test_the_retries_of_amazon_aws_rest(loaded: dict[str, Any]) -> None:
    """Each function that it decorates remembers what decides: it was set before the first one."""
    assert loaded["deciders"] == ["_left_to_amazon"]


def test_a_client_keeps_its_region_credentials_and_methods(loaded: dict[str, Any]) -> None:
    assert loaded["methods"] == [True, True]
    assert loaded["calls"] == [
        [f"https://sqs.eu-west-{number}.amazonaws.com/", f"AWS4-HMAC-SHA256 Credential=key-{number}"]
        for number in (1, 2)
    ]


def test_a_profile_that_is_not_there_is_left_to_the_modules_to_name() -> None:
    source = LOADED.partition("modules = ")[0]
    done = subprocess.run(
        [sys.executable, "-c", source],
        env={**os.environ, "AWS_PROFILE": "nobody"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
