"""The second scenario: the same stack with the usage that was measured, next to the first one."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import cost, cost_measured, cost_text
from ansible_collections.triflow.platform.plugins.module_utils.cost_measured import USAGE
from ansible_collections.triflow.platform.plugins.plugin_utils import cost_page

from tests.unit.cost.stacks import KINDS, RATE, stack, variables

ALL_ON = {
    "vpc_flow_logs": True,
    "alb_access_logs": True,
    "dashboard_custom_metrics": True,
    "notifications_phone_numbers": ["+821012345678"],
    "cost_backup_gb": 200,
}


def second(kind: str = "prod", hours: int = 720, usage: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    """The stack's report with its second scenario, as the action makes it."""
    given = variables(kind, **changed)
    found = cost_measured.variables(given, usage or {})
    first, again = stack(kind, **changed), stack(kind, **found)
    return {
        **first,
        "measured": cost_measured.scenario(given, first, found, again, {"usage": usage or {}, "hours": hours}),
    }


def figures(report: dict[str, Any]) -> dict[str, tuple[float, float | None]]:
    return {usage["variable"]: (usage["assumed"], usage["measured"]) for usage in report["measured"]["usage"]}


def test_the_same_usage_makes_no_difference() -> None:
    given = variables()
    usage = {name: given[name] for name in USAGE if name != "cost_nat_gb"}
    found = second(usage={**usage, "cost_nat_gb": given["cost_nat_gb"] + given["cost_logs_gb"]})
    assert found["measured"]["lines"] == []
    assert (found["measured"]["adds_krw"], found["measured"]["total_krw"]) == (0, found["total_krw"])
    assert found["measured"]["total_usd"] == found["total_usd"]
    assert all(assumed == measured for assumed, measured in figures(found).values())


def test_the_first_scenario_stays_as_it_is() -> None:
    found = second(usage={"cost_logs_gb": 100})
    del found["measured"]
    assert found == stack()


def test_lines_that_differ_have_both_amounts() -> None:
    found = second(usage={"cost_transfer_gb": 20, "cost_s3_glacier_gb": 40})
    assert found["measured"]["lines"] == [
        {
            "id": "internet-data",
            "text_en": "Data to the internet",
            "text_ko": "인터넷 전송 데이터",
            "assumed_krw": 1638,
            "measured_krw": 3276,
            "adds_krw": 1638,
        }
    ]
    assert found["measured"]["adds_krw"] == 1638
    assert found["measured"]["total_krw"] == found["total_krw"] + 1638


def test_usage_says_what_was_measured_and_what_still_is_the_variable_s() -> None:
    found = figures(second(usage={"cost_transfer_gb": 0, "cost_logs_gb": 12.5}))
    assert found["cost_transfer_gb"] == (10, 0)
    assert found["cost_logs_gb"] == (10, 12.5)
    assert found["cost_images_gb"] == (5, None)
    assert "cost_flow_logs_gb" not in found, "there are no flow logs, so it decides nothing"


def test_a_foundation_has_only_the_usage_of_its_network_and_bucket() -> None:
    assert set(figures(second("nonprod", cost_s3_standard_gb=1, cost_logs_gb=1, cost_nat_gb=1))) == {
        "cost_s3_standard_gb",
        "cost_logs_gb",
        "cost_nat_gb",
    }


@pytest.mark.parametrize(
    ("changed", "usage", "nat"),
    [
        ({}, {"cost_nat_gb": 30, "cost_logs_gb": 12}, 18),
        ({}, {"cost_nat_gb": 30}, 20),  # the variable's 10 GB of logs
        ({}, {"cost_nat_gb": 5, "cost_logs_gb": 12}, 0),  # the database's logs do not go through NAT
        ({"vpc_interface_endpoints": True}, {"cost_nat_gb": 30, "cost_logs_gb": 12}, 30),
    ],
)
def test_logs_are_not_counted_twice_in_nat(changed: dict[str, Any], usage: dict[str, Any], nat: float) -> None:
    found = second(usage=usage, **changed)
    assert figures(found)["cost_nat_gb"] == (1, nat)
    lines = {line["id"]: line for line in found["measured"]["lines"]}
    assert lines["nat-gateway-data"]["measured_krw"] == pytest.approx(nat * 0.059 * 1300, abs=1)


def test_capacity_units_that_were_measured_take_the_place_of_their_dimensions() -> None:
    dimensions = {"new_connections_per_second": 50}
    found = second(usage={"cost_lcu": 0.5}, cost_lcu_dimensions=dimensions)
    assert figures(found)["cost_lcu"] == (2, 0.5)
    (line,) = found["measured"]["lines"]
    assert (line["id"], line["assumed_krw"]) == ("load-balancer-lcu", pytest.approx(4 * line["measured_krw"], abs=2))


@pytest.mark.parametrize("name", USAGE)
def test_a_usage_variable_decides_the_lines_that_its_row_names(name: str) -> None:
    changed = {**ALL_ON, "vpc_interface_endpoints": False}
    through_nat = changed_lines(name, changed)
    through_endpoint = changed_lines(name, {**changed, "vpc_interface_endpoints": True})
    assert through_nat | through_endpoint == set(USAGE[name].lines)


def changed_lines(name: str, changed: dict[str, Any]) -> set[str]:
    more = variables(**changed)[name] + 1000
    before, after = (
        {line["id"]: line["quantity"] for line in stack(**of)["lines"]} for of in (changed, {**changed, name: more})
    )
    return {line for line in before | after if before.get(line) != after.get(line)}


def test_every_number_of_usage_that_costs_something_has_a_row() -> None:
    """What a task's run lasts and the WAF's requests are no usage of a line by themselves."""
    values = {name: value for name, value in variables().items() if name.startswith("cost_")}
    numbers = {name for name, value in values.items() if type(value) in (int, float)}
    others = {"cost_krw_per_usd", "cost_budget_krw", "cost_task_run_seconds", "cost_requests_million"}
    assert numbers - others == set(USAGE)


# In the report


def whole(**options: Any) -> dict[str, Any]:
    """A report of all environments, production with a second scenario."""
    return cost.report([second(**options), *(stack(kind) for kind in KINDS[1:])], RATE)


@pytest.mark.parametrize("text", [cost_text.terminal, cost_text.markdown])
def test_text_has_both_totals_lines_and_usage(text: Any) -> None:
    found = whole(usage={"cost_transfer_gb": 20}, hours=100)
    rows = [" ".join(line.replace("|", " ").split()) for line in text(found).splitlines()]
    total = found["stacks"][0]["total_krw"]
    assert f"triflow-prod with measured usage: {total + 1638:,} KRW a month" in [
        row.removeprefix("## ") for row in rows
    ]
    assert "Data to the internet 1,638 3,276 +1,638" in rows
    assert f"Total {total:,} {total + 1638:,} +1,638" in rows
    assert any(row.endswith("usage of the last 100 hours, as a month") for row in rows)
    assert "Data to the internet cost_transfer_gb GB 10 20" in rows
    assert "Container images cost_images_gb GB 5 not measured" in rows


def test_texts_of_stacks_that_were_not_measured_stay_as_they_are() -> None:
    found = cost.report([stack(kind) for kind in KINDS], RATE)
    for text in (cost_text.terminal(found), cost_text.markdown(found), cost_page.html(found)):
        assert "easured" not in text
