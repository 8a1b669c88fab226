"""What the stock layer knows of the stock modules, and how it plans and runs them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible.plugins.loader import fragment_loader, module_loader
from ansible.utils.plugin_docs import get_docstring
from ansible_collections.triflow.platform.plugins.action.stock import ActionModule
from ansible_collections.triflow.platform.plugins.module_utils import placeholders
from ansible_collections.triflow.platform.plugins.module_utils.attempts import MOST_LOST
from ansible_collections.triflow.platform.plugins.module_utils.retries import LOST_WORDS
from ansible_collections.triflow.platform.plugins.module_utils.stock import MODULES, Stock, find, found_by, is_foreign
from ansible_collections.triflow.platform.plugins.module_utils.twice import TwiceError

VPC = "amazon.aws.ec2_vpc_net"
TAGS = {"Name": "test-vpc", "triflow:stack": "test", "triflow:component": "vpc"}
LIVE_VPC = {
    "type": "vpc",
    "id": "vpc-0a1b2c3d4e5f60718",
    "component": "vpc",
    "stack": "test",
    "name": "test-vpc",
    "cidr_block": ["10.0.0.0/16", "10.1.0.0/16"],
    "dns_support": True,
    "tags": {**TAGS, "theirs": "x"},
}
OPTIONS = {"name": "test-vpc", "cidr_block": ["10.1.0.0/16", "10.0.0.0/16"], "dns_support": True}
CREATED = {"changed": True, "vpc": {"id": "vpc-11111111111111111"}}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_stock_module_takes_the_options_that_the_layer_gives(name: str) -> None:
    stock = MODULES[name]
    path = module_loader.find_plugin_with_context(name).plugin_resolved_path
    documentation = get_docstring(path, fragment_loader)[0]
    given = {"state", "region", *stock.by, *stock.identity, *stock.always}
    if stock.tagged:
        given |= {"tags", "purge_tags"}
    if not stock.id_prefix:
        given.add(stock.name)
    aliases = {alias for option in documentation["options"].values() for alias in option.get("aliases", [])}
    assert given <= {*documentation["options"], *aliases}


THING = Stock("thing", ("id",), "thing-", by={"thing_id": "id"}, identity=("vpc_id", "name"))


@pytest.mark.parametrize("options", [{}, {"vpc_id": "vpc-1", "name": "lost"}])
def test_find_by_tag_first(options: dict[str, Any]) -> None:
    live: list[dict[str, Any]] = [
        {"type": "other", "id": "other", "stack": "test", "component": "a"},
        {"type": "thing", "id": "others", "stack": "other", "component": "a", "vpc_id": "vpc-1", "name": "a"},
        {"type": "thing", "id": "lost", "stack": None, "component": None, "vpc_id": "vpc-1", "name": "lost"},
        {"type": "thing", "id": "by-tag", "stack": "test", "component": "a", "vpc_id": "vpc-1", "name": "a"},
    ]
    entry = find(THING, live, "test", "a", options, "present").live
    assert entry is not None
    assert entry["id"] == "by-tag"


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"vpc_id": "vpc-1", "name": "lost"}, True),
        ({"vpc_id": "vpc-2", "name": "lost"}, False),
        ({"vpc_id": "vpc-1"}, False),
        ({}, False),
    ],
)
@pytest.mark.parametrize("owner", ["test", "other", None])
def test_find_by_identity(options: dict[str, Any], found: bool, owner: str | None) -> None:
    live = [{"type": "thing", "id": "lost", "stack": owner, "component": None, "vpc_id": "vpc-1", "name": "lost"}]
    assert (find(THING, live, "test", "a", options, "present").live is not None) is found
    assert find(Stock("thing", ("id",)), live, "test", "a", options, "present").live is None


def twins(*names: str, **state: Any) -> list[dict[str, Any]]:
    return [{"type": "thing", "id": name, "stack": "test", "component": "a", "name": name, **state} for name in names]


NAMED = Stock("thing", ("id",), by={"name": "name"}, identity=("name",))


def test_of_two_with_the_same_tags_the_one_in_use_stays() -> None:
    live = [*twins("one", holds=[]), *twins("two", holds=["1 subnet"])]
    found = find(NAMED, live, "test", "a", {"name": "one"}, "present")
    assert (found.live, found.leftovers) == (live[1], [live[0]])
    with pytest.raises(TwiceError, match="a of stack test is there twice"):
        find(NAMED, twins("one", "two"), "test", "a", {"name": "one"}, "present")
    assert find(NAMED, twins("one", "two"), "test", "a", {"name": "one"}, "present", refuse=False).leftovers == []


@pytest.mark.parametrize(("options", "goes"), [({}, ["one", "two"]), ({"name": "two"}, ["two"])])
def test_absent_takes_all_of_them_but_those_of_another_name(options: dict[str, Any], goes: list[str]) -> None:
    found = find(NAMED, twins("one", "two"), "test", "a", options, "absent")
    assert [entry["id"] for entry in [found.live, *found.leftovers] if entry] == goes


def test_a_leftover_is_deleted_by_its_id_and_counted() -> None:
    second = {**LIVE_VPC, "id": "vpc-0b", "holds": []}
    done, options = plan_and_run({"changed": True}, live=[second, {**LIVE_VPC, "holds": ["4 subnets"]}])
    assert options == {"vpc_id": "vpc-0b", "state": "absent", "region": "ap-northeast-2"}
    assert done["changes"] == [
        {"component": "vpc", "action": "none", "fields": []},
        {"component": "vpc (vpc-0b)", "action": "delete", "fields": []},
    ]
    assert done["id"] == LIVE_VPC["id"]
    (diff,) = done["diff"]
    assert (diff["after_header"], diff["after"], "holds" in diff["before"]) == ("vpc (vpc-0b)", {}, False)


@pytest.mark.parametrize("check", [True, False])
def test_two_in_use_end_the_action(check: bool) -> None:
    second = {**LIVE_VPC, "id": "vpc-0b", "holds": ["1 subnet"]}
    with pytest.raises(AnsibleActionFail, match=r"vpc of stack test is there twice.*vpc-0b: 1 subnet"):
        Stocked(None, check=check, live=[second, {**LIVE_VPC, "holds": ["4 subnets"]}]).run()


@pytest.mark.parametrize(
    ("owner", "named", "inside", "untagged_kind"),
    [("test", False, False, False), ("other", True, True, False), (None, True, False, False)],
)
def test_whose_it_is(owner: str | None, named: bool, inside: bool, untagged_kind: bool) -> None:
    entry = {"stack": owner}
    assert is_foreign(Stock("thing", ("id",)), entry, "test") is named
    assert is_foreign(Stock("thing", ("id",), untagged_is_own=True), entry, "test") is inside
    assert is_foreign(Stock("thing", ("id",), tagged=False), entry, "test") is untagged_kind


def test_found_by() -> None:
    assert found_by(THING, {"id": "thing-1", "name": "x"}) == {"thing_id": "thing-1"}
    assert found_by(THING, None) == {}


class Stocked(ActionModule):
    """The action with a stock module that answers as told; ``runs`` are the options that it was run with."""

    def __init__(self, *answers: dict[str, Any] | None, check: bool, **arguments: Any) -> None:
        defaults = {"stack": "test", "region": "ap-northeast-2", "module": VPC, "component": "vpc", "options": OPTIONS}
        given = {name: value for name, value in {**defaults, **arguments}.items() if value is not None}
        task = SimpleNamespace(args=given, check_mode=check, async_val=0, diff=True)
        shell = SimpleNamespace(tmpdir=None)
        super().__init__(task, SimpleNamespace(_shell=shell), None, None, None, None)
        self.answers = list(answers)
        self.runs: list[dict[str, Any]] = []

    def _create(self, *_unused: Any) -> str:  # type: ignore[override]
        return "vpc-11111111111111111"

    def _execute_module(self, **call: Any) -> dict[str, Any]:
        answer = self.answers.pop(0)
        assert answer is not None, "the stock module ran"
        assert call["module_name"] == self._task.args["module"]
        self.runs.append(call["module_args"])
        return answer


def plan_and_run(answer: dict[str, Any], **arguments: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a run returns, and with which options it ran the stock module, after the plan has said the same."""
    plan = Stocked(None, check=True, **arguments).run()
    action = Stocked(answer, check=False, **arguments)
    done = action.run()
    for key in ("changed", "changes", "diff"):
        assert plan[key] == done[key]
    (options,) = action.runs
    return done, options


def test_create() -> None:
    done, options = plan_and_run(CREATED, live=[])
    assert options == {
        **OPTIONS,
        "vpc_id": "vpc-11111111111111111",
        "state": "present",
        "region": "ap-northeast-2",
        "tags": TAGS,
        "purge_tags": False,
    }
    assert done["id"] == "vpc-11111111111111111"
    assert done["changes"] == [{"component": "vpc", "action": "create", "fields": []}]
    assert done["diff"][0]["before"] == {}
    assert done["diff"][0]["after"]["tags"] == TAGS
    assert placeholders.within(Stocked(None, check=True, live=[]).run()["id"])


def test_update() -> None:
    wanted = {**OPTIONS, "dns_support": False}
    done, options = plan_and_run({**CREATED, "vpc": {"id": LIVE_VPC["id"]}}, live=[LIVE_VPC], options=wanted)
    assert options["vpc_id"] == LIVE_VPC["id"]
    assert options["dns_support"] is False
    assert done["id"] == LIVE_VPC["id"]
    assert done["changes"] == [{"component": "vpc", "action": "update", "fields": ["dns_support"]}]
    assert done["diff"][0]["before"] == {"dns_support": True}
    assert done["diff"][0]["after"] == {"dns_support": False}


@pytest.mark.parametrize("check", [True, False])
def test_unchanged_costs_no_process(check: bool) -> None:
    result = Stocked(None, check=check, live=[LIVE_VPC]).run()
    assert result["id"] == LIVE_VPC["id"]
    assert result["changed"] is False
    assert result["changes"] == [{"component": "vpc", "action": "none", "fields": []}]
    assert "diff" not in result


def test_delete() -> None:
    done, options = plan_and_run({"changed": True}, live=[LIVE_VPC], options={}, state="absent")
    assert options == {"vpc_id": LIVE_VPC["id"], "state": "absent", "region": "ap-northeast-2"}
    assert done["changes"] == [{"component": "vpc", "action": "delete", "fields": []}]
    assert done["diff"][0]["after"] == {}
    assert "component" not in done["diff"][0]["before"]


@pytest.mark.parametrize("check", [True, False])
def test_absent_is_left_absent(check: bool) -> None:
    result = Stocked(None, check=check, live=[], options={}, state="absent").run()
    assert (result["changed"], result["id"]) == (False, None)


def test_component_of_another_stack_in_a_shared_vpc_is_not_ours() -> None:
    others = {**LIVE_VPC, "stack": "other"}
    assert Stocked(None, check=True, live=[others]).run()["changes"][0]["action"] == "create"
    assert Stocked(None, check=False, live=[others], options={}, state="absent").run()["changed"] is False


LOG_GROUP: dict[str, Any] = {
    "type": "log_group",
    "id": "/ecs/test/backend",
    "log_group_name": "/ecs/test/backend",
    "component": None,
    "retention": 7,
    "tags": {},
}
GROUP_ARGUMENTS: dict[str, Any] = {
    "module": "amazon.aws.cloudwatchlogs_log_group",
    "component": "log-group-backend",
    "options": {"log_group_name": "/ecs/test/backend", "retention": 7},
}


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("owner", "whose"), [("other", "belongs to the stack other"), (None, "has no tag triflow:stack")]
)
def test_what_is_not_the_stacks_is_refused_and_not_deleted(check: bool, owner: str | None, whose: str) -> None:
    given = {**GROUP_ARGUMENTS, "live": [{**LOG_GROUP, "stack": owner}]}
    with pytest.raises(
        AnsibleActionFail, match=rf"log-group-backend: /ecs/test/backend is there and {whose}\. .*adopt"
    ):
        Stocked(None, check=check, **given).run()
    with pytest.raises(AnsibleActionFail):
        Stocked(None, check=check, **given, adopt=["log-group-other"]).run()
    assert Stocked(None, check=check, **given, state="absent").run()["changed"] is False
    assert Stocked(None, check=check, **given, adopt=["log-group-backend"], state="absent").run()["changed"] is False


def test_what_is_to_be_adopted_gets_tags_and_settings() -> None:
    given = {**GROUP_ARGUMENTS, "live": [{**LOG_GROUP, "stack": None}], "adopt": ["log-group-backend"]}
    done, options = plan_and_run({"changed": True, "log_group_name": "/ecs/test/backend"}, **given)
    assert done["changes"] == [{"component": "log-group-backend", "action": "update", "fields": ["tags"]}]
    assert options["tags"]["triflow:stack"] == "test"
    assert options["purge_tags"] is False


@pytest.mark.parametrize(
    ("name", "region", "service", "operation", "parameters"),
    [
        (
            "amazon.aws.s3_bucket",
            "ap-northeast-2",
            "s3",
            "create_bucket",
            {
                "Bucket": "x",
                "CreateBucketConfiguration": {
                    "LocationConstraint": "ap-northeast-2",
                    "Tags": [{"Key": "triflow:stack", "Value": "test"}],
                },
            },
        ),
        (
            "amazon.aws.s3_bucket",
            "us-east-1",
            "s3",
            "create_bucket",
            {"Bucket": "x", "CreateBucketConfiguration": {"Tags": [{"Key": "triflow:stack", "Value": "test"}]}},
        ),
        (
            "community.aws.sqs_queue",
            "ap-northeast-2",
            "sqs",
            "create_queue",
            {"QueueName": "x", "tags": {"triflow:stack": "test"}},
        ),
    ],
)
def test_created_with_its_tags(
    name: str, region: str, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    create = MODULES[name].create
    assert create
    assert create({"name": "x", "versioning": True}, {"triflow:stack": "test"}, region)[:3] == (
        service,
        operation,
        parameters,
    )


LATE = {"failed": True, "msg": "no", "error": {"code": "InvalidSubnet.Conflict", "message": "no such subnet"}}


@pytest.mark.parametrize("failure", [LATE, {"failed": True, "exception": "KeyError: 'id'"}])
def test_a_stock_module_that_meets_a_late_read_runs_again(monkeypatch: pytest.MonkeyPatch, failure: Any) -> None:
    paused: list[float] = []
    monkeypatch.setattr("time.sleep", paused.append)
    action = Stocked(failure, failure, CREATED, check=False, live=[])
    assert action.run()["changed"]
    assert paused == [1, 2]


LOST = {"failed": True, "msg": f"Failed to create role: The answer is lost. {LOST_WORDS}: run again"}
THERE = {"failed": True, "msg": "no", "error": {"code": "EntityAlreadyExists", "message": "it is there"}}


@pytest.mark.parametrize("more", [(), (THERE, THERE)], ids=["found", "late"])
def test_a_stock_module_whose_answer_was_lost_runs_again(monkeypatch: pytest.MonkeyPatch, more: Any) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    found = {**CREATED, "changed": False}
    assert Stocked(LOST, *more, found, check=False, live=[LIVE_VPC], options={"dns_support": False}).run()["changed"]


def test_answers_that_are_lost_again_and_again_end_it() -> None:
    with pytest.raises(AnsibleActionFail, match=r"failed on vpc of stack test: .*The answer is lost"):
        Stocked(*[LOST] * MOST_LOST, check=False, live=[]).run()


def test_a_refusal_that_lasts_is_not_repeated() -> None:
    refused = {**LATE, "error": {"code": "VpcLimitExceeded", "message": "no"}}
    with pytest.raises(AnsibleActionFail, match="failed on vpc of stack test: no"):
        Stocked(refused, check=False, live=[]).run()


def test_a_stock_module_that_dies_of_a_refusal_is_not_repeated() -> None:
    known = {"call": "ec2 DescribeVpcs", "resource": "", "reason": "no", "code": "UnauthorizedOperation", "remedy": ""}
    died = {"failed": True, "crashed": True, "msg": "ec2 DescribeVpcs failed: no", "failure": known}
    said = r"ec2_vpc_net DescribeVpcs failed on vpc of stack test: no \(UnauthorizedOperation\)\. Grant what "
    with pytest.raises(AnsibleActionFail, match=said):
        Stocked(died, check=False, live=[]).run()


def test_stock_module_that_changes_nothing_fails() -> None:
    with pytest.raises(AnsibleActionFail, match=r"did not change dns_support of vpc \(vpc-0a1b2c3d4e5f60718\)"):
        Stocked({**CREATED, "changed": False}, check=False, live=[LIVE_VPC], options={"dns_support": False}).run()


def test_failure_names_module_component_and_stack() -> None:
    with pytest.raises(AnsibleActionFail, match=r"ec2_vpc_net failed on vpc of stack test: no quota"):
        Stocked({"failed": True, "msg": "no quota"}, check=False, live=[]).run()


@pytest.mark.parametrize("missing", ["stack", "region", "component", "live"])
def test_missing_argument_is_refused(missing: str) -> None:
    arguments: dict[str, Any] = {"live": [], missing: None}
    with pytest.raises(AnsibleActionFail, match=missing):
        Stocked(None, check=True, **arguments).run()


def test_untagged_kind_gets_no_tags_and_is_announced_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        MODULES, VPC, Stock("thing", ("thing",), name="thing_name", tagged=False, always={"wait": False})
    )
    done, options = plan_and_run({"changed": True, "thing": "x"}, live=[], options={"thing_name": "x"})
    assert options == {"wait": False, "thing_name": "x", "state": "present", "region": "ap-northeast-2"}
    assert done["id"] == "x" == Stocked(None, check=True, live=[], options={"thing_name": "x"}).run()["id"]
