# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a layer would refuse of what stands in the account, found before the first change: pure functions."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from ipaddress import IPv4Network
from typing import NamedTuple

from ansible_collections.triflow.platform.plugins.module_utils import adoption, compare, db_instance
from ansible_collections.triflow.platform.plugins.module_utils.claims import DATABASE, Claim
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem
from ansible_collections.triflow.platform.plugins.module_utils.standing import Standing
from ansible_collections.triflow.platform.plugins.module_utils.tags import STACK

UNIQUE_IN_AWS = ("bucket",)
UNIQUE_IN_ACCOUNT = (
    "budget",
    "dashboard",
    "hosted_zone",
    "record",
    "role",
)  # of global services; all others: in a region
UNTAGGED_IS_OWN = ("task_definition",)  # a pipeline registers revisions without tags


def conflict_problems(
    stack: str,
    adopt: Collection[str],
    claims: Iterable[Claim],
    standing: Mapping[tuple[str, str], Standing],
    allow_restart: bool,
) -> list[Problem]:
    """Refuse names that somebody else has, and fields of what stands that AWS or this collection does not change."""
    problems: list[Problem] = []
    for claim in claims:
        found = standing.get((claim["kind"], claim["name"]))
        if found is None:
            continue
        problems += _foreign(stack, adopt, claim, found)
        if claim["kind"] == "database":
            problems += _database(claim, found, allow_restart)
        else:
            problems += _fixed(claim, found)
    return problems


def _foreign(stack: str, adopt: Collection[str], claim: Claim, found: Standing) -> Iterable[Problem]:
    owner, component = found.tags.get(STACK), claim["component"]
    if owner == stack or component in adopt or (owner is None and claim["kind"] in UNTAGGED_IS_OWN):
        return
    whose = f"belongs to the stack {owner}." if owner else f"has no tag {STACK}."
    take_over = json.dumps({"stack_adopt": [component]})
    yield problem(
        claim["variable"],
        claim["name"],
        f"{component}: {adoption.shown(claim['name'], found.id)} is there and {whose}",
        f"another name; or delete it; or -e '{take_over}', which takes it over with all its settings",
    )


def _fixed(claim: Claim, found: Standing) -> Iterable[Problem]:
    for field, wanted in claim.get("fixed", {}).items():
        live = found.fields.get(field, wanted)
        if live != wanted:
            reason = (
                f"{field} of {claim['component']} ({found.id}) is {live!r}, has to be {wanted!r}, and AWS sets it once"
            )
            yield problem(claim["variable"], claim["name"], reason, "delete it, then run again; or another name")


def _database(claim: Claim, found: Standing, allow_restart: bool) -> Iterable[Problem]:
    live, fixed = found.fields, claim.get("fixed", {})
    if live["status"] in db_instance.GOING:
        yield problem(
            claim["variable"], claim["name"], "it is being deleted", "a run after it is gone, or another name"
        )
        return
    wanted = db_instance.kept(live, dict(fixed))
    fields = compare.differences(live, wanted)
    status = db_instance.status_refusal(live, fields)
    if status:
        variable, (reason, _separator, accepted) = DATABASE.get(fields[0], claim["variable"]), status.partition(": ")
        yield problem(variable, wanted[fields[0]], f"{claim['name']} is {reason}", accepted)
    for field in fields:
        for sentence in db_instance.refusals(live, wanted, [field], allow_restart):
            reason, _separator, accepted = sentence.partition(". ")
            accepted = accepted.removeprefix("Accepted: ").removeprefix("Accepted with ")
            variable = DATABASE.get(field, claim["variable"])
            yield problem(
                variable, wanted[field], f"{claim['name']}: {reason}", accepted or f"{live[field]!r}, as it is"
            )


def moved_problems(
    owner: str, vpc_ids: Collection[str], standing: Mapping[tuple[str, str], Standing], stack: str
) -> list[Problem]:
    """Refuse another VPC than the one in which the stack's load balancer and target groups stand."""
    return [
        problem(
            "vpc_owner",
            owner,
            f"{found.id} is in the VPC {found.fields['vpc_id']}, not in that of {owner}, and AWS moves it to no other",
            "the stack whose VPC that is; or take this stack down first (playbooks/destroy.yml)",
        )
        for found in standing.values()
        if found.tags.get(STACK) == stack and found.fields.get("vpc_id", "") not in {"", *vpc_ids}
    ]


class Host(NamedTuple):
    """A host of a run: what it claims, and where."""

    claims: list[Claim]
    region: str
    account_id: str | None  # None: not given, so it may be any
    stack: str


def twice_problems(this: Host, others: Mapping[str, Host]) -> list[Problem]:
    """Refuse what another host of the same run claims, too. With the same stack it would claim all of it."""
    same = [name for name, other in others.items() if other.stack == this.stack and _share("role", this, other)]
    if same:
        reason = f"the host {' and the host '.join(same)} of this run has the same stack"
        return [problem("stack_name", this.stack, reason, "a name that no other host of the run has")]
    return [
        problem(
            claim["variable"],
            claim["name"],
            f"{claim['component']}: the host {name} of this run claims {theirs['name']} ({theirs['variable']})",
            "what no other host of the run has",
        )
        for claim in this.claims
        for name, other in others.items()
        for theirs in other.claims
        if _are_one(claim, theirs) and _share(claim["kind"], this, other)
    ]


def _are_one(claim: Claim, other: Claim) -> bool:
    if claim["kind"] != other["kind"]:
        return False
    if claim["kind"] == "subnet":
        same_vpc = claim.get("vpc_owner") == other.get("vpc_owner")
        return same_vpc and IPv4Network(claim["name"]).overlaps(IPv4Network(other["name"]))
    return claim["name"] == other["name"]


def _share(kind: str, this: Host, other: Host) -> bool:
    """Whether a name of this kind is one for both hosts."""
    if kind in UNIQUE_IN_AWS:
        return True
    one_account = None in (this.account_id, other.account_id) or this.account_id == other.account_id
    return one_account and (kind in UNIQUE_IN_ACCOUNT or this.region == other.region)
