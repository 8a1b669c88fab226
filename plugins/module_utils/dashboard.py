# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The body of a stack's dashboard (MON-4..7), and a body as data that can be compared: pure functions.

Amazon CloudWatch API reference, "Dashboard Body Structure and Syntax". The alarms are those of ``alarms.alarms``. The
facts are what the stack has:

- ``stack``, ``region``, ``account_id``, ``time_zone`` (IANA name)
- ``cluster``, ``services`` (names), ``container_insights`` (bool)
- ``database`` (identifier), ``load_balancer`` (ARN), ``target_groups`` (ARNs by name)
- ``custom_metrics`` (bool), ``custom_namespace``
"""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import windows

Facts = dict[str, Any]
Alarm = dict[str, Any]
Widget = dict[str, Any]

COLUMNS = 24
HEIGHT = 6
HEIGHTS = {"text": 2, "alarm": 4}
PERIOD = 60  # seconds: the record's alarms look at each minute
CRITICAL, WARNING = "#d62728", "#ff7f0e"
CUSTOM_METRICS = {  # MON-7, with the statistic that is shown
    "triflow.api.latency": "p95",
    "triflow.workflow.execution_time": "p95",
    "triflow.judgment.llm_tokens": "Sum",
    "triflow.trust.level_distribution": "Average",
}


def body(facts: Facts, alarms: list[Alarm]) -> dict[str, Any]:
    """The dashboard's body: the same arguments make the same one. Raises ValueError for an unknown time zone."""
    rows = [
        [_header(facts)],
        [_alarm_status(facts, alarms)] if alarms else [],
        _ecs(facts, alarms),
        *_rds(facts, alarms),
        *_load_balancer(facts, alarms),
        _custom(facts) if facts["custom_metrics"] else [],
    ]
    return {"widgets": _placed(rows)}


def dimension(arn: str) -> str:
    """What CloudWatch calls a load balancer or target group: the end of its ARN.

    User guide for Application Load Balancers, "CloudWatch metrics", dimensions LoadBalancer and TargetGroup.
    """
    resource = arn.rpartition(":")[2]
    return resource.removeprefix("loadbalancer/")


def parts(dashboard: dict[str, Any]) -> dict[str, Any]:
    """The body's widgets by what they are called, and its other properties: what is compared and shown one by one.

    Each widget says where it stands, so their order means nothing. The order within them does: of a metric's
    dimensions, and of the lines of a graph. So lists become numbered entries, and what is in those text.
    """
    found = {name: _numbered(value) for name, value in dashboard.items() if name != "widgets"}
    for widget in dashboard.get("widgets", []):
        place = f"at {widget.get('x')},{widget.get('y')}"
        name = f"widget {widget.get('properties', {}).get('title') or place}"
        while name in found:
            name += f" {place}"
        found[name] = _numbered(widget)
    return found


def _numbered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _numbered(item) for key, item in value.items()}
    if isinstance(value, list):
        return {f"{number:02}": json.dumps(_plain(item), sort_keys=True) for number, item in enumerate(value, 1)}
    return _plain(value)


def _plain(value: Any) -> Any:
    """The value with one spelling of each number: 80.0 in JSON is 80."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _placed(rows: list[list[Widget]]) -> list[Widget]:
    """The widgets of each row side by side, over the whole width; rows without widgets leave no gap."""
    placed, y = [], 0
    for row in filter(None, rows):
        width = COLUMNS // len(row)
        height = HEIGHTS.get(row[0]["type"], HEIGHT)
        for column, widget in enumerate(row):
            placed.append({**widget, "x": column * width, "y": y, "width": width, "height": height})
        y += height
    return placed


def _header(facts: Facts) -> Widget:
    text = (
        f"# {facts['stack']}\n"
        f"Times are {_utc_offset(facts)} ({facts['time_zone']}). "
        "Ansible makes this dashboard: the next run undoes what is changed here."
    )
    return {"type": "text", "properties": {"markdown": text}}


def _alarm_status(facts: Facts, alarms: list[Alarm]) -> Widget:
    prefix = f"arn:aws:cloudwatch:{facts['region']}:{facts['account_id']}:alarm:"
    return {
        "type": "alarm",
        "properties": {
            "title": "Alarms",
            "alarms": [prefix + alarm["alarm_name"] for alarm in alarms],
            "sortBy": "stateUpdatedTimestamp",
        },
    }


def _ecs(facts: Facts, alarms: list[Alarm]) -> list[Widget]:
    """MON-4. RunningTaskCount is a metric of Container Insights, in a namespace of its own."""
    metrics = [("AWS/ECS", "CPUUtilization"), ("AWS/ECS", "MemoryUtilization")]
    if facts["container_insights"]:
        metrics.append(("ECS/ContainerInsights", "RunningTaskCount"))
    found = []
    for namespace, metric in metrics:
        lines = [
            _line(namespace, metric, {"ClusterName": facts["cluster"], "ServiceName": service}, label=service)
            for service in facts["services"]
        ]
        found.append(_graph(facts, f"ECS {metric}", lines, _alarms_on(alarms, namespace, metric)))
    return found


def _rds(facts: Facts, alarms: list[Alarm]) -> list[list[Widget]]:
    """MON-5"""
    namespace, instance = "AWS/RDS", {"DBInstanceIdentifier": facts["database"]}
    return [
        [
            _graph(
                facts,
                f"RDS {metric}",
                [_line(namespace, metric, instance, label=metric)],
                _alarms_on(alarms, namespace, metric),
            )
            for metric in metrics
        ]
        for metrics in (
            ("CPUUtilization", "DatabaseConnections", "FreeStorageSpace"),
            ("ReadLatency", "WriteLatency"),
        )
    ]


def _load_balancer(facts: Facts, alarms: list[Alarm]) -> list[list[Widget]]:
    """MON-6, and what alarms compute: the share of errors (ALM-4)."""
    namespace, balancer = "AWS/ApplicationELB", {"LoadBalancer": dimension(facts["load_balancer"])}
    lines = {
        "RequestCount": [_line(namespace, "RequestCount", balancer, label="RequestCount", stat="Sum")],
        "HTTPCode_Target_5XX_Count": [
            _line(namespace, "HTTPCode_Target_5XX_Count", balancer, label="HTTPCode_Target_5XX_Count", stat="Sum")
        ],
        "TargetResponseTime": [
            _line(namespace, "TargetResponseTime", balancer, label=percentile, stat=percentile)
            for percentile in ("p50", "p95", "p99")
        ],
        "HealthyHostCount": [
            _line(
                namespace, "HealthyHostCount", {"TargetGroup": dimension(arn), **balancer}, label=name, stat="Minimum"
            )
            for name, arn in facts["target_groups"].items()
        ],
    }
    graphs = [
        _graph(facts, f"ALB {metric}", drawn, _alarms_on(alarms, namespace, metric)) for metric, drawn in lines.items()
    ]
    computed = [_computed(facts, alarm) for alarm in alarms if alarm.get("metrics")]
    return [[*graphs[:2], *computed], graphs[2:]]


def _custom(facts: Facts) -> list[Widget]:
    """MON-7. A search, since the application chooses the dimensions."""
    found = []
    for metric, stat in CUSTOM_METRICS.items():
        terms = f'Namespace="{facts["custom_namespace"]}" MetricName="{metric}"'
        found.append(_graph(facts, metric, [[{"expression": f"SEARCH('{terms}', '{stat}')"}]], []))
    return found


def _computed(facts: Facts, alarm: Alarm) -> Widget:
    """The graph of an alarm on an expression: its value, with the metrics that it is made of hidden."""
    lines, title = [], ""
    for query in alarm["metrics"]:
        rendering = {"id": query["Id"], "visible": query["ReturnData"]}
        if "Expression" in query:
            lines.append([{"expression": query["Expression"], "label": query["Label"], **rendering}])
            title = query["Label"]
            continue
        metric, stat = query["MetricStat"]["Metric"], query["MetricStat"]["Stat"]
        dimensions = {item["Name"]: item["Value"] for item in metric["Dimensions"]}
        lines.append(_line(metric["Namespace"], metric["MetricName"], dimensions, stat=stat, **rendering))
    return _graph(facts, title, lines, [alarm])


def _line(namespace: str, metric: str, dimensions: dict[str, str], **rendering: Any) -> list[Any]:
    return [namespace, metric, *[text for pair in dimensions.items() for text in pair], rendering]


def _alarms_on(alarms: list[Alarm], namespace: str, metric: str) -> list[Alarm]:
    return [alarm for alarm in alarms if (alarm.get("namespace"), alarm.get("metric_name")) == (namespace, metric)]


def _graph(facts: Facts, title: str, lines: list[list[Any]], alarms: list[Alarm]) -> Widget:
    """Lines over time, with the thresholds of the alarms across."""
    properties = {
        "title": title,
        "view": "timeSeries",
        "metrics": lines,
        "region": facts["region"],
        "timezone": _utc_offset(facts),
        "period": PERIOD,
        "stat": "Average",
        "yAxis": {"left": {"min": 0}},
    }
    if alarms:
        properties["annotations"] = {"horizontal": [_threshold(alarm) for alarm in alarms]}
    return {"type": "metric", "properties": properties}


def _threshold(alarm: Alarm) -> dict[str, Any]:
    return {
        "value": alarm["threshold"],
        "label": alarm["component"].removeprefix("alarm-"),
        "color": CRITICAL if alarm["alarm_description"].startswith("critical") else WARNING,
        "fill": "below" if alarm["comparison_operator"].startswith("LessThan") else "above",
    }


def _utc_offset(facts: Facts) -> str:
    """The time zone as CloudWatch writes it, such as +0900."""
    minutes = windows.utc_offset(facts["time_zone"])
    hours, minutes_left = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}{minutes_left:02}"
