"""What a stack needs of an account's quotas, and when it is warned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import account_quotas, quotas

from tests.unit.cost.stacks import variables

VPC, ADDRESSES, FARGATE, CERTIFICATES = "L-F678F1CE", "L-0263D0A3", "L-3032A538", "L-DA1D8B98"
STACK = "arn:aws:ec2:ap-northeast-2:123456789012"


class Account:
    """Stands for `standing.Account`: an account with so many things, where the stack has `own`."""

    module = SimpleNamespace(region="ap-northeast-2")

    def __init__(self, own: tuple[str, ...] = (), vpcs: int = 0, certificates: int = 0, **quota: float) -> None:
        self.own: dict[str, dict[str, str]] = {arn: {} for arn in own}
        self.items: dict[str, list[dict[str, Any]]] = {
            "describe_vpcs": [{}] * vpcs,
            "describe_load_balancers": [{"Type": "network"}],
            "describe_db_instances": [],
            "list_certificates": [
                {"Type": "AMAZON_ISSUED", "CreatedAt": datetime.now(UTC) - timedelta(days=days)}
                for days in [10] * certificates + [400] * 99
            ],
        }
        self.quota = quota
        self.asked: list[str] = []

    def api(self, _service: str) -> Account:
        return self

    def pages(self, operation: str, _key: str, on: str) -> list[dict[str, Any]]:
        assert on
        return self.items[operation]

    def get(self, _service: str, operation: str, _on: str, *absent: str, **parameters: Any) -> dict[str, Any]:
        if operation == "describe_addresses":
            return {"Addresses": []}
        if operation == "get_metric_statistics":
            assert parameters["Namespace"] == "AWS/Usage"
            return {"Datapoints": [{"Timestamp": 1, "Maximum": 9.0}, {"Timestamp": 2, "Maximum": 2.0}]}
        assert operation == "get_service_quota"
        assert "AccessDeniedException" in absent
        code = parameters["QuotaCode"]
        self.asked.append(code)
        if code.replace("-", "_") not in self.quota:
            return {}
        metric = {"MetricNamespace": "AWS/Usage", "MetricName": "ResourceCount", "MetricDimensions": {"Class": "x"}}
        return {"Quota": {"Value": self.quota[code.replace("-", "_")], "UsageMetric": metric}}


def needs(**changed: Any) -> dict[str, float]:
    return quotas.needs(variables(**changed))


@pytest.mark.parametrize(
    ("changed", "code", "amount"),
    [
        ({}, VPC, 1),
        ({"vpc_owner": "another"}, VPC, None),
        ({}, ADDRESSES, 1),
        ({"vpc_nat_gateways": "per_zone"}, ADDRESSES, 2),
        ({"vpc_nat_gateways": "none"}, ADDRESSES, None),
        ({}, FARGATE, 5),  # autoscaling_max_capacity, more than twice two
        ({"autoscaling_services": []}, FARGATE, 4),
        ({"ecs_cpu": 4096, "ecs_memory": 8192}, FARGATE, 20),
        ({"vpc_interface_endpoints": True}, "L-29B6F2EB", len(variables()["vpc_interface_endpoint_services"])),
    ],
)
def test_what_a_stack_needs(changed: dict[str, Any], code: str, amount: float | None) -> None:
    assert needs(**changed).get(code) == amount


def test_an_account_with_room_is_asked_for_nothing_but_what_new_accounts_have_less_of() -> None:
    account = Account(vpcs=4)
    assert account_quotas.warnings(account, needs()) == []  # type: ignore[arg-type]
    assert account.asked == [FARGATE, CERTIFICATES]


@pytest.mark.parametrize(
    ("account", "says"),
    [
        (Account(vpcs=5, L_F678F1CE=5), "The quota VPCs per Region is 5; 5 are in use, and the stack needs 1 more."),
        (Account(vpcs=5), "is 5, AWS's default, since the account's own could not be read; 5 are in use"),
        (
            Account(L_3032A538=6),
            "Fargate On-Demand vCPU resource count is 6; 2 are in use, and the stack needs 5 more.",
        ),
        (Account(certificates=20, L_DA1D8B98=20), "last 365 days is 20; 20 are in use, and the stack needs 1 more."),
    ],
)
def test_a_quota_that_is_used_up(account: Account, says: str) -> None:
    (sentence,) = account_quotas.warnings(account, needs())  # type: ignore[arg-type]
    assert says in sentence
    assert "Raise it: aws service-quotas request-service-quota-increase --region ap-northeast-2" in sentence


def test_a_quota_that_was_raised() -> None:
    assert account_quotas.warnings(Account(vpcs=5, L_F678F1CE=20), needs()) == []  # type: ignore[arg-type]


def test_what_the_stack_has_is_not_asked_for() -> None:
    own = (
        f"{STACK}:vpc/vpc-1",
        f"{STACK}:elastic-ip/eipalloc-1",
        "arn:aws:ecs:ap-northeast-2:123456789012:service/prod/backend",
        "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/prod/1",
        "arn:aws:rds:ap-northeast-2:123456789012:db:prod-db",
        "arn:aws:acm:ap-northeast-2:123456789012:certificate/1",
    )
    account = Account(own, vpcs=9)
    assert account_quotas.warnings(account, needs()) == []  # type: ignore[arg-type]
    assert account.asked == []


def test_every_quota_is_needed_by_some_stack() -> None:
    most = needs(vpc_interface_endpoints=True)
    assert set(most) == {quota.code for quota in quotas.QUOTAS}
