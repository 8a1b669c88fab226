"""The filters as a template uses them: the value they return and the error that they raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible.parsing.vault import VaultedValue
from ansible_collections.triflow.platform.plugins.filter import (
    alarm_names,
    alarms,
    bucket_policy,
    dashboard_body,
    ecs_execution_policy,
    ecs_services,
    ecs_task_definitions,
    ecs_task_policy,
    ecs_trust_policy,
    lifecycle_rules,
    log_archive_roles,
    nat_routes,
    newest_version,
    nights_plan,
    notification_policies,
    released_image,
    s3_endpoint_policy,
    scaling_alarms,
    scaling_policies,
    scaling_targets,
    subnet_plan,
    task_stopped_pattern,
    utc_window,
    windows_overlap,
)

from tests.unit.test_services import SETTINGS

FILTERS: dict[str, Callable[..., Any]] = {}
for module in (
    alarm_names,
    alarms,
    bucket_policy,
    dashboard_body,
    ecs_execution_policy,
    ecs_services,
    ecs_task_definitions,
    ecs_task_policy,
    ecs_trust_policy,
    lifecycle_rules,
    log_archive_roles,
    nat_routes,
    newest_version,
    nights_plan,
    released_image,
    notification_policies,
    scaling_alarms,
    scaling_policies,
    scaling_targets,
    subnet_plan,
    s3_endpoint_policy,
    task_stopped_pattern,
    utc_window,
    windows_overlap,
):
    FILTERS.update(module.FilterModule().filters())


@pytest.mark.parametrize(
    ("name", "arguments", "value"),
    [
        ("utc_window", ["03:00-04:00", "Asia/Seoul"], "18:00-19:00"),
        ("windows_overlap", ["03:00-04:00", "mon:03:00-mon:04:00"], True),
        ("newest_version", [["14.9", "14.18"], 14], "14.18"),
        ("released_image", ["docker.io/a/b:1", "2", "123456789012", "ap-northeast-2"], "docker.io/a/b:2"),
        (
            "subnet_plan",
            [["ap-northeast-2a"], ["10.0.1.0/24"], []],
            AnsibleFilterError("subnet_plan: 0 private CIDRs for 1 availability zones: give one per zone"),
        ),
        (
            "notification_policies",
            [{"account_id": "123456789012", "budgets": False, "topic": "t", "queue": "q"}],
            AnsibleFilterError("notification_policies: 'sms_topic' is missing in the settings"),
        ),
        ("utc_window", ["3-4", "UTC"], AnsibleFilterError("utc_window: '3-4' is not a daily window")),
        ("windows_overlap", ["3-4", "x"], AnsibleFilterError("windows_overlap: '3-4' is not a daily window")),
        ("newest_version", [["14.9"], "15"], AnsibleFilterError("newest_version: version 15 is not on offer")),
        (
            "lifecycle_rules",
            [[], [{"prefix": "*/logs/", "expiration_days": 1}], 7, "c"],
            AnsibleFilterError("'*/logs/'"),
        ),
        ("lifecycle_rules", [[{}], [], 7, "c"], AnsibleFilterError("a rule lacks 'name'")),
        ("lifecycle_rules", [[{"name": "a", "expiration_days": "x"}], [], 7, "c"], AnsibleFilterError("'x'")),
        ("bucket_policy", ["b", [], "category", "s"], AnsibleFilterError("categories is []")),
        ("bucket_policy", ["b", "logs", "category", "s"], AnsibleFilterError("categories is 'logs'")),
        ("dashboard_body", [{"stack": "a"}, []], AnsibleFilterError("'time_zone' is missing in the facts")),
        (
            "dashboard_body",
            [{"stack": "a", "time_zone": "Asia/Soul"}, []],
            AnsibleFilterError("'Asia/Soul' is not a known time zone"),
        ),
        ("ecs_trust_policy", ["12345", "ap-northeast-2"], AnsibleFilterError("'12345' is no AWS account ID")),
        ("ecs_execution_policy", [[{"name": "a"}], {}], AnsibleFilterError("'region' is missing")),
        ("ecs_task_policy", ["b", ["tenants"], []], AnsibleFilterError("'tenants' is no prefix")),
        ("ecs_task_definitions", [[{}], {}], AnsibleFilterError("is missing in a service or in the settings")),
        ("ecs_services", [[{"name": "a"}], {}], AnsibleFilterError("'task_definitions' is missing")),
        ("log_archive_roles", [{"account_id": "123456789012"}], AnsibleFilterError("'region' is missing")),
        ("nights_plan", [["a"], {}], AnsibleFilterError("'up_from' is missing in the settings")),
        ("scaling_targets", [["a"], {}], AnsibleFilterError("'cluster' is missing in the settings")),
        ("scaling_policies", [["a"], {}], AnsibleFilterError("'policy' is missing in the settings")),
        ("scaling_alarms", [["a"], {}, {}], AnsibleFilterError("'stack' is missing in the settings")),
        (
            "alarm_names",
            [[{"name": "ecs-<service>-memory", "of": "service"}], ["a", "b"]],
            ["ecs-a-memory", "ecs-b-memory"],
        ),
        ("alarm_names", [[{"name": "a"}], []], AnsibleFilterError("alarm_names: 'of' is missing in a row")),
        ("alarms", [[{"of": "database"}], {}], AnsibleFilterError("alarms: 'database' is missing in a row or in")),
        (
            "nat_routes",
            [["a", "b", "c"], ["nat-1", "nat-2"]],
            AnsibleFilterError("nat_routes: 2 NAT gateways for 3 zones: give none, one or one per zone"),
        ),
    ],
)
def test_filter(name: str, arguments: list[Any], value: Any) -> None:
    if isinstance(value, AnsibleFilterError):
        with pytest.raises(AnsibleFilterError) as error:
            FILTERS[name](*arguments)
        assert value.message in str(error.value)
    else:
        assert FILTERS[name](*arguments) == value


def test_filters_that_build_documents() -> None:
    (rule,) = FILTERS["lifecycle_rules"]([], [], "7", "category")
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert FILTERS["subnet_plan"](["ap-northeast-2a"], ["10.0.1.0/24"], ["10.0.2.0/24"])[1]["component"] == (
        "subnet-private-a"
    )
    assert FILTERS["s3_endpoint_policy"]("r", ["b"])["Statement"][0]["Resource"] == [
        "arn:aws:s3:::b",
        "arn:aws:s3:::b/*",
    ]
    assert FILTERS["task_stopped_pattern"]("arn:cluster")["detail"]["clusterArn"] == ["arn:cluster"]
    assert FILTERS["bucket_policy"]("b", [{"name": "logs"}], "category", "s")["Version"] == "2012-10-17"
    settings = {"account_id": "123456789012", "region": "ap-northeast-2", "bucket": "b", "prefixes": ["logs/"]}
    roles = FILTERS["log_archive_roles"]({**settings, "delivery_stream": "d", "log_group": "/g", "log_stream": "s"})
    assert sorted(roles) == ["firehose_to_s3", "logs_to_firehose"]
    put, errors = (
        roles["logs_to_firehose"]["policy"]["Statement"][0],
        roles["firehose_to_s3"]["policy"]["Statement"][-1],
    )
    assert put["Resource"] == "arn:aws:firehose:ap-northeast-2:123456789012:deliverystream/d"
    assert errors["Resource"] == "arn:aws:logs:ap-northeast-2:123456789012:log-group:/g:log-stream:s"


@pytest.mark.parametrize(
    ("nat_gateway_ids", "targets"),
    [
        ([], [[], []]),
        (["nat-1"], [["nat-1"], ["nat-1"]]),
        (["nat-1", "nat-2"], [["nat-1"], ["nat-2"]]),
    ],
)
def test_nat_routes(nat_gateway_ids: list[str], targets: list[list[str]]) -> None:
    assert FILTERS["nat_routes"](["a", "c"], nat_gateway_ids) == [
        {
            "component": component,
            "routes": [{"destination_cidr_block": "0.0.0.0/0", "nat_gateway_id": target} for target in found],
        }
        for component, found in zip(("route-table-private-a", "route-table-private-c"), targets, strict=True)
    ]


def test_names_of_vaulted_values_go_with_the_task_definitions() -> None:
    settings = {**SETTINGS, "environment": {"A": VaultedValue(ciphertext="x").tag("one"), "B": "two"}}
    service = {"name": "backend", "environment": {"C": VaultedValue(ciphertext="y").tag("three")}}
    (found,) = FILTERS["ecs_task_definitions"]([service], settings)
    assert found["secret_environment"] == {"backend": ["A", "C"]}
    (found,) = FILTERS["ecs_task_definitions"]([{"name": "backend"}], SETTINGS)
    assert found["secret_environment"] == {}
