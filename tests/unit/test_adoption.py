"""The sentence that refuses what is not the stack's."""

from __future__ import annotations

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.adoption import Foreign, refusal, shown

DATABASE = Foreign("database", "arn:aws:rds:ap-northeast-2:123456789012:db:triflow-prod-db", "triflow-dev")
TOPIC = Foreign("topic-alarms", "arn:aws:sns:ap-northeast-2:123456789012:triflow-prod-alarms", None)


def test_every_resource_is_named_with_its_owner_and_the_way_to_take_it_over() -> None:
    assert refusal([DATABASE, TOPIC], "triflow-prod", []) == (
        "Not the stack triflow-prod's: "
        "database: arn:aws:rds:ap-northeast-2:123456789012:db:triflow-prod-db is there and belongs to the stack "
        "triflow-dev. "
        "topic-alarms: arn:aws:sns:ap-northeast-2:123456789012:triflow-prod-alarms is there and has no tag "
        "triflow:stack. Nothing was changed. To take over what is listed, with all its settings, run again with "
        """-e '{"stack_adopt": ["database", "topic-alarms"]}'; else delete it, or give another name in the variables."""
    )


@pytest.mark.parametrize(
    ("adopt", "refused"), [(["database"], ["topic-alarms"]), (["other"], ["database", "topic-alarms"])]
)
def test_only_what_is_named_is_adopted(adopt: list[str], refused: list[str]) -> None:
    sentence = refusal([DATABASE, TOPIC], "triflow-prod", adopt)
    assert sentence is not None
    assert [item.component for item in (DATABASE, TOPIC) if f"{item.component}: " in sentence] == refused


def test_nothing_is_refused() -> None:
    assert refusal([], "triflow-prod", []) is None
    assert refusal([DATABASE, TOPIC], "triflow-prod", ["topic-alarms", "database"]) is None


@pytest.mark.parametrize(
    ("name", "identifier", "expected"),
    [
        ("triflow-prod-alb", "sg-0a1b2c3d4e5f60718", "triflow-prod-alb (sg-0a1b2c3d4e5f60718)"),
        ("triflow-prod", "arn:aws:ecs:ap-northeast-2:123456789012:cluster/triflow-prod", None),
        (None, "rtb-0a1b2c3d4e5f60718", None),
    ],
)
def test_shown(name: str | None, identifier: str, expected: str | None) -> None:
    assert shown(name, identifier) == (expected or identifier)
