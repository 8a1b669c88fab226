"""log_subscription_filters (MON-3)."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import consistency

from tests.conftest import Lab
from tests.modules.archive import Archive
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk

MODULE = "log_subscription_filters"
COMPONENT = "subscription-filter-backend"


@pytest.fixture
def archive(lab: Lab, stack: str) -> Archive:
    made = Archive(lab, stack)
    made.put_stream()
    return made


def wanted(archive: Archive, **change: Any) -> dict[str, Any]:
    return {
        "component": COMPONENT,
        "log_group_name": archive.group,
        "filter_name": "archive",
        "destination_arn": archive.stream,
        "role_arn": archive.sender,
        **change,
    }


def filters(archive: Archive, group: str = "") -> list[dict[str, Any]]:
    answer = archive.logs.describe_subscription_filters(logGroupName=group or archive.group)
    return list(answer["subscriptionFilters"])


def test_grammar(lab: Lab, archive: Archive, run_module: RunModule) -> None:
    other = archive.role("other", "logs.amazonaws.com", "firehose:PutRecord", archive.stream)
    both = [wanted(archive), wanted(archive, component="subscription-filter-errors", filter_name="errors")]
    changed = [both[0], {**both[1], "filter_pattern": "ERROR", "role_arn": other}]

    def read() -> Any:
        return [(found["filterName"], found["filterPattern"], found["roleArn"]) for found in filters(archive)]

    case = Case(
        module=MODULE,
        options={"filters": both},
        update={"filters": changed},
        read=read,
        created=[("archive", "", archive.sender), ("errors", "", archive.sender)],
        updated=[("archive", "", archive.sender), ("errors", "ERROR", other)],
        deleted=[],
        creates=[COMPONENT, "subscription-filter-errors"],
        updates={"subscription-filter-errors": ["filter_pattern", "role_arn"]},
        deletes=[COMPONENT, "subscription-filter-errors"],
        refused=[
            ({"filters": None}, "missing required arguments: filters"),
            ({"filters": [wanted(archive, role_arn=None)]}, f"{COMPONENT} lacks role_arn"),
            ({"filters": [{"component": COMPONENT}]}, "missing required arguments: filter_name, log_group_name"),
        ],
    )
    walk(case, lab, run_module)


def test_the_plan_for_a_log_group_that_is_only_announced(archive: Archive, run_module: RunModule) -> None:
    announced = wanted(archive, log_group_name=f"{archive.group}-announced")
    result = run_module(MODULE, check=True, filters=[announced])
    assert result["changes"] == [{"component": COMPONENT, "action": "create", "fields": []}]
    assert run_module(MODULE, filters=[announced], state="absent")["changed"] is False


def test_a_filter_of_somebody_else_stays(archive: Archive, run_module: RunModule) -> None:
    archive.logs.put_subscription_filter(
        logGroupName=archive.group,
        filterName="theirs",
        filterPattern="",
        destinationArn=archive.stream,
        roleArn=archive.sender,
    )
    run_module(MODULE, filters=[wanted(archive)])
    assert {found["filterName"] for found in filters(archive)} == {"archive", "theirs"}
    run_module(MODULE, filters=[wanted(archive)], state="absent")
    assert [found["filterName"] for found in filters(archive)] == ["theirs"]


def test_a_third_filter_is_refused_with_the_reason(archive: Archive, run_module: RunModule) -> None:
    three = [wanted(archive, component=f"subscription-filter-{name}", filter_name=name) for name in "abc"]
    result = run_module(MODULE, filters=three)
    assert result["failed"]
    assert "the log group has to be there, and takes two filters" in result["msg"]


def test_a_role_that_is_not_known_yet(
    archive: Archive, run_module: RunModule, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """IAM is eventually consistent: the test message is refused, and taken a little later."""
    late = archive.sender.replace("-sender", "-late")

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        archive.role("late", "logs.amazonaws.com", "firehose:PutRecord", archive.stream)

    monkeypatch.setattr(f"{consistency.__name__}.time.sleep", sleep)
    assert run_module(MODULE, filters=[wanted(archive, role_arn=late)])["changed"] is True
    assert slept == [consistency.FIRST_PAUSE]
