"""The bucket's lifecycle rules and what is refused (S3-3..7)."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.triflow.platform.plugins.module_utils.lifecycle import lifecycle_problems, lifecycle_rules

DATA = Path(__file__).parents[2] / "group_vars/all/data.yml"
RECORD: list[dict[str, Any]] = DataLoader().load_from_file(str(DATA))["s3_object_categories"]
BACKUPS = {"prefix": "backups/", "expiration_days": 30}


def test_rules_of_the_record() -> None:
    assert lifecycle_rules(RECORD, [], 7, "category") == [
        {
            "ID": "all",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
            "Expiration": {"ExpiredObjectDeleteMarker": True},
        },
        {
            "ID": "category-exports",
            "Status": "Enabled",
            "Filter": {"Tag": {"Key": "category", "Value": "exports"}},
            "Transitions": [{"Days": 90, "StorageClass": "GLACIER"}],
            "NoncurrentVersionTransitions": [{"NoncurrentDays": 90, "StorageClass": "GLACIER"}],
        },
        {
            "ID": "category-logs",
            "Status": "Enabled",
            "Filter": {"Tag": {"Key": "category", "Value": "logs"}},
            "Expiration": {"Days": 365},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        },
        {
            "ID": "category-uploads",
            "Status": "Enabled",
            "Filter": {"Tag": {"Key": "category", "Value": "uploads"}},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
        },
        {
            "ID": "category-workflows",
            "Status": "Enabled",
            "Filter": {"Tag": {"Key": "category", "Value": "workflows"}},
            "Transitions": [{"Days": 90, "StorageClass": "GLACIER"}],
            "NoncurrentVersionTransitions": [{"NoncurrentDays": 90, "StorageClass": "GLACIER"}],
        },
    ]


def test_prefix_rules_hold_in_each_share() -> None:
    """ENV-4"""
    rules = lifecycle_rules([], [BACKUPS], 7, "category", ["dev/", "staging/"])
    expired = {rule["Filter"]["Prefix"]: rule["Expiration"]["Days"] for rule in rules if rule["ID"] != "all"}
    assert expired == {"backups/": 30, "dev/backups/": 30, "staging/backups/": 30}
    assert len({rule["ID"] for rule in rules}) == 4


def test_rules_of_all_shares_are_counted() -> None:
    shares = [f"s{number}/" for number in range(1000)]
    assert lifecycle_problems([], [BACKUPS], 7, shares[:997]) == []
    (found,) = lifecycle_problems([], [BACKUPS], 7, shares)
    assert "1002 lifecycle rules" in found["reason"]


def test_order_of_the_input_does_not_matter() -> None:
    shuffled = random.Random(1).sample(RECORD, len(RECORD))
    assert shuffled != RECORD
    assert lifecycle_rules(shuffled, [], 7, "category") == lifecycle_rules(RECORD, [], 7, "category")


def test_prefix_rule_and_category_that_stays() -> None:
    rules = lifecycle_rules([{"name": "contracts"}], [{**BACKUPS, "storage_class": "GLACIER_IR"}], 7, "kind")
    assert [rule["ID"] for rule in rules] == ["all", "prefix-backups/"]
    assert rules[1]["Filter"] == {"Prefix": "backups/"}
    assert rules[1]["Expiration"] == {"Days": 30}


def test_days_given_as_text_become_numbers() -> None:
    category = {"name": "logs", "transition_days": "30", "expiration_days": "60", "storage_class": "STANDARD_IA"}
    rule = lifecycle_rules([category], [], 7, "category")[1]
    assert rule["Transitions"] == [{"Days": 30, "StorageClass": "STANDARD_IA"}]
    assert rule["Expiration"] == {"Days": 60}
    assert lifecycle_problems([category], [], 7) == []


def test_the_record_has_no_problem() -> None:
    assert lifecycle_problems(RECORD, [BACKUPS], 7) == []


@pytest.mark.parametrize(
    ("categories", "prefixes", "abort", "variable", "value", "reason"),
    [
        ([], [{**BACKUPS, "prefix": "*/logs/"}], 7, "s3_prefix_rules", "*/logs/", "no wildcards"),
        ([], [{**BACKUPS, "prefix": "backup?/"}], 7, "s3_prefix_rules", "backup?/", "no wildcards"),
        ([{"name": "work*"}], [], 7, "s3_object_categories", "work*", "no wildcards"),
        ([{"name": "a"}, {"name": "a"}], [], 7, "s3_object_categories", "a", "given twice"),
        ([], [BACKUPS, BACKUPS], 7, "s3_prefix_rules", "backups/", "given twice"),
        ([{"name": "a,b"}], [], 7, "s3_object_categories", "a,b", "value of an object tag"),
        ([{"name": ""}], [], 7, "s3_object_categories", "", "value of an object tag"),
        ([], [{**BACKUPS, "prefix": "tenants/a/"}], 7, "s3_prefix_rules", "tenants/a/", "under tenants/"),
        ([], [{**BACKUPS, "prefix": "tenants"}], 7, "s3_prefix_rules", "tenants", "under tenants/"),
        ([], [{**BACKUPS, "prefix": ""}], 7, "s3_prefix_rules", "", "under tenants/"),
        ([], [{"prefix": "backups/"}], 7, "s3_prefix_rules", "backups/", "does nothing"),
        ([{"name": "a", "expiration_days": 0}], [], 7, "s3_object_categories", 0, "less than S3 takes"),
        ([{"name": "a", "noncurrent_expiration_days": -1}], [], 7, "s3_object_categories", -1, "less than S3 takes"),
        (
            [{"name": "a", "transition_days": 29, "storage_class": "STANDARD_IA"}],
            [],
            7,
            "s3_object_categories",
            29,
            "less than S3 takes",
        ),
        (
            [{"name": "a", "transition_days": 90, "expiration_days": 90}],
            [],
            7,
            "s3_object_categories",
            90,
            "not after its transition_days",
        ),
        (
            [{"name": "a", "noncurrent_transition_days": 90, "noncurrent_expiration_days": 30}],
            [],
            7,
            "s3_object_categories",
            30,
            "not after its noncurrent_transition_days",
        ),
        ([], [], 0, "s3_abort_multipart_days", 0, "less than a day"),
        ([{"name": str(n)} for n in range(1000)], [], 7, "s3_object_categories", "1000 categories", "1001 lifecycle"),
    ],
)
def test_one_problem(
    categories: list[dict[str, Any]],
    prefixes: list[dict[str, Any]],
    abort: int,
    variable: str,
    value: Any,
    reason: str,
) -> None:
    (found,) = lifecycle_problems(categories, prefixes, abort)
    assert (found["variable"], found["value"]) == (variable, value)
    assert reason in found["reason"]
    assert found["accepted"]
