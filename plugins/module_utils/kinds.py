# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Of what kind a stack is: its host's group of the inventory says it, since group_vars hold the kind's values.

A host in none of these groups has the values of group_vars/all only, which lack production's protection. So it is
refused until its variable ``stack_kind`` says that this is meant. The checks then see the kind as if it were a group.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, nearest, problem

KINDS = {  # and what people call them
    "prod": ("production", "prd", "live"),
    "staging": ("stage", "stg", "preprod"),
    "dev": ("development", "develop", "test", "sandbox"),
    "nonprod": ("non-prod", "non_prod", "nonproduction", "foundation"),
    "lab": ("laptop", "local"),
}


def kinds_of(variables: Mapping[str, Any], groups: Collection[str]) -> frozenset[str]:
    """The kinds that a host's groups and its variable name."""
    return frozenset(groups) & KINDS.keys() | ({variables["stack_kind"]} if variables.get("stack_kind") else set())


def kind_problems(variables: Mapping[str, Any], groups: Collection[str]) -> list[Problem]:
    """A host of no kind, or of one that its group does not say."""
    if variables.get("stack_name") is None:
        return []
    kind, named = variables.get("stack_kind"), [name for name in KINDS if name in groups]
    if kind and named and kind not in named:
        reason = f"the host is in the group {' and in '.join(named)}, whose values it has"
        return [problem("stack_kind", kind, reason, f"{' or '.join(named)}, or nothing")]
    if kind or named:
        return []
    others = sorted(set(groups) - {"all", "ungrouped"})
    reason = (
        f"the host is in none of the groups that say what kind of stack it is{_but(others)}: it would have the values "
        "of group_vars/all only, which lack production's protection"
    )
    names = f"{', '.join(list(KINDS)[:-1])} or {list(KINDS)[-1]}"
    meant = _meant(others)
    accepted = (
        f"{f'did you mean {meant}? ' if meant else ''}a host in the group {names}, or stack_kind with one of these"
    )
    return [problem("stack_kind", None, reason, accepted)]


def _but(groups: list[str]) -> str:
    return f", but in {', '.join(groups)}" if groups else ""


def _meant(groups: list[str]) -> str | None:
    """The kind that one of the groups seems to mean."""
    known = {name: kind for kind, names in KINDS.items() for name in (kind, *names)}
    for group in groups:
        if group.lower() in known:
            return known[group.lower()]
    for group in groups:
        like = nearest(group.lower(), known).removeprefix("did you mean ").rstrip("?").split(" or ")[0]
        if like:
            return known[like]
    return None
