"""What a plan has said, as drift: found, told apart and described."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.triflow.platform.plugins.action.drift_report import ActionModule
from ansible_collections.triflow.platform.plugins.module_utils import drift
from ansible_collections.triflow.platform.plugins.plugin_utils import recorded

STACK = "triflow-prod"
VPC = {"arn": "arn:aws:ec2:::vpc/vpc-1", "component": "vpc", "going": ""}
OLD = {"arn": "arn:aws:sns:::old", "component": "topic-old", "going": ""}
ORPHAN = {"component": "topic-old", "arn": OLD["arn"]}


def said(action: str, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"action": action, "before": before or {}, "after": after or {}}


VPC_B_ID = "vpc-0b"
VPC_B = {**VPC, "arn": f"arn:aws:ec2:r:1:vpc/{VPC_B_ID}"}
LEFT_OVER = {"vpc": said("none"), f"vpc ({VPC_B_ID})": said("delete", {"id": VPC_B_ID})}
SNAPSHOT = {"component": "database", "arn": "arn:aws:rds:r:1:snapshot:rds:one", "going": ""}


def several(*found: dict[str, str], leftovers: list[str] | None = None) -> dict[str, Any]:
    arns = sorted(item["arn"] for item in found)
    return {"component": found[0]["component"], "arns": arns, "leftovers": leftovers or []}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 2}, {"a": {"before": 1, "after": 2}}),
        ({"a": 1, "b": 1}, {"a": 1, "b": 2}, {"b": {"before": 1, "after": 2}}),
        ({"tags": {"k": "x", "l": 1}}, {"tags": {"k": "y", "l": 1}}, {"tags.k": {"before": "x", "after": "y"}}),
        ({"tags": {}}, {"tags": {"Name": "y"}}, {"tags.Name": {"before": None, "after": "y"}}),
        ({"rules": {"x": [1]}}, {"rules": {}}, {"rules.x": {"before": [1], "after": None}}),
        ({"policy": None}, {"policy": {"a": 1}}, {"policy": {"before": None, "after": {"a": 1}}}),
        ({"list": [1, 2]}, {"list": [1]}, {"list": {"before": [1, 2], "after": [1]}}),
    ],
)  # fmt: skip
def test_fields(before: Any, after: Any, expected: Any) -> None:
    assert drift.fields(before, after, "") == expected


@pytest.mark.parametrize(
    ("components", "resources", "expected"),
    [
        ({"vpc": said("none")}, [VPC], {}),
        ({"vpc": said("update", {"a": 1}, {"a": 2})}, [VPC], {"differs": {"vpc": {"a": {"before": 1, "after": 2}}}}),
        ({"vpc": said("create", {}, {"a": 2})}, [], {"missing": ["vpc"]}),
        ({"vpc": said("none")}, [VPC, OLD], {"orphans": [ORPHAN]}),
        ({"vpc": said("none")}, [VPC, {**OLD, "going": "deleted by KMS on 2026-01-20"}], {}),
        ({"vpc": said("none")}, None, {}),
        # what a role would delete by itself: once, with its ARN where the tags know it
        ({"topic-old": said("delete", {"id": "x"})}, [OLD], {"orphans": [ORPHAN]}),
        ({"record": said("delete", {"id": "x"})}, [], {"orphans": [{"component": "record", "arn": "x"}]}),
        ({"record": said("delete")}, None, {"orphans": [{"component": "record", "arn": ""}]}),
        # twice: both in use; one left over, which the tags know, or not yet; a key that goes; snapshots, which are many
        ({"vpc": said("none")}, [VPC, VPC_B], {"twice": [several(VPC, VPC_B)]}),
        (LEFT_OVER, [VPC, VPC_B], {"twice": [several(VPC, VPC_B, leftovers=[VPC_B["arn"]])]}),
        (LEFT_OVER, [VPC], {"twice": [{"component": "vpc", "arns": [VPC_B_ID], "leftovers": [VPC_B_ID]}]}),
        ({"vpc": said("none")}, [VPC, {**VPC_B, "going": "deleted by KMS on 2026-01-20"}], {}),
        ({"database": said("none")}, [SNAPSHOT, {**SNAPSHOT, "arn": SNAPSHOT["arn"] + "-2"}], {}),
    ],
)  # fmt: skip
def test_find(components: Any, resources: Any, expected: dict[str, Any]) -> None:
    nothing: dict[str, Any] = {"differs": {}, "missing": [], "orphans": [], "twice": []}
    assert drift.find(components, resources) == nothing | expected


def test_describe() -> None:
    rule = {"cidr_ip": "0.0.0.0/0", "port": 22}
    found = drift.find(
        {
            "vpc": said("update", {"dns_support": False, "name": None}, {"dns_support": True, "name": "x"}),
            "group": said("update", {"rules": [rule, {"port": 80}]}, {"rules": [{"port": 80}, {"port": 443}]}),
            "alarm": said("create", {}, {"a": 1}),
        },
        [OLD],
    )
    assert drift.describe(found) == [
        "  differs: group (is -> is to be)",
        "    rules:",
        '      - {"cidr_ip": "0.0.0.0/0", "port": 22}',
        '      + {"port": 443}',
        "  differs: vpc (is -> is to be)",
        "    dns_support: false -> true",
        "    name: (none) -> x",
        "  missing: alarm",
        "  orphan:  topic-old arn:aws:sns:::old",
    ]
    assert drift.describe(drift.find(LEFT_OVER, [VPC, VPC_B])) == [
        "  twice:   vpc",
        f"    {VPC['arn']}",
        f"    {VPC_B['arn']} (a run deletes it)",
    ]
    assert drift.describe(drift.find({"vpc": said("none")}, [VPC])) == []


class Report:
    """The action with what the callback has recorded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, components: dict[str, Any], enabled: bool = True) -> None:
        self.lines: list[str] = []
        monkeypatch.setattr(recorded, "enabled", enabled)
        monkeypatch.setattr(recorded, "components", {STACK: components})

    def run(self, **arguments: Any) -> dict[str, Any]:
        task = SimpleNamespace(args=arguments, check_mode=False, async_val=0)
        action = ActionModule(task, SimpleNamespace(_shell=SimpleNamespace(tmpdir=None)), None, None, None, None)
        action._display = SimpleNamespace(display=self.lines.append)
        result: dict[str, Any] = action.run(task_vars={"inventory_hostname": STACK})
        return result


def test_no_drift(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    report = Report(monkeypatch, {"vpc": said("none")})
    result = report.run(resources=[VPC], path=str(tmp_path / "drift.json"))
    assert result["report"]["drift"] is False
    assert report.lines == ["triflow-prod: no drift"]
    assert json.loads((tmp_path / "drift.json").read_text()) == result["report"]


def test_drift_fails_with_the_counts_after_it_has_written_the_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    report = Report(monkeypatch, {"vpc": said("update", {"a": 1}, {"a": 2}), "alarm": said("create")})
    with pytest.raises(AnsibleActionFail, match=r"triflow-prod drifted: 1 differ, 1 missing, 1 orphans"):
        report.run(resources=[VPC, OLD], path=str(tmp_path / "drift.json"))
    written = json.loads((tmp_path / "drift.json").read_text())
    assert (written["stack"], written["drift"], written["missing"]) == (STACK, True, ["alarm"])
    assert report.lines[0].splitlines()[1:3] == ["  differs: vpc (is -> is to be)", "    a: 1 -> 2"]


def test_orphans_that_were_not_looked_for_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    report = Report(monkeypatch, {"vpc": said("none")})
    report.run()
    assert "orphans: not looked for" in report.lines[0]


def test_without_the_callback_it_says_how_to_enable_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AnsibleActionFail, match=r"callbacks_enabled = triflow\.platform\.summary"):
        Report(monkeypatch, {}, enabled=False).run(resources=[])
