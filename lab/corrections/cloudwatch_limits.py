"""CloudWatch alarms that PutMetricAlarm refuses: Amazon CloudWatch API reference, PutMetricAlarm and its model."""

from __future__ import annotations

from typing import Any

from botocore.session import get_session
from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.models import CloudWatchBackend

from lab.corrections.override import override

MODEL = get_session().get_service_model("cloudwatch")
NAME_LENGTH = 255
SHORT_PERIODS = (10, 20, 30)  # of high-resolution metrics; all others are multiples of a minute
HOUR, DAY = 3600, 86400
MISSING_DATA = ("breaching", "notBreaching", "ignore", "missing")


def _enumeration(shape: str) -> list[str]:
    return list(MODEL.shape_for(shape).enum)


ENUMERATIONS = {
    "comparison_operator": ("comparisonOperator", _enumeration("ComparisonOperator")),
    "statistic": ("statistic", _enumeration("Statistic")),
    "unit": ("unit", _enumeration("StandardUnit")),
}


@override(CloudWatchBackend, "put_metric_alarm")
def _put_metric_alarm(original: Any, self: CloudWatchBackend, name: str, *rest: Any, **more: Any) -> Any:
    """PutMetricAlarm: names, enumerations, periods, and how far back an alarm may look."""
    if len(name) > NAME_LENGTH:
        _refuse("alarmName", name, f"Member must have length less than or equal to {NAME_LENGTH}")
    for option, (parameter, values) in ENUMERATIONS.items():
        if more.get(option) and more[option] not in values:
            _refuse(parameter, more[option], f"Member must satisfy enum value set: {values}")
    missing_data = more.get("treat_missing_data")
    if missing_data and missing_data not in MISSING_DATA:
        raise ValidationError(
            f"Option {missing_data} is not supported. Supported options for parameter TreatMissingData are "
            f"{', '.join(MISSING_DATA)}."
        )
    _check_periods(more)
    return original(self, name, *rest, **more)


def _check_periods(options: dict[str, Any]) -> None:
    queries = options.get("metric_data_queries") or []
    stats = [query.metric_stat for query in queries if query.metric_stat]
    periods = [int(period) for period in [options.get("period"), *(stat.period for stat in stats)] if period]
    for period in periods:
        if period % 60 and period not in SHORT_PERIODS:
            raise ValidationError("Period must be 10, 20, 30 or a multiple of 60")
    count = int(options["evaluation_periods"])
    if int(options.get("datapoints_to_alarm") or count) > count:
        raise ValidationError("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
    longest = max(periods, default=0)
    limit = 7 * DAY if longest >= HOUR else DAY
    if longest * count > limit:
        raise ValidationError(f"Metrics cannot be checked across more than {limit // DAY} day(s)")


def _refuse(parameter: str, value: str, constraint: str) -> None:
    raise ValidationError(
        f"1 validation error detected: Value '{value}' at '{parameter}' failed to satisfy constraint: {constraint}"
    )
