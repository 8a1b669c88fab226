"""CloudWatch dashboards in the lab: "Dashboard Body Structure and Syntax" and PutDashboard in the API reference."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from tests.conftest import Lab
from tests.lab.conftest import refused

GRAPH: dict[str, Any] = {"region": "ap-northeast-2", "metrics": [["AWS/RDS", "ReadLatency"]]}


def widget(kind: str = "metric", **properties: Any) -> dict[str, Any]:
    return {"type": kind, "x": 0, "y": 0, "width": 6, "height": 6, "properties": properties}


@pytest.fixture
def cloudwatch(lab: Lab) -> Any:
    return lab.aws("cloudwatch")


@pytest.fixture
def name() -> str:
    return f"test-{uuid.uuid4().hex[:8]}"


@pytest.mark.parametrize(
    "right",
    [
        widget(**GRAPH),
        widget(**{**GRAPH, "metrics": [["AWS/RDS", "ReadLatency", "DBInstanceIdentifier", "db", {"stat": "p99.9"}]]}),
        widget(**{**GRAPH, "metrics": [[{"expression": "SUM(METRICS())", "id": "sum"}]]}),
        widget(**GRAPH, annotations={"horizontal": [{"value": 80.5, "color": "#d62728", "fill": "above"}]}),
        widget(region="ap-northeast-2", annotations={"alarms": ["arn"]}),
        widget("text", markdown="# triflow"),
        widget("alarm", alarms=["arn"]),
        {"type": "text", "properties": {"markdown": "placed by itself"}},
    ],
)
def test_body_that_is_taken(cloudwatch: Any, name: str, right: dict[str, Any]) -> None:
    body = json.dumps({"widgets": [right]})
    assert cloudwatch.put_dashboard(DashboardName=name, DashboardBody=body)["DashboardValidationMessages"] == []
    assert json.loads(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]) == {"widgets": [right]}


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"type": "graph", "properties": {}}, "/widgets/0/type"),
        ({**widget(**GRAPH), "x": 24}, "/widgets/0/x"),
        ({**widget(**GRAPH), "y": -1}, "/widgets/0/y"),
        ({**widget(**GRAPH), "width": 25}, "/widgets/0/width"),
        ({**widget(**GRAPH), "height": "6"}, "/widgets/0/height"),
        ({"type": "text", "x": 0, "properties": {"markdown": ""}}, "/widgets/0"),
        ({"type": "text"}, "/widgets/0"),
        (widget("text"), "/widgets/0/properties"),
        (widget("alarm", alarms=[]), "/widgets/0/properties/alarms"),
        (widget("alarm", alarms=["arn"] * 101), "/widgets/0/properties/alarms"),
        (widget(region="ap-northeast-2"), "/widgets/0/properties"),
        (widget(metrics=[]), "/widgets/0/properties"),
        (widget(**GRAPH, view="lines"), "/widgets/0/properties/view"),
        (widget(**GRAPH, timezone="+09:00"), "/widgets/0/properties/timezone"),
        (widget(**GRAPH, period=90), "/widgets/0/properties/period"),
        (widget(**GRAPH, stat="Mean"), "/widgets/0/properties/stat"),
        (widget(**GRAPH, annotations={"alarms": ["arn"]}), "/widgets/0/properties/annotations"),
        (
            widget(**GRAPH, annotations={"horizontal": [{"value": "80"}]}),
            "/widgets/0/properties/annotations/horizontal/0",
        ),
        (
            widget(**GRAPH, annotations={"horizontal": [{"value": 80, "color": "red"}]}),
            "/widgets/0/properties/annotations/horizontal/0/color",
        ),
        (
            widget(**GRAPH, annotations={"horizontal": [{"value": 80, "fill": "all"}]}),
            "/widgets/0/properties/annotations/horizontal/0/fill",
        ),
    ],
)
def test_body_that_is_refused(cloudwatch: Any, name: str, wrong: dict[str, Any], path: str) -> None:
    with refused("InvalidParameterInput", f'"dataPath": "{path}"'):
        cloudwatch.put_dashboard(DashboardName=name, DashboardBody=json.dumps({"widgets": [wrong]}))
    with refused("ResourceNotFound"):
        cloudwatch.get_dashboard(DashboardName=name)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("AWS/RDS", ""),
        ([], ""),
        (["AWS/RDS"], ""),
        (["AWS/RDS", 1], ""),
        (["AWS/RDS", "ReadLatency", "DBInstanceIdentifier"], ""),
        ([{"id": "nothing"}], ""),
        (["AWS/RDS", "ReadLatency", {"expression": "1"}], ""),
        (["AWS/RDS", "ReadLatency", {"colour": "#000000"}], "/colour"),
        (["AWS/RDS", "ReadLatency", {"color": "red"}], "/color"),
        (["AWS/RDS", "ReadLatency", {"id": "M1"}], "/id"),
        (["AWS/RDS", "ReadLatency", {"period": 1}], "/period"),
    ],
)
def test_metric_that_is_refused(cloudwatch: Any, name: str, line: Any, path: str) -> None:
    body = json.dumps({"widgets": [widget(region="ap-northeast-2", metrics=[GRAPH["metrics"][0], line])]})
    with refused("InvalidParameterInput", f'"dataPath": "/widgets/0/properties/metrics/1{path}"'):
        cloudwatch.put_dashboard(DashboardName=name, DashboardBody=body)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"start": "-PT6H"}', '{"widgets": {}}'])
def test_body_without_widgets_is_refused(cloudwatch: Any, name: str, text: str) -> None:
    with refused("InvalidParameterInput", "'widgets'"):
        cloudwatch.put_dashboard(DashboardName=name, DashboardBody=text)


def test_name_that_is_refused(cloudwatch: Any) -> None:
    with refused("InvalidParameterValue"):
        cloudwatch.put_dashboard(DashboardName="a/b", DashboardBody='{"widgets": []}')


def test_tags(cloudwatch: Any, name: str) -> None:
    """PutDashboard takes Tags for a new dashboard only; TagResource changes them; they go with the dashboard."""
    body = '{"widgets": []}'
    cloudwatch.put_dashboard(DashboardName=name, DashboardBody=body, Tags=[{"Key": "a", "Value": "1"}])
    cloudwatch.put_dashboard(DashboardName=name, DashboardBody=body, Tags=[{"Key": "a", "Value": "2"}])
    arn = cloudwatch.get_dashboard(DashboardName=name)["DashboardArn"]
    assert arn.split(":")[3] == ""
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "3"}])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "3"}]
    cloudwatch.delete_dashboards(DashboardNames=[name])
    with refused("ResourceNotFoundException"):
        cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "4"}])
    cloudwatch.put_dashboard(DashboardName=name, DashboardBody=body)
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == []
