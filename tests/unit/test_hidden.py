"""Which values look like secrets, and how a plan shows them."""

from __future__ import annotations

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.hidden import (
    HIDDEN,
    OTHER,
    looks_secret,
    shown,
    shown_environments,
)

KEY_ID = "AKIAIOSFODNN7EXAMPLE"


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("ANYTHING", KEY_ID, "an access key of AWS"),
        ("ANYTHING", "ASIAIOSFODNN7EXAMPLE", "an access key of AWS"),
        ("DB_PASSWORD", "hunter2", "its name"),
        ("dbPassword", "hunter2", "its name"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "its name"),
        ("OPENAI_API_KEY", "x1", "its name"),
        ("SESSION_TOKEN", "x1", "its name"),
        ("app.secret", "x1", "its name"),
        ("DATABASE_URL", "postgresql://triflow:hunter2@db:5432/triflow", "an address with a password"),
        ("DSN", "host=db user=triflow password=hunter2", "a password"),
        ("PEM", "-----BEGIN RSA PRIVATE KEY-----\nMIIE", "a private key"),
        ("BEARER", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefghijk", "a signed token"),
        ("HOOK", "https://hooks.slack.com/services/T0000/B0000/XXXX", "an address of a Slack webhook"),
        ("CI", "ghp_" + "a" * 36, "a token of GitHub"),
    ],
)
def test_looks_like_a_secret(name: str, value: str, what: str) -> None:
    assert what in (looks_secret(name, value) or "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "info"),
        ("MAX_TOKENS", "4096"),
        ("TOKEN_TTL", "1h"),
        ("TOKEN_URL", "https://login.example.com/token"),
        ("TOKENIZER", "cl100k"),
        ("SECRET_NAME", "triflow-prod/webhook"),
        ("PASSWORD_FILE", "/run/secrets/password"),
        ("REQUIRE_PASSWORD", "true"),
        ("API_KEY", ""),
        ("KEY_PREFIX", "tenants/"),
        ("DB_SECRET", "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:key-AbCdEf"),
        ("MONKEY", "banana"),
        ("DATABASE_URL", "postgresql://db:5432/triflow"),
    ],
)
def test_looks_like_no_secret(name: str, value: str) -> None:
    assert looks_secret(name, value) is None


def test_what_is_inside_other_values_is_hidden() -> None:
    value = {"DB_PASSWORD": "hunter2", "list": [f"curl -u {KEY_ID}", {"A_TOKEN": "t"}], "MODE": "a", "N": 1}
    assert shown(value) == {
        "DB_PASSWORD": HIDDEN,
        "list": [f"curl -u {HIDDEN}", {"A_TOKEN": HIDDEN}],
        "MODE": "a",
        "N": 1,
    }


def test_a_hidden_value_that_changes_is_seen_to_change() -> None:
    before, after = shown_environments(
        {"DB_PASSWORD": "old", "SAME_TOKEN": "x", "MODE": "a", "VAULTED": "one"},
        {"DB_PASSWORD": "new", "SAME_TOKEN": "x", "MODE": "b", "VAULTED": "two", "NEW_KEY": "k"},
        ["VAULTED"],
    )
    assert before == {"DB_PASSWORD": HIDDEN, "SAME_TOKEN": HIDDEN, "MODE": "a", "VAULTED": HIDDEN}
    assert after == {"DB_PASSWORD": OTHER, "SAME_TOKEN": HIDDEN, "MODE": "b", "VAULTED": OTHER, "NEW_KEY": HIDDEN}
