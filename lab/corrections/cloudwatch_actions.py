"""CloudWatch alarms act: a change of state is published to the topics that the alarm names.

Amazon CloudWatch user guide, "Notifying users on alarm changes" with the example of an SNS message; Amazon CloudWatch
API reference, SetAlarmState. Nothing evaluates metrics in the lab: SetAlarmState is what changes a state.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend, Dimension
from moto.sns.models import sns_backends

from lab.corrections.override import override
from lab.corrections.service_principals import may_publish

REGION_NAMES = {"ap-northeast-2": "Asia Pacific (Seoul)"}


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}+0000"


def _dimensions(dimensions: list[Dimension]) -> list[dict[str, str | None]]:
    return [{"value": dimension.value, "name": dimension.name} for dimension in dimensions]


def _trigger(alarm: Alarm) -> dict[str, Any]:
    """What the message tells of the metric, or of the metrics and their expression."""
    common: dict[str, Any] = {
        "Period": int(alarm.period) if alarm.period else None,
        "EvaluationPeriods": int(alarm.evaluation_periods),
        "DatapointsToAlarm": int(alarm.datapoints_to_alarm or alarm.evaluation_periods),
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": float(alarm.threshold),
        "TreatMissingData": alarm.treat_missing_data or "missing",
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile or "",
    }
    if alarm.metric_data_queries:
        return {**common, "Metrics": [_query(query) for query in alarm.metric_data_queries]}
    statistic = {"StatisticType": "Statistic", "Statistic": str(alarm.statistic).upper()}
    if alarm.extended_statistic:
        statistic = {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": alarm.extended_statistic}
    return {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        **statistic,
        "Unit": alarm.unit,
        "Dimensions": _dimensions(alarm.dimensions),
        **common,
    }


def _query(query: Any) -> dict[str, Any]:
    shown = {"Id": query.id, "Label": query.label, "ReturnData": query.return_data not in ("false", False)}
    if query.expression:
        return {**shown, "Expression": query.expression}
    stat = query.metric_stat
    metric = {
        "Dimensions": _dimensions(stat.metric.dimensions),
        "MetricName": stat.metric.metric_name,
        "Namespace": stat.metric.namespace,
    }
    return {**shown, "MetricStat": {"Metric": metric, "Period": int(stat.period), "Stat": stat.stat}}


def message(alarm: Alarm, old_state: str, account: str) -> dict[str, Any]:
    """The message of a change of state."""
    return {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description or None,
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": _moment(alarm.configuration_updated_timestamp),
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": _moment(alarm.state_updated_timestamp),
        "Region": REGION_NAMES.get(alarm.region_name, alarm.region_name),
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": old_state,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
        "Trigger": _trigger(alarm),
    }


@override(CloudWatchBackend, "set_alarm_state")
def _set_alarm_state(original: Any, self: CloudWatchBackend, alarm_name: str, *rest: Any, **more: Any) -> None:
    """SetAlarmState: "if an alarm's state changes, its actions are invoked"; not when they are disabled."""
    before = self.alarms[alarm_name].state_value if alarm_name in self.alarms else None
    original(self, alarm_name, *rest, **more)
    alarm = self.alarms[alarm_name]
    if alarm.state_value == before or not alarm.actions_enabled:
        return
    actions = {
        "ALARM": alarm.alarm_actions,
        "OK": alarm.ok_actions,
        "INSUFFICIENT_DATA": alarm.insufficient_data_actions,
    }[alarm.state_value]
    content = message(alarm, str(before), self.account_id)
    subject = f'{alarm.state_value}: "{alarm.name}" in {content["Region"]}'[:100]
    for arn in actions or []:
        topic = sns_backends[self.account_id][self.region_name].topics.get(arn)
        if topic and may_publish(topic, "cloudwatch.amazonaws.com", alarm.alarm_arn):
            topic.publish(json.dumps(content), subject=subject)
