# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The record's alarms as CloudWatch takes them, and the event of a stopped task (ALM-1..8): pure functions.

A row is an element of the variable ``alarms_definitions``, see the role ``alarms``. The facts are what the stack has;
what is empty it does not have, and rows about that make no alarm:

- ``stack``, ``cluster``, ``services`` (names), ``database`` (identifier), ``load_balancer`` (ARN), ``queue`` (name)
- ``topic`` and ``sms_topic`` (ARNs)
- ``max_connections``, ``allocated_storage`` (GiB)
- ``thresholds``: numbers by names of alarms, which take the place of the table's
"""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]
Facts = dict[str, Any]
Alarm = dict[str, Any]

GIB = 1024**3
SERVICE = "<service>"  # in the name and the summary of a row that makes one alarm for each service
THRESHOLD = "<threshold>"  # in a summary
COMPARISONS = {"above": "GreaterThanThreshold", "below": "LessThanThreshold"}
NAMESPACES = {
    "database": "AWS/RDS",
    "service": "AWS/ECS",
    "load_balancer": "AWS/ApplicationELB",
    "queue": "AWS/SQS",
}


def alarms(rows: list[Row], facts: Facts) -> list[Alarm]:
    """The option ``alarms`` of the module ``metric_alarms``: of each row one for each of its subjects that is there."""
    return [_alarm(row, dimensions, service, facts) for row in rows for service, dimensions in _subjects(row, facts)]


def names(rows: list[Row], services: list[str]) -> list[str]:
    """Names of all alarms that the rows can make, without the stack's name in front."""
    return [_name(row, service) for row in rows for service in (services if row["of"] == "service" else [""])]


def _name(row: Row, service: str) -> str:
    return str(row["name"]).replace(SERVICE, service)


def _subjects(row: Row, facts: Facts) -> list[tuple[str, dict[str, str]]]:
    """What the row is about: a service's name or nothing, and the dimensions of its metrics."""
    kind = row["of"]
    if kind == "service":
        return [(name, {"ClusterName": facts["cluster"], "ServiceName": name}) for name in facts["services"]]
    if not facts[kind]:
        return []
    if kind == "database":
        return [("", {"DBInstanceIdentifier": facts["database"]})]
    if kind == "load_balancer":
        # User guide for Application Load Balancers, "CloudWatch metrics": the dimension is the ARN's end.
        return [("", {"LoadBalancer": facts["load_balancer"].rpartition("loadbalancer/")[2]})]
    return [("", {"QueueName": facts["queue"]})]


def threshold(row: Row, name: str, facts: Facts) -> float:
    """The threshold in the metric's own unit: one that was given, else the row's, by what the stack has of it."""
    if name in facts["thresholds"]:
        return float(facts["thresholds"][name])
    value = float(row["threshold"])
    if row.get("percent_of"):
        return value * float(facts[row["percent_of"]]) / 100
    if row.get("at_most_percent_of_storage"):
        return min(value, float(facts["allocated_storage"]) * GIB * float(row["at_most_percent_of_storage"]) / 100)
    return value


def _written(value: float, unit: str) -> str:
    """The threshold as people write it."""
    number, text = {
        "Bytes": (value / GIB, " GiB"),
        "Percent": (value, " %"),
        "Seconds": (value, " s"),
        "Count": (value, ""),
    }[unit]
    return f"{number:.10g}{text}"


def _alarm(row: Row, dimensions: dict[str, str], service: str, facts: Facts) -> Alarm:
    name = _name(row, service)
    value = threshold(row, name, facts)
    summary = row["summary"].replace(SERVICE, service).replace(THRESHOLD, _written(value, row["unit"]))
    topics = [facts["topic"], *([facts["sms_topic"]] if row["sms"] else [])]
    return {
        "component": f"alarm-{name}",
        "alarm_name": f"{facts['stack']}-{name}",
        "alarm_description": f"{row['severity']}: {row['record_id']}: {summary}",
        **(_math(row, dimensions) if row.get("expression") else _metric(row, dimensions)),
        "threshold": value,
        "comparison_operator": COMPARISONS[row["comparison"]],
        "evaluation_periods": row["periods"],
        "datapoints_to_alarm": row["periods"],  # in a row
        "treat_missing_data": row["missing_data"],
        "alarm_actions": topics,
        "ok_actions": topics,
    }


def _metric(row: Row, dimensions: dict[str, str]) -> dict[str, Any]:
    percentile = row["statistic"].startswith("p")
    return {
        "namespace": NAMESPACES[row["of"]],
        "metric_name": row["metric"],
        "dimensions": dimensions,
        "extended_statistic" if percentile else "statistic": row["statistic"],
        "period": row["period"],
    }


def _math(row: Row, dimensions: dict[str, str]) -> dict[str, Any]:
    """``MetricDataQuery``s: the expression, whose values are compared, and the metrics by the names it has for them."""
    described = [{"Name": name, "Value": value} for name, value in sorted(dimensions.items())]
    return {
        "metrics": [
            {"Id": "result", "Expression": row["expression"], "Label": row["metric"], "ReturnData": True},
            *(
                {
                    "Id": identifier,
                    "MetricStat": {
                        "Metric": {"Namespace": NAMESPACES[row["of"]], "MetricName": metric, "Dimensions": described},
                        "Period": row["period"],
                        "Stat": row["statistic"],
                    },
                    "ReturnData": False,
                }
                for identifier, metric in sorted(row["metrics"].items())
            ),
        ]
    }


# What ends a task that nobody wanted to end (Amazon ECS API reference, Task, stopCode). Left out are UserInitiated,
# which is StopTask by a person or an operation, and what belongs to Spot, which the stack does not use.
UNWANTED_STOP_CODES = ["EssentialContainerExited", "TaskFailedToStart", "InfrastructureHealth"]
# ServiceSchedulerInitiated is said of deployments, scale-in, Fargate's maintenance and failed health checks alike: only
# the reason tells them apart. It is "Task failed ELB health checks in (target-group ...)", or "Task failed container
# health checks" (Amazon ECS developer guide, "Stopped tasks error messages").
UNWANTED_REASON = "Task failed "


def task_stopped_pattern(cluster_arn: str) -> dict[str, Any]:
    """The event pattern of a task that ended without anybody's wish (ALM-7): tasks of services of this cluster only.

    Amazon ECS developer guide, "Task state change events"; Amazon EventBridge user guide, "Comparison operators".
    """
    return {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Task State Change"],
        "detail": {
            "clusterArn": [cluster_arn],
            "lastStatus": ["STOPPED"],
            "group": [{"prefix": "service:"}],
            "$or": [
                {"stopCode": UNWANTED_STOP_CODES},
                {"stoppedReason": [{"prefix": UNWANTED_REASON}]},
            ],
        },
    }
