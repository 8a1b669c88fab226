# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a stack used in the last 30 days, as the usage variables of its cost: pure functions.

Metrics and dimensions are those of the AWS user guides: "Monitoring usage with CloudWatch metrics" (CloudWatch Logs),
"CloudWatch metrics for your Application Load Balancer", "NAT gateway metrics and dimensions", "Monitoring Amazon SNS
topics using CloudWatch", "Metrics and dimensions" (Amazon S3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ansible_collections.triflow.platform.plugins.module_utils.dashboard import dimension
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT

DAYS = 30
HOUR, DAY = 3600, 86400  # seconds
MONTH_HOURS = 730  # as the cost lines count
GIB = 2**30  # what AWS calls a GB when it charges for bytes
DECIMALS = 6
# Types that the Resource Groups Tagging API is asked for: only these have metrics or sizes that are usage.
TYPES = ("ec2:natgateway", "ecr:repository", "elasticloadbalancing:loadbalancer", "logs", "sns")
FLOW_LOGS, PHONES = "log-group-flow-logs", "topic-sms"  # components
STORAGE_TYPES = {
    # An archived object's 8 KB for its name are charged as Standard, its 32 KB of index as Glacier.
    "cost_s3_standard_gb": ("StandardStorage", "GlacierS3ObjectOverhead"),
    "cost_s3_glacier_gb": ("GlacierStorage", "GlacierObjectOverhead"),
}
# "Amazon S3 pricing": the first are charged together, and so are the second. Deletions are free.
REQUESTS = {
    "cost_s3_put_requests": ("PutRequests", "PostRequests", "ListRequests"),
    "cost_s3_get_requests": ("GetRequests", "HeadRequests"),
}
REQUEST_FILTER = "EntireBucket"  # ID of the request metrics of a whole bucket, as the S3 user guide names it


class Metric(NamedTuple):
    """A metric of CloudWatch, and the usage variable that it counts for."""

    variable: str
    namespace: str
    name: str
    dimensions: dict[str, str]

    @property
    def daily(self) -> bool:
        """Whether it is a size that S3 reports once a day. All others are sums."""
        return self.name == "BucketSizeBytes"

    def query(self, identifier: str) -> dict[str, Any]:
        """As GetMetricData takes it."""
        metric = {
            "Namespace": self.namespace,
            "MetricName": self.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in self.dimensions.items()],
        }
        period, statistic = (DAY, "Average") if self.daily else (HOUR, "Sum")
        return {"Id": identifier, "MetricStat": {"Metric": metric, "Period": period, "Stat": statistic}}


class Measured(NamedTuple):
    """Usage variables that were measured, and how many hours of the stack's life they come from, at most 720."""

    usage: dict[str, float]
    hours: int


def log_groups(resources: Iterable[str]) -> list[str]:
    """Names of the log groups among the ARNs."""
    return [arn.partition(":log-group:")[2].removesuffix(":*") for arn in resources if ":log-group:" in arn]


def repositories(resources: Iterable[str]) -> list[str]:
    """Names of the ECR repositories among the ARNs."""
    return [arn.partition(":repository/")[2] for arn in resources if ":repository/" in arn]


def metrics(resources: Mapping[str, Mapping[str, str]], bucket: str | None, nat_gateways: bool) -> list[Metric]:
    """What to ask CloudWatch for. ``resources`` are the stack's ARNs with their tags.

    Without ``bucket`` S3 is not asked for, and NAT gateways only when what goes through them is the stack's own.
    """
    found = []
    for arn, tags in resources.items():
        component = tags.get(COMPONENT)
        name = arn.split(":")[5]
        if ":log-group:" in arn:
            variable = "cost_flow_logs_gb" if component == FLOW_LOGS else "cost_logs_gb"
            found.append(Metric(variable, "AWS/Logs", "IncomingBytes", {"LogGroupName": log_groups([arn])[0]}))
        elif ":loadbalancer/app/" in arn:
            of = {"LoadBalancer": dimension(arn)}
            found.append(Metric("cost_lcu", "AWS/ApplicationELB", "ConsumedLCUs", of))
            found.append(Metric("cost_transfer_gb", "AWS/ApplicationELB", "ProcessedBytes", of))
        elif ":natgateway/" in arn and nat_gateways:
            of = {"NatGatewayId": name.removeprefix("natgateway/")}
            found.append(Metric("cost_nat_gb", "AWS/NATGateway", "BytesOutToDestination", of))
            found.append(Metric("cost_nat_gb", "AWS/NATGateway", "BytesInFromDestination", of))
        elif ":sns:" in arn:
            variable = "cost_sms" if component == PHONES else "cost_notifications"
            found.append(Metric(variable, "AWS/SNS", "NumberOfMessagesPublished", {"TopicName": name}))
    if bucket:
        found += [
            Metric(variable, "AWS/S3", "BucketSizeBytes", {"BucketName": bucket, "StorageType": storage_type})
            for variable, storage_types in STORAGE_TYPES.items()
            for storage_type in storage_types
        ]
        found += [
            Metric(variable, "AWS/S3", request, {"BucketName": bucket, "FilterId": REQUEST_FILTER})
            for variable, requests in REQUESTS.items()
            for request in requests
        ]
    return found


def measured(asked: Sequence[Metric], answers: Iterable[Mapping[str, Any]], end: datetime) -> Measured:
    """The usage of a month of 730 hours. ``answers`` are the results of GetMetricData, those of all its pages.

    Query ``m3`` is ``asked[3]``. A variable without any data point is left out. The stack's life begins with its first
    hour of data, of any metric: a metric that is silent, such as that of a topic, is silent because nothing happened.
    """
    points: dict[int, list[tuple[datetime, float]]] = {}
    for answer in answers:
        series = points.setdefault(int(answer["Id"].removeprefix("m")), [])
        series += zip(answer["Timestamps"], answer["Values"], strict=True)
    begins = [time for index, series in points.items() for time, _value in series if not asked[index].daily]
    hours = (end - min(begins)) // timedelta(seconds=HOUR) if begins else 0
    amounts: dict[str, float] = {}
    for index, metric in enumerate(asked):
        values = [value for _time, value in points.get(index, [])]
        if values:
            amount = sum(values) / len(values) if metric.daily else sum(values) / hours * MONTH_HOURS
            amounts[metric.variable] = amounts.get(metric.variable, 0) + amount
    usage = {name: amount / GIB if name.endswith("_gb") else amount for name, amount in amounts.items()}
    if "cost_lcu" in usage:
        usage["cost_lcu"] /= MONTH_HOURS  # on average, not together
    return Measured({name: round(amount, DECIMALS) for name, amount in sorted(usage.items())}, hours)


def gigabytes(sizes: Iterable[int]) -> float:
    """Bytes together, in GB."""
    return round(sum(sizes) / GIB, DECIMALS)
