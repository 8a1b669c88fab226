# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks over the variables of a stack that uses another one's VPC or bucket, or lends its own (ENV-1, ENV-4)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.bucket_policy import LARGEST, bucket_policy
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem

Variables = Mapping[str, Any]

PREFIX = re.compile(r"(?!tenants/)[A-Za-z0-9._-]+/")
ACCEPTED_PREFIX = "one name that ends with a slash and is not tenants/: dev/"
WRITTEN_BELOW = (  # by whom: the tasks, Firehose and the load balancer
    "iam_write_prefixes",
    "iam_read_prefixes",
    "logs_archive_prefix",
    "logs_archive_error_prefix",
    "alb_access_logs_prefix",
)


def sharing_problems(variables: Variables) -> list[Problem]:
    """All that is wrong with what the stack shares. What is not given is not checked."""
    if variables.get("stack_name") is None:
        return []
    return [found for check in CHECKS for found in check(variables)]


def _is_foreign(variables: Variables, variable: str) -> bool:
    return variables.get(variable) not in (None, variables["stack_name"])


def _vpc_problems(variables: Variables) -> Iterator[Problem]:
    owner = variables.get("vpc_owner")
    if not _is_foreign(variables, "vpc_owner"):
        if variables.get("vpc_nat_gateways") == "shared":
            reason = "the stack has a VPC of its own, and so nobody's NAT gateway to share"
            yield problem("vpc_nat_gateways", "shared", reason, "none, single or per_zone, or another vpc_owner")
        return
    for variable in ("vpc_interface_endpoints", "vpc_flow_logs"):
        if variables.get(variable):
            reason = f"there is one for a VPC, and the VPC is that of {owner} (ENV-1)"
            yield problem(variable, True, reason, f"false here; switch it on in the variables of {owner}")


def _bucket_problems(variables: Variables) -> Iterator[Problem]:
    prefix, shares = variables.get("s3_prefix"), variables.get("s3_shares")
    owner = variables.get("s3_owner")
    if not _is_foreign(variables, "s3_owner"):
        if prefix:
            reason = "the bucket is the stack's own, and a prefix is for another one's (ENV-4)"
            yield problem("s3_prefix", prefix, reason, '"", or another stack as s3_owner')
        return
    if prefix is not None and not PREFIX.fullmatch(prefix):
        reason = f"it is where this stack writes in the bucket of {owner}, and cannot begin its keys (ENV-4)"
        yield problem("s3_prefix", prefix, reason, ACCEPTED_PREFIX)
    if shares:
        reason = f"the bucket is that of {owner}"
        yield problem("s3_shares", shares, reason, f"nothing here; the variables of {owner} say who uses it")


def _below_problems(variables: Variables) -> Iterator[Problem]:
    prefix = variables.get("s3_prefix")
    if not prefix:
        return
    for variable in WRITTEN_BELOW:
        value = variables.get(variable)
        for text in value if isinstance(value, list) else [value]:
            if text is not None and not text.startswith(prefix):
                reason = f"it is outside s3_prefix, {prefix}, and the rest of the bucket is not this stack's (ENV-4)"
                yield problem(variable, text, reason, f"a prefix that begins with {prefix}")


def _share_problems(variables: Variables) -> Iterator[Problem]:
    shares: Mapping[str, str] = variables.get("s3_shares") or {}
    own = [rule["prefix"] for rule in variables.get("s3_prefix_rules") or []]
    for variable in WRITTEN_BELOW:
        value = variables.get(variable) or []
        own += value if isinstance(value, list) else [value]
    for stack, prefix in shares.items():
        if stack == variables["stack_name"]:
            yield problem("s3_shares", stack, "it is the bucket's owner", "the other stacks that use the bucket")
        if not PREFIX.fullmatch(str(prefix)):
            reason = f"it is the share of {stack}, and cannot begin its keys"
            yield problem("s3_shares", prefix, reason, ACCEPTED_PREFIX)
        elif any(other.startswith(prefix) for other in own):
            reason = f"it is the share of {stack}, and the owner itself uses it"
            yield problem("s3_shares", prefix, reason, "a prefix that nothing else uses")
    for prefix in sorted({str(prefix) for prefix in shares.values()}):
        users = sorted(stack for stack, used in shares.items() if used == prefix)
        if len(users) > 1:
            reason = f"it is the share of {' and of '.join(users)}"
            yield problem("s3_shares", prefix, reason, "a prefix of its own for each stack")


def _policy_problems(variables: Variables) -> Iterator[Problem]:
    """Each share makes the bucket's policy longer."""
    shares: Mapping[str, str] = variables.get("s3_shares") or {}
    names = ("s3_bucket_name", "s3_object_categories", "s3_category_tag")
    if not shares or any(variables.get(name) is None for name in names):
        return
    logs = [f"{prefix}{variables.get('alb_access_logs_prefix')}/AWSLogs/{'0' * 12}" for prefix in shares.values()]
    bucket, categories, tag = (variables[name] for name in names)
    policy = bucket_policy(bucket, categories, tag, variables["stack_name"], logs, shares)
    size = len(json.dumps(policy))
    if size > LARGEST:
        reason = f"the bucket's policy would have {size} bytes, and S3 takes {LARGEST} bytes"
        yield problem("s3_shares", f"{len(shares)} shares", reason, "fewer shares; another bucket for the others")


def _foundation_problems(variables: Variables) -> Iterator[Problem]:
    if not variables.get("stack_foundation"):
        return
    for variable in ("vpc_owner", "s3_owner"):
        if _is_foreign(variables, variable):
            reason = "a foundation has nothing of another stack: it is what the others use"
            yield problem(variable, variables[variable], reason, str(variables["stack_name"]))


CHECKS: tuple[Callable[[Variables], Iterator[Problem]], ...] = (
    _vpc_problems,
    _bucket_problems,
    _below_problems,
    _share_problems,
    _policy_problems,
    _foundation_problems,
)
