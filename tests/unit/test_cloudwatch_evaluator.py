"""The evaluator itself, by the examples of the Amazon CloudWatch user guide."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.cloudwatch_evaluator import calculate, evaluate, states, statistic_of

KEEP = None  # "Retain current state"
METRIC = ("Test", "Value")


def alarm(periods: int = 3, needed: int = 3, treatment: str = "missing", **more: Any) -> dict[str, Any]:
    """Breaching above 3."""
    return {
        "namespace": METRIC[0],
        "metric_name": METRIC[1],
        "statistic": "Average",
        "period": 60,
        "threshold": 3,
        "comparison_operator": "GreaterThanThreshold",
        "evaluation_periods": periods,
        "datapoints_to_alarm": needed,
        "treat_missing_data": treatment,
        **more,
    }


def points(text: str) -> list[float | None]:
    """As the guide writes them: 0 within the threshold, X breaching, - missing, the newest on the right."""
    return [{"0": 0.0, "X": 9.0, "-": None}[mark] for mark in text.split()]


@pytest.mark.parametrize(
    ("needed", "text", "missing", "ignore", "breaching", "not_breaching"),
    [
        # "How alarm state is evaluated when data is missing": 3 out of 3, of 5 data points
        (3, "0 - X - X", "OK", "OK", "OK", "OK"),
        (3, "0 - - - -", "OK", "OK", "OK", "OK"),
        (3, "- - - - -", "INSUFFICIENT_DATA", KEEP, "ALARM", "OK"),
        (3, "0 X X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
        (3, "- - X - -", "ALARM", KEEP, "ALARM", "OK"),
        # 2 out of 3
        (2, "0 - X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
        (2, "0 0 X 0 X", "ALARM", "ALARM", "ALARM", "ALARM"),
        (2, "0 - X - -", "OK", "OK", "ALARM", "OK"),
        (2, "- - - - 0", "OK", "OK", "ALARM", "OK"),
        (2, "- - - X -", "ALARM", KEEP, "ALARM", "OK"),
        # "Avoiding premature transitions to alarm state": not at once
        (3, "- - - - X", "INSUFFICIENT_DATA", KEEP, "ALARM", "OK"),
        (3, "- - - X -", "INSUFFICIENT_DATA", KEEP, "ALARM", "OK"),
        (3, "- - - X 0", "OK", "OK", "OK", "OK"),
    ],
)
def test_missing_data(
    needed: int, text: str, missing: str, ignore: str | None, breaching: str, not_breaching: str
) -> None:
    expected = {"missing": missing, "ignore": ignore, "breaching": breaching, "notBreaching": not_breaching}
    found = {treatment: evaluate(alarm(needed=needed, treatment=treatment), points(text)) for treatment in expected}
    assert found == expected


def test_three_periods_in_a_row() -> None:
    """ "Alarm evaluation", the figure: above 3 in the third to fifth period, and in the ninth."""
    values = [2, 2.5, 4, 5, 4, 2, 1, 2, 4, 2]
    found = states(alarm(), {METRIC: [[value] for value in values]}, 10)
    assert found[:2] == ["OK", "OK"]
    assert [number for number, state in enumerate(found, 1) if state == "ALARM"] == [5]
    assert found[5:] == ["OK"] * 5


def test_a_window_slides_each_minute() -> None:
    """ "Alarm evaluation window": five minutes as one period are the last five, whatever the clock says."""
    one = alarm(1, 1, period=300)
    data = {METRIC: [[value] for value in [0, 0, 0, 0, 0, 0, 0, 10, 10, 0, 0, 0, 0]]}
    found = states(one, data, 13)
    assert [number for number, state in enumerate(found, 1) if state == "ALARM"] == [9, 10, 11, 12]  # 20 / 5


def test_ignored_data_keeps_the_state() -> None:
    silent = {METRIC: [[9.0]] * 4 + [[]] * 8}
    assert states(alarm(treatment="ignore"), silent, 12)[-1] == "ALARM"
    assert states(alarm(treatment="notBreaching"), silent, 12)[-1] == "OK"
    assert states(alarm(), silent, 12)[-1] == "INSUFFICIENT_DATA"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # "Basic arithmetic functions": missing values count as 0, what is divided by 0 is dropped
        ("one + two", [3.0, 1.0, 2.0, None]),
        ("one / two", [0.5, None, 0.0, None]),
        ("100 * one", [100.0, 100.0, None, None]),
        ("one - 1", [0.0, 0.0, None, None]),
        ("FILL(one, 7)", [1.0, 1.0, 7.0, 7.0]),
        ("2 * (FILL(one, 0) + two) / 4", [1.5, 0.5, 1.0, 0.0]),
        ("one / (2 * 4)", [0.125, 0.125, None, None]),
    ],
)
def test_metric_math(expression: str, expected: list[float | None]) -> None:
    assert calculate(expression, {"one": [1.0, 1.0, None, None], "two": [2.0, None, 2.0, None]}) == expected


@pytest.mark.parametrize("expression", ["AVG(one)", "one ^ 2", "FILL(one, REPEAT)", "1 + 1"])
def test_what_it_does_not_know_is_no_number(expression: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        calculate(expression, {"one": [1.0]})


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("SampleCount", 20),
        ("Average", 10.5),
        ("Sum", 210),
        ("Minimum", 1),
        ("Maximum", 20),
        ("p50", 10),
        ("p95", 19),
        ("p99", 20),
        ("p100", 20),
        ("p0", 1),
    ],
)
def test_statistics(statistic: str, expected: float) -> None:
    assert statistic_of([float(value) for value in range(20, 0, -1)], statistic) == expected


@pytest.mark.parametrize(
    ("comparison", "breached"),
    [
        ("GreaterThanThreshold", [False, False, True]),
        ("GreaterThanOrEqualToThreshold", [False, True, True]),
        ("LessThanThreshold", [True, False, False]),
        ("LessThanOrEqualToThreshold", [True, True, False]),
    ],
)
def test_comparisons(comparison: str, breached: list[bool]) -> None:
    one = alarm(1, 1, comparison_operator=comparison)
    assert [evaluate(one, [value]) == "ALARM" for value in (2.0, 3.0, 4.0)] == breached
