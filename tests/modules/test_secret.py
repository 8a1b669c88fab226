"""secret (MON-8)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags, tags

MODULE = "secret"
COMPONENT = "secret-slack-webhook"


@pytest.fixture
def options(stack: str) -> dict[str, Any]:
    return {"component": COMPONENT, "name": f"{stack}/slack-webhook", "description": "one", "recovery_window_days": 0}


def test_grammar(lab: Lab, stack: str, options: dict[str, Any], run_module: RunModule) -> None:
    client = lab.aws("secretsmanager")

    def read() -> Any:
        try:
            found = client.describe_secret(SecretId=options["name"])
        except client.exceptions.ResourceNotFoundException:
            return None
        assert tags(found) == expected_tags(stack, COMPONENT)
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.get_secret_value(SecretId=options["name"])
        return found["Description"]

    walk(
        Case(
            module=MODULE,
            options=options,
            update={"description": "two"},
            read=read,
            created="one",
            updated="two",
            deleted=None,
            creates=[COMPONENT],
            named=[COMPONENT],
            updates={COMPONENT: ["description"]},
            deletes=[COMPONENT],
            refused=[
                ({"name": None}, "missing required arguments: name"),
                ({"recovery_window_days": 3}, "takes 7 to 30, or 0"),
            ],
        ),
        lab,
        run_module,
    )


def test_a_value_is_never_touched_or_shown(lab: Lab, options: dict[str, Any], run_module: RunModule) -> None:
    client = lab.aws("secretsmanager")
    assert run_module(MODULE, **options)["has_value"] is False
    client.put_secret_value(SecretId=options["name"], SecretString="https://hooks.example.com/T0/B0/very-secret")
    result = run_module(MODULE, **{**options, "description": "new"})
    assert result["has_value"] is True
    assert "very-secret" not in str(result)
    value = client.get_secret_value(SecretId=options["name"])["SecretString"]
    assert value == "https://hooks.example.com/T0/B0/very-secret"


def test_a_deleted_one_can_be_restored_with_its_value(lab: Lab, options: dict[str, Any], run_module: RunModule) -> None:
    client = lab.aws("secretsmanager")
    given = {**options, "recovery_window_days": 7}
    run_module(MODULE, **given)
    client.put_secret_value(SecretId=options["name"], SecretString="kept")
    run_module(MODULE, state="absent", **given)
    deleted = client.describe_secret(SecretId=options["name"])["DeletedDate"]
    assert deleted
    assert run_module(MODULE, state="absent", **given)["changed"] is False
    result = run_module(MODULE, **{**given, "description": "back"})
    assert result["changes"][0]["action"] == "create"
    assert result["has_value"] is True
    assert client.get_secret_value(SecretId=options["name"])["SecretString"] == "kept"
    assert client.describe_secret(SecretId=options["name"])["Description"] == "back"
    assert run_module(MODULE, **{**given, "description": "back"})["changed"] is False


def test_a_secret_of_somebody_else_is_not_deleted(lab: Lab, options: dict[str, Any], run_module: RunModule) -> None:
    lab.aws("secretsmanager").create_secret(Name=options["name"])
    assert run_module(MODULE, state="absent", **options)["changed"] is False


def test_one_of_somebody_else_that_is_to_be_deleted_is_not_restored_unasked(
    lab: Lab, options: dict[str, Any], run_module: RunModule
) -> None:
    client = lab.aws("secretsmanager")
    client.create_secret(Name=options["name"], SecretString="theirs")
    client.delete_secret(SecretId=options["name"])
    assert "has no tag triflow:stack" in run_module(MODULE, **options)["msg"]
    assert client.describe_secret(SecretId=options["name"])["DeletedDate"]
    adopted = run_module(MODULE, **options, adopt=[COMPONENT])
    assert adopted["changes"][0]["action"] == "update"
    assert client.get_secret_value(SecretId=options["name"])["SecretString"] == "theirs"
