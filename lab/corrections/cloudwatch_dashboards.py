"""CloudWatch dashboards: what a body may hold, tags, and no tags after the dashboard is gone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from moto.cloudwatch.exceptions import DashboardInvalidInputError, InvalidParameterValue
from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse

from lab.corrections.override import override

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
TYPES = ("metric", "text", "log", "alarm", "explorer", "chart")
VIEWS = ("timeSeries", "singleValue", "gauge", "bar", "pie", "table")
STATISTIC = re.compile(r"SampleCount|Average|Sum|Minimum|Maximum|p\d{1,2}(\.\d+)?|p100")
COLOR = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
RENDERING = ("accountId", "color", "expression", "id", "label", "period", "region", "stat", "visible", "yAxis")
METRICS = 500
ALARMS = 100
WIDGETS = 500

Found = Iterator[tuple[str, str]]


def problems(body: Any) -> list[dict[str, str]]:
    """What PutDashboard refuses in a body: "Dashboard Body Structure and Syntax" in the CloudWatch API reference."""
    if not isinstance(body, dict) or not isinstance(body.get("widgets"), list):
        return [{"dataPath": "", "message": "Should have required property 'widgets'"}]
    found = []
    if len(body["widgets"]) > WIDGETS:
        found.append(("/widgets", f"Should NOT have more than {WIDGETS} items"))
    for index, widget in enumerate(body["widgets"]):
        found += [(f"/widgets/{index}{path}", message) for path, message in _widget(widget)]
    return [{"dataPath": path, "message": message} for path, message in found]


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _widget(widget: dict[str, Any]) -> Found:
    kind, properties = widget.get("type"), widget.get("properties")
    if kind not in TYPES:
        yield "/type", f"Should be equal to one of the allowed values: {', '.join(TYPES)}"
    for name, least, most in (("x", 0, 23), ("y", 0, None), ("width", 1, 24), ("height", 1, 1000)):
        value = widget.get(name, least)
        if not _is_whole(value) or value < least or (most is not None and value > most):
            yield f"/{name}", f"Should be an integer from {least}" + (f" to {most}" if most else "")
    if ("x" in widget) != ("y" in widget):
        yield "", "Should have required properties 'x' and 'y' or neither"
    if not isinstance(properties, dict):
        yield "", "Should have required property 'properties'"
    elif kind == "text" and not isinstance(properties.get("markdown"), str):
        yield "/properties", "Should have required property 'markdown'"
    elif kind == "alarm":
        alarms = properties.get("alarms")
        if not isinstance(alarms, list) or not 1 <= len(alarms) <= ALARMS:
            yield "/properties/alarms", f"Should have 1 to {ALARMS} items"
    elif kind == "metric":
        for path, message in _graph(properties):
            yield f"/properties{path}", message


def _graph(properties: dict[str, Any]) -> Found:
    annotations = properties.get("annotations", {})
    if "metrics" not in properties and not annotations.get("alarms"):
        yield "", "Should have required property 'metrics'"
    if "region" not in properties:
        yield "", "The metric widget should have specified a region and a data source or an alarm annotation"
    if properties.get("view", "timeSeries") not in VIEWS:
        yield "/view", f"Should be equal to one of the allowed values: {', '.join(VIEWS)}"
    if not re.fullmatch(r"[+-]\d{4}", properties.get("timezone", "+0000")):
        yield "/timezone", "Should match pattern [+-]hhmm"
    yield from _rendering(properties)
    lines = properties.get("metrics", [])
    if not isinstance(lines, list) or len(lines) > METRICS:
        yield "/metrics", f"Should be an array of at most {METRICS} items"
        return
    for index, line in enumerate(lines):
        for path, message in _line(line):
            yield f"/metrics/{index}{path}", message
    if annotations.get("alarms") and (lines or annotations.get("horizontal") or annotations.get("vertical")):
        yield "/annotations", "An alarm stands alone: no metrics and no other annotations"
    for index, line in enumerate(annotations.get("horizontal", [])):
        for item in line if isinstance(line, list) else [line]:
            if isinstance(item.get("value"), bool) or not isinstance(item.get("value"), int | float):
                yield f"/annotations/horizontal/{index}", "Should have required property 'value', a number"
            if not COLOR.fullmatch(item.get("color", "#000000")):
                yield f"/annotations/horizontal/{index}/color", "Should match format hex color"
            if item.get("fill", "none") not in ("above", "below", "none"):
                yield f"/annotations/horizontal/{index}/fill", "Should be above, below or none"


def _line(line: Any) -> Found:
    """A metric: namespace, name, pairs of dimensions, and how it is drawn; an expression: an object alone."""
    if not isinstance(line, list) or not line:
        yield "", "Should be an array"
        return
    rendering = line[-1] if isinstance(line[-1], dict) else {}
    texts = line[:-1] if isinstance(line[-1], dict) else line
    if not all(isinstance(text, str) for text in texts):
        yield "", "Should be strings"
    elif texts and (len(texts) < 2 or len(texts) % 2):
        yield "", "Should have a namespace, a name and pairs of dimension names and values"
    elif bool(texts) == ("expression" in rendering):
        yield "", "Should be either a metric or an expression"
    for name in set(rendering) - set(RENDERING):
        yield f"/{name}", "Should NOT have additional properties"
    if not re.fullmatch(r"[a-z]\w*", rendering.get("id", "a")):
        yield "/id", "Should begin with a lower-case letter"
    yield from _rendering(rendering)


def _rendering(properties: dict[str, Any]) -> Found:
    period = properties.get("period", 60)
    if not _is_whole(period) or period < 60 or period % 60:
        yield "/period", "Should be a multiple of 60"
    if not STATISTIC.fullmatch(properties.get("stat", "Average")):
        yield "/stat", "Should be a statistic"
    if not COLOR.fullmatch(properties.get("color", "#000000")):
        yield "/color", "Should match format hex color"


@override(CloudWatchResponse, "put_dashboard")
def _put_dashboard(original: Any, self: CloudWatchResponse) -> Any:
    """PutDashboard: DashboardName, DashboardBody, and Tags, which count only for a new dashboard."""
    name = self._get_param("DashboardName")
    if not NAME.fullmatch(name):
        raise InvalidParameterValue(f"The value {name} for DashboardName is not valid.")
    try:
        body = json.loads(self._get_param("DashboardBody"))
    except ValueError:
        body = None
    found = problems(body)
    if found:
        count = f"there are {len(found)} validation errors"
        raise DashboardInvalidInputError(f"The dashboard body is invalid, {count}:\n{json.dumps(found)}")
    backend = self.cloudwatch_backend
    is_new = backend.get_dashboard(name) is None
    answer = original(self)
    dashboard = backend.get_dashboard(name)
    if is_new and dashboard:
        backend.tagger.tag_resource(dashboard.arn, self._get_param("Tags", []))
    return answer


@override(CloudWatchBackend, "delete_dashboards")
def _delete_dashboards(original: Any, self: CloudWatchBackend, dashboards: list[str]) -> Any:
    """DeleteDashboards: the tags go with the dashboard."""
    for name in dashboards:
        if name in self.dashboards:
            self.tagger.delete_all_tags_for_resource(self.dashboards[name].arn)
    return original(self, dashboards)


@override(CloudWatchBackend, "tag_resource")
def _tag_resource(original: Any, self: CloudWatchBackend, arn: str, tags: dict[str, str]) -> None:
    """TagResource: dashboards can be tagged, too."""
    if any(dashboard.arn == arn for dashboard in self.dashboards.values()):
        self.tagger.tag_resource(arn, self.tagger.convert_dict_to_tags_input(tags))
    else:
        original(self, arn, tags)
