# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an account has left of the quotas that a stack needs: read only for what the stack does not have yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils.quotas import QUOTAS, Quota, warning

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.standing import Account

# Which ARNs of the stack's own stand for one of it.
OWN = {
    "L-F678F1CE": ":vpc/",
    "L-29B6F2EB": ":vpc-endpoint/",
    "L-0263D0A3": ":elastic-ip/",
    "L-53DA6B97": ":loadbalancer/app/",
    "L-7B6409FD": ":db:",
    "L-DA1D8B98": ":certificate/",
}
NOT_READ = ("AccessDeniedException", "NoSuchResourceException", "DependencyAccessDeniedException")


def warnings(account: Account, needs: Mapping[str, float]) -> list[str]:
    """A sentence for each quota that the stack would exceed."""
    found = []
    for quota in QUOTAS:
        missing = needs.get(quota.code, 0) - _own(account, quota)
        if missing <= 0:
            continue
        used = USED[quota.code](account) if quota.code in USED else 0
        # AWS gives no account less than its default, but for what it starts lower.
        if not quota.starts_lower and used + missing <= quota.default:
            continue
        described = _described(account, quota)
        if quota.code == FARGATE:
            used = _metric(account, described.get("UsageMetric", {}))
        value = described.get("Value", quota.default)
        found.append(warning(quota, value, bool(described), used, missing, account.module.region))
    return [sentence for sentence in found if sentence]


def _own(account: Account, quota: Quota) -> float:
    """How much of it the stack has already. A service that stands has had its tasks."""
    if quota.code == FARGATE:
        return float("inf") if any(":service/" in arn and ":ecs:" in arn for arn in account.own) else 0
    return sum(OWN[quota.code] in arn for arn in account.own) if quota.code in OWN else 0


def _described(account: Account, quota: Quota) -> dict[str, Any]:
    """The quota as Service Quotas has it; empty when the caller may not ask, or it knows none for the account."""
    answer = account.get(
        "service-quotas", "get_service_quota", quota.name, *NOT_READ, ServiceCode=quota.service, QuotaCode=quota.code
    )
    found: dict[str, Any] = answer.get("Quota", {})
    return found


def _metric(account: Account, metric: Mapping[str, Any]) -> float:
    """What is in use by the quota's own metric (CloudWatch user guide, "Service quota usage metrics")."""
    if not metric:
        return 0
    now = datetime.now(UTC)
    answer = account.get(
        "cloudwatch",
        "get_metric_statistics",
        metric["MetricName"],
        "AccessDenied",
        Namespace=metric["MetricNamespace"],
        MetricName=metric["MetricName"],
        Dimensions=[{"Name": name, "Value": value} for name, value in metric["MetricDimensions"].items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now,
        Period=300,
        Statistics=["Maximum"],
    )
    points = sorted(answer.get("Datapoints", []), key=lambda point: point["Timestamp"])
    return float(points[-1]["Maximum"]) if points else 0


def _addresses(account: Account) -> float:
    return len(account.get("ec2", "describe_addresses", "the Elastic IPs").get("Addresses", []))


def _vpcs(account: Account) -> float:
    return len(account.api("ec2").pages("describe_vpcs", "Vpcs", on="the VPCs"))


def _load_balancers(account: Account) -> float:
    items = account.api("elbv2").pages("describe_load_balancers", "LoadBalancers", on="the load balancers")
    return len([item for item in items if item["Type"] == "application"])


def _databases(account: Account) -> float:
    return len(account.api("rds").pages("describe_db_instances", "DBInstances", on="the DB instances"))


def _certificates(account: Account) -> float:
    items = account.api("acm").pages("list_certificates", "CertificateSummaryList", on="the certificates")
    year = datetime.now(UTC) - timedelta(days=365)
    return len([item for item in items if item.get("Type") == "AMAZON_ISSUED" and item["CreatedAt"] > year])


FARGATE = "L-3032A538"
USED: dict[str, Callable[[Account], float]] = {
    "L-F678F1CE": _vpcs,
    "L-0263D0A3": _addresses,
    "L-53DA6B97": _load_balancers,
    "L-7B6409FD": _databases,
    "L-DA1D8B98": _certificates,
}
