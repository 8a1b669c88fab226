# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What AWS takes as tags, service by service. A stack's tags go to all of them, so the strictest one decides."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, NAME, STACK

OWN = (NAME, STACK, COMPONENT)
ROUTE_53 = "Amazon Route 53"  # the only one that takes few
COMMON = "_.:/=+-@"  # beside letters, digits and spaces of any script: \p{L}, \p{N} and \p{Z}


class TagRule(NamedTuple):
    """What one service takes."""

    service: str
    longest_key: int
    shortest_value: int
    longest_value: int
    characters: str  # beside letters, digits and spaces; nothing for any
    case_sensitive_keys: bool
    reserved_in_values: tuple[str, ...]  # how no value begins; no key begins with these or aws:
    most_tags: int
    source: str


TAG_RULES = (
    TagRule("Amazon EC2", 127, 0, 256, "", True, (), 50, "Amazon EC2 API reference, Tag"),
    TagRule(
        "Elastic Load Balancing", 128, 0, 256, COMMON, True, ("aws:",), 50, "Elastic Load Balancing API reference, Tag"
    ),
    TagRule("Amazon RDS", 128, 1, 256, COMMON, True, ("aws:", "rds:"), 50, "Amazon RDS API reference, Tag"),
    TagRule(
        "Amazon S3", 128, 0, 256, COMMON, True, (), 50, 'Amazon S3 user guide, "Using cost allocation S3 bucket tags"'
    ),
    TagRule("AWS Identity and Access Management", 128, 0, 256, COMMON, False, (), 50, "IAM API reference, Tag"),
    TagRule(
        "Amazon CloudWatch Logs",
        128,
        0,
        256,
        COMMON,
        True,
        (),
        50,
        "Amazon CloudWatch Logs API reference, CreateLogGroup",
    ),
    TagRule("Amazon CloudWatch", 128, 0, 256, "", True, (), 50, "Amazon CloudWatch API reference, Tag"),
    TagRule("Amazon ECS", 128, 0, 256, COMMON, True, ("aws:",), 50, "Amazon ECS API reference, Tag"),
    TagRule("Amazon ECR", 128, 0, 256, "", True, (), 50, "Amazon ECR API reference, Tag"),
    TagRule(
        "Application Auto Scaling", 128, 0, 256, "", True, (), 50, "Application Auto Scaling API reference, TagResource"
    ),
    TagRule("Amazon SNS", 128, 0, 256, "", True, (), 50, "Amazon SNS API reference, Tag"),
    TagRule("Amazon SQS", 128, 0, 256, "", True, (), 50, "Amazon SQS API reference, TagQueue"),
    TagRule("Amazon EventBridge", 128, 0, 256, "", True, (), 50, "Amazon EventBridge API reference, Tag"),
    TagRule(
        "Amazon EventBridge Scheduler", 128, 1, 256, "", True, (), 50, "Amazon EventBridge Scheduler API reference, Tag"
    ),
    TagRule("AWS Lambda", 128, 0, 256, COMMON, True, (), 50, "AWS Lambda API reference, TagResource"),
    TagRule("Amazon Data Firehose", 128, 0, 256, COMMON + "%", True, (), 50, "Amazon Data Firehose API reference, Tag"),
    TagRule("AWS KMS", 128, 0, 256, "", True, (), 50, "AWS KMS API reference, Tag"),
    TagRule("AWS Secrets Manager", 128, 0, 256, "", True, (), 50, "AWS Secrets Manager API reference, Tag"),
    TagRule("AWS Budgets", 128, 0, 256, "", True, (), 200, "AWS Budgets API reference, ResourceTag"),
    TagRule("AWS Certificate Manager", 128, 0, 256, COMMON, True, (), 50, "AWS Certificate Manager API reference, Tag"),
    TagRule(ROUTE_53, 128, 0, 256, "", True, (), 10, "Amazon Route 53 API reference, ChangeTagsForResource"),
)
RULES = {rule.service: rule for rule in TAG_RULES}
ACCEPTED = (
    f"keys of 1 to {min(rule.longest_key for rule in TAG_RULES)} and values of 1 to 256 letters, digits, spaces and "
    f"{COMMON}, not beginning with aws:, rds: or triflow:"
)


def key_fault(rule: TagRule, key: str) -> str | None:
    """What the service takes as a tag's key, when it refuses this one."""
    if not 1 <= len(key) <= rule.longest_key:
        return f"keys of 1 to {rule.longest_key} characters"
    return _fault(rule, key, ("aws:", *rule.reserved_in_values))


def value_fault(rule: TagRule, value: str) -> str | None:
    """What the service takes as a tag's value, when it refuses this one."""
    if not rule.shortest_value <= len(value) <= rule.longest_value:
        return f"values of {rule.shortest_value} to {rule.longest_value} characters"
    return _fault(rule, value, rule.reserved_in_values)


def _fault(rule: TagRule, text: str, reserved: tuple[str, ...]) -> str | None:
    for beginning in reserved:
        if text.lower().startswith(beginning):
            return f"nothing that begins with {beginning}"
    strange = "".join(sorted({sign for sign in text if not _is_common(sign) and sign not in rule.characters}))
    return f"no {strange!r} in it" if rule.characters and strange else None


def _is_common(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LNZ"


def same_but_for_case(keys: list[str]) -> list[tuple[str, str]]:
    """Pairs of keys that are one key to a service that tells no case apart."""
    first: dict[str, str] = {}
    return [(first[key.lower()], key) for key in keys if first.setdefault(key.lower(), key) != key]


def tag_problems(tags: Mapping[Any, Any], services: set[str]) -> list[Problem]:
    """What is wrong with a stack's further tags, which all of these services get beside the collection's own."""
    rules = [rule for rule in TAG_RULES if rule.service in services]
    problems = []
    for rule in sorted(rules, key=lambda rule: rule.most_tags)[:1]:
        if len(tags) > rule.most_tags - len(OWN):
            reason = f"{rule.service} takes {rule.most_tags} tags, and {', '.join(OWN)} are among them"
            accepted = f"up to {rule.most_tags - len(OWN)} tags"
            problems.append(problem("stack_tags", f"{len(tags)} tags", reason, accepted))
    twins = {second: first for first, second in same_but_for_case([*OWN, *map(str, tags)])}
    for key, value in ((str(key), str(value)) for key, value in tags.items()):
        refusal = _reason(rules, key, value, twins.get(key))
        if refusal:
            problems.append(problem("stack_tags", key, refusal, ACCEPTED))
    return problems


def _reason(rules: list[TagRule], key: str, value: str, twin: str | None) -> str | None:
    if key in OWN or key.lower().startswith("triflow:"):
        return "the key is reserved for the tags by which a stack is found again, and for the components' names"
    if twin:
        insensitive = next(rule.service for rule in TAG_RULES if not rule.case_sensitive_keys)
        return f"{insensitive} takes it for {twin}, since the two only differ in case"
    if key != key.strip() or value != value.strip():
        return "AWS takes no space at the beginning or the end of a key or value"
    for text, fault in ((key, key_fault), (value, value_fault)):
        faults = {rule.service: found for rule in rules if (found := fault(rule, text))}
        if faults:
            named = "AWS" if len(faults) == len(rules) else ", ".join(faults)
            takes = "; ".join(dict.fromkeys(faults.values()))
            return f"{text!r} is refused: {named} take{'s' if len(faults) in (1, len(rules)) else ''} {takes}"
    return None
