"""cloudwatch_dashboard (MON-4..7)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk

MODULE = "cloudwatch_dashboard"


def text(markdown: str, y: int = 0) -> dict[str, Any]:
    return {"type": "text", "x": 0, "y": y, "width": 24, "height": 2, "properties": {"markdown": markdown}}


def graph(*metrics: list[Any], title: str = "Latency") -> dict[str, Any]:
    properties = {"title": title, "region": "ap-northeast-2", "metrics": list(metrics)}
    return {"type": "metric", "x": 0, "y": 4, "width": 12, "height": 6, "properties": properties}


READ = ["AWS/RDS", "ReadLatency", "DBInstanceIdentifier", "a"]
TURNED = ["AWS/RDS", "ReadLatency", "a", "DBInstanceIdentifier"]
WRITE = ["AWS/RDS", "WriteLatency", "DBInstanceIdentifier", "a"]


@pytest.fixture(scope="module")
def cloudwatch(lab: Lab) -> Any:
    return lab.aws("cloudwatch")


def widgets(cloudwatch: Any, name: str) -> Any:
    try:
        found = cloudwatch.get_dashboard(DashboardName=name)
    except cloudwatch.exceptions.ClientError:
        return None
    return [widget["properties"].get("markdown") for widget in json.loads(found["DashboardBody"])["widgets"]]


def tags(cloudwatch: Any, name: str) -> dict[str, str]:
    arn = cloudwatch.get_dashboard(DashboardName=name)["DashboardArn"]
    return {tag["Key"]: tag["Value"] for tag in cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]}


def test_grammar(lab: Lab, cloudwatch: Any, stack: str, run_module: RunModule) -> None:
    def read() -> Any:
        found = widgets(cloudwatch, stack)
        return found and (sorted(found), tags(cloudwatch, stack))

    own = {"Name": f"{stack}-dashboard", "triflow:stack": stack, "triflow:component": "dashboard"}
    case = Case(
        module=MODULE,
        options={"name": stack, "body": {"widgets": [text("one"), text("two", y=2), text("three", y=4)]}},
        update={"body": {"widgets": [text("1"), text("two", y=2), text("four", y=6)]}, "tags": {"team": "platform"}},
        read=read,
        created=(["one", "three", "two"], own),
        updated=(["1", "four", "two"], {**own, "team": "platform"}),
        deleted=None,
        creates=["dashboard"],
        named=["dashboard"],
        updates={"dashboard": ["widget at 0,0", "widget at 0,4", "widget at 0,6", "tags"]},
        deletes=["dashboard"],
        refused=[
            ({"body": None}, "state is present but all of the following are missing: body"),
            ({"name": None}, "missing required arguments: name"),
        ],
    )
    walk(case, lab, run_module)


def test_spelling_and_order_of_widgets_make_no_difference(cloudwatch: Any, stack: str, run_module: RunModule) -> None:
    drawn = graph(READ)
    drawn["properties"]["annotations"] = {"horizontal": [{"value": 80, "label": "high"}]}
    body = {"start": "-PT6H", "widgets": [text("a"), drawn]}
    run_module(MODULE, name=stack, body=body)
    turned = {"widgets": [dict(reversed(widget.items())) for widget in (drawn, text("a"))], "start": "-PT6H"}
    spelled = json.dumps(turned, indent=3).replace('"value": 80', '"value": 8.0E1')
    cloudwatch.put_dashboard(DashboardName=stack, DashboardBody=spelled)
    assert "8.0E1" in cloudwatch.get_dashboard(DashboardName=stack)["DashboardBody"]
    assert run_module(MODULE, check=True, name=stack, body=body)["changes"][0]["action"] == "none"


@pytest.mark.parametrize(
    ("other", "lines"),
    [
        pytest.param([WRITE, READ], {"01": json.dumps(WRITE), "02": json.dumps(READ)}, id="lines"),
        pytest.param([TURNED, WRITE], {"01": json.dumps(TURNED), "02": json.dumps(WRITE)}, id="dimension"),
    ],
)
def test_the_diff_shows_only_the_widget_whose_metrics_have_another_order(
    cloudwatch: Any, stack: str, run_module: RunModule, other: list[Any], lines: dict[str, str]
) -> None:
    body = {"widgets": [text("a"), graph(READ, WRITE)]}
    run_module(MODULE, name=stack, body=body)
    changed = {"widgets": [text("a"), graph(*other)]}
    cloudwatch.put_dashboard(DashboardName=stack, DashboardBody=json.dumps(changed))
    result = run_module(MODULE, check=True, name=stack, body=body)
    (diff,) = result["diff"]
    assert list(diff["before"]) == list(diff["after"]) == ["widget Latency"]
    assert diff["before"]["widget Latency"]["properties"]["metrics"] == lines
    assert diff["after"]["widget Latency"]["properties"]["metrics"]["01"] == json.dumps(READ)


def test_what_somebody_added_goes(cloudwatch: Any, stack: str, run_module: RunModule) -> None:
    body = {"widgets": [text("a")]}
    run_module(MODULE, name=stack, body=body)
    added = {"widgets": [text("a"), graph(READ), graph(WRITE)], "periodOverride": "auto"}
    cloudwatch.put_dashboard(DashboardName=stack, DashboardBody=json.dumps(added))
    result = run_module(MODULE, name=stack, body=body)
    fields = sorted(result["changes"][0]["fields"])
    assert fields == ["periodOverride", "widget Latency", "widget Latency at 0,4"]
    assert json.loads(cloudwatch.get_dashboard(DashboardName=stack)["DashboardBody"]) == body


def test_whose_dashboard_it_is(cloudwatch: Any, stack: str, run_module: RunModule) -> None:
    """Without our tag it is taken over only when it is named, and never deleted; so is another stack's."""
    body = {"widgets": [text("a")]}
    cloudwatch.put_dashboard(DashboardName=stack, DashboardBody=json.dumps(body))
    assert run_module(MODULE, name=stack, state="absent")["changed"] is False
    assert "has no tag triflow:stack" in run_module(MODULE, name=stack, body=body)["msg"]
    assert run_module(MODULE, name=stack, body=body, adopt=["dashboard"])["changes"][0]["fields"] == ["tags"]
    assert tags(cloudwatch, stack)["triflow:stack"] == stack
    result = run_module(MODULE, stack="other", name=stack, body={"widgets": []})
    assert result["failed"]
    assert f"{stack} is there and belongs to the stack {stack}." in result["msg"]
    assert run_module(MODULE, stack="other", name=stack, state="absent")["changed"] is False
    assert widgets(cloudwatch, stack) == ["a"]


def test_a_refused_body_names_where_it_is_wrong(cloudwatch: Any, stack: str, run_module: RunModule) -> None:
    result = run_module(MODULE, name=stack, body={"widgets": [text("a"), graph(READ[:3])]})
    assert result["failed"]
    assert f"PutDashboard failed on {stack}" in result["msg"]
    assert "/widgets/1/properties/metrics/0" in result["msg"]
    assert widgets(cloudwatch, stack) is None


def test_what_cloudwatch_would_not_draw_is_a_warning(
    stack: str, run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Api.call

    def call(self: Api, operation: str, /, **parameters: Any) -> dict[str, Any]:
        answer = original(self, operation, **parameters)
        if operation == "put_dashboard":
            answer["DashboardValidationMessages"] = [{"DataPath": "/widgets/0", "Message": "Too old"}]
        return answer

    monkeypatch.setattr(Api, "call", call)
    result = run_module(MODULE, name=stack, body={"widgets": [text("a")]})
    assert result["changed"]
    assert result["warnings"] == [f"CloudWatch on {stack}/widgets/0: Too old"]
