# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lifecycle rules of the stack's bucket (S3-3..7).

A lifecycle filter takes a literal prefix or object tags, and the tenant comes first in the key, so what lies under
`tenants/` is told apart by an object tag: one rule per category reaches every tenant, also those that come later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem

LARGEST_RULE_SET = 1000
LONGEST_ID = 255  # Amazon S3 API reference, LifecycleRule
TENANTS_PREFIX = "tenants/"
# S3 refuses to move an object to these earlier (Amazon S3 user guide, "Transitioning objects using S3 Lifecycle").
EARLIEST_INFREQUENT_ACCESS = 30

Rule = Mapping[str, Any]


def lifecycle_rules(
    categories: Sequence[Rule],
    prefix_rules: Sequence[Rule],
    abort_multipart_days: int,
    category_tag: str,
    shares: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Return the rules of PutBucketLifecycleConfiguration, in AWS's own shape, sorted by ID.

    `categories` and `prefix_rules` have the shape of s3_object_categories and s3_prefix_rules of the s3 role.
    `shares` are the prefixes of other stacks in the bucket: the prefix rules hold below each of them too (ENV-4).
    A category without any days has a valid tag and stays for good, so it gets no rule. The rule `all` aborts
    incomplete uploads and removes expired delete markers: S3 takes neither beside a tag filter.
    """
    rules = [
        {"ID": f"category-{category['name']}", "Filter": {"Tag": {"Key": category_tag, "Value": category["name"]}}}
        | actions
        for category in categories
        if (actions := _actions(category))
    ]
    rules += [
        {"ID": f"prefix-{share}{rule['prefix']}", "Filter": {"Prefix": share + rule["prefix"]}} | _actions(rule)
        for share in ("", *shares)
        for rule in prefix_rules
    ]
    rules.append(
        {
            "ID": "all",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": int(abort_multipart_days)},
            "Expiration": {"ExpiredObjectDeleteMarker": True},
        }
    )
    return sorted(({**rule, "Status": "Enabled"} for rule in rules), key=lambda rule: str(rule["ID"]))


def lifecycle_problems(
    categories: Sequence[Rule], prefix_rules: Sequence[Rule], abort_multipart_days: int, shares: Sequence[str] = ()
) -> list[Problem]:
    """Return what is wrong with the values that lifecycle_rules takes."""
    problems = _name_problems("s3_object_categories", [str(category["name"]) for category in categories])
    problems += _name_problems("s3_prefix_rules", [str(rule["prefix"]) for rule in prefix_rules])
    for category in categories:
        problems += _tag_value_problems(str(category["name"]))
        problems += _days_problems("s3_object_categories", str(category["name"]), category)
    for rule in prefix_rules:
        problems += _prefix_problems(str(rule["prefix"]), rule)
        problems += _days_problems("s3_prefix_rules", str(rule["prefix"]), rule)
    if int(abort_multipart_days) < 1:
        accepted = "a whole number of days, 1 or more"
        problems.append(problem("s3_abort_multipart_days", abort_multipart_days, "it is less than a day", accepted))
    for variable, name, identifier in [
        *(("s3_object_categories", category["name"], f"category-{category['name']}") for category in categories),
        *(
            ("s3_prefix_rules", rule["prefix"], f"prefix-{share}{rule['prefix']}")
            for share in ("", *shares)
            for rule in prefix_rules
        ),
    ]:
        if len(identifier) > LONGEST_ID:
            reason = f"it makes a rule's ID of {len(identifier)} characters, and S3 takes {LONGEST_ID}"
            problems.append(problem(variable, name, reason, f"{len(identifier) - LONGEST_ID} characters less"))
    count = len(categories) + len(prefix_rules) * (1 + len(shares)) + 1
    if count > LARGEST_RULE_SET:
        reason = f"with the rule for all objects these are {count} lifecycle rules"
        accepted = f"at most {LARGEST_RULE_SET - 1} categories and prefixes together"
        problems.append(problem("s3_object_categories", f"{len(categories)} categories", reason, accepted))
    return problems


def is_kept(category: Rule) -> bool:
    """Whether its objects stay for good, with all their versions."""
    return category.get("expiration_days") is None and category.get("noncurrent_expiration_days") is None


def _actions(rule: Rule) -> dict[str, Any]:
    storage_class = rule.get("storage_class") or "GLACIER"
    actions: dict[str, Any] = {}
    if rule.get("transition_days") is not None:
        actions["Transitions"] = [{"Days": int(rule["transition_days"]), "StorageClass": storage_class}]
    if rule.get("expiration_days") is not None:
        actions["Expiration"] = {"Days": int(rule["expiration_days"])}
    if rule.get("noncurrent_transition_days") is not None:
        days = int(rule["noncurrent_transition_days"])
        actions["NoncurrentVersionTransitions"] = [{"NoncurrentDays": days, "StorageClass": storage_class}]
    if rule.get("noncurrent_expiration_days") is not None:
        actions["NoncurrentVersionExpiration"] = {"NoncurrentDays": int(rule["noncurrent_expiration_days"])}
    return actions


def _name_problems(variable: str, names: Sequence[str]) -> list[Problem]:
    problems = []
    for name in sorted(set(names)):
        if names.count(name) > 1:
            problems.append(problem(variable, name, "it is given twice", "each name once"))
        if re.search(r"[*?]", name):
            reason = "S3 has no wildcards in lifecycle rules, it takes * and ? literally"
            accepted = "a literal key prefix, or a category that the application sets as an object tag"
            problems.append(problem(variable, name, reason, accepted))
    return problems


def _tag_value_problems(name: str) -> list[Problem]:
    if re.fullmatch(r"[\w +\-=.:/@*?]{1,256}", name):
        return []
    reason = "S3 does not take it as the value of an object tag"
    accepted = "1 to 256 letters, digits, spaces and + - = . _ : / @"
    return [problem("s3_object_categories", name, reason, accepted)]


def _prefix_problems(prefix: str, rule: Rule) -> list[Problem]:
    problems = []
    if prefix.startswith(TENANTS_PREFIX) or TENANTS_PREFIX.startswith(prefix):
        reason = f"it reaches objects under {TENANTS_PREFIX}, whose lifecycle goes by s3_object_categories"
        problems.append(problem("s3_prefix_rules", prefix, reason, "a prefix beside it, for example backups/"))
    if not _actions(rule):
        reason = "the rule does nothing, which S3 refuses"
        accepted = "transition_days, expiration_days or noncurrent_expiration_days"
        problems.append(problem("s3_prefix_rules", prefix, reason, accepted))
    return problems


def _days_problems(variable: str, name: str, rule: Rule) -> list[Problem]:
    problems = []
    days = {key: int(value) for key, value in rule.items() if key.endswith("_days") and value is not None}
    earliest = EARLIEST_INFREQUENT_ACCESS if rule.get("storage_class") in ("STANDARD_IA", "ONEZONE_IA") else 0
    for key, value in days.items():
        least = earliest if key.endswith("transition_days") else 1
        if value < least:
            reason = f"{key} of {name} is less than S3 takes for it"
            problems.append(problem(variable, value, reason, f"{least} or more days"))
    for versions in ("", "noncurrent_"):
        moved, gone = days.get(f"{versions}transition_days"), days.get(f"{versions}expiration_days")
        if moved is not None and gone is not None and gone <= moved:
            reason = f"{versions}expiration_days of {name} is not after its {versions}transition_days, {moved}"
            problems.append(problem(variable, gone, reason, f"more than {moved} days"))
    return problems
