"""A host of the group lab calls nothing but this machine."""

from __future__ import annotations

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.checks import variable_problems
from ansible_collections.triflow.platform.plugins.module_utils.lab_checks import lab_problems


@pytest.mark.parametrize(
    "environment",
    [
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:5000"},
        {"AWS_ENDPOINT_URL": "http://localhost:5000", "AWS_ENDPOINT_URL_S3": "http://[::1]:5000"},
    ],
)
def test_lab_on_loopback(environment: dict[str, str]) -> None:
    assert lab_problems(["all", "lab"], environment) == []


@pytest.mark.parametrize(
    ("environment", "variable"),
    [
        ({}, "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": ""}, "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "https://ec2.ap-northeast-2.amazonaws.com"}, "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1.example.com"}, "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_RDS": "http://10.0.0.1"}, "AWS_ENDPOINT_URL_RDS"),
        (
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        ),
    ],
)
def test_lab_that_would_reach_a_real_account(environment: dict[str, str], variable: str) -> None:
    (found,) = lab_problems(["lab"], environment)
    assert found["variable"] == variable
    assert lab_problems(["prod"], environment) == []


def test_what_calls_nothing_needs_no_endpoint() -> None:
    assert variable_problems({}, ["lab"], {}) != []
    assert variable_problems({}, ["lab"], None) == []
