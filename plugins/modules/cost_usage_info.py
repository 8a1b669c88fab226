#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: cost_usage_info
version_added: 0.2.0
short_description: Measure what a stack used in the last 30 days
author: TriFlow AI (@triflow-ai)
description:
  - Reads the metrics of the stack's log groups, load balancer, NAT gateways, topics and bucket from CloudWatch, the
    bytes that its log groups hold, and the sizes of its images. The stack's parts are found by their tags.
  - Returns the usage as the variables that the role C(cost) reckons with, for a month of 730 hours. Of a stack that has
    data of less than 30 days, what is there is scaled to a month.
  - One call for the tags, one for the metrics, one for the repositories, and one for each log group and repository;
    more where an answer has several pages. It changes nothing and does the same in check mode.
options:
  bucket_name:
    description:
      - Bucket that only this stack uses. CloudWatch knows a bucket as a whole, so that of several stacks is left out.
    type: str
  nat_gateways:
    description: Whether only this stack uses its NAT gateways. Otherwise they are left out for the same reason.
    type: bool
    default: true
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.plan.reads
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Measure
  triflow.platform.cost_usage_info:
    bucket_name: triflow-ai-prod
"""

RETURN = r"""
usage:
  description:
    - Variables of the role C(cost) that were measured. What has no data is not there.
    - C(cost_nat_gb) is all that went through NAT. M(triflow.platform.stack_cost) takes the logs off, which have a line
      of their own.
  returned: success
  type: dict
  sample: {cost_images_gb: 3.2, cost_lcu: 0.41, cost_logs_gb: 12.5, cost_notifications: 730}
hours:
  description: Hours from the first data to now, at most 720. 0 when there is none.
  returned: success
  type: int
  sample: 720
"""

from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import cost_usage
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.tags import tagged

QUERIES = 500  # of one GetMetricData
COMPLETE = ("Complete", "PartialData")  # the second one says that more pages follow


def this_hour() -> datetime:
    """The hour that has begun, which is not measured yet."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def read_metrics(api: Api, asked: list[cost_usage.Metric], end: datetime) -> list[dict[str, Any]]:
    """GetMetricData of these metrics, all pages; ends the module for a metric that CloudWatch does not give."""
    queries = [metric.query(f"m{index}") for index, metric in enumerate(asked)]
    answers = []
    for batch in batched(queries, QUERIES):
        answers += api.pages(
            "get_metric_data",
            "MetricDataResults",
            on="the metrics",
            MetricDataQueries=list(batch),
            StartTime=end - timedelta(days=cost_usage.DAYS),
            EndTime=end,
        )
    for answer in answers:
        if answer["StatusCode"] not in COMPLETE:
            metric = asked[int(answer["Id"].removeprefix("m"))]
            api.module.fail(
                f"CloudWatch does not give {metric.namespace} {metric.name} of {metric.dimensions}: "
                f"{answer['StatusCode']} (run again; if that does not help, grant cloudwatch:GetMetricData to the "
                "identity that runs this)"
            )
    return answers


def read_sizes(module: StackModule, resources: dict[str, dict[str, str]]) -> dict[str, float]:
    """What is no metric: bytes in the log groups, and of the images."""
    usage = {}
    names = cost_usage.log_groups(resources)
    if names:
        logs = module.api("logs")
        usage["cost_logs_stored_gb"] = cost_usage.gigabytes(
            group.get("storedBytes", 0)
            for name in names
            for group in logs.pages("describe_log_groups", "logGroups", on=name, logGroupNamePrefix=name)
            if group["logGroupName"] == name
        )
    repositories = cost_usage.repositories(resources)
    if repositories:
        ecr = module.api("ecr")
        there = {item["repositoryName"] for item in ecr.pages("describe_repositories", "repositories", on="ECR")}
        usage["cost_images_gb"] = cost_usage.gigabytes(
            image["imageSizeInBytes"]
            for name in repositories
            if name in there  # the tags of a deleted one are listed for a while
            for image in ecr.pages("describe_images", "imageDetails", on=name, repositoryName=name)
        )
    return usage


def main() -> None:
    module = StackModule(
        {
            "bucket_name": {"type": "str"},
            "nat_gateways": {"type": "bool", "default": True},
        },
        state=False,
    )
    given = module.params
    resources = tagged(module.api("resourcegroupstaggingapi"), given["stack"], *cost_usage.TYPES)
    asked = cost_usage.metrics(resources, given["bucket_name"], given["nat_gateways"])
    end = this_hour()
    found = cost_usage.measured(asked, read_metrics(module.api("cloudwatch"), asked, end), end)
    module.exit_json(changed=False, usage={**found.usage, **read_sizes(module, resources)}, hours=found.hours)


if __name__ == "__main__":
    main()
