"""A small CloudWatch: what state an alarm has after each minute of a series, by the rules of the user guide.

It takes an alarm as ``metric_alarms`` does. Sources, all of the Amazon CloudWatch user guide: "Alarm evaluation",
"Alarm evaluation window" (a sliding window, looked at each minute), "Configuring how CloudWatch alarms treat missing
data", "Using math expressions", "CloudWatch statistics definitions".

The guide does not say how many data points CloudWatch fetches beyond the evaluation periods. Its examples have two;
callers try several.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Alarm = Mapping[str, Any]
Samples = Sequence[Sequence[float]]  # what was measured in each minute; nothing in a minute without data
Data = Mapping[tuple[str, str], Samples]  # by namespace and name of the metric
Series = list[float | None]  # a value each period, None where there is none

BREACHES: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {
    "SampleCount": len,
    "Average": lambda values: sum(values) / len(values),
    "Sum": sum,
    "Minimum": min,
    "Maximum": max,
}
OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def states(alarm: Alarm, data: Data, minutes: int, extra: int = 2) -> list[str]:
    """The alarm's state after each of the minutes, from INSUFFICIENT_DATA on.

    ``extra`` is the number of data points that the evaluation range has beyond the evaluation periods.
    """
    state, found = "INSUFFICIENT_DATA", []
    for minute in range(1, minutes + 1):
        points = datapoints(alarm, data, minute, alarm["evaluation_periods"] + extra)
        state = evaluate(alarm, points) or state
        found.append(state)
    return found


def datapoints(alarm: Alarm, data: Data, minute: int, count: int) -> Series:
    """The alarm's last data points after that minute, the newest last: of its metric, or of its expression."""
    if not alarm.get("metrics"):
        statistic = alarm.get("extended_statistic") or alarm["statistic"]
        samples = data.get((alarm["namespace"], alarm["metric_name"]), [])
        return _aggregate(samples, statistic, alarm["period"], minute, count)
    series = {}
    for query in alarm["metrics"]:
        if "MetricStat" in query:
            metric, stat = query["MetricStat"]["Metric"], query["MetricStat"]
            samples = data.get((metric["Namespace"], metric["MetricName"]), [])
            series[query["Id"]] = _aggregate(samples, stat["Stat"], stat["Period"], minute, count)
    (watched,) = [query for query in alarm["metrics"] if query.get("ReturnData", True)]
    return calculate(watched["Expression"], series)


def _aggregate(samples: Samples, statistic: str, period: int, minute: int, count: int) -> Series:
    """The statistic over each of the last periods, which end with this minute and have no data before the first."""
    length = period // 60
    found: Series = []
    for back in reversed(range(count)):
        end = minute - back * length
        values = [value for one in samples[max(end - length, 0) : max(end, 0)] for value in one]
        found.append(statistic_of(values, statistic) if values else None)
    return found


def statistic_of(values: Sequence[float], statistic: str) -> float:
    """The statistic of the values; p95 is the value that at least 95 % of them do not exceed."""
    if statistic in STATISTICS:
        return STATISTICS[statistic](values)
    rank = math.ceil(float(statistic.removeprefix("p")) * len(values) / 100)
    return sorted(values)[max(rank, 1) - 1]


def calculate(expression: str, series: Mapping[str, Series]) -> Series:
    """Metric math: arithmetic and FILL with a number.

    Of two series the one without a value counts as 0, where the other has one. What would be divided by 0 is dropped.
    """
    length = len(next(iter(series.values())))
    value = _value(ast.parse(expression, mode="eval").body, series, length)
    if not isinstance(value, list):
        raise TypeError(f"{expression} is no time series")
    return value


def _value(node: ast.expr, series: Mapping[str, Series], length: int) -> Series | float:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return float(node.value)
    if isinstance(node, ast.Name):
        return series[node.id]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "FILL":
        filled, filler = (_value(argument, series, length) for argument in node.args)
        if isinstance(filled, list) and isinstance(filler, float):
            return [filler if value is None else value for value in filled]
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, series, length), _value(node.right, series, length)
        calculation = OPERATORS[type(node.op)]
        if isinstance(left, float) and isinstance(right, float):
            return calculation(left, right)
        return [
            _pair(calculation, one, other) for one, other in zip(_each(left, length), _each(right, length), strict=True)
        ]
    raise ValueError(f"{ast.unparse(node)} is not understood")


def _each(value: Series | float, length: int) -> list[tuple[float | None, bool]]:
    """A value each period, and whether it is a scalar's, which alone makes no data point."""
    if isinstance(value, list):
        return [(item, False) for item in value]
    return [(value, True)] * length


def _pair(
    calculation: Callable[[float, float], float], left: tuple[float | None, bool], right: tuple[float | None, bool]
) -> float | None:
    if all(value is None or scalar for value, scalar in (left, right)):
        return None
    try:
        return calculation(left[0] or 0.0, right[0] or 0.0)
    except ZeroDivisionError:
        return None


def evaluate(alarm: Alarm, points: Series) -> str | None:
    """The state that the data points of the evaluation range give, the newest last. None: the state stays as it is."""
    periods = alarm["evaluation_periods"]
    needed = alarm.get("datapoints_to_alarm") or periods
    breaches = BREACHES[alarm["comparison_operator"]]
    real = [breaches(value, alarm["threshold"]) for value in points if value is not None]
    treatment = alarm["treat_missing_data"]
    if len(real) >= periods:  # the setting for missing data is not needed
        return _counted(real[-periods:].count(True), needed)
    if not real and treatment in ("missing", "ignore"):
        return "INSUFFICIENT_DATA" if treatment == "missing" else None
    filled = (periods - len(real)) if treatment == "breaching" else 0
    breaching = real.count(True) + filled
    if treatment in ("breaching", "notBreaching") or breaching >= needed or not all(real):
        return _counted(breaching, needed)
    if treatment == "ignore":
        return None
    # "Avoiding premature transitions to alarm state": all that is there breaches, and the oldest of it is old enough
    oldest = len(points) - next(number for number, value in enumerate(points) if value is not None)
    return "ALARM" if oldest >= needed else "INSUFFICIENT_DATA"


def _counted(breaching: int, needed: int) -> str:
    return "ALARM" if breaching >= needed else "OK"
