"""Service Quotas: moto knows those of Amazon VPC only.

The default values are those of the collection's own table, which names AWS's page for each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.quotas import QUOTAS, Quota
from moto.servicequotas.models import ServiceQuotasBackend

from lab.corrections.override import override

# User guide of CloudWatch, "Service quota usage metrics": the dimensions of what Fargate runs.
METRICS = {
    "L-3032A538": {
        "MetricNamespace": "AWS/Usage",
        "MetricName": "ResourceCount",
        "MetricDimensions": {
            "Class": "Standard/OnDemand",
            "Resource": "vCPU",
            "Service": "Fargate",
            "Type": "Resource",
        },
        "MetricStatisticRecommendation": "Maximum",
    }
}


@override(ServiceQuotasBackend, "get_service_quota")
def _get_service_quota(
    original: Callable[..., dict[str, Any]], self: ServiceQuotasBackend, service_code: str, quota_code: str
) -> dict[str, Any]:
    """GetServiceQuota: the quotas of other services, too."""
    for quota in QUOTAS:
        if (quota.service, quota.code) == (service_code, quota_code):
            return _described(quota, self)
    return original(self, service_code, quota_code)


def _described(quota: Quota, backend: ServiceQuotasBackend) -> dict[str, Any]:
    place = f"{backend.region_name}:{backend.account_id}"
    described = {
        "ServiceCode": quota.service,
        "QuotaArn": f"arn:aws:servicequotas:{place}:{quota.service}/{quota.code}",
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": float(quota.default),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }
    return {**described, "UsageMetric": METRICS[quota.code]} if quota.code in METRICS else described
