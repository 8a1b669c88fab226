"""The report: tables, files, what differs, and the budget."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.triflow.platform.plugins.action.cost_report import ActionModule
from ansible_collections.triflow.platform.plugins.module_utils import cost, cost_difference, cost_text
from ansible_collections.triflow.platform.plugins.plugin_utils import cost_page

from tests.unit.cost.stacks import RATE, ROOT, report, stack


class Report:
    """The action, and what it printed."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def run(self, *stacks: dict[str, Any], **arguments: Any) -> dict[str, Any]:
        task = SimpleNamespace(args={"stacks": list(stacks), "rate": RATE, **arguments}, check_mode=False, async_val=0)
        connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
        action = ActionModule(task, connection, None, None, None, None)
        action._display = SimpleNamespace(display=self.lines.append)
        result: dict[str, Any] = action.run(task_vars={})
        return result


def test_files_hold_what_is_returned(tmp_path: Path) -> None:
    printed = Report()
    paths = {f"{kind}_path": str(tmp_path / kind) for kind in ("json", "markdown", "html")}
    result = printed.run(stack("prod"), **paths)
    assert json.loads((tmp_path / "json").read_text(encoding="utf-8")) == result["report"]
    assert (tmp_path / "markdown").read_text(encoding="utf-8") == cost_text.markdown(result["report"])
    assert (tmp_path / "html").read_text(encoding="utf-8") == cost_page.html(result["report"])
    assert printed.lines == [cost_text.terminal(result["report"])]
    assert (result["changed"], result["failed"]) == (False, False)


def test_together_is_the_sum() -> None:
    found = report()
    assert found["total_krw"] == sum(item["total_krw"] for item in found["stacks"])
    assert found["total_usd"] == pytest.approx(sum(item["total_usd"] for item in found["stacks"]))
    # production reserved, the others on demand: they sleep
    assert found["reserved_krw"] == found["total_krw"] - (
        found["stacks"][0]["total_krw"] - found["stacks"][0]["reserved"]["monthly_krw"]
    )


def test_the_sample_for_the_page_has_the_report_s_shape() -> None:
    """A sample of any day will do, so that not each change of a variable changes it."""
    sample = json.loads((ROOT / "tests/unit/cost/report.json").read_text(encoding="utf-8"))
    assert shape(sample) == shape(report())


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return sorted({json.dumps(shape(item), sort_keys=True) for item in value})
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


# Text


def test_columns_hold_their_width_and_figures_stand_right() -> None:
    lines = cost_text.terminal(report()).splitlines()
    header = next(line for line in lines if line.startswith("  Line "))
    nat = next(line for line in lines if line.startswith("  NAT gateway "))
    assert nat.index("55,991") + len("55,991") == header.index(" KRW") + len(" KRW")
    assert "  Public IPv4 addresses of NAT *" in "\n".join(lines)
    assert cost_text.FOOTNOTE in lines


def test_markdown_is_a_table_that_a_pipe_or_an_asterisk_does_not_break() -> None:
    found = report()
    found["stacks"][0]["lines"][0]["text_en"] = "a|b*"
    text = cost_text.markdown(found)
    assert r"| a\|b\* |" in text
    for block in text.split("\n\n"):
        rows = [line.replace(r"\|", "") for line in block.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) <= 1


def test_a_change_comes_first_in_markdown() -> None:
    found = report()
    found["difference"] = cost_difference.difference([stack()], [stack(ecs_desired_count=3)], "main")
    assert cost_text.markdown(found).splitlines()[2] == "## triflow-prod against main: +53,884 KRW a month"


# Differences


def test_nothing_changed() -> None:
    found = cost_difference.difference([stack()], [stack()], "main")
    assert found["adds_krw"] == 0
    assert found["stacks"][0]["lines"] == []


def test_a_line_that_comes_or_goes_is_listed_with_zero() -> None:
    (found,) = cost_difference.difference([stack()], [stack(vpc_flow_logs=True, dns_zone="adopt")], "main")["stacks"]
    assert {line["id"]: (line["before_krw"], line["after_krw"]) for line in found["lines"]} == {
        "flow-logs": (0, 9880),
        "hosted-zone": (650, 0),
    }
    assert found["adds_krw"] == 9230


def test_a_new_stack_costs_all_that_it_costs_more_and_others_are_left_out() -> None:
    found = cost_difference.difference([stack("staging")], [stack("dev")], "main")
    assert [(item["stack"], item["before_krw"]) for item in found["stacks"]] == [("triflow-dev", 0)]
    assert found["adds_krw"] == stack("dev")["total_krw"]


def test_stacks_against_one_of_them() -> None:
    result = Report().run(stack("prod"), stack("dev"), against_stack="triflow-prod")
    (found,) = result["report"]["difference"]["stacks"]
    assert found["stack"] == "triflow-dev"
    assert found["adds_krw"] == stack("dev")["total_krw"] - stack("prod")["total_krw"]


def test_a_stack_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(AnsibleActionFail, match="no stack triflow-x in this run, which has triflow-prod"):
        Report().run(stack("prod"), against_stack="triflow-x")


@pytest.mark.parametrize("content", ["{", "{}", "[]", None])
def test_a_file_that_is_no_report_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "cost.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(AnsibleActionFail, match=r"cost_against: .*cost\.json is no report"):
        Report().run(stack("prod"), against=str(path))


# Budget


@pytest.mark.parametrize(("budget", "over"), [(0, False), (462_576, True), (462_577, False), (10**9, False)])
def test_budget(budget: int, over: bool) -> None:
    found = cost.over_budget(cost.report([stack(cost_budget_krw=budget)], RATE))
    assert bool(found) == over
    if over:
        assert found == [
            "triflow-prod costs 462,577 KRW a month, 1 more than its budget of 462,576 KRW (cost_budget_krw)."
        ]


def test_over_the_budget_it_warns_or_fails_after_the_report() -> None:
    printed = Report()
    warned = printed.run(stack(cost_budget_krw=1))
    assert "more than its budget" in warned["warnings"][0]
    assert warned["failed"] is False
    refused = printed.run(stack(cost_budget_krw=1), budget_action="refuse")
    assert refused["failed"] is True
    assert "more than its budget" in refused["msg"]
    assert len(printed.lines) == 2
