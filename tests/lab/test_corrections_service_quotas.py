"""Service Quotas as the lab's correction restores them."""

from __future__ import annotations

import pytest

from tests.conftest import Lab
from tests.lab.conftest import refused


@pytest.mark.parametrize(
    ("service", "code", "value"),
    [("vpc", "L-F678F1CE", 5), ("ec2", "L-0263D0A3", 5), ("fargate", "L-3032A538", 6), ("acm", "L-DA1D8B98", 5000)],
)
def test_get_service_quota(lab: Lab, service: str, code: str, value: int) -> None:
    quota = lab.aws("service-quotas").get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]
    assert (quota["Value"], quota["QuotaCode"], quota["Adjustable"]) == (value, code, True)
    assert ("UsageMetric" in quota) is (service == "fargate")


def test_one_that_there_is_not(lab: Lab) -> None:
    with refused("NoSuchResourceException"):
        lab.aws("service-quotas").get_service_quota(ServiceCode="fargate", QuotaCode="L-00000000")
