"""The cost of a stack with measured usage, as a user asks for it: what it reads, what it says, and what it needs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Lab
from tests.integration.playbook import Played, play
from tests.integration.test_cost import cost
from tests.modules.tagging import expected_tags, tag_list

STACK = "triflow-usage"
GIB = 2**30
MEASURED = ("-e", "cost_usage_measured=true")


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("usage") / "hosts.yml"
    path.write_text(f"prod: {{hosts: {{{STACK}: {{s3_bucket_name: {STACK}, dns_zone_name: {STACK}.com}}}}}}\n")
    return path


@pytest.fixture(scope="module")
def used(lab: Lab) -> None:
    """A log group and a topic of the stack, 10 days old, and nothing else."""
    group, topic = f"/aws/ecs/{STACK}-backend", f"{STACK}-alarms"
    lab.aws("logs").create_log_group(logGroupName=group, tags=expected_tags(STACK, "log-group-backend"))
    lab.aws("sns").create_topic(Name=topic, Tags=tag_list(expected_tags(STACK, "topic-alarms")))
    cloudwatch, now = lab.aws("cloudwatch"), datetime.now(UTC).replace(minute=30)
    for namespace, name, dimension, value, hours in (
        ("AWS/Logs", "IncomingBytes", {"Name": "LogGroupName", "Value": group}, 48 * GIB, 240),
        ("AWS/SNS", "NumberOfMessagesPublished", {"Name": "TopicName", "Value": topic}, 24, 2),
    ):
        datum = {"MetricName": name, "Dimensions": [dimension], "Timestamp": now - timedelta(hours=hours)}
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{**datum, "Value": value}])


@pytest.fixture(scope="module")
def measured(lab: Lab, inventory: Path, used: None) -> tuple[Played, dict[str, Any]]:  # noqa: ARG001
    path = inventory.parent / "cost.json"
    arguments = ("playbooks/cost.yml", "-i", str(inventory), *MEASURED, "-e", f"cost_json_path={path}")
    played = play(lab, inventory.parent, *arguments)
    assert played.exit_code == 0, played.output
    (stack,) = json.loads(path.read_text())["stacks"]
    return played, stack


def test_usage_of_ten_days_makes_a_month(measured: tuple[Played, dict[str, Any]]) -> None:
    _played, stack = measured
    hours = stack["measured"]["hours"]
    assert hours in (240, 241), "the run may begin in another hour than the data was put"
    usage = {item["variable"]: (item["assumed"], item["measured"]) for item in stack["measured"]["usage"]}
    assert usage["cost_logs_gb"] == (10, pytest.approx(48 * 730 / hours))
    assert usage["cost_notifications"] == (1000, pytest.approx(24 * 730 / hours))
    assert usage["cost_logs_stored_gb"] == (10, 0)
    assert usage["cost_lcu"] == (0.265, None)
    assert {line["id"] for line in stack["measured"]["lines"]} == {
        "nat-gateway-logs", "logs-ingestion", "logs-storage", "log-archive", "notifications", "slack-duration",
    }  # fmt: skip
    assert stack["measured"]["adds_krw"] == stack["measured"]["total_krw"] - stack["total_krw"] > 0


def test_it_only_reads_and_says_both_totals(measured: tuple[Played, dict[str, Any]]) -> None:
    played, stack = measured
    assert played.writes == []
    assert not [call for call in played.calls if call["service"] == "ssm"], "it takes no lock"
    assert "GetMetricData" in [call["operation"] for call in played.calls]
    assert f"{STACK}: {stack['total_krw']:,} KRW" in played.output
    assert f"{STACK} with measured usage: {stack['measured']['total_krw']:,} KRW a month" in played.output


def test_without_it_nothing_is_called_and_the_first_count_is_the_same(
    lab: Lab, inventory: Path, measured: tuple[Played, dict[str, Any]]
) -> None:
    path = inventory.parent / "plain.json"
    played = play(lab, inventory.parent, "playbooks/cost.yml", "-i", str(inventory), "-e", f"cost_json_path={path}")
    assert played.exit_code == 0, played.output
    assert played.calls == []
    (plain,) = json.loads(path.read_text())["stacks"]
    assert {name: value for name, value in measured[1].items() if name != "measured"} == plain


def test_without_credentials_it_says_what_to_do(inventory: Path, tmp_path: Path) -> None:
    nowhere = {"HOME": str(tmp_path), "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
    finished = cost("-i", str(inventory), *MEASURED, environment=nowhere)
    assert finished.returncode == 2, finished.stdout
    assert "AWS credentials: None" in finished.stdout
    assert "accepted: AWS_PROFILE, or AWS_ACCESS_KEY_ID" in finished.stdout
    assert "KRW" not in finished.stdout
