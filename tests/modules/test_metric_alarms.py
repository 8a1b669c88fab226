"""metric_alarms (CMP-5, CMP-6)."""

from __future__ import annotations

from typing import Any

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags, tags

MODULE = "metric_alarms"
COMPONENT = "alarm-backend-cpu-high"
TOPIC = "arn:aws:sns:ap-northeast-2:123456789012:alarms"


def alarm(stack: str, **options: Any) -> dict[str, Any]:
    wanted = {
        "component": COMPONENT,
        "alarm_name": f"{stack}-cpu-high",
        "namespace": "AWS/ECS",
        "metric_name": "CPUUtilization",
        "dimensions": {"ServiceName": "backend", "ClusterName": stack},
        "statistic": "Average",
        "period": 60,
        "threshold": 70,
        "comparison_operator": "GreaterThanThreshold",
        "evaluation_periods": 3,
    }
    return {**wanted, **options}


def share_of_errors(stack: str) -> dict[str, Any]:
    """100 * 5xx / requests (the form of ALM-4)."""

    def metric(name: str) -> dict[str, Any]:
        dimensions = [{"Name": "LoadBalancer", "Value": "app/x/1"}, {"Name": "TargetGroup", "Value": "targetgroup/x/1"}]
        stat = {"Namespace": "AWS/ApplicationELB", "MetricName": name, "Dimensions": dimensions}
        return {"MetricStat": {"Metric": stat, "Period": 60, "Stat": "Sum"}, "ReturnData": False}

    return {
        "component": "alarm-errors",
        "alarm_name": f"{stack}-errors",
        "metrics": [
            {"Id": "share", "Expression": "100 * errors / requests", "Label": "Share of errors", "ReturnData": True},
            {"Id": "errors", **metric("HTTPCode_Target_5XX_Count")},
            {"Id": "requests", **metric("RequestCount")},
        ],
        "threshold": 5,
        "comparison_operator": "GreaterThanThreshold",
        "evaluation_periods": 1,
        "treat_missing_data": "notBreaching",
        "alarm_actions": [TOPIC],
    }


def found(lab: Lab, name: str) -> dict[str, Any] | None:
    return next(iter(lab.aws("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]), None)


def test_grammar(lab: Lab, stack: str, run_module: RunModule) -> None:
    cloudwatch = lab.aws("cloudwatch")

    def read() -> Any:
        live = found(lab, f"{stack}-cpu-high")
        if live is None:
            return None
        described = cloudwatch.list_tags_for_resource(ResourceARN=live["AlarmArn"])
        assert tags(described) == expected_tags(stack, COMPONENT)
        assert {item["Name"]: item["Value"] for item in live["Dimensions"]} == {
            "ServiceName": "backend",
            "ClusterName": stack,
        }
        return live["Threshold"], live["EvaluationPeriods"], live["TreatMissingData"], live["AlarmActions"]

    case = Case(
        module=MODULE,
        options={"alarms": [alarm(stack)]},
        update={"alarms": [alarm(stack, threshold=80, treat_missing_data="ignore", alarm_actions=[TOPIC])]},
        read=read,
        created=(70.0, 3, "missing", []),
        updated=(80.0, 3, "ignore", [TOPIC]),
        deleted=None,
        creates=[COMPONENT],
        named=[COMPONENT],
        updates={COMPONENT: ["threshold", "treat_missing_data", "alarm_actions"]},
        deletes=[COMPONENT],
        refused=[
            ({"alarms": None}, "missing required arguments: alarms"),
            ({"alarms": [alarm(stack, threshold=None)]}, f"{COMPONENT} lacks threshold"),
            ({"alarms": [alarm(stack, metric_name=None)]}, "either metric_name or metrics"),
            ({"alarms": [alarm(stack, comparison_operator=">")]}, "value of comparison_operator must be one of"),
        ],
    )
    walk(case, lab, run_module)


def test_metric_math_in_any_order(lab: Lab, stack: str, run_module: RunModule) -> None:
    errors = share_of_errors(stack)
    assert run_module(MODULE, alarms=[errors])["changed"] is True
    live = found(lab, f"{stack}-errors")
    assert live
    assert {query["Id"] for query in live["Metrics"]} == {"share", "errors", "requests"}
    turned = {**errors, "metrics": list(reversed(errors["metrics"]))}
    assert run_module(MODULE, alarms=[turned])["changed"] is False
    changed = {
        **errors,
        "metrics": [{**errors["metrics"][0], "Expression": "errors / requests"}, *errors["metrics"][1:]],
    }
    assert run_module(MODULE, alarms=[changed])["changes"][0]["fields"] == ["metrics"]


def test_a_percentile_takes_the_place_of_a_statistic(stack: str, run_module: RunModule) -> None:
    """PutMetricAlarm replaces all of an alarm, so what is not given goes."""
    run_module(MODULE, alarms=[alarm(stack)])
    changed = alarm(stack, extended_statistic="p95")
    del changed["statistic"]
    assert sorted(run_module(MODULE, alarms=[changed])["changes"][0]["fields"]) == ["extended_statistic", "statistic"]
    assert run_module(MODULE, alarms=[changed])["changed"] is False


def test_actions_that_somebody_switched_off(lab: Lab, stack: str, run_module: RunModule) -> None:
    run_module(MODULE, alarms=[alarm(stack, alarm_actions=[TOPIC])])
    lab.aws("cloudwatch").disable_alarm_actions(AlarmNames=[f"{stack}-cpu-high"])
    result = run_module(MODULE, alarms=[alarm(stack, alarm_actions=[TOPIC])])
    assert result["changes"][0]["fields"] == ["actions_enabled"]
    assert run_module(MODULE, alarms=[alarm(stack, alarm_actions=[TOPIC])])["changed"] is False


def test_an_alarm_of_somebody_else_is_neither_deleted_nor_taken_unasked(
    lab: Lab, stack: str, run_module: RunModule
) -> None:
    lab.aws("cloudwatch").put_metric_alarm(
        AlarmName=f"{stack}-cpu-high",
        Namespace="AWS/ECS",
        MetricName="CPUUtilization",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    assert run_module(MODULE, alarms=[alarm(stack)], state="absent")["changed"] is False
    assert found(lab, f"{stack}-cpu-high")
    assert "has no tag triflow:stack" in run_module(MODULE, alarms=[alarm(stack)])["msg"]
    assert "tags" in run_module(MODULE, alarms=[alarm(stack)], adopt=[COMPONENT])["changes"][0]["fields"]


def test_two_alarms_in_one_run(stack: str, run_module: RunModule) -> None:
    result = run_module(MODULE, alarms=[alarm(stack), share_of_errors(stack)])
    assert sorted(result["resources"]) == [COMPONENT, "alarm-errors"]
    assert result["resources"]["alarm-errors"]["id"].endswith(f":alarm:{stack}-errors")
