"""What the verification reads with: boto3 and SQL. AWS_CONFIG_FILE and TRIFLOW_LAB_DIR say where."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest


@pytest.fixture(scope="session")
def stack() -> str:
    return os.environ["TRIFLOW_STACK"]


@pytest.fixture(scope="session")
def bucket() -> str:
    return os.environ["TRIFLOW_BUCKET"]


@pytest.fixture(scope="session")
def zone_name() -> str:
    return os.environ["TRIFLOW_ZONE"]


@pytest.fixture(scope="session")
def domain() -> str:
    return os.environ["TRIFLOW_DOMAIN"]


@pytest.fixture(scope="session")
def aws() -> Callable[[str], Any]:
    session = boto3.Session()
    return session.client


@pytest.fixture(scope="session")
def vpc(aws: Callable[[str], Any], stack: str) -> dict[str, Any]:
    found = aws("ec2").describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [f"{stack}-vpc"]}])["Vpcs"]
    assert len(found) == 1
    return dict(found[0])


@pytest.fixture(scope="session")
def database_url() -> str:
    state = json.loads((Path(os.environ["TRIFLOW_LAB_DIR"]) / "state.json").read_text(encoding="utf-8"))
    return str(state["database_url"])


@pytest.fixture(scope="session")
def instance(aws: Callable[[str], Any], stack: str) -> dict[str, Any]:
    found = aws("rds").describe_db_instances(DBInstanceIdentifier=f"{stack}-db")["DBInstances"]
    return dict(found[0])
