"""CloudWatch metrics in the lab: a metric is found in whatever order its dimensions are named."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from tests.conftest import Lab

DIMENSIONS = [
    {"Name": name, "Value": value}
    for name, value in (("BucketName", "triflow"), ("FilterId", "all"), ("StorageType", "StandardStorage"))
]


@pytest.mark.parametrize("put", [*permutations(DIMENSIONS)])
@pytest.mark.parametrize("asked", [DIMENSIONS, DIMENSIONS[::-1]])
def test_the_order_of_dimensions_means_nothing(lab: Lab, put: list[Any], asked: list[Any]) -> None:
    cloudwatch, name, now = lab.aws("cloudwatch"), uuid.uuid4().hex, datetime.now(UTC)
    datum = {"MetricName": name, "Dimensions": list(put), "Timestamp": now, "Value": 3}
    cloudwatch.put_metric_data(Namespace="Lab", MetricData=[datum])
    metric = {"Namespace": "Lab", "MetricName": name, "Dimensions": asked}
    (answer,) = cloudwatch.get_metric_data(
        MetricDataQueries=[{"Id": "a", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}],
        StartTime=now - timedelta(minutes=1),
        EndTime=now + timedelta(minutes=1),
    )["MetricDataResults"]
    assert answer["Values"] == [3]
