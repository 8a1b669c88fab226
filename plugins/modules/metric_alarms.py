#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: metric_alarms
version_added: 0.1.0
short_description: CloudWatch alarms, on a metric or on an expression over several
author: TriFlow AI (@triflow-ai)
description:
  - Creates alarms and changes them in place, with tags, percentiles and metric math. The order of dimensions and
    metrics does not matter.
  - Of an alarm that is there, an option that is not given is as if it had never been given, since C(PutMetricAlarm)
    replaces all of it.
  - Option names are those of C(PutMetricAlarm) in the Amazon CloudWatch API reference, where not said otherwise.
options:
  alarms:
    description: The alarms.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: Component, which starts with C(alarm-).
        type: str
        required: true
      alarm_name:
        description: Name of the alarm.
        type: str
        required: true
      alarm_description:
        description: What it tells, and what to do.
        type: str
      namespace:
        description: Namespace of the metric, such as C(AWS/ECS).
        type: str
      metric_name:
        description: Name of the metric.
        type: str
      dimensions:
        description: Dimensions of the metric, values by names.
        type: dict
      statistic:
        description: Statistic over each period.
        type: str
        choices: [SampleCount, Average, Sum, Minimum, Maximum]
      extended_statistic:
        description: Percentile over each period instead, such as C(p95).
        type: str
      period:
        description: Length of a period in seconds.
        type: int
      unit:
        description: Unit of the metric.
        type: str
      metrics:
        description: Instead of one metric, several and an expression over them, as C(MetricDataQuery) has it.
        type: list
        elements: dict
      threshold:
        description: What the value is compared with.
        type: float
      comparison_operator:
        description: How it is compared.
        type: str
        choices:
          - GreaterThanThreshold
          - GreaterThanOrEqualToThreshold
          - LessThanThreshold
          - LessThanOrEqualToThreshold
      evaluation_periods:
        description: Periods that are looked at.
        type: int
      datapoints_to_alarm:
        description: How many of them must be over the threshold. Default all.
        type: int
      treat_missing_data:
        description: What a period without data counts as.
        type: str
        choices: [breaching, notBreaching, ignore, missing]
        default: missing
      alarm_actions:
        description: ARNs of what is done when the alarm goes off.
        type: list
        elements: str
        default: []
      ok_actions:
        description: ARNs of what is done when it is over.
        type: list
        elements: str
        default: []
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Alarms
  triflow.platform.metric_alarms:
    alarms:
      - component: alarm-backend-cpu-high
        alarm_name: triflow-prod-backend-cpu-high
        namespace: AWS/ECS
        metric_name: CPUUtilization
        dimensions: {ClusterName: triflow-prod, ServiceName: backend}
        statistic: Average
        period: 60
        threshold: 70
        comparison_operator: GreaterThanThreshold
        evaluation_periods: 3
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: alarm-backend-cpu-high, action: update, fields: [threshold]}]
resources:
  description: The alarms by component, each with its ARN as C(id) or a placeholder. Empty when absent.
  returned: always
  type: dict
"""

from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.tags import from_aws, to_aws

DESCRIBED_AT_ONCE = 100  # DescribeAlarms, AlarmNames
PARAMETERS = {
    "alarm_description": "AlarmDescription",
    "namespace": "Namespace",
    "metric_name": "MetricName",
    "dimensions": "Dimensions",
    "statistic": "Statistic",
    "extended_statistic": "ExtendedStatistic",
    "period": "Period",
    "unit": "Unit",
    "metrics": "Metrics",
    "threshold": "Threshold",
    "comparison_operator": "ComparisonOperator",
    "evaluation_periods": "EvaluationPeriods",
    "datapoints_to_alarm": "DatapointsToAlarm",
    "treat_missing_data": "TreatMissingData",
    "alarm_actions": "AlarmActions",
    "ok_actions": "OKActions",
    "actions_enabled": "ActionsEnabled",
    "insufficient_data_actions": "InsufficientDataActions",
}
REQUIRED = ("threshold", "comparison_operator", "evaluation_periods")


def dimensions_of(described: list[dict[str, str]] | None) -> dict[str, str]:
    return {item["Name"]: item["Value"] for item in described or []}


def metrics_of(queries: list[dict[str, Any]] | None) -> dict[str, Any]:
    """MetricDataQueries by their ids, with what AWS fills in."""
    found = {}
    for query in queries or []:
        stated = {"ReturnData": True, **query}
        if "MetricStat" in stated:
            metric = stated["MetricStat"]["Metric"]
            dimensions = sorted(dimensions_of(metric.get("Dimensions")).items())
            stated["MetricStat"] = {**stated["MetricStat"], "Metric": {**metric, "Dimensions": dimensions}}
        found[str(query["Id"])] = {key: value for key, value in stated.items() if key != "Id"}
    return found


class Alarm(Resource):
    id_prefix = "arn:aws:cloudwatch:::alarm:"

    def __init__(self, api: Api, options: dict[str, Any], described: dict[str, Any] | None) -> None:
        super().__init__(options["component"])
        self.api = api
        self.name = options["alarm_name"]
        self.options = options
        self.described = described
        self.tags = api.module.tags_of(self.component)

    @override
    def find(self) -> dict[str, Any] | None:
        if self.described is None:
            return None
        arn = self.described["AlarmArn"]
        tags = from_aws(self.api.call("list_tags_for_resource", on=self.name, ResourceARN=arn)["Tags"])
        return {
            **{option: self.described.get(parameter) for option, parameter in PARAMETERS.items()},
            "id": arn,
            "dimensions": dimensions_of(self.described.get("Dimensions")),
            "metrics": metrics_of(self.described.get("Metrics")),
            "treat_missing_data": self.described.get("TreatMissingData", "missing"),
            "tags": tags,
        }

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        given = {option: self.options.get(option) for option in PARAMETERS}
        wanted: dict[str, Any] = {
            **given,
            "dimensions": {key: str(value) for key, value in (given["dimensions"] or {}).items()},
            "metrics": metrics_of(given["metrics"]),
            "actions_enabled": True,
            "insufficient_data_actions": [],
        }
        # PutMetricAlarm replaces everything: what is not given, and is there, differs
        for option, value in wanted.items():
            if value is None and live and live[option] is not None:
                wanted[option] = ""
        return {**wanted, "tags": self.tags}

    def _put(self, **more: Any) -> None:
        parameters = {
            parameter: self.options[option]
            for option, parameter in PARAMETERS.items()
            if self.options.get(option) is not None
        }
        if "Dimensions" in parameters:
            parameters["Dimensions"] = [
                {"Name": name, "Value": str(value)} for name, value in sorted(parameters["Dimensions"].items())
            ]
        self.api.call("put_metric_alarm", on=self.name, AlarmName=self.name, **parameters, **more)

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        self._put(Tags=to_aws(self.tags))
        answer = self.api.call("describe_alarms", on=self.name, AlarmNames=[self.name], AlarmTypes=["MetricAlarm"])
        return str(answer["MetricAlarms"][0]["AlarmArn"])

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if "tags" in fields:
            self.api.call("tag_resource", on=self.name, ResourceARN=live["id"], Tags=to_aws(self.tags))
        if fields != ["tags"]:
            self._put()

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self.api.call("delete_alarms", on=self.name, AlarmNames=[self.name])


@looks_again
def main() -> None:
    text, number, actions = {"type": "str"}, {"type": "int"}, {"type": "list", "elements": "str", "default": []}
    options: dict[str, Any] = {
        "component": {"type": "str", "required": True},
        "alarm_name": {"type": "str", "required": True},
        **dict.fromkeys(("alarm_description", "namespace", "metric_name", "extended_statistic", "unit"), text),
        **dict.fromkeys(("period", "evaluation_periods", "datapoints_to_alarm"), number),
        "dimensions": {"type": "dict"},
        "statistic": {"type": "str", "choices": ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]},
        "metrics": {"type": "list", "elements": "dict"},
        "threshold": {"type": "float"},
        "comparison_operator": {
            "type": "str",
            "choices": [
                "GreaterThanThreshold",
                "GreaterThanOrEqualToThreshold",
                "LessThanThreshold",
                "LessThanOrEqualToThreshold",
            ],
        },
        "treat_missing_data": {
            "type": "str",
            "choices": ["breaching", "notBreaching", "ignore", "missing"],
            "default": "missing",
        },
        "alarm_actions": actions,
        "ok_actions": actions,
    }
    module = StackModule({"alarms": {"type": "list", "elements": "dict", "required": True, "options": options}})
    entries = module.params["alarms"]
    for entry in entries if module.params["state"] == "present" else ():
        missing = [name for name in REQUIRED if entry[name] is None]
        if missing:
            module.fail(f"{entry['component']} lacks {', '.join(missing)}: state present needs them")
        if bool(entry["metric_name"]) == bool(entry["metrics"]):
            module.fail(f"{entry['component']} takes either metric_name or metrics: give one of them")
    api = module.api("cloudwatch")
    names = [entry["alarm_name"] for entry in entries]
    there = {
        alarm["AlarmName"]: alarm
        for first in range(0, len(names), DESCRIBED_AT_ONCE)
        for alarm in api.pages(
            "describe_alarms",
            "MetricAlarms",
            on="the alarms",
            AlarmNames=names[first : first + DESCRIBED_AT_ONCE],
            AlarmTypes=["MetricAlarm"],
        )
    }
    run = Run(module)
    run.converge([Alarm(api, entry, there.get(entry["alarm_name"])) for entry in entries])
    run.exit()


if __name__ == "__main__":
    main()
