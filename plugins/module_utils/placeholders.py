"""Ids of things that a plan announces and that do not exist yet.

They are well-formed, so that modules which check the form of an id accept them, and recognizable: no AWS id begins
with eight zeros.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import twice

_MARK = "00000000"
_PATTERN = re.compile(rf"(?:^|[-/:])(?:{_MARK}[0-9a-f]{{9}})$")


def make(prefix: str, component: str) -> str:
    """A placeholder such as ``subnet-00000000`` and nine more hexadecimal digits, the same for the same component."""
    return (
        f"{prefix}{'' if prefix.endswith(('-', '/', ':')) or not prefix else '-'}{_MARK}"
        + hashlib.sha256(component.encode()).hexdigest()[:9]
    )


def within(value: Any) -> bool:
    """Whether a placeholder stands anywhere in the value."""
    if isinstance(value, str):
        return bool(_PATTERN.search(value))
    if isinstance(value, dict):
        return any(within(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(within(item) for item in value)
    return False


KINDS = {  # how a component's name begins: how its id begins, and the playbook that makes it
    "vpc": ("vpc-", "playbooks/network.yml"),
    "subnet": ("subnet-", "playbooks/network.yml"),
    "security-group": ("sg-", "playbooks/network.yml"),
    "nat-gateway": ("nat-", "playbooks/network.yml"),
    "internet-gateway": ("igw-", "playbooks/network.yml"),
    "load-balancer": ("arn:aws:elasticloadbalancing:::loadbalancer/", "playbooks/edge.yml"),
    "target-group": ("arn:aws:elasticloadbalancing:::targetgroup/", "playbooks/edge.yml"),
    "certificate": ("arn:aws:acm:::certificate/", "playbooks/edge.yml"),
    "role": ("arn:aws:iam:::role/", "playbooks/compute.yml"),
    "service": ("arn:aws:ecs:::service/", "playbooks/compute.yml"),
    "hosted-zone": ("hostedzone/", "playbooks/edge.yml"),
}


def component_id(component: str, stack_info: dict[str, Any], owner: str | None = None) -> str:
    """Id of a component that another role makes: the live one, or in check mode a placeholder.

    It is the stack's own that was read, or that of ``owner``, another stack whose VPC this one uses. What the live
    list holds of further stacks is none of its business.
    Raises LookupError, naming the playbook to run and the stack, when it is missing outside check mode, and when it is
    there twice and which one is to stay cannot be told.
    """
    stack = owner or stack_info["stack"]
    found = [
        entry for entry in stack_info["live"] if entry["component"] == component and entry.get("stack", stack) == stack
    ]
    if found:
        return (
            twice.among(stack, component, found, not stack_info.get("read_only")).stays
            if len(found) > 1
            else str(found[0]["id"])
        )
    kind = next(kind for kind in KINDS if component == kind or component.startswith(kind + "-"))
    prefix, playbook = KINDS[kind]
    if stack_info["check_mode"]:
        return make(prefix, component)
    if stack != stack_info["stack"]:
        raise LookupError(f"{component} of {stack} is not there: run {playbook} with the inventory of {stack} first")
    raise LookupError(f"{component} is not there: run {playbook} first")
