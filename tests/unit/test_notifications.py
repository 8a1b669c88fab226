"""The notifications' variables and the function's code: tables of cases."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.filter.notification_policies import notification_policies
from ansible_collections.triflow.platform.plugins.module_utils import iam_policies
from ansible_collections.triflow.platform.plugins.module_utils.function_code import code_sha256, zip_directory
from ansible_collections.triflow.platform.plugins.module_utils.notification_checks import notification_problems

RECORD: dict[str, Any] = {
    "notifications_topic_name": "triflow-alarms-prod",
    "notifications_email_addresses": ["tech-lead@triflow-ai.com"],
    "notifications_phone_numbers": ["+821000000000"],
    "notifications_secret_recovery_days": 30,
}

SMS = {"sms_log_group": "m", "sms_region": "ap-northeast-2"}


def test_the_record_passes() -> None:
    """MON-8"""
    assert notification_problems(RECORD) == []
    assert notification_problems({}) == []
    assert notification_problems({**RECORD, "notifications_secret_recovery_days": 0}) == []


@pytest.mark.parametrize(
    ("variable", "value", "shown", "reason"),
    [
        ("notifications_phone_numbers", ["01012345678"], "01012345678", "E.164"),
        ("notifications_phone_numbers", ["+82-10-1234-5678"], "+82-10-1234-5678", "E.164"),
        ("notifications_phone_numbers", ["+0821012345678"], "+0821012345678", "E.164"),
        ("notifications_phone_numbers", ["+8210123456789012"], "+8210123456789012", "E.164"),
        ("notifications_phone_numbers", ["+821000000000", "+821000000000"], "+821000000000", "there twice"),
        ("notifications_email_addresses", ["tech-lead"], "tech-lead", "no e-mail address"),
        ("notifications_email_addresses", ["a@b.com, c@d.com"], "a@b.com, c@d.com", "no e-mail address"),
        ("notifications_email_addresses", ["a@localhost"], "a@localhost", "no e-mail address"),
        ("notifications_secret_recovery_days", 3, 3, "Secrets Manager"),
        ("notifications_secret_recovery_days", 31, 31, "Secrets Manager"),
    ],
)
def test_what_is_refused(variable: str, value: Any, shown: Any, reason: str) -> None:
    (found,) = notification_problems({**RECORD, variable: value})
    assert (found["variable"], found["value"]) == (variable, shown)
    assert reason in found["reason"]


@pytest.mark.parametrize("region", ["ap-east-1", "ap-southeast-7", "ap-northeast-4", "Seoul"])
def test_a_region_without_sms_is_refused(region: str) -> None:
    (found,) = notification_problems({**RECORD, "notifications_sms_region": region})
    assert (found["variable"], found["value"]) == ("notifications_sms_region", region)
    assert "no SMS" in found["reason"]
    assert "ap-northeast-2" in found["accepted"]
    assert region not in found["accepted"]


@pytest.mark.parametrize("region", ["ap-northeast-2", "ap-northeast-1", "us-east-1"])
def test_a_region_with_sms_is_taken(region: str) -> None:
    """Seoul has End User Messaging SMS, though SNS sends no SMS from there."""
    assert notification_problems({**RECORD, "notifications_sms_region": region}) == []


def test_each_document_is_for_its_own_resource() -> None:
    arns = {"topic": "t", "sms_topic": "s", "queue": "q", "secret": "x", "log_group": "l", **SMS}
    found = notification_policies({"account_id": "123456789012", "budgets": False, **arns})
    assert found["topic"] == iam_policies.topic_policy("t", "123456789012", events=True)
    assert found["sms_topic"] == iam_policies.topic_policy("s", "123456789012")
    assert found["queue"] == iam_policies.dead_letter_policy("q", ["s", "t"])
    assert found["sms_role"] == iam_policies.sms_policy("m", "ap-northeast-2", "q")
    assert found["role"] == iam_policies.function_policy("l", "x", "q")
    assert found["key"] == iam_policies.topic_key_policy("123456789012")


def test_budgets_reach_the_topic_of_alarms_and_no_telephone() -> None:
    arns = {"topic": "t", "sms_topic": "s", "queue": "q", "secret": "x", "log_group": "l", **SMS}
    found = notification_policies({"account_id": "123456789012", "budgets": True, **arns})
    assert found["topic"] == iam_policies.topic_policy("t", "123456789012", events=True, budgets=True)
    assert found["sms_topic"] == iam_policies.topic_policy("s", "123456789012")
    assert found["key"] == iam_policies.topic_key_policy("123456789012", budgets=True)


def write(directory: Path, **files: str) -> Path:
    directory.mkdir()
    for name, content in files.items():
        (directory / f"{name}.py").write_text(content)
    return directory


def test_the_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    first = write(tmp_path / "first", a="1", b="2")
    second = write(tmp_path / "second", b="2", a="1")
    os.utime(second / "a.py", (0, 0))
    (second / "a.py").chmod(0o600)
    (second / "__pycache__").mkdir()
    (second / "__pycache__/a.pyc").write_text("x")
    (second / ".a.py.swp").write_text("x")
    assert zip_directory(first) == zip_directory(second)
    (second / "a.py").write_text("3")
    assert zip_directory(first) != zip_directory(second)


def test_the_order_is_that_of_the_names(tmp_path: Path) -> None:
    names = [f"{letter}{number}" for number in range(5) for letter in "qazmk"]
    code = zip_directory(write(tmp_path / "function", **dict.fromkeys(names, "")))
    assert zipfile.ZipFile(io.BytesIO(code)).namelist() == sorted(f"{name}.py" for name in names)


def test_lambda_can_read_what_is_in_it(tmp_path: Path) -> None:
    code = zip_directory(write(tmp_path / "function", handler="x = 1"))
    archive = zipfile.ZipFile(io.BytesIO(code))
    assert archive.namelist() == ["handler.py"]
    assert archive.read("handler.py") == b"x = 1"
    assert archive.infolist()[0].external_attr >> 16 & 0o777 == 0o644
    assert code_sha256(code) == b64encode(hashlib.sha256(code).digest()).decode()
